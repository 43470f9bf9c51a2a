"""The log of jobs: `job-end` by log-jobs, `job-slow` at slow-ms."""

import json
import signal
import time

import pytest

from harness.client import check, start
from harness.wait import SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


def end_all(client):
    """Ends a job in each way: done; failed as module, cancelled, timeout, error; dropped."""
    client.done("echo", "x", id="done")
    check(client.run("math", "no", id="module"), "failed", reason="module")
    check(client.run("sleep", LONG_SLEEP, id="timeout", timeout_ms=50), "failed", reason="timeout")
    check(client.run("crash", "kill", id="error"), "failed", reason="error")
    start(client, "sleep", LONG_SLEEP, "cancelled")
    client.send(op="cancel", target="cancelled")
    check(client.outcome("cancelled"), "failed", reason="cancelled")


@pytest.mark.parametrize(
    "which, reasons",
    [
        ("lost", ["timeout", "error"]),
        ("failed", ["module", "timeout", "error", "cancelled"]),
        ("all", [None, "module", "timeout", "error", "cancelled"]),
        ("none", []),
    ],
)
def test_the_wanted_ends(daemon, which, reasons):
    server = daemon(pool_start=1, pool_max=1, log_jobs=which, kill_grace_ms=100)
    end_all(server.client())
    assert [line.get("reason") for line in server.log.events("job-end")] == reasons


def test_the_fields_of_a_failed_job(daemon, tmp_path):
    access = tmp_path / "access"
    access.write_text("shop a-token-of-sixteen-bytes all relay\n")
    access.chmod(0o600)
    server = daemon(pool_start=1, pool_max=1, log_jobs="failed", access_file=str(access))
    server.token = "a-token-of-sixteen-bytes"
    client = server.client()
    event = client.run("math", "no", origin="order-17")
    (line,) = server.log.events("job-end")
    for key, value in {
        "level": "info", "job": event["job"], "origin": "order-17", "owner": "shop", "module": "math", "pool": "default",
        "worker": 1, "end": "failed", "reason": "module", "code": event["code"],
        "bytes": 2,
    }.items():  # fmt: skip
        assert line[key] == value, (key, line)
    assert "@" in line["client"] and "step" not in line and "by" not in line
    start(client, "sleep", LONG_SLEEP, "a")
    client.send(op="cancel", target="a")
    client.outcome("a")
    line = server.log.wait("job-end", 2)
    assert (line["by"], line["step"]) == ("submitter", "stop-flag"), line


def test_a_lost_job_is_a_warning(daemon):
    server = daemon(pool_start=1, pool_max=1, max_wait_ms=50)
    client = server.client()
    start(client, "sleep", '{"ms":400}', "runs")
    check(client.run("echo", id="waits"), "failed", reason="expired")
    line = server.log.wait("job-end")
    assert (line["level"], line["reason"], line["run_us"]) == ("warn", "expired", 0), line
    assert line["wait_us"] >= 50000 and "worker" not in line


def test_a_dropped_job(daemon):
    server = daemon(pool_start=1, pool_max=1, log_jobs="failed")
    client, other = server.client(), server.client()
    start(client, "sleep", LONG_SLEEP, "runs")
    other.submit("waits", "echo", notify=["accepted"])
    job = other.event("accepted")["job"]
    other.reset()
    line = server.log.wait("job-end")
    assert (line["job"], line["reason"], line["level"]) == (job, "dropped", "info")
    client.send(op="kill", target="runs")
    client.outcome("runs")


def test_an_overload_is_no_end_of_a_job(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=0, log_jobs="all")
    client = server.client()
    start(client, "sleep", '{"ms":300}', "runs")
    check(client.run("echo", id="more"), "overload")
    check(client.outcome("runs"), "done")
    assert [line["end"] for line in server.log.events("job-end")] == ["done"]


def test_a_thousand_lines_a_second_and_the_rest_is_counted(daemon):
    server = daemon(pool_start=1, pool_max=1, log_jobs="all", log_level="info", job_max=20000)
    client = server.client()
    count = 15000
    for n in range(count):
        client.submit(n, "echo")
    for n in range(count):
        client.recv()

    def told():
        lines = server.log.events("lines-left-out", of="job-end")
        return len(server.log.events("job-end")), sum(line["lines"] for line in lines)

    wait_until(lambda: sum(told()) == count, f"{count} lines, written or counted")
    assert told()[1] > 0
    assert all(line["rate"] == 1000 for line in server.log.events("lines-left-out", of="job-end"))


def test_a_reload_changes_it(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.done("echo", "x")
    server.write_config(log_jobs="all", slow_ms=100)
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    client.done("echo", "y")
    assert server.log.wait("job-end")["end"] == "done"
    start(client, "sleep", LONG_SLEEP, "slow")
    server.log.wait("job-slow")
    client.send(op="kill", target="slow")
    client.outcome("slow")


# ---- slow jobs


def test_a_slow_job_is_told_while_it_runs_and_once(daemon):
    server = daemon(pool_start=2, pool_max=2, slow_ms=200)
    client = server.client()
    event = start(client, "sleep", json.dumps({"ms": 1000 * SCALE}), "slow")
    line = server.log.wait("job-slow")
    assert client.stats()["jobs"]["running"] == 1, "told at the end"
    for key, value in {"level": "warn", "module": "sleep", "pool": "default", "state": "running"}.items():
        assert line[key] == value, line
    assert 200000 <= line["run_us"] < 900000 * SCALE and line["bytes"] > 0 and line["worker"], line
    assert event is None or line["job"] == event["job"]
    for n in range(20):
        client.done("echo", "quick", id=n)
    check(client.outcome("slow"), "done")
    assert len(server.log.events("job-slow")) == 1


def test_jobs_that_wait(daemon):
    server = daemon(pool_start=1, pool_max=1, slow_ms=200, log_level="info", job_max=100)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "runs")
    for n in range(20):
        client.submit(n, "echo", notify=["accepted"])
    jobs = [client.event("accepted", id=n)["job"] for n in range(20)]
    server.log.wait("job-slow", 20, state="waiting")
    client.submit("late", "echo", notify=["accepted"])
    jobs.append(client.event("accepted", id="late")["job"])
    server.log.wait("job-slow", 21, state="waiting")
    waiting = server.log.events("job-slow", state="waiting")
    assert [line["job"] for line in waiting] == jobs, "in their order, and once"
    assert all(line["wait_us"] >= 200000 and line["run_us"] == 0 for line in waiting)
    assert len(server.log.events("job-slow", state="running")) == 1
    client.send(op="kill", target="runs")
    for name in ["runs", *range(20), "late"]:
        client.outcome(name)


def test_a_long_line_of_slow_jobs_holds_up_nobody(daemon):
    """Batches in the turns of the loop, 1,000 lines a second at most, no job twice."""
    count = 30000
    server = daemon(pool_start=1, pool_max=1, slow_ms=500, log_level="info", job_max=count)
    client, other = server.client(), server.client()
    start(client, "sleep", LONG_SLEEP, "runs")
    for n in range(count):
        client.submit(n, "echo")
    slowest = 0

    def told():
        nonlocal slowest
        for _ in range(20):
            began = time.monotonic()
            other.send(op="ping")
            other.event("pong")
            slowest = max(slowest, time.monotonic() - began)
        lines = server.log.events("lines-left-out", of="job-end")
        return len(server.log.events("job-slow")) + sum(line["lines"] for line in lines)

    wait_until(lambda: told() == count + 1, "all jobs, told or counted")
    assert slowest < 0.25 * SCALE, slowest
    client.send(op="kill", target="runs")
    for n in range(count + 1):
        client.recv()


def test_slow_ms_0_tells_nothing(daemon):
    server = daemon(pool_start=1, pool_max=1, slow_ms=0)
    check(server.client().run("sleep", '{"ms":300}'), "done")
    assert not server.log.events("job-slow")
