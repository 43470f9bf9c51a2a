"""Streams of parts, beside whatever else may happen to their client, job, worker and pool."""

import os
import signal

import pytest

from harness.client import check
from harness.stream import read_stream, read_streams
from harness.wait import wait_until
from test_parts import ENDLESS, KIB, MIB, begin, blocked, idle, parts, pid_of  # noqa: F401

LONG = f"{30 * MIB} {64 * KIB}"  # beyond all buffers on its way


def blocked_stream(server, client, observer, payload=LONG, **fields):
    """Returns `started` of a job 1 whose worker waits for its reader."""
    started = begin(client, payload, **fields)
    blocked(pid_of(observer, started))
    return started


def whole(stream):
    count, size, end = stream
    return (count, size, end.name) == (480, 30 * MIB, "done")


# ---- the client


@pytest.mark.parametrize("how", ["input", "bye"])
def test_a_client_that_says_no_more_gets_its_streams(parts, how):
    server = parts(pool_start=2)
    client, observer = server.client(), server.client()
    blocked_stream(server, client, observer, link="on-failure" if how == "bye" else False)
    client.submit(2, "parts", LONG, notify=["part"])
    client.shutdown() if how == "input" else client.send(op="bye")
    assert all(whole(stream) for stream in read_streams(client, [1, 2]).values())
    client.closed()


@pytest.mark.parametrize("link", [True, "on-failure"])
def test_a_link_ends_a_blocked_stream(parts, link):
    server = parts(pool_start=2, kill_grace_ms=10000)
    client, observer = server.client(), server.client()
    blocked_stream(server, client, observer, ENDLESS, link=link)
    client.submit(2, "parts", LONG, notify=["part"])
    client.shutdown()
    streams = read_streams(client, [1, 2])
    check(streams[1][2], "failed", reason="cancelled", by="link", step="stop-flag")
    assert whole(streams[2])


def test_a_client_that_is_dropped(parts):
    """Its time is over before part-stall-ms."""
    server = parts(pool_start=2, output_timeout_ms=2000, kill_grace_ms=10000)
    client, observer = server.client(), server.client()
    begin(client, ENDLESS)
    client.submit(2, "parts", ENDLESS, notify=["part"], link=True)
    wait_until(lambda: observer.stats()["jobs"]["running"] == 2, "both streams")
    server.log.wait("client-dropped")
    wait_until(lambda: idle(observer), "the workers to be free")
    assert observer.stats()["jobs"]["orphaned"] == 2
    assert server.log.events("worker-ended") == []


# ---- the job


def test_a_soft_limit_costs_no_part(parts):
    """The job ends when its stop flag is raised, and is whole."""
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    blocked_stream(server, client, observer, f"{LONG} wait", soft_timeout_ms=50)
    assert whole(read_stream(client))


def test_one_of_two_is_cancelled(parts):
    server = parts(pool_start=2)
    client, observer = server.client(), server.client()
    blocked_stream(server, client, observer, ENDLESS)
    client.submit(2, "parts", LONG, notify=["part"])
    client.send(op="cancel", target=1)
    streams = read_streams(client, [1, 2])
    check(streams[1][2], "failed", reason="cancelled", by="submitter")
    assert whole(streams[2])


# ---- the worker


def test_an_operator_kills_the_worker(parts):
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    started = blocked_stream(server, client, observer, ENDLESS)
    observer.send(op="kill", worker=started["worker"])
    observer.expect("ok")
    check(read_stream(client)[2], "failed", reason="error", signal="SIGKILL", by="operator")


def test_a_stopped_worker_holds_up_no_other_stream(parts):
    """SIGSTOP amid a part. It heeds no step but the last."""
    server = parts(pool_start=2)
    client, observer = server.client(), server.client()
    started = blocked_stream(server, client, observer, ENDLESS)
    pid = pid_of(observer, started)
    os.kill(pid, signal.SIGSTOP)
    client.submit(2, "parts", LONG, notify=["part"])
    blocked(next(w["pid"] for w in observer.workers() if w["pid"] != pid))
    observer.send(op="cancel", job=started["job"])
    observer.event("ok")
    streams = read_streams(client, [1, 2])
    check(streams[1][2], "failed", reason="cancelled", by="client", step="sigkill")
    assert whole(streams[2])


def test_a_worker_for_each_stream(parts):
    server = parts(worker_max_jobs=1)
    client = server.client()
    for id in range(8):
        client.submit(id, "parts", LONG, notify=["part", "usage"])
    assert all(whole(stream) for stream in read_streams(client, range(8)).values())


# ---- the pool


def test_the_last_streams_of_a_removed_pool(parts):
    server = parts(pools={"p": {"pool-max": 1}}, modules={"parts": {"pool": "p"}})
    client, observer = server.client(), server.client()
    assert blocked_stream(server, client, observer)["pool"] == "p"
    client.submit(2, "parts", LONG, notify=["part"], max_wait_ms=1 << 30)
    wait_until(lambda: observer.stats()["queue"]["waiting"] == 1, "the second job")
    server.write_config(pools=None, modules=None)
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    assert all(whole(stream) for stream in read_streams(client, [1, 2]).values())


def test_a_pause_and_a_recycling(parts):
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    blocked_stream(server, client, observer)
    client.submit(2, "parts", LONG, notify=["part"])
    for op in ["recycle", "pause"]:
        observer.send(op=op)
        observer.expect("ok", op=op)
    assert whole(read_stream(client))
    observer.send(op="resume")
    assert whole(read_stream(client, id=2))
