"""Delays, limits of waiting, how long outcomes are kept, and the room for jobs (doc/queue.md, sections 3 and 4)."""

import datetime
import json
import time

import pytest
from harness.client import ask, check
from harness.queued import put, wait
from harness.wait import wait_until

HOUR = 3600000
ZONES = {"Z": datetime.timezone.utc, "east": datetime.timezone(datetime.timedelta(hours=5, minutes=30))}


def later(seconds, zone="Z"):
    """A time from now on as RFC 3339."""
    at = datetime.datetime.now(ZONES[zone]) + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status(client, job):
    return ask(client, "status", job=job).json()


# ---- not before


def test_delay_ms(shared_queue):
    client = shared_queue.client()
    began = time.monotonic()
    check(client.run("echo", "x", delay_ms=400), "done")
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("zone", ZONES)
def test_at(shared_queue, zone):
    client = shared_queue.client()
    began = time.time()
    check(client.run("echo", "x", at=later(0.5, zone)), "done")
    assert time.time() - began >= 0.5
    about = status(client, put(client, "echo", "x", at=later(3600, zone)))
    assert about["state"] == "delayed" and HOUR - 60000 < about["delay_ms"] <= HOUR + 1000  # of another clock
    check(ask(client, "cancel", job=about["job"]), "ok", state="delayed")


def test_delays_end_in_their_order(shared_queue):
    client = shared_queue.client()
    for n, delay in enumerate((1100, 100, 600)):
        client.submit(n, "echo", delay_ms=delay)
    assert [client.recv()["id"] for _ in range(3)] == [1, 2, 0]


def test_a_delay_survives_a_restart(queue):
    server = queue()
    began = time.time()
    job = server.put("echo", "x", delay_ms=1200)
    server.restart()
    check(server.wait(job), "done")
    assert time.time() - began >= 1.2


# ---- not after


def test_max_wait_ms(shared_queue):
    client = shared_queue.client()
    check(ask(client, "pause", module="late"), "ok")
    client.submit(1, "late", "x", max_wait_ms=150, context="c")
    event = client.outcome(1)
    check(event, "failed", reason="expired", context="c")
    assert "order" not in event and event["message"]
    check(ask(client, "resume", module="late"), "ok")


def test_max_wait_ms_counts_from_the_time_when_it_is_due(shared_queue):
    client = shared_queue.client()
    began = time.monotonic()
    check(client.run("echo", "x", delay_ms=300, max_wait_ms=5000), "done")
    assert time.monotonic() - began >= 0.3
    check(ask(client, "pause", module="late"), "ok")
    began = time.monotonic()
    check(client.run("late", "x", delay_ms=200, max_wait_ms=200), "failed", reason="expired")
    assert time.monotonic() - began >= 0.4
    check(ask(client, "resume", module="late"), "ok")


# ---- the order


def test_priority(shared_queue):
    """The window of a module is full of the first ones: the others come by priority, then in their order."""
    client = shared_queue.client()
    check(ask(client, "pause", module="echo"), "ok")
    wished = [0, 9, 5, 5, 7, 9, 0, None]
    for n, priority in enumerate(wished):
        fields = {} if priority is None else {"priority": priority}
        client.submit(n, "echo", notify=["started"], **fields)
    client.silent()
    check(ask(client, "resume", module="echo"), "ok")
    started = sorted((client.event("started", id=n)["order"], n) for n in range(len(wished)))
    assert [n for _, n in started] == [1, 5, 4, 2, 3, 7, 0, 6]
    for n in range(len(wished)):
        check(client.outcome(n), "done")


# ---- how long outcomes are kept


def test_ttl_ms(queue):
    server = queue(result_ttl_ms=HOUR)
    client = server.client()
    job, other = (put(client, "echo", "x", ttl_ms=ttl) for ttl in (500, 2 * HOUR))
    wait_until(lambda: ask(client, "status", job=job).name == "error", "the outcome to go")
    check(wait(client, job), "error", code="unknown-job")
    assert HOUR < status(client, other)["outcome"]["kept_ms"] <= 2 * HOUR


def test_failed_jobs_are_kept_for_longer(queue):
    server = queue(result_ttl_ms=100000, failed_ttl_ms=200000)
    client = server.client()
    done, failed = put(client, "echo", "10"), put(client, "math", json.dumps({"op": "div", "x": 1, "y": 0}))
    wait_until(lambda: status(client, failed)["state"] == "failed", "the failure")
    wait_until(lambda: status(client, done)["state"] == "done", "the end")
    assert 0 < status(client, done)["outcome"]["kept_ms"] <= 100000
    assert 100000 < status(client, failed)["outcome"]["kept_ms"] <= 200000


# ---- room


def test_queue_full(queue):
    server = queue(job_max=3)
    client = server.client()
    jobs = [put(client, "echo", "x", delay_ms=HOUR) for _ in range(3)]
    client.submit(1, "echo", "x", context={"n": 1})
    event = client.outcome(1)
    check(event, "overload", reason="queue-full", queued=3, running=0, context={"n": 1})
    assert event["retry_after_ms"] >= 50 and "job" not in event
    client.submit(2, "echo", "x", detach=True)
    check(client.outcome(2), "overload", reason="queue-full")
    check(ask(client, "cancel", job=jobs[0]), "ok")
    check(client.run("echo", "x"), "done")
    assert server.stats()["jobs"]["refused"] == 2
    server.log.wait("queue-full-over", refused=2)
    assert len(server.log.events("queue-full", jobs=3, job_max=3)) == 1, "however many are refused"


def test_store_full(queue):
    """Also told in the log: once, and once that there is room again."""
    server = queue(store_max=16 << 20)
    client = server.client()
    jobs = []
    for n in range(16):
        client.submit(n, "echo", b"x" * (1 << 20), detach=True, delay_ms=HOUR)
        event = client.find(lambda event, n=n: event.get("id") == n)
        if event.name == "overload":
            break
        jobs.append(event["job"])
    check(event, "overload", reason="storage")
    server.log.wait("store-full")
    for job in jobs:
        check(ask(client, "cancel", job=job), "ok")
        check(ask(client, "forget", job=job), "ok")
    server.log.wait("store-full-over")
    assert len(server.log.events("store-full")) == 1
    check(client.run("echo", "x"), "done")


def test_memory(queue):
    server = queue(payload_max=1 << 20, payload_total_max=1 << 20)
    client = server.client()
    for n in range(4):
        client.submit(n, "echo", b"x" * (900 << 10))
    names = {client.outcome(n).name for n in range(4)}
    assert names <= {"done", "overload"} and "done" in names
    check(client.run("echo", b"x" * (1 << 20), id="whole"), "done")
    client.submit("more", "echo", b"x" * ((1 << 20) + 1))
    check(client.recv(), "error", code="payload-too-large", fatal=True)
