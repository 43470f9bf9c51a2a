"""Nodes and Redis die, stand and come back, while clients want the outcome of each job (doc/cluster.md, sections 5 to 8).

LONG_TESTS=1: 100,000 jobs in the storm of deaths.
"""

import os
import random
import signal
import time

import pytest
from harness import crowd, history, proc, runs
from harness.client import ask, check
from harness.queued import wait
from harness.wait import SCALE, wait_until
from test_cluster_nodes import LEASE, LEASE_MS, cluster, crowd_of, fine  # noqa: F401 a fixture

LONG = bool(os.environ.get("LONG_TESTS"))


def begun(cluster, job, count=1):
    """The runs of a `witness` job, once so many have begun."""

    def enough():
        found = runs.by_job(cluster.runs())[job]
        return found if len(found) >= count else None

    return wait_until(enough, f"{count} run(s) of {job}", 3 * LEASE + 10 * SCALE)


def lonely(cluster, **settings):
    """`first` runs the jobs; `second` has no master until it is given one by give_master()."""
    cluster.redis.start()
    first = cluster.add("first", **settings)
    second = cluster.make("second")
    return first, second


# ---- a node dies


def test_a_dead_nodes_job_is_taken_over_within_the_lease_and_a_second(cluster):
    first, second = lonely(cluster)
    job = first.queue.put("witness", "a sleep 500")
    begun(cluster, job)
    second.start()
    died = time.monotonic_ns()
    first.kill()
    again = begun(cluster, job, 2)[1]
    assert again.node == "second" and again.attempt == 2
    assert (again.began - died) / 1e9 < LEASE + 1 * SCALE
    check(second.queue.wait(job), "done", attempt=2)
    with second.client() as client:
        assert ask(client, "status", job=job).json()["losses"] == 1
    assert fine(cluster).adopted == 1


def test_only_the_queue_of_a_node_dies(cluster):
    """Its master stops the run (link), and another node runs the job again. The queue starts again and is a node."""
    first, second = lonely(cluster)
    job = first.queue.put("witness", "a sleep 20000")
    pid = begun(cluster, job)[0].pid
    second.start()
    first.queue.kill()
    wait_until(lambda: not proc.alive(pid), "the end of the run", 5 * SCALE)
    assert begun(cluster, job, 2)[1].node == "second"
    with second.client() as client:
        check(ask(client, "kill", job=job), "ok", state="running")
        check(wait(client, job), "failed", reason="cancelled")
    first.queue.start()
    first.ready()
    fine(cluster)


def test_a_job_that_kills_its_nodes_is_poison(cluster):
    cluster.redis.start()
    nodes = [cluster.make(queue={"poison-limit": 2}) for _ in range(3)]
    nodes[0].start()
    job = nodes[0].queue.put("witness", "a sleep 30000", retries=100)
    for count in (1, 2):
        last = next(node for node in nodes if node.name == begun(cluster, job, count)[-1].node)
        nodes[count].start()
        last.kill()
    check(nodes[2].queue.wait(job, 3 * LEASE + 10), "failed", reason="poison")
    assert len(runs.by_job(cluster.runs())[job]) == 2
    fine(cluster)


def test_a_storm_of_deaths(cluster):
    """A node is killed each second, and started again: each accepted job has one outcome, and no two living nodes run a
    job at once."""
    nodes = cluster.start(3)
    made = crowd_of(cluster, clients=6)
    count = 100_000 if LONG else 3_000
    made.add(count // 10, "sleep", 20)
    made.add(count - count // 10)
    made.start()
    chance, deaths = random.Random(7), 0
    while made.ended() < count and not made.faults and (LONG or deaths < 5):
        victim = chance.choice(nodes)
        victim.kill()
        deaths += 1
        time.sleep(0.5)  # the pace of the storm
        victim.launch()
        time.sleep(0.5)
    made.wait(count / 100 + 60 * SCALE)
    problems = crowd.judge(made, cluster.runs())
    assert not problems, problems
    told = fine(cluster)
    assert not told.unfinished() and deaths >= 3
    print(f"{count} jobs, {deaths} deaths, {told.adopted} taken over, {dict(made.codes)}")


# ---- a node stands


def test_a_node_that_stood_past_its_lease(cluster):
    """Its result comes too late: refused, counted, and logged. The other node's outcome counts."""
    first, second = lonely(cluster)
    job = first.queue.put("witness", "a sleep 300")
    begun(cluster, job)
    second.start()
    first.signal(signal.SIGSTOP)
    assert begun(cluster, job, 2)[1].node == "second"
    check(second.queue.wait(job), "done", attempt=2)
    before = ask_status(second, job)
    first.signal(signal.SIGCONT)
    late = first.queue.log.wait("late-outcome", job=job)
    assert late["attempt"] == 1, late
    assert ask_status(second, job) == before, "the late outcome has changed nothing"
    wait_until(lambda: first.queue.stats()["jobs"]["late"] == 1, "the late outcome in stats")
    first.ready()
    assert first.queue.result(first.queue.put("echo", "on")) == b"on"
    assert fine(cluster).adopted == 1


def ask_status(node, job):
    with node.client() as client:
        about = ask(client, "status", job=job).json()
        return about["state"], about["attempt"], about["outcome"]["reason"]


def test_a_client_of_a_node_that_stood_hears_the_outcome_that_counts(cluster):
    first, second = lonely(cluster)
    with first.client() as client:
        client.submit(1, "witness", "a sleep 300", notify=["accepted", "started"])
        job = client.event("accepted")["job"]
        begun(cluster, job)
        second.start()
        first.signal(signal.SIGSTOP)
        begun(cluster, job, 2)
        first.signal(signal.SIGCONT)
        check(client.outcome(1), "done", job=job, attempt=2)
    fine(cluster)


# ---- a node is out of reach


def test_a_node_out_of_reach_stops_its_runs_before_its_lease_ends(cluster):
    """Also a run that does not heed the stop. So no two runs overlap. The node comes back under another epoch."""
    cluster.redis.start()
    first = cluster.add("first", cable=True)
    jobs = [first.queue.put("witness", f"w{n} sleep 20000") for n in range(2)]
    pids = [begun(cluster, job)[0].pid for job in jobs]
    cluster.add("second")
    before = first.epoch()
    first.cable.hold()
    for job in jobs:
        again = begun(cluster, job, 2)[1]
        assert again.node == "second"
        assert not any(proc.alive(pid) for pid in pids), "a run outlived its lease"
    with first.client() as client:
        client.submit(1, "echo", "x")
        check(client.outcome(1), "overload", reason="storage")
    first.cable.release()
    first.ready()
    assert first.epoch() > before
    for job in jobs:
        with first.client() as client:
            wait_until(lambda: ask(client, "kill", job=job).name == "ok", "the kill from the node that is back")
            check(wait(client, job), "failed", reason="cancelled")
    assert fine(cluster).adopted == 2


def test_a_node_out_of_reach_for_a_moment_keeps_its_jobs(cluster):
    cluster.redis.start()
    first = cluster.add("first", cable=True, queue={"lease-ms": 5 * LEASE_MS})
    second = cluster.add("second", master=False, queue={"lease-ms": 5 * LEASE_MS})
    job = first.queue.put("witness", "a sleep 1500")
    begun(cluster, job)
    for _ in range(3):
        first.cable.cut()
        wait_until(lambda: not first.queue.stats()["store"]["has_room"], "the loss of Redis", interval=0.001)
        first.ready()
    event = second.queue.wait(job)
    check(event, "done")
    assert "attempt" not in event and len(runs.by_job(cluster.runs())[job]) == 1
    assert not fine(cluster).adopted


# ---- Redis dies


def test_redis_is_killed_in_the_middle_of_everything(cluster):
    safe(cluster).start(3)
    made = crowd_of(cluster, clients=6)
    made.add(300, "sleep", 20)
    made.add(4000)
    made.start()
    for part in (1, 2, 3):
        wait_until(lambda part=part: made.ended() > 700 * part or made.faults, "some outcomes", 20 * SCALE)
        cluster.redis.restart()
    made.wait(60 * SCALE)
    problems = crowd.judge(made, cluster.runs())
    assert not problems, problems
    assert not fine(cluster).unfinished()


def test_a_short_outage_costs_no_run(cluster):
    """The job ends while Redis is away: its outcome waits, and is told when Redis is back."""
    cluster.redis.start()
    node = cluster.add(queue={"lease-ms": 10 * LEASE_MS})
    with node.client() as client:
        client.submit(1, "witness", "a sleep 400", notify=["accepted", "started"])
        job = client.event("started")["job"]
        begun(cluster, job)
        cluster.redis.kill()
        wait_until(lambda: begun(cluster, job)[0].ended, "the end of the run")
        client.submit(2, "echo", "x")
        check(client.outcome(2), "overload", reason="storage")
        cluster.redis.start()
        event = client.outcome(1, 10 * SCALE)
        check(event, "done", job=job)
        assert "attempt" not in event
    assert len(begun(cluster, job)) == 1 and not fine(cluster).adopted


def test_a_long_outage_costs_runs_and_no_job(cluster):
    """Redis is away for longer than a lease: all runs are stopped, and each job runs again at some node."""
    nodes = cluster.start(2)
    jobs = [node.queue.put("witness", f"{node.name} sleep {LEASE_MS}") for node in nodes for _ in range(2)]
    pids = [begun(cluster, job)[0].pid for job in jobs]
    cluster.redis.kill()
    wait_until(lambda: not any(proc.alive(pid) for pid in pids), "the stop of all runs", LEASE + 2 * SCALE)
    time.sleep(LEASE / 2)  # the outage, longer than a lease
    cluster.redis.start()
    for job in jobs:
        check(nodes[0].queue.wait(job, 5 * LEASE + 10 * SCALE), "done", attempt=2)
    assert not runs.overlaps(cluster.runs())
    stops = [line["jobs"] for node in nodes for line in node.logged("lease-runs-out", runs="cancelled")]
    assert sum(stops) == len(jobs), stops
    fine(cluster)


def test_nothing_spins_while_redis_is_away(cluster):
    nodes = cluster.start(2)
    nodes[0].queue.put("none", "x")
    cluster.redis.kill()
    for node in nodes:
        node.queue.log.wait("redis-lost")
        share = proc.cpu_share(node.queue.pid, 1.0)
        assert share < 0.03, f"{node.name} takes {share:.0%} of a processor"
    cluster.redis.start()
    for node in nodes:
        node.ready()
        assert not node.logged("lease-runs-out"), "there was no run to stop"


# ---- a replica


def test_a_replica_is_promoted(cluster):
    """With redis-wait 1 the replica has all that was acknowledged."""
    cluster.redis.start()
    replica = cluster.add_redis("replica").start().replicate(cluster.redis)
    servers = [cluster.redis.address, replica.address]
    settings = {"redis-servers": servers, "redis-wait": 1}
    nodes = [cluster.add(queue=settings) for _ in range(2)]
    made = crowd_of(cluster, clients=4)
    made.add(3000)
    made.start()
    wait_until(lambda: made.ended() > 500 or made.faults, "some outcomes", 20 * SCALE)
    cluster.redis.kill()
    replica.promote()
    wait_until(lambda: made.ended() > 1000 or made.codes, "the promoted one in use", 20 * SCALE)
    for node in nodes:
        node.queue.write_config(redis_wait=0)
        node.kill()
        node.start()
    made.wait(60 * SCALE)
    problems = crowd.judge(made, cluster.runs())
    assert not problems, problems


def safe(cluster):
    """Redis that may be killed at any time. (With everysec a slow disk may cost its last two seconds.)"""
    cluster.redis.settings["appendfsync"] = "always"
    return cluster


@pytest.mark.skipif(not LONG, reason="LONG_TESTS=1: a minute")
def test_everything_at_once(cluster):
    """Deaths of nodes, pauses past the lease, cut cables and deaths of Redis, in any order."""
    safe(cluster).redis.start()
    nodes = [cluster.add(cable=True) for _ in range(3)]
    made = crowd_of(cluster, clients=6)
    made.add(2_000, "sleep", 50)
    made.add(28_000)
    made.start()
    chance = random.Random(int(os.environ.get("SEED", "1")))
    end = time.monotonic() + 60
    while time.monotonic() < end and not made.faults:
        disaster(chance.choice(nodes), cluster, chance)
    made.wait(300)
    told = history.read(cluster.redis)
    problems = [problem for problem in crowd.judge(made, cluster.runs()) if "overlaps" not in problem]
    assert not problems and not told.problems, (problems, told.problems[:10])
    assert not told.unfinished()


def disaster(node, cluster, chance):
    kind = chance.choice(["kill", "stand", "cut", "hold", "redis"])
    if kind == "kill":
        node.kill()
        time.sleep(chance.random())
        node.launch()
    elif kind == "stand":
        node.signal(signal.SIGSTOP)
        time.sleep(chance.random() * 2 * LEASE)
        node.signal(signal.SIGCONT)
    elif kind == "cut":
        node.cable.cut()
        time.sleep(chance.random())
    elif kind == "hold":
        node.cable.hold()
        time.sleep(chance.random() * 2 * LEASE)
        node.cable.release()
    else:
        cluster.redis.kill()
        time.sleep(chance.random() * 1.5 * LEASE)
        cluster.redis.start()
