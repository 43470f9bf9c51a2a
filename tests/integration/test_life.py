"""Section 2 of the supervision: pings, dead workers, those alive again, and jobs that a worker does not begin.

Workers are stopped by SIGSTOP here, as by a debugger or a machine that pauses a process.
"""

import json
import os
import signal
import time

import pytest

from harness import proc
from harness.client import check, start
from harness.wait import DEADLINE, SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})
PINGS = {"ping_interval_ms": 100 * SCALE, "ping_misses": 4}  # a busy machine is slow to answer
NO_PINGS = {"ping_interval_ms": 0}
LONG_MS = 3600000


def stop(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        wait_until(lambda: proc.stat(pid)[0] == "T", f"{pid} stopped")


def go_on(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def run_ns(pid):
    """The time for which a process has run."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


def worker_of(server, pid):
    """The worker in the server's own words, or None."""
    return next((w for w in server.workers() if w["pid"] == pid), None)


def wait_worker(server, pid, **fields):
    return wait_until(
        lambda: (w := worker_of(server, pid)) and all(w[k] == v for k, v in fields.items()) and w,
        f"worker {pid} with {fields}",
    )


def hand_to_a_stopped_worker(daemon, fields={}, **settings):
    """A server, a client, the pid of a stopped worker, and `started` of the job that it was handed."""
    server = daemon(pool_start=1, pool_max=1, dead_kill_ms=LONG_MS, **NO_PINGS, **settings)
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    stop(pid)
    client = server.client()
    client.submit("a", "sleep", LONG_SLEEP, notify=["started"], **fields)
    return server, client, pid, client.event("started", id="a")


# ---- pings


def test_an_idle_worker_that_is_stopped_is_dead_replaced_and_killed(daemon):
    server = daemon(pool_start=2, pool_max=2, dead_kill_ms=300 * SCALE, **PINGS)
    server.wait_idle(2)
    pid, other = server.worker_pids("idle")
    stop(pid)
    line = server.log.wait("worker-dead", pid=pid, level="warn", pool="default")
    assert "pings" in line["why"], line
    server.wait_stats(lambda s: s["pool"]["idle"] == 2, "its replacement")
    wait_until(lambda: not proc.alive(pid), "the dead worker killed")
    server.wait_stats(lambda s: s["pool"]["dead"] == 0 and s["pool"]["exits"] == 1, "it is gone")
    server.log.wait("worker-ended", pid=pid, reason="dead")
    assert server.stats()["pool"]["ends"]["dead"] == 1
    assert worker_of(server, other)["alive"]
    assert not server.log.events("worker-dead", pid=other)


def test_a_dead_worker_in_the_answers(daemon):
    server = daemon(pool_start=1, pool_max=2, dead_kill_ms=LONG_MS, **PINGS)
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    assert worker_of(server, pid)["alive"] is True
    stop(pid)
    dead = wait_worker(server, pid, state="dead", alive=False, job=None)
    assert dead["silent_ms"] >= 4 * PINGS["ping_interval_ms"], dead
    stats = server.wait_stats(lambda s: s["pool"]["idle"] == 1, "its replacement")
    assert stats["pool"]["dead"] == 1 and stats["pools"]["default"]["pool"]["dead"] == 1


def test_alive_again(daemon):
    server = daemon(pool_start=1, pool_max=2, dead_kill_ms=LONG_MS, **PINGS)
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    stop(pid)
    wait_worker(server, pid, alive=False)
    server.wait_idle(1)
    go_on(pid)
    server.log.wait("worker-alive", pid=pid, level="info")
    wait_worker(server, pid, state="idle", alive=True)
    server.wait_idle(2)
    assert server.stats()["pool"]["exits"] == 0


def test_alive_again_in_a_full_pool(daemon):
    server = daemon(pool_start=1, pool_max=1, dead_kill_ms=LONG_MS, **PINGS)
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    stop(pid)
    wait_worker(server, pid, alive=False)
    server.wait_idle(1)
    go_on(pid)
    wait_until(lambda: not proc.alive(pid), "the worker without a place to end")
    server.wait_stats(lambda s: s["pool"]["exits"] == 1 and s["pool"]["idle"] == 1, "one worker")
    server.log.wait("worker-ended", pid=pid, level="info", reason="dead")


def test_a_busy_worker_is_not_pinged(daemon):
    """Its job has begun: only a time limit ends it."""
    server = daemon(pool_start=1, pool_max=1, begin_timeout_ms=700 * SCALE, **PINGS)
    client = server.client()
    begun = start(client, "sleep", json.dumps({"ms": 2000 * SCALE}))
    pid = server.worker_pids("busy")[0]
    stop(pid)
    silent = worker_of(server, pid)["silent_ms"]
    wait_until(
        lambda: worker_of(server, pid)["silent_ms"] >= silent + 10 * PINGS["ping_interval_ms"],
        "ten pings' time",
    )
    go_on(pid)
    check(client.outcome("a"), "done", job=begun["job"])
    assert not server.log.events("worker-dead")


def test_a_dead_worker_dies(daemon):
    server = daemon(pool_start=1, pool_max=1, dead_kill_ms=LONG_MS, **PINGS)
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    stop(pid)
    wait_worker(server, pid, alive=False)
    os.kill(pid, signal.SIGKILL)
    server.wait_stats(lambda s: s["pool"]["exits"] == 1 and s["pool"]["idle"] == 1, "one worker")
    assert server.client().done("echo", "next") == b"next"


def test_many_at_once(daemon):
    """The pool goes on with new workers, and there are never more than twice pool-max."""
    many = 64
    server = daemon(
        pool_start=many,
        pool_max=many,
        job_max=1000,
        dead_kill_ms=LONG_MS,
        ping_interval_ms=300 * SCALE,
        ping_misses=4,
    )
    server.wait_stats(lambda s: s["pool"]["idle"] == many, "all workers", 6 * DEADLINE)
    pids = server.worker_pids("idle")
    stop(*pids)
    server.wait_stats(lambda s: s["pool"]["dead"] == many, "all dead", 6 * DEADLINE)
    server.wait_stats(lambda s: s["pool"]["idle"] == many, "their replacements", 6 * DEADLINE)
    assert len(proc.children(server.pid)) <= 2 * many
    client = server.client()
    for i in range(2 * many):
        client.submit(i, "echo", f"{i}")
    for i in range(2 * many):
        check(client.outcome(i), "done")
    more = server.worker_pids("idle")[: many // 2]
    stop(*more)
    server.wait_stats(lambda s: s["pool"]["forks"] >= 2 * many + len(more), "replacements again", 6 * DEADLINE)
    server.wait_stats(lambda s: s["pool"]["idle"] == many and s["pool"]["dead"] == many, "the oldest killed", 6 * DEADLINE)
    assert len(proc.children(server.pid)) <= 2 * many


def test_no_pings(daemon):
    server = daemon(pool_start=1, pool_max=1, allow_debug=True, ping_interval_ms=20, ping_misses=0)
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    stop(pid)
    wait_until(lambda: worker_of(server, pid)["silent_ms"] >= 500, "many pings' time")
    assert worker_of(server, pid)["alive"]
    go_on(pid)
    assert server.client().done("echo", "next") == b"next"


def test_the_clock_stands_still_while_the_master_is_stopped(daemon):
    """Neither pings nor begin-timeout-ms count the time. Afterwards a stopped worker is found as ever."""
    server = daemon(pool_start=2, pool_max=2, begin_timeout_ms=1500, ping_interval_ms=500, ping_misses=2)
    server.wait_idle(2)
    client = server.client()
    pids = server.worker_pids("idle")
    for pid in pids:
        stop(pid)
    client.submit("a", "echo", "a", notify=["started"])
    client.event("started", id="a")
    stop(server.pid)
    time.sleep(4)  # the pause itself is the subject
    go_on(*pids, server.pid)
    check(client.outcome("a"), "done")
    server.log.wait("stalled")
    assert not server.log.events("worker-dead"), server.log.tail()


# ---- jobs that are not begun


def test_a_job_that_is_not_begun_runs_elsewhere(daemon):
    server = daemon(pool_start=2, pool_max=2, begin_timeout_ms=400 * SCALE, dead_kill_ms=LONG_MS, **NO_PINGS)
    server.wait_idle(2)
    client = server.client()
    first = client.run("echo", "", id="first", notify=["started"])
    check(first, "done")
    last = client.event("started", id="first")["worker"]  # it is taken first
    pid = next(w["pid"] for w in server.workers() if w["id"] == last)
    stop(pid)
    client.submit("a", "echo", "mine", notify=["started"])
    begun = client.event("started", id="a")
    assert begun["worker"] == last
    event = client.outcome("a")
    check(event, "done", job=begun["job"], order=begun["order"])
    assert event.payload == b"mine"
    assert not [e for e in client.kept if e.name == "started"], "it is told once"
    line = server.log.wait("worker-dead", worker=last, level="warn")
    assert "begin-timeout-ms" in line["why"], line
    go_on(pid)
    wait_until(lambda: not (w := worker_of(server, pid)) or w["alive"], "it is alive again, or gone")
    assert client.done("echo", "next", id="next") == b"next"
    assert server.stats()["jobs"]["done"] == 3


def test_a_worker_that_begins_late_skips_the_job(daemon):
    """The pool is full when the worker goes on: it ends, and the job has one outcome."""
    server, client, pid, begun = hand_to_a_stopped_worker(daemon, begin_timeout_ms=500 * SCALE)
    wait_worker(server, pid, alive=False)
    wait_until(lambda: server.worker_pids("busy"), "another worker on the job")
    go_on(pid)
    wait_until(lambda: not proc.alive(pid), "the worker to end")
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled", job=begun["job"], step="stop-flag")
    assert server.stats()["jobs"]["failed"]["cancelled"] == 1


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_cancel_of_a_job_that_is_not_begun(daemon, op):
    """It ends at once, without a signal. The worker is as usable as before."""
    server, client, pid, begun = hand_to_a_stopped_worker(daemon, begin_timeout_ms=LONG_MS)
    assert worker_of(server, pid)["begun"] is False
    client.send(op=op, id="c", target="a")
    client.event("ok", id="c", job=begun["job"], state="running")
    event = client.outcome("a")
    check(event, "failed", reason="cancelled", by="submitter")
    assert "step" not in event and "order" not in event, event
    assert worker_of(server, pid)["state"] == "idle"
    go_on(pid)
    assert client.done("echo", "next", id="b") == b"next"
    assert server.worker_pids() == [pid], "the same worker"
    assert not server.log.events("worker-signal")


def test_link_of_a_job_that_is_not_begun(daemon):
    server, client, pid, _ = hand_to_a_stopped_worker(
        daemon, begin_timeout_ms=LONG_MS, fields={"link": True}
    )
    client.close()
    server.wait_stats(lambda s: not s["jobs"]["running"], "the job gone")
    assert worker_of(server, pid)["state"] == "idle"
    go_on(pid)


def test_expiry_of_a_job_that_is_not_begun(daemon):
    server, client, pid, _ = hand_to_a_stopped_worker(daemon, begin_timeout_ms=LONG_MS, max_wait_ms=300)
    check(client.outcome("a"), "failed", reason="expired")
    assert worker_of(server, pid)["state"] == "idle"
    go_on(pid)
    assert client.done("echo", "next", id="b") == b"next"


def test_expiry_by_its_own_limit_of_a_job_that_is_not_begun(daemon):
    server, client, pid, _ = hand_to_a_stopped_worker(daemon, begin_timeout_ms=LONG_MS, fields={"max_wait_ms": 300})
    check(client.outcome("a"), "failed", reason="expired")
    assert worker_of(server, pid)["state"] == "idle"
    go_on(pid)
    assert client.done("echo", "next", id="b") == b"next"


def test_drain_with_a_job_that_is_not_begun(daemon):
    """It does not wait for begin-timeout-ms, nor for drain-timeout-ms."""
    server, client, pid, _ = hand_to_a_stopped_worker(
        daemon, begin_timeout_ms=LONG_MS, drain_timeout_ms=LONG_MS, kill_grace_ms=200
    )
    wait_until(lambda: worker_of(server, pid)["since_ms"] > 200, "the job should have begun")
    server.signal(signal.SIGTERM)
    event = client.outcome("a")
    check(event, "failed", reason="shutdown")
    assert "order" not in event, event
    assert server.wait_exit() == 0


def test_the_time_limit_begins_with_the_job(daemon):
    server, client, pid, begun = hand_to_a_stopped_worker(
        daemon, begin_timeout_ms=LONG_MS, fields={"timeout_ms": 1000 * SCALE}
    )
    wait_until(lambda: worker_of(server, pid)["since_ms"] > 1500 * SCALE, "more than its limit")
    began = time.monotonic()
    go_on(pid)
    check(client.outcome("a"), "failed", reason="timeout", job=begun["job"], step="stop-flag")
    assert time.monotonic() - began >= 0.95 * SCALE, "its limit counts from its beginning"


def test_impatient_clients_of_a_stopped_worker(daemon):
    """Each cancels before begin-timeout-ms. The worker is found all the same."""
    server, client, pid, _ = hand_to_a_stopped_worker(daemon, begin_timeout_ms=1000 * SCALE)
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled")
    number = 0
    while not server.log.events("worker-dead", pid=pid):
        number += 1
        client.submit(number, "echo", "x")
        client.send(op="cancel", target=number)
        client.outcome(number)
        assert number < 100000
    assert client.done("echo", "next", id="b") == b"next"


def test_a_large_payload_to_a_slow_worker(daemon):
    """The worker takes it bit by bit: begin-timeout-ms counts from the last byte taken by the kernel."""
    server = daemon(
        pool_start=1, pool_max=1, begin_timeout_ms=1500 * SCALE, payload_max=64 << 20, client_output_max=1 << 28, dead_kill_ms=LONG_MS, **NO_PINGS
    )
    server.wait_idle(1)
    (pid,) = server.worker_pids("idle")
    stop(pid)
    client = server.client()
    payload = b"x" * (48 << 20)
    client.submit("a", "wc", payload, notify=["started"])
    client.event("started", id="a")
    handed = worker_of(server, pid)["since_ms"]
    while worker_of(server, pid)["since_ms"] < handed + 3000 * SCALE and not worker_of(server, pid)["begun"]:
        ran = run_ns(pid)
        go_on(pid)
        wait_until(lambda: run_ns(pid) > ran, "it to take a little", interval=0.001)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.2)  # and then nothing for a while
    go_on(pid)
    check(client.outcome("a"), "done")
    assert not server.log.events("worker-dead"), server.log.tail()


# ---- the cost


def wake_ups(pid):
    return int(proc.status_field(pid, "voluntary_ctxt_switches"))


@pytest.mark.parametrize("workers", [4, 64])
def test_an_idle_server_wakes_little(daemon, workers):
    """The answers of workers wake nobody: one wake-up for all pings of a round."""
    rest = workers // 2
    server = daemon(
        pool_start=rest,
        pool_max=rest,
        pools={"more": {"pool-start": workers - rest, "pool-max": workers - rest}},
        ping_interval_ms=200,
        ping_misses=20,
    )
    server.wait_stats(lambda s: s["pool"]["idle"] == workers, "all workers", 6 * DEADLINE)
    before = wake_ups(server.pid)
    time.sleep(4)  # a rate is measured
    woken = wake_ups(server.pid) - before
    assert 10 <= woken <= 4 * 20, woken
    assert not server.log.events("worker-dead")
