"""The breaker of a module that crashes its workers: it costs the others nothing."""

import os
import shutil
import signal

import pytest

from harness.client import check
from harness.wait import BUILD, wait_until


def breaker(server, module="crash"):
    return server.stats()["modules"][module]["breaker"]


def crash(client, times, command="segv"):
    for _ in range(times):
        check(client.run("crash", command), "failed", reason="error")


def tried(client, command):
    """The outcome of the first job that is tried again."""

    def outcome():
        event = client.run("crash", command)
        return event["reason"] != "unavailable" and event

    return wait_until(outcome, "the end of the pause")


@pytest.fixture
def server(daemon):
    def start(**settings):
        return daemon(pool_start=2, pool_max=2, breaker_crashes=3, **settings)
    return start


def test_opens_and_lets_others_run(server):
    server = server()
    client = server.client()
    crash(client, 2)
    crash(client, 1, "abort")
    event = client.run("crash", "fail x", id="late", context=7)
    check(event, "failed", reason="unavailable", id="late", context=7)
    for word in ("crash", "3 jobs", "SIGABRT"):
        assert word in event["message"], event
    assert 1 <= event["retry_after_ms"] <= 5001, event
    assert "order" not in event
    assert client.done("echo", "unharmed") == b"unharmed"
    state = breaker(server)
    assert state["state"] == "open" and state["opened"] == 1 and 1 <= state["retry_ms"] <= 5001
    assert breaker(server, "echo") == {"state": "closed", "retry_ms": 0, "opened": 0}
    line = server.log.wait("breaker-open")
    assert line["module"] == "crash" and line["retry_ms"] == 5000


@pytest.mark.parametrize("pool, closed", [("default", True), (None, True), ("other", False)])
def test_recycling_closes_it(server, pool, closed):
    server = server(pools={"other": {}})
    client = server.client()
    crash(client, 3)
    assert breaker(server)["state"] == "open"
    client.send(op="recycle", id="r", **({"pool": pool} if pool else {}))
    client.event("ok", id="r")
    assert (breaker(server)["state"] == "closed") == closed
    assert bool(server.log.events("breaker-closed", why="the workers were recycled")) == closed


def test_exits_count_and_kills_do_not(server):
    server = server(breaker_window_ms=600000)
    client = server.client()
    crash(client, 5, "kill")
    assert breaker(server)["state"] == "closed"
    for _ in range(5):
        check(client.run("crash", "fail no"), "failed", reason="module")
    crash(client, 3, "exit 3")
    assert breaker(server)["state"] == "closed", "less than half of all"
    crash(client, 2, "_exit 0")
    assert breaker(server)["state"] == "closed", "still"
    for _ in range(20):
        event = client.run("crash", "exit 4")
        if event["reason"] == "unavailable":
            break
    assert breaker(server)["state"] == "open"
    assert "exit status 4" in event["message"], event


def test_a_probe_closes(server):
    server = server(breaker_pause_ms=200)
    client = server.client()
    crash(client, 3)
    check(tried(client, "segv"), "failed", reason="error")
    assert breaker(server)["opened"] == 2
    assert breaker(server)["retry_ms"] <= 401
    check(tried(client, "fail fine"), "failed", reason="module")
    assert breaker(server) == {"state": "closed", "retry_ms": 0, "opened": 2}
    server.log.wait("breaker-closed")


def test_a_reload_closes(server):
    server = server(breaker_pause_ms=60000)
    client = server.client()
    crash(client, 3)
    check(client.run("crash", "fail fine"), "failed", reason="unavailable")
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    check(client.run("crash", "fail fine"), "failed", reason="module")


def test_a_new_file_closes(server, tmp_path):
    path = str(tmp_path / "crash.so")
    shutil.copy(os.path.join(BUILD, "modules", "crash.so"), path)
    server = server(breaker_pause_ms=60000, module_dir=str(tmp_path))
    client = server.client()
    crash(client, 3)
    check(client.run("crash", "fail fine"), "failed", reason="unavailable")
    shutil.copy(path, path + ".new")
    os.rename(path + ".new", path)
    wait_until(
        lambda: client.run("crash", "fail fine")["reason"] == "module", "the new file to be tried"
    )


def test_waiting_jobs_fail(server):
    server = server(job_max=100)
    client = server.client()
    for i in range(6):
        client.submit(i, "crash", "segv")
    client.submit("between", "echo", "x")
    reasons = [client.outcome(i)["reason"] for i in range(6)]
    assert reasons.count("unavailable") >= 1 and reasons[:3] == ["error"] * 3, reasons
    check(client.outcome("between"), "done")
