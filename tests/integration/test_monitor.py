"""monitor and demonitor (protocol, section 8): each kind, exactly one `down`, refs, limits and rights."""

import json
import os
import signal

import pytest
from harness.client import check, header, start
from harness.wait import wait_until

LONG_SLEEP = json.dumps({"ms": 600000})


def monitor(by, ref, **thing):
    by.send(op="monitor", ref=ref, **thing)
    by.event("ok", op="monitor")


def number_of(server, client):
    """The client's number, as the server has it: that of the owner of a name."""
    client.send(op="register", name=f"n{client.sock.getsockname()[1]}")
    client.event("ok", op="register")
    other = server.client()
    names = other.ask("services")
    return next(s["owner"]["client"] for s in names if s["name"] == f"n{client.sock.getsockname()[1]}")


def job_of(server):
    return next(w["job"] for w in server.workers() if w["job"])


# ---- jobs


def test_they_are_features(shared):
    assert {"monitor", "demonitor"} <= set(shared.client().hello_event["features"])


def test_a_job_that_is_done(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client, watcher = server.client(), server.client()
    client.submit("a", "sleep", json.dumps({"ms": 300}), notify=["accepted"])
    job = client.expect("accepted")["job"]
    monitor(watcher, "r", job=job)
    assert watcher.expect("down") == {"event": "down", "ref": "r", "job": job, "reason": "done"}
    watcher.silent()


def test_a_job_that_fails(daemon):
    server = daemon(pool_start=1, pool_max=1, breaker_crashes=0)
    client, watcher = server.client(), server.client()
    for payload, reason, more in [
        ("segv", "error", {"signal": "SIGSEGV"}),
        ("exit 77", "error", {"exit_status": 77}),
    ]:
        client.send(op="pause")
        client.event("ok", op="pause")
        client.submit("a", "crash", payload, notify=["accepted"])
        job = client.event("accepted")["job"]
        monitor(watcher, 1, job=job)
        client.send(op="resume")
        failed = client.outcome("a")
        more = {key: failed[key] for key in more}
        assert watcher.expect("down") == {"event": "down", "ref": 1, "job": job, "reason": reason, **more}


def test_a_cancelled_job_and_a_detached_one(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client, watcher = server.client(), server.client()
    client.submit("d", "sleep", LONG_SLEEP, detach=True)
    job = client.expect("accepted")["job"]
    monitor(watcher, "r", job=job)
    client.send(op="kill", job=job)
    check(watcher.expect("down"), "down", ref="r", job=job, reason="cancelled", by="client")


def test_a_dropped_job(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client, watcher = server.client(), server.client()
    client.send(op="pause")
    client.event("ok")
    client.submit("w", "echo", notify=["accepted"])
    job = client.expect("accepted")["job"]
    monitor(watcher, "r", job=job)
    client.reset()
    assert watcher.expect("down") == {"event": "down", "ref": "r", "job": job, "reason": "dropped"}


def test_an_orphaned_job(daemon):
    """It is told as it has ended."""
    server = daemon(pool_start=1, pool_max=1)
    client, watcher = server.client(), server.client()
    job = client.hello_event["boot"] + "-1"
    start(client, "sleep", json.dumps({"ms": 500}))
    monitor(watcher, "r", job=job)
    client.reset()
    assert watcher.expect("down") == {"event": "down", "ref": "r", "job": job, "reason": "done"}


@pytest.mark.parametrize("job", ["none-1", "{boot}-0", "{boot}-999999", "x\n\u00e9", "\\"])
def test_an_unknown_job(shared, job):
    client = shared.client()
    job = job.replace("{boot}", client.hello_event["boot"])
    monitor(client, "r", job=job)
    event = client.expect("down", ref="r", reason="unknown")
    assert "\n" in job or event["job"] == job
    monitor(client, "r", job="none-1")
    client.expect("down", ref="r", reason="unknown")


def test_an_ended_job(shared):
    client = shared.client()
    client.submit("a", "echo", "x", notify=["accepted"])
    job = client.event("accepted")["job"]
    client.outcome("a")
    monitor(client, "r", job=job)
    client.expect("down", ref="r", job=job, reason="unknown")


def test_the_end_of_the_job_comes_before_the_down(daemon):
    client = daemon(pool_start=1, pool_max=1).client()
    job = start(client, "sleep", LONG_SLEEP, "a") or None
    client.send(op="cancel", target="a")
    client.event("ok")
    client.outcome("a")
    client.submit("b", "sleep", json.dumps({"ms": 200}), notify=["accepted"])
    job = client.event("accepted")["job"]
    monitor(client, "r", job=job)
    client.expect("done", id="b")
    client.expect("down", ref="r", reason="done")


# ---- refs


def test_monitors_stack(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client, watcher = server.client(), server.client()
    client.submit("d", "sleep", LONG_SLEEP, detach=True)
    job = client.expect("accepted")["job"]
    for ref in ("a", "b", 1, "1"):
        monitor(watcher, ref, job=job)
    watcher.send(op="demonitor", ref="b")
    watcher.expect("ok", op="demonitor")
    client.send(op="kill", job=job)
    refs = [watcher.expect("down", reason="cancelled")["ref"] for _ in range(3)]
    assert sorted(map(json.dumps, refs)) == ['"1"', '"a"', "1"]
    watcher.silent()


def test_a_ref_is_free_after_its_down_and_after_demonitor(shared):
    client = shared.client()
    monitor(client, "r", service="s")
    client.expect("service")
    client.send(op="monitor", ref="r", service="other")
    client.expect("error", code="duplicate-ref", op="monitor")
    client.send(op="demonitor", ref="r")
    client.expect("ok", op="demonitor")
    client.send(op="demonitor", ref="r")
    client.expect("error", code="unknown-ref", op="demonitor")
    monitor(client, "r", job="none-1")
    client.expect("down")
    monitor(client, "r", service="s")


def test_a_ref_is_of_its_connection(shared):
    one, other = shared.client(), shared.client()
    monitor(one, "r", service="s")
    monitor(other, "r", service="s")
    other.expect("service")
    other.send(op="demonitor", ref="r")
    other.expect("ok")
    one.send(op="demonitor", ref="r")
    one.event("ok", op="demonitor")


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"ref": "r"}, "either"),
        ({"job": "a-1"}, "ref"),
        ({"ref": "r", "job": "a-1", "worker": 1}, "either"),
        ({"ref": "r", "workers": False}, "workers"),
        ({"ref": "", "job": "a-1"}, "ref"),
        ({"ref": [], "job": "a-1"}, "ref"),
        ({"ref": "r", "worker": "1"}, "worker"),
        ({"ref": "r", "service": "a b"}, "service"),
    ],
)
def test_wrong_fields(shared, fields, word):
    client = shared.client()
    client.send(op="monitor", **fields)
    assert word in client.expect("error", code="bad-request", op="monitor")["message"]


def test_an_unknown_pool(shared):
    client = shared.client()
    client.send(op="monitor", ref="r", pool="none")
    client.expect("error", code="unknown-pool", op="monitor")
    monitor(client, "r", pool="default")


# ---- workers


def test_a_worker(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    client = server.client()
    first, second = server.workers()
    monitor(client, 1, worker=first["id"])
    monitor(client, 2, worker=second["id"])
    monitor(client, 3, worker=99999)
    assert client.expect("down") == {"event": "down", "ref": 3, "worker": 99999, "reason": "unknown"}
    os.kill(first["pid"], signal.SIGKILL)
    assert client.expect("down") == {"event": "down", "ref": 1, "worker": first["id"], "reason": "signal"}
    client.send(op="recycle", worker=second["id"])
    client.event("ok", op="recycle")
    assert client.event("down") == {"event": "down", "ref": 2, "worker": second["id"], "reason": "recycle"}
    monitor(client, 1, worker=first["id"])
    client.expect("down", ref=1, reason="unknown")


def states(client, ref, count):
    return [(e["worker"], e["state"]) for e in (client.expect("worker", ref=ref) for _ in range(count))]


def test_the_workers_of_a_pool(daemon):
    server = daemon(pool_start=1, pool_max=1, pools={"other": {"pool-start": 1, "pool-max": 1}})
    server.wait_idle(2)
    client = server.client()
    monitor(client, "p", pool="default")
    event = client.expect("worker", ref="p", pool="default", state="ready")
    assert "reason" not in event
    worker = next(w for w in server.workers() if w["pool"] == "default")
    assert (event["worker"], event["pid"]) == (worker["id"], worker["pid"])
    assert client.done("echo", "x") == b"x", "busy and idle are not told"
    os.kill(worker["pid"], signal.SIGKILL)
    check(client.expect("worker"), "worker", ref="p", worker=worker["id"], state="ended", reason="signal")
    told = [client.expect("worker", ref="p") for _ in range(2)]
    assert [e["state"] for e in told] == ["starting", "ready"]
    assert told[0]["worker"] == told[1]["worker"] and told[0]["pid"] == told[1]["pid"]
    client.silent()


def test_all_workers(daemon):
    server = daemon(pool_start=1, pool_max=1, pools={"other": {"pool-start": 1, "pool-max": 1}})
    server.wait_idle(2)
    client = server.client()
    monitor(client, "all", workers=True)
    assert {client.expect("worker", ref="all", state="ready")["pool"] for _ in range(2)} == {"default", "other"}
    client.send(op="recycle", pool="other")
    client.event("ok", op="recycle")
    told = [client.event("worker", ref="all", pool="other") for _ in range(3)]
    assert sorted(e["state"] for e in told) == ["ended", "ready", "starting"]
    assert [e["reason"] for e in told if e["state"] == "ended"] == ["recycle"]


def test_a_dead_worker_that_comes_alive(daemon):
    server = daemon(pool_start=1, pool_max=1, ping_interval_ms=50, ping_misses=1, dead_kill_ms=600000)
    server.wait_idle(1)
    client = server.client()
    monitor(client, "p", pool="default")
    pid = client.expect("worker")["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert client.expect("worker", pid=pid)["state"] == "dead"
    os.kill(pid, signal.SIGCONT)
    client.event("worker", pid=pid, state="alive")


# ---- clients


def end_bye(client):
    client.send(op="bye")
    client.event("ok", op="bye")
    client.closed()


def end_error(client):
    client.send_raw("no json\n")
    client.event("error", fatal=True)
    client.close()


@pytest.mark.parametrize(
    "end, reason",
    [
        (lambda c: c.close(), "closed"),
        (lambda c: c.shutdown(), "closed"),
        (end_bye, "bye"),
        (lambda c: c.reset(), "reset"),
        (end_error, "error"),
    ],
    ids=["close", "shutdown", "bye", "reset", "error"],
)
def test_a_client(shared, end, reason):
    client, watcher = shared.client(), shared.client()
    number = number_of(shared, client)
    monitor(watcher, "c", client=number)
    end(client)
    assert watcher.expect("down") == {"event": "down", "ref": "c", "client": number, "reason": reason}
    monitor(watcher, "c", client=number)
    watcher.expect("down", ref="c", client=number, reason="unknown")


def test_a_slow_client(daemon):
    server = daemon(pool_start=1, output_timeout_ms=200)
    client, watcher = server.client(receive_buffer=4096), server.client()
    number = number_of(server, client)
    monitor(watcher, "c", client=number)
    for n in range(8):
        client.submit(n, "echo", "x" * (1 << 20))
    check(watcher.expect("down"), "down", client=number, reason="slow")


def test_a_client_that_monitors_itself_hears_nothing(shared):
    client = shared.client()
    number = number_of(shared, client)
    monitor(client, "me", client=number)
    client.send(op="bye")
    client.expect("ok", op="bye")
    client.closed()


# ---- services


def test_a_service(shared):
    watcher, client = shared.client(), shared.client(client="owner/1")
    monitor(watcher, "s", service="thumbs")
    assert watcher.expect("service") == {"event": "service", "ref": "s", "service": "thumbs", "state": "free"}
    client.send(op="register", name="thumbs")
    client.expect("ok")
    event = watcher.expect("service", ref="s", service="thumbs", state="registered", reason="registered")
    assert event["owner"]["name"] == "owner/1"
    client.send(op="unregister", name="thumbs")
    client.expect("ok")
    event = watcher.expect("service", state="free", reason="unregistered")
    assert "owner" not in event
    client.send(op="register", name="thumbs")
    client.expect("ok")
    watcher.expect("service", state="registered")
    late = shared.client()
    monitor(late, 1, service="thumbs")
    event = late.expect("service", ref=1, state="registered")
    assert event["owner"]["name"] == "owner/1" and "reason" not in event
    client.close()
    watcher.expect("service", state="free", reason="gone")
    late.expect("service", ref=1, state="free", reason="gone")


# ---- many, and the end


def test_ten_thousand_monitors_of_a_connection(daemon):
    server = daemon(pool_start=1, pool_max=1, monitor_max=10005)
    client, watcher, other = server.client(), server.client(), server.client()
    client.submit("d", "sleep", LONG_SLEEP, detach=True)
    job = client.expect("accepted")["job"]
    watcher.send_raw(b"".join(header(op="monitor", ref=n, job=job) for n in range(10001)))
    for _ in range(10000):
        watcher.expect("ok")
    watcher.expect("error", code="too-many", op="monitor")
    for n in range(5):
        monitor(other, n, job=job)
    other.send(op="monitor", ref=5, job=job)
    assert "monitor-max" in other.expect("error", code="too-many")["message"]
    client.send(op="kill", job=job)
    refs = {watcher.expect("down", job=job, reason="cancelled")["ref"] for _ in range(10000)}
    assert refs == set(range(10000))
    watcher.silent()
    monitor(other, 5, service="s")


def test_they_end_with_the_connection(daemon):
    server = daemon(pool_start=1, monitor_max=3)
    for end in ("close", "reset", "shutdown"):
        client = server.client()
        for n in range(3):
            monitor(client, n, service="s")
        getattr(client, end)()
        other = server.client()

        def has_room():
            other.send(op="monitor", ref="r", service="s")
            return other.recv().name == "ok"

        wait_until(has_room, "room for a monitor")
        other.reset()
        server.wait_stats(lambda s: s["clients"]["connected"] == 1, "the clients gone")


def test_a_slow_watcher_is_dropped_and_costs_nobody_else(daemon):
    server = daemon(pool_start=1, pool_max=1, output_timeout_ms=300)
    slow, client = server.client(receive_buffer=4096), server.client()
    slow.send_raw(b"".join(header(op="monitor", ref=f"{n}-" + "x" * 50, service="s") for n in range(500)))
    for n in range(200):
        client.send(op="register", name="s")
        client.send(op="unregister", name="s")
        client.expect("ok")
        client.expect("ok")
    server.log.wait("client-dropped")
    assert client.done("echo", "x") == b"x"


# ---- rights


def test_rights(daemon, tmp_path):
    path = tmp_path / "access"
    path.touch(0o600)
    path.write_text(
        "ops secret-token-of-ops all\nalice secret-token-of-alice submit\nbob secret-token-of-bob submit\n"
    )
    server = daemon.make({"access_file": str(path), "pool_start": 1})
    server.token = "secret-token-of-ops"
    server.start()
    alice = server.client(token="secret-token-of-alice")
    bob = server.client(token="secret-token-of-bob")
    alice.submit("d", "sleep", LONG_SLEEP, detach=True)
    job = alice.expect("accepted")["job"]
    monitor(alice, "own", job=job)
    bob.send(op="monitor", ref="r", job=job)
    assert "observe" in bob.expect("error", code="denied", op="monitor")["message"]
    for thing in ({"worker": 1}, {"client": 1}, {"service": "s"}, {"pool": "default"}, {"workers": True}):
        bob.send(op="monitor", ref="r", **thing)
        assert "observe" in bob.expect("error", code="denied", op="monitor")["message"]
    ops = server.client()
    monitor(ops, "r", job=job)
    ops.send(op="kill", job=job)
    ops.event("down", job=job)
    alice.expect("down", ref="own", job=job, reason="cancelled")


def test_a_lost_right_silences_monitors(daemon, tmp_path):
    """The connection stays, and hears of nothing but its own jobs."""
    path = tmp_path / "access"
    path.touch(0o600)
    ops = "ops secret-token-of-ops all\n"
    path.write_text(ops + "alice secret-token-of-alice submit observe\n")
    server = daemon.make({"access_file": str(path), "pool_start": 1})
    server.token = "secret-token-of-ops"
    server.start()
    alice, admin = server.client(token="secret-token-of-alice"), server.client()
    own, other = (start(c, "sleep", LONG_SLEEP)["job"] for c in (alice, admin))
    monitor(alice, "own", job=own)
    monitor(alice, "other", job=other)
    monitor(alice, "name", service="s")
    alice.event("service", ref="name", state="free")
    monitor(alice, "all", workers=True)
    path.write_text(ops + "alice secret-token-of-alice submit\n")
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    wait_until(lambda: len(server.worker_pids("busy")) == 2, "workers that change no more")
    alice.send(op="ping", id="before")
    alice.event("pong", id="before")
    alice.kept.clear()
    admin.send(op="register", name="s")
    admin.event("ok", op="register")
    for job in (other, own):
        admin.send(op="cancel", job=job)
        admin.event("ok", op="cancel", job=job)
    alice.find(lambda e: e.name == "failed")
    alice.send(op="ping")
    alice.event("pong")
    assert [e.get("ref") for e in alice.kept] == ["own"]
