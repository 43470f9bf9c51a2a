"""The requests of the operator: pause, resume, resize, reload, reopen, drain, kill of a worker, log-level."""

import json
import os
import signal
import subprocess
import time

import pytest

from harness import proc
from harness.client import ask, check, refused, start
from harness.daemon import COMMAND
from harness.wait import BUILD, DEADLINE, SCALE, wait_until

TEST_MODULES = os.path.join(BUILD, "tests", "modules")
LONG_SLEEP = json.dumps({"ms": 60000})
POOLS = {
    "pools": {"slow": {"pool-max": 1, "job-max": 50}},
    "modules": {"sleep": {"pool": "slow"}},
}
PATH_IN_ANSWER = 510  # as much as an answer has room for
OPERATOR = ["pause", "resume", "resize", "recycle", "reload", "reopen", "drain", "log-level"]


def ok(client, op, **fields):
    event = ask(client, op, **fields)
    check(event, "ok", op=op)
    return event


def cancel(client, id):
    """Ends a running job that has gone on until now."""
    client.send(op="cancel", target=id)
    client.event("ok", op="cancel")
    check(client.outcome(id), "failed", reason="cancelled")


# ---- all of them


def test_features(shared):
    features = shared.client().hello_event["features"]
    assert set(OPERATOR) | {"kill-worker"} <= set(features)


@pytest.mark.parametrize("op", ["pause", "resume", "resize", "recycle"])
def test_an_unknown_pool_is_named(daemon, op):
    client = daemon().client()
    fields = {"pool_max": 1} if op == "resize" else {}
    refused(client, op, "unknown-pool", "nosuch", pool="nosuch", **fields)


def test_they_need_the_right_admin(daemon, tmp_path):
    access = tmp_path / "access"
    access.write_text("all-but a-token-of-sixteen-bytes submit observe control serve\n")
    access.chmod(0o600)
    server = daemon(access_file=str(access))
    server.token = "a-token-of-sixteen-bytes"
    client = server.client()
    fields = {"resize": {"pool_max": 1}, "log-level": {"level": "info"}}
    for op in OPERATOR:
        refused(client, op, "denied", "admin", **fields.get(op, {}))
    worker = client.workers()[0]["id"]
    refused(client, "kill", "denied", "admin", worker=worker)
    # The fields come first, what they are about last.
    refused(client, "pause", "bad-request", pool=1)
    refused(client, "pause", "denied", pool="nosuch")
    refused(client, "kill", "denied", worker=4000000)


# ---- pause and resume


def test_pause_and_resume(daemon):
    """Admission goes on, running jobs finish, waiting ones stay until the resume."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", json.dumps({"ms": 300, "value": 1}), "running")
    server.begun_pids(client)
    assert ok(client, "pause")["was"] is False
    assert ok(client, "pause")["was"] is True
    for n in range(3):
        client.submit(n, "echo", str(n), notify=["accepted", "started"])
        check(client.event("accepted", id=n), "accepted", position=n)
    assert client.outcome("running").json() == 1
    stats = server.wait_jobs(running=0, waiting=3)
    assert stats["pools"]["default"]["paused"] is True
    client.silent()
    assert ok(client, "resume")["was"] is True
    for n in range(3):
        assert client.outcome(n).payload == str(n).encode()
    assert ok(client, "resume")["was"] is False
    assert client.stats()["pools"]["default"]["paused"] is False
    paused = server.log.wait("pool-paused")
    assert paused["pool"] == "default" and "@" in paused["client"]
    server.log.wait("pool-resumed")
    assert len(server.log.events("pool-paused")) == 1


def test_pause_of_one_pool(daemon):
    server = daemon(**POOLS)
    client = server.client()
    assert ok(client, "pause", pool="slow")["was"] is False
    client.submit("slow", "sleep", '{"ms":1}')
    assert client.done("echo", "quick") == b"quick"
    assert ok(client, "pause")["was"] is False  # not all were
    assert ok(client, "resume", pool="default")["was"] is True
    assert client.done("echo", "again") == b"again"
    assert client.stats()["pools"]["slow"]["queue"]["waiting"] == 1
    assert ok(client, "resume")["was"] is False
    check(client.outcome("slow"), "done")


def test_no_job_begins_behind_the_ok(daemon):
    """Under a load of tiny jobs, many of them handed early. What was told before the ok comes before the pong."""
    server = daemon(pool_start=2, pool_max=2, job_max=100000, log_level="info")
    load, operator = server.client(), server.client()
    count = 6000
    load.send_raw(
        b"".join(
            b'{"op":"submit","id":%d,"module":"echo","notify":["started"]}\n' % n
            for n in range(count)
        )
    )
    done = set()

    def read_until_pong(is_paused):
        load.send(op="ping")
        while (event := load.recv()).name != "pong":
            assert not is_paused or event.name != "started", event
            if event.name == "done":
                done.add(event["id"])

    server.wait_stats(lambda s: s["jobs"]["submitted"] == count, "all submits")
    while len(done) < count:
        ok(operator, "pause")
        read_until_pong(False)
        waiting = server.wait_jobs(running=0)["queue"]["waiting"]
        read_until_pong(True)
        assert waiting == count - len(done)
        ok(operator, "resume")
        read_until_pong(False)


def test_a_paused_line_starts_no_worker_and_is_never_unavailable(daemon):
    server = daemon(pool_start=0, pool_max=2, start_timeout_ms=100, max_wait_ms=None)
    client = server.client()
    ok(client, "pause")
    client.submit("a", "echo", "x")
    wait_until(lambda: client.stats()["queue"]["oldest_ms"] > 400, "some time")
    stats = client.stats()
    assert stats["pool"]["forks"] == 0 and stats["queue"]["waiting"] == 1
    ok(client, "resume")
    check(client.outcome("a"), "done")


def test_waiting_jobs_of_a_paused_pool_can_be_cancelled(daemon):
    server = daemon(pool_start=1)
    client = server.client()
    ok(client, "pause")
    client.submit("a", "echo")
    client.submit("b", "echo")
    client.send(op="cancel", target="a")
    check(client.event("ok", op="cancel"), "ok", state="waiting")
    check(client.outcome("a"), "failed", reason="cancelled", by="submitter")
    client.reset()
    server.wait_stats(lambda s: s["jobs"]["dropped"] == 1, "the drop")


def test_pause_lasts_over_a_reload(daemon):
    server = daemon(pool_start=1, pool_max=2)
    client = server.client()
    ok(client, "pause")
    client.submit("a", "echo", "x")
    check(ok(client, "reload"), "ok", renewed=True)
    stats = client.stats()
    assert stats["pools"]["default"]["paused"] is True and stats["queue"]["waiting"] == 1
    ok(client, "resume")
    check(client.outcome("a"), "done")


def test_a_removed_pool_is_resumed(daemon):
    server = daemon(**POOLS)
    client = server.client()
    ok(client, "pause", pool="slow")
    client.submit("a", "sleep", '{"ms":1,"value":7}')
    client.silent()
    server.write_config(pools={}, modules={})
    ok(client, "reload")
    assert client.outcome("a").json() == 7
    refused(client, "pause", "unknown-pool", "slow", pool="slow")


def switches(pid):
    """How often the process has gone to sleep."""
    return int(proc.status_field(pid, "voluntary_ctxt_switches"))


def test_a_paused_pool_costs_nothing(daemon):
    server = daemon(pool_start=2, pool_max=2, ping_interval_ms=0, idle_timeout_ms=0)
    client = server.client()
    ok(client, "pause")
    for n in range(50):
        client.submit(n, "echo")
    server.wait_jobs(running=0, waiting=50)
    before = switches(server.pid)
    assert proc.cpu_share(server.pid, 1.0) < 0.02 * SCALE
    assert switches(server.pid) - before < 10


# ---- resize


def test_resize_up_and_down_under_load(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=5000, log_level="info")
    load, operator = server.client(), server.client()
    for n in range(2000):
        load.submit(n, "sleep", '{"ms":2}')
    for size in (4, 1, 3, 2):
        event = ok(operator, "resize", pool_max=size, pool_start=1)
        check(event, "ok", pool_start=1, pool_max=size, job_max=5000, until="reload")
        server.wait_stats(
            lambda s: s["pool"]["busy"] == size and s["pool"]["stopping"] == 0, f"{size} workers"
        )
    ok(operator, "resize", pool_max=8)
    for n in range(2000):
        check(load.outcome(n), "done")
    line = server.log.wait("pool-resized")
    assert (line["pool_max"], line["until"]) == (4, "reload") and "@" in line["client"]
    assert operator.stats()["jobs"]["failed"]["error"] == 0


def test_a_smaller_pool_ends_idle_workers_and_busy_ones_after_their_job(daemon):
    server = daemon(pool_start=3, pool_max=3)
    server.wait_idle(3)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    start(client, "sleep", LONG_SLEEP, "b")
    ok(client, "resize", pool_start=0, pool_max=1)
    server.wait_stats(lambda s: s["pool"]["idle"] == 0, "the end of the idle one")
    ending = [w["ending"] for w in client.workers() if w["state"] == "busy"]
    assert sorted(ending, key=str) == [None, "resize"]
    for id in ("a", "b"):
        cancel(client, id)
    server.wait_stats(lambda s: s["pool"]["idle"] == 1 and s["pool"]["busy"] == 0, "one worker")


def test_job_max_lower_than_the_line(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=10)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    for n in range(5):
        client.submit(n, "echo")
    check(ok(client, "resize", job_max=2), "ok", job_max=2)
    check(client.run("echo", id="more"), "overload", reason="queue-full", queued=5)
    client.send(op="kill", target="a")
    for n in range(5):
        check(client.outcome(n), "done")
    assert server.client().hello_event["job_max"] == 2


def test_resize_refuses_what_cannot_be(daemon):
    client = daemon(pool_start=1, pool_max=2).client()
    refused(client, "resize", "bad-request", "pool_start, pool_max or job_max")
    refused(client, "resize", "bad-request", "pool_start, pool_max or job_max", pool="default")
    refused(client, "resize", "bad-request", "pool_max", "0", "1 to 10000", pool_max=0)
    refused(client, "resize", "bad-request", "pool_start is 3", "0 to pool_max, 2", pool_start=3)
    ok(client, "resize", pool_start=2)
    refused(client, "resize", "bad-request", "pool_max is 1", "pool_start, 2", pool_max=1)
    assert client.stats()["pool"]["max"] == 2


def test_resize_lasts_until_the_reload(daemon):
    server = daemon(pool_start=1, pool_max=2, **POOLS)
    client = server.client()
    ok(client, "resize", pool="slow", pool_max=7, job_max=9)
    pool = client.stats()["pools"]["slow"]
    assert pool["pool"]["max"] == 7 and pool["queue"]["max"] == 9
    check(ok(client, "reload"), "ok", changed=[], renewed=True)
    pool = client.stats()["pools"]["slow"]
    assert pool["pool"]["max"] == 1 and pool["queue"]["max"] == 50


# ---- recycle


def test_recycle_of_all(daemon):
    """Each worker is replaced, a busy one after its job."""
    server = daemon(pool_start=2, pool_max=3)
    server.wait_idle(2)
    client = server.client()
    before = {w["id"] for w in client.workers()}
    start(client, "sleep", '{"ms":300,"value":1}', "a")
    check(ok(client, "recycle"), "ok", workers=2)
    assert client.outcome("a").json() == 1
    wait_until(lambda: not before & {w["id"] for w in client.workers()}, "new workers")
    assert server.stats()["pool"]["ends"]["recycle"] == 2
    server.log.wait("recycle")


def test_recycle_of_a_pool(daemon):
    server = daemon(pool_start=1, pools={"other": {"pool-start": 2, "pool-max": 3}})
    server.wait_idle(3)
    client = server.client()
    before = {w["id"]: w["pool"] for w in client.workers()}
    check(ok(client, "recycle", pool="other"), "ok", workers=2)

    def replaced():
        return sorted(w["pool"] for w in client.workers() if w["id"] in before) == ["default"]

    wait_until(replaced, "new workers of the pool")


def test_recycle_of_a_worker(daemon):
    server = daemon(pool_start=2, pool_max=3)
    server.wait_idle(2)
    client = server.client()
    first, second = sorted(w["id"] for w in client.workers())
    check(ok(client, "recycle", worker=first), "ok", workers=1)
    wait_until(lambda: first not in {w["id"] for w in client.workers()}, "its end")
    assert second in {w["id"] for w in client.workers()}
    refused(client, "recycle", "unknown-worker", str(first), worker=first)
    refused(client, "recycle", "bad-request", "not both", worker=first, pool="default")


# ---- reload


def test_reload_tells_what_has_changed(daemon):
    server = daemon(pool_start=1, pool_max=2, **POOLS)
    client = server.client()
    event = ok(client, "reload")
    check(event, "ok", changed=[], changed_count=0, renewed=True)
    assert "why" not in event
    server.write_config(job_max=7, pools={"slow": {"pool-max": 2}, "new": {"pool-max": 1}})
    event = ok(client, "reload")
    check(event, "ok", renewed=True, changed_count=4)
    assert set(event["changed"]) == {
        "job-max",
        "pools.slow.pool-max",
        "pools.slow.job-max",
        "pools.new",
    }
    server.log.wait("reload", count=2)


def test_reload_is_answered_once_it_is_decided(daemon):
    """All places are taken: a job has to end before. A later request is answered first."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    client.send(op="reload", id="r")
    client.silent()
    assert server.log.wait("renewal-waits")
    client.send(op="kill", target="a")
    client.outcome("a")
    check(client.event("ok", id="r"), "ok", renewed=True)


def test_reload_of_a_half_closed_connection(daemon):
    """The answer is still delivered."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.send(op="reload", id="r")
    client.shutdown()
    check(client.recv(), "ok", id="r", renewed=True)
    client.closed()


def test_reload_of_a_connection_that_goes(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client, other = server.client(), server.client()
    start(other, "sleep", LONG_SLEEP, "a")
    client.send(op="reload", id="r")
    client.silent()
    client.reset()
    other.send(op="kill", target="a")
    other.outcome("a")
    server.log.wait("renewed")
    assert ok(other, "reload")["renewed"] is True


def test_two_reloads_at_once(daemon):
    """The workers are replaced for both."""
    server = daemon(pool_start=1, pool_max=1)
    client, other = server.client(), server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    server.write_config(job_max=17)
    client.send(op="reload", id=1)
    client.silent()
    server.write_config(job_max=18, log_level="info")
    other.send(op="reload", id=2)
    other.silent()
    client.send(op="kill", target="a")
    client.outcome("a")
    check(client.event("ok", id=1), "ok", changed=["job-max"], renewed=True)
    check(other.event("ok", id=2), "ok", changed_count=2, renewed=True)


@pytest.mark.parametrize(
    "text, line, key",
    [
        ('{\n "pool-max": 0\n}', 2, "pool-max"),
        ('{\n\n "pool-maxx": 1\n}', 3, "pool-maxx"),
        ('{"pools": {\n "a": {"pool-max": "x"}}}', 2, "pools.a.pool-max"),
        ('{\n"pool-max": 1,,\n}', 2, None),
        ('[]', 1, None),
        ('{\n"module-dir": "/nonexistent"}', 2, "module-dir"),
    ],
)
def test_reload_with_a_broken_file(daemon, text, line, key):
    server = daemon(pool_start=1, pool_max=3)
    client = server.client()
    pids = server.worker_pids()
    with open(server.config_path, "w") as file:
        file.write(text)
    event = refused(client, "reload", "bad-config")
    check(event, "error", file=server.config_path, line=line)
    assert event.get("key") == key, event
    assert client.stats()["pool"]["max"] == 3
    assert server.worker_pids() == pids
    server.log.wait("reload-failed")
    server.write_config()
    assert ok(client, "reload")["renewed"] is True


def test_reload_with_a_long_path(daemon):
    """The message has no room for all of it; the answer names the place all the same."""
    server = daemon.make({"pool-start": 1})
    directory = os.path.join(server.directory, "d" * 240)
    os.makedirs(directory)
    server.config_path = os.path.join(directory, "s" * (PATH_IN_ANSWER - len(directory) - 1))
    client = server.start().client()
    with open(server.config_path, "w") as file:
        file.write('{\n"pool-max": 1,,\n}')
    check(refused(client, "reload", "bad-config"), "error", file=server.config_path, line=2)


def test_reload_without_its_file(daemon):
    server = daemon(pool_start=1)
    client = server.client()
    os.unlink(server.config_path)
    event = refused(client, "reload", "bad-config")
    assert event["file"] == server.config_path and "line" not in event and "key" not in event


def test_reload_with_a_module_that_refuses(daemon):
    """A new worker that lacks a preload does not take over: the old ones go on."""
    server = daemon(pool_start=1, pool_max=2)
    client = server.client()
    pids = server.worker_pids()
    server.write_config(preload=["nosuch"])
    event = ok(client, "reload")
    check(event, "ok", changed=["preload"], renewed=False)
    assert "nosuch" in event["why"], event
    assert set(pids) <= set(server.worker_pids())
    assert client.done("echo", "x") == b"x"
    server.write_config(preload=[])
    check(ok(client, "reload"), "ok", renewed=True)


def test_reload_behind_a_hup(daemon):
    """A reload by signal has no answer, and the next request tells the truth."""
    server = daemon(pool_start=1, pool_max=2)
    client = server.client()
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    check(ok(client, "reload"), "ok", changed=[], renewed=True)


def test_reload_while_the_server_drains(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=30000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    client.send(op="reload", id="before")
    client.silent()
    ok(client, "drain")
    check(client.event("ok", id="before"), "ok", renewed=False)
    event = ok(client, "reload")
    check(event, "ok", changed=[], renewed=False, why="the server is shutting down")
    client.send(op="kill", target="a")
    check(client.outcome("a"), "failed", reason="cancelled")


# ---- drain


@pytest.mark.parametrize("waiting", [None, "fail"])
def test_drain_fails_what_waits(daemon, waiting):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=30000)
    client, other, late = server.client(), server.client(), server.client(hello=False)
    start(client, "sleep", LONG_SLEEP, "running")
    server.begun_pids(client)
    client.submit("waiting", "echo")
    client.silent()
    ok(client, "drain", **({"waiting": waiting} if waiting else {}))
    check(client.outcome("waiting"), "failed", reason="shutdown", by="operator")
    check(client.run("echo", id="late"), "failed", reason="shutdown")
    check(late.hello(), "hello", draining=True)
    cancel(client, "running")
    for each in (client, other, late):
        each.closed()
    assert (client.draining, other.draining, late.draining) == (1, 1, 0)
    assert server.wait_exit() == 0
    line = server.log.wait("drain")
    assert line["drain_waiting"] == "fail" and "@" in line["why"], line


@pytest.mark.parametrize("how", ["request", "setting", "signal"])
def test_drain_runs_a_long_line(daemon, how):
    server = daemon(
        pool_start=1,
        pool_max=2,
        job_max=2000,
        drain_timeout_ms=60000,
        drain_waiting="fail" if how == "request" else "run",
    )
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    start(client, "sleep", LONG_SLEEP, "b")
    for n in range(1000):
        client.submit(n, "echo", str(n))
    server.wait_jobs(waiting=1000)
    if how == "request":
        ok(client, "drain", waiting="run")
    elif how == "setting":
        ok(client, "drain")
    else:
        server.signal(signal.SIGTERM)
        server.log.wait("drain")
    late = client.run("echo", id="late")
    check(late, "failed", reason="shutdown")
    assert "order" not in late
    for id in ("a", "b"):
        cancel(client, id)
    for n in range(1000):
        assert client.outcome(n).payload == str(n).encode()
    assert server.wait_exit() == 0
    assert server.log.wait("drain")["drain_waiting"] == "run"


def test_drain_with_run_replaces_workers(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=100, drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", '{"ms":300}', "first")
    for n in range(4):
        client.submit(n, "crash", "exit 3")
    client.submit("last", "echo", "x")
    client.silent()
    ok(client, "drain", waiting="run")
    for n in range(4):
        check(client.outcome(n), "failed", reason="error")
    check(client.outcome("last"), "done")
    assert server.wait_exit() == 0


def test_drain_with_run_has_its_time(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=500, kill_grace_ms=400)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    client.submit("waiting", "echo")
    client.silent()
    begin = time.monotonic()
    ok(client, "drain", waiting="run")
    event = client.outcome("waiting")
    check(event, "failed", reason="shutdown", by="operator")
    assert "order" not in event
    check(client.outcome("running"), "failed", reason="shutdown", by="operator")
    assert time.monotonic() - begin >= 0.45
    assert server.wait_exit() == 0
    assert time.monotonic() - begin < 0.9 + 3 * SCALE


def test_drain_with_run_and_a_paused_pool(daemon):
    server = daemon(drain_timeout_ms=60000, **POOLS)
    client = server.client()
    ok(client, "pause", pool="slow")
    client.submit("paused", "sleep", '{"ms":1}')
    client.submit("a", "wc", "x")
    ok(client, "drain", waiting="run")
    check(client.outcome("paused"), "failed", reason="shutdown", by="operator")
    check(client.outcome("a"), "done")
    assert server.wait_exit() == 0


def test_a_further_drain_is_no_second_signal(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    server.begun_pids(client)
    client.submit("waiting", "echo")
    client.silent()
    ok(client, "drain", waiting="run")
    ok(client, "drain", waiting="run")
    assert client.stats()["queue"]["waiting"] == 1
    ok(client, "drain", waiting="fail")
    check(client.outcome("waiting"), "failed", reason="shutdown")
    cancel(client, "running")
    client.closed()
    assert client.draining == 1
    assert server.wait_exit() == 0


def test_a_signal_behind_a_drain_with_run_ends_at_once(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    client.submit("waiting", "echo")
    client.silent()
    ok(client, "drain", waiting="run")
    server.signal(signal.SIGTERM)
    check(client.outcome("waiting"), "failed", reason="shutdown")
    check(client.outcome("running"), "failed", reason="shutdown")
    assert server.wait_exit() == 0


def test_each_of_many_connections_is_told(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000, log_level="info")
    clients = [server.client() for _ in range(600)]
    start(clients[0], "sleep", LONG_SLEEP, "a")
    ok(clients[0], "drain")
    for client in clients[1:]:
        client.silent()
        assert client.draining == 1
    clients[0].send(op="kill", target="a")
    assert server.wait_exit() == 0


def test_the_command_skips_the_event(daemon):
    """Its job is not disturbed by the news of a drain."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    run = subprocess.Popen(
        [COMMAND, "run", f"--server={server.address}", "sleep", '{"ms":2000,"value":7}'],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    server.wait_jobs(running=1)
    server.begun_pids(client)
    ok(client, "drain")
    assert run.communicate(timeout=DEADLINE)[0].strip() == b"7"
    assert run.returncode == 0
    assert server.wait_exit() == 0


# ---- kill of a worker


def worker_in(client, state, **fields):
    def found():
        return [w for w in client.workers() if w["state"] == state]

    return wait_until(found, f"a worker that is {state}")[0]


def test_kill_of_a_busy_worker(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    client.submit("b", "echo", "next")
    server.begun_pids(client)
    worker = worker_in(client, "busy")
    check(ok(client, "kill", worker=worker["id"]), "ok", worker=worker["id"], state="busy")
    event = client.outcome("a")
    check(event, "failed", reason="error", signal="SIGKILL", by="operator")
    assert event.json()["pid"] == worker["pid"]
    assert client.outcome("b").payload == b"next"
    wait_until(lambda: not proc.alive(worker["pid"]), "the worker's end")
    server.log.wait("worker-kill", worker=worker["id"])
    assert server.log.wait("worker-ended", worker=worker["id"])["reason"] == "killed"
    refused(client, "kill", "unknown-worker", str(worker["id"]), worker=worker["id"])


def test_kill_of_an_idle_worker(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    client = server.client()
    worker = worker_in(client, "idle")
    check(ok(client, "kill", worker=worker["id"]), "ok", state="idle")
    wait_until(lambda: not proc.alive(worker["pid"]), "the worker's end")
    server.wait_idle(1)
    assert not server.log.events("start-failed")


def test_kill_of_a_starting_worker(daemon):
    server = daemon(pool_start=0, pool_max=1, modules={"init_does": {}}, start_timeout_ms=60000)
    client = server.client()
    client.submit("a", "echo", "x")
    worker = None
    for _ in range(50):
        found = [w for w in client.workers() if w["state"] == "starting"]
        if not found:
            break
        worker = found[0]
        event = ask(client, "kill", worker=worker["id"])
        if event.name == "ok":
            break
    assert client.outcome("a").payload == b"x"


def test_kill_of_a_stopping_worker(daemon):
    """The job keeps its reason, and ends sooner."""
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=60000)
    client = server.client()
    start(client, "crash", "loop", "a")
    server.begun_pids(client)
    client.send(op="cancel", target="a")
    client.event("ok", op="cancel")
    worker = worker_in(client, "busy")
    ok(client, "kill", worker=worker["id"])
    check(client.outcome("a"), "failed", reason="cancelled", by="submitter", step="sigkill")


def test_kill_needs_exactly_one(daemon):
    client = daemon(pool_start=1).client()
    refused(client, "kill", "bad-request", "job", "target", "worker", worker=1, target="a")
    refused(client, "kill", "bad-request", "worker")
    refused(client, "kill", "unknown-worker", "77", worker=77)


# ---- log-level


def test_log_level(daemon):
    server = daemon(log_level="info")
    client = server.client()
    check(ok(client, "log-level", level="debug"), "ok", was="info")
    server.client()
    server.log.wait("client-connected")
    line = server.log.wait("log-level")
    assert (line["level"], line["was"]) == ("debug", "info") or line["level"] == "warn", line
    check(ok(client, "log-level", level="error"), "ok", was="debug")
    check(ok(client, "log-level", level="info"), "ok", was="error")
    check(ok(client, "log-level", level="warn"), "ok", was="info")
    ok(client, "reload")
    check(ok(client, "log-level", level="info"), "ok", was="info")


def test_log_level_reaches_running_workers(daemon):
    """Modules' debug lines are written from now on, by workers that run already, too."""
    server = daemon(log_level="info", pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client = server.client()
    for n, (level, count) in enumerate((("info", 0), ("debug", 1), ("info", 1))):
        ok(client, "log-level", level=level)
        check(client.run("probe", "log"), "done")
        server.log.wait("worker-output", count=n + 1, text="printed last")
        assert len(server.log.events("worker-output", text="a debug line")) == count


# ---- each with jobs in each state


@pytest.mark.parametrize("op", ["pause", "resize", "recycle", "reload", "drain", "kill"])
@pytest.mark.parametrize("jobs", ["waiting", "prefetched", "running", "stopping"])
def test_each_with_jobs_in_each_state(daemon, op, jobs):
    """No job is lost or told twice, whatever state it is in."""
    server = daemon(pool_start=1, pool_max=1, job_max=3000, kill_grace_ms=400, log_level="info")
    client = server.client()
    ids = []

    def submit(id, module, payload):
        client.submit(id, module, payload)
        ids.append(id)

    if jobs != "prefetched":
        submit("first", "sleep", '{"ms":300}')
    for n in range(500 if jobs == "prefetched" else 3):
        submit(n, "echo", "")
    if jobs == "stopping":
        client.send(op="cancel", target="first")
    fields = {"resize": {"pool_max": 2}, "drain": {"waiting": "run"}}.get(op, {})
    if op == "kill":
        fields = {"worker": server.workers()[0]["id"]}
    ok(client, op, **fields)
    if op == "pause":
        ok(client, "resume")
    for id in ids:
        event = client.outcome(id)
        lost = op == "kill" and event.get("by") == "operator" and event.get("reason") == "error"
        stopped = jobs == "stopping" and id == "first"
        assert event.name == "done" or lost or stopped, event
    assert not [event for event in client.kept if event.ends_submit()]
