"""Nodes come, go and are started again (doc/cluster.md, sections 3 and 4)."""

import signal
import time

import pytest
from harness import crowd, history
from harness.client import ask, check
from harness.cluster import ANYBODY
from harness.queued import put, wait
from harness.wait import SCALE, wait_until

LEASE_MS = 2000 * SCALE
LEASE = LEASE_MS / 1000
HOUR = 3600000


@pytest.fixture
def cluster(cluster):
    """A node of a busy machine may stand for a second and live."""
    cluster.queue_settings = {"lease-ms": LEASE_MS, "redis-timeout-ms": LEASE_MS * 3 // 10}
    return cluster


def fine(cluster, left=0):
    """The history of the store has no fault; so many nodes went by themselves."""
    told = history.read(cluster.redis)
    assert not told.problems, told.problems[:10]
    assert len(told.left) <= left, f"members went before their leases were over: {told.left}"
    return told


def crowd_of(cluster, **options):
    return crowd.Crowd(lambda: [node.address for node in cluster.running()], **options)


def test_a_job_runs_on_one_node_of_three(cluster):
    nodes = cluster.start(3)
    made = crowd_of(cluster, clients=3)
    made.add(600)
    made.start().wait(30 * SCALE)
    assert not crowd.judge(made, cluster.runs())
    by_node = {node.name: sum(run.node == node.name for run in cluster.runs()) for node in nodes}
    assert sum(by_node.values()) == 600 and all(by_node.values()), f"each node had jobs, and each job ran once: {by_node}"
    told = fine(cluster)
    assert told.ended == 600 and not told.adopted and not told.unfinished()


def test_work_comes_to_an_idle_node(cluster):
    """A node with a master that is busy leaves jobs to others: none waits behind a long one while a worker is free."""
    busy, idle = cluster.start(2)
    with busy.client() as client:
        wait_until(lambda: client.stats()["store"]["nodes"] == 2, "the nodes to know of each other")
        long = [put(client, "live", "sleep 3000") for _ in range(2)]
        wait_until(lambda: client.stats()["jobs"]["running"] == 2 or idle_runs(idle), "the long jobs to begin")
        began = time.monotonic()
        for _ in range(20):
            assert client.run("echo", "x").payload == b"x"
        assert time.monotonic() - began < 2, "they waited for the long jobs"
        for job in long:
            ask(client, "kill", job=job)


def idle_runs(node):
    return node.queue.stats()["jobs"]["running"]


def test_a_node_joins_and_leaves_under_load(cluster):
    """No job is lost, none runs twice, and no lease has to end."""
    first, second = cluster.start(2)
    made = crowd_of(cluster, clients=4)
    made.add(4000)
    made.start()
    third = cluster.add()
    wait_until(lambda: any(run.node == third.name for run in third.side.runs()), "a run at the new node")
    first.drain()
    assert made.ended() < 4000, "the load was too short for the test"
    first.launch()
    second.drain()
    first.ready()
    made.wait(40 * SCALE)
    assert not crowd.judge(made, cluster.runs())
    told = fine(cluster, left=2)
    assert told.ended == 4000
    assert {row["node"] for row in third.nodes()} == {first.name, third.name}


def test_a_node_that_leaves_with_a_job_too_long_for_it(cluster):
    """drain-timeout-ms is over before the job: another node runs it again, and nothing waits for long."""
    cluster.redis.start()
    leaving, staying = cluster.add(queue={"drain-timeout-ms": 300}), cluster.add(master=False)
    with leaving.client() as client:
        job = put(client, "live", "attempt\ntill 1\nsleep 20000")
        wait_until(lambda: ask(client, "status", job=job).json()["state"] == "running", f"{job} to run")
    cluster.add()
    leaving.drain()
    began = time.monotonic()
    assert wait(staying.client(), job).payload.split() == [job.encode(), b"2"]
    assert time.monotonic() - began < LEASE + 1 * SCALE
    fine(cluster, left=1)


def test_all_nodes_die_and_jobs_stay(cluster):
    """Waiting, delayed, handed and ended ones, and a pause; the nodes of later have other names."""
    first, second = cluster.start(2)
    with first.client() as client:
        ended = put(client, "echo", "ended")
        check(wait(client, ended), "done")
        delayed = put(client, "echo", "delayed", delay_ms=int(1500 * SCALE))
        running = put(client, "live", "attempt\ntill 1\nsleep 60000")
        wait_until(lambda: ask(client, "status", job=running).json()["state"] == "running", "a running job")
        check(ask(client, "pause", module="wc"), "ok")
        waiting = put(client, "wc", "waiting")
    for node in (first, second):
        node.kill()
    third = cluster.add("third")
    with third.client() as client:
        assert wait(client, ended).payload == b"ended"
        assert wait(client, delayed).payload == b"delayed"
        assert wait(client, running).payload.split()[1] == b"2"
        check(wait(client, waiting, timeout_ms=100), "error", code="not-yet")
        check(ask(client, "resume", module="wc"), "ok", was=True)
        check(wait(client, waiting), "done")
    fine(cluster)


def test_a_node_starts_again_under_another_epoch(cluster):
    node = cluster.start(1)[0]
    before = node.epoch()
    job = node.queue.put("echo", "x", delay_ms=HOUR)
    node.kill()
    node.start()
    assert node.epoch() > before
    with node.client() as client:
        check(ask(client, "cancel", job=job), "ok", state="delayed")
    wait_until(lambda: [row["self"] for row in node.nodes()] == [True], "the end of the dead one", 3 * LEASE + 5)


def test_two_queues_on_one_redis(cluster):
    """By their prefixes: neither sees a job of the other."""
    cluster.redis.start()
    ours = cluster.add("ours", queue={**ANYBODY, "redis-prefix": "ours:"})
    theirs = cluster.add("theirs", master=False, queue={**ANYBODY, "redis-prefix": "theirs:"})
    assert [row["node"] for row in ours.nodes()] == ["ours"]
    kept = theirs.queue.put("echo", "kept")
    assert ours.queue.result(ours.queue.put("echo", "hi")) == b"hi"
    with ours.client() as client:
        check(wait(client, kept), "error", code="unknown-job")
    with theirs.client() as client:
        check(wait(client, kept, timeout_ms=100), "error", code="not-yet")
    names = {key.split(b":")[0] for key in cluster.redis.call("KEYS", "*")}
    assert names == {b"ours", b"theirs"}


def test_nothing_is_left_of_jobs_that_are_gone(cluster):
    """All keys of a job go with it, on every node."""
    first, second = cluster.start(2)
    with first.client() as client, second.client() as other:
        jobs = [put(client, "echo", str(n), key=f"k{n}") for n in range(20)]
        jobs += [put(other, "none", "x", delay_ms=HOUR, max_wait_ms=HOUR)]
        check(ask(client, "cancel", job=jobs[-1]), "ok")
        for job in jobs:
            wait(other, job)
            check(ask(client, "forget", job=job), "ok")
    for node in (first, second):
        node.drain()
    left = {key.decode() for key in cluster.redis.call("KEYS", "*")}
    assert left <= {f"taskqueued:{name}" for name in ("format", "epoch", "seen", "calm", "totals", "nodes")}, left


# ---- without Redis


def test_a_node_starts_before_redis(cluster):
    cluster.redis.start()
    cluster.redis.kill()
    node = cluster.make()
    node.launch()
    (start,) = node.logged("start", engine="redis")
    assert "waiting" not in start, "nobody knows them yet"
    with node.client() as client:
        client.submit(1, "echo", "x")
        check(client.outcome(1), "overload", reason="storage")
        check(wait(client, "q12345678901234567"), "error", code="storage")
    cluster.redis.start()
    node.ready()
    assert node.queue.result(node.queue.put("echo", "x")) == b"x"


def test_a_node_without_redis_ends_at_once(cluster):
    cluster.redis.start()
    node = cluster.add()
    cluster.redis.kill()
    began = time.monotonic()
    node.drain()
    assert time.monotonic() - began < 3 * SCALE


@pytest.mark.parametrize("number", [signal.SIGHUP])
def test_a_reload_keeps_the_membership(cluster, number):
    node = cluster.start(1)[0]
    before = node.epoch()
    node.queue.signal(number)
    node.queue.log.wait("reload")
    assert node.queue.result(node.queue.put("echo", "x")) == b"x"
    assert node.epoch() == before
