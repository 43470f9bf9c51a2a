"""Faults of the Redis that nodes share, and of the way to it: full, slow, standing, cut off, emptied, promoted too early.

doc/cluster.md says what happens then. Nothing accepted is lost, no job has two outcomes, and no daemon ends or spins.
"""

import contextlib
import datetime
import os
import shutil
import struct
import time

import pytest

from harness import proc
from harness.cable import Cable
from harness.client import ask, check
from harness.cluster import LEASE_MS, QUEUE_SETTINGS
from harness.crowd import Crowd, judge
from harness.place import Place, Wire
from harness.queued import put, wait
from harness.wait import BUILD, DEADLINE, SANITIZED, SCALE, wait_until

LEASE = LEASE_MS / 1000
LONG = bool(os.environ.get("LONG_TESTS"))
HOLE = 30 if LONG else 2 * LEASE  # seconds of a black hole
END = 3 * DEADLINE  # seconds for all jobs of a test
PREFIX = "taskqueued:"
KIB64 = "x" * 65000


@contextlib.contextmanager
def working(cluster, count=300, ms=10, clients=2, **fields):
    """Clients with such jobs. At the end each job has its outcome, and all agrees."""
    crowd = Crowd(lambda: [node.address for node in cluster.running()], clients=clients)
    crowd.add(count, "sleep", ms, **fields)
    crowd.start()
    try:
        yield crowd
        crowd.wait(END)
    finally:
        crowd.cancel()
    problems = judge(crowd, cluster.runs())
    assert not problems, problems
    assert all(job.outcome.name == "done" for job in crowd.jobs)


def progress(crowd, count=1):
    """Waits until so many more jobs have ended, or all."""
    goal = min(crowd.ended() + count, len(crowd.jobs))
    wait_until(lambda: crowd.ended() >= goal, f"{goal} ended jobs")


def taken_over(cluster):
    return int(cluster.redis.call("HGET", f"{PREFIX}totals", "taken_over") or 0)


def wait_leases_over(cluster):
    """Waits until no node's lease lives, by Redis's clock."""

    def are_over():
        with cluster.redis.client() as redis:
            seconds, micros = (int(part) for part in redis.call("TIME"))
            return redis.call("ZCOUNT", f"{PREFIX}nodes", seconds * 1000 + micros // 1000, "+inf") == 0

    wait_until(are_over, "the end of all leases", LEASE + DEADLINE)


def submitted(client, id, module="witness", payload="", **fields):
    """A submit's first answer."""
    client.submit(id, module, payload, notify=["accepted"], **fields)
    return client.find(lambda event: event.get("id") == id, what=f"the answer to {id}")


def is_refused(event):
    return event.name == "overload" and event.get("reason") == "storage"


def wait_refused(node):
    """Waits until a submit is refused for want of room. (The first ones may be in Redis's memory still.)"""
    with node.client() as client:
        numbers = iter(range(10_000))
        wait_until(
            lambda: is_refused(submitted(client, f"r{next(numbers)}", "echo", "x")), "a refused submit", interval=0.02
        )


def accepts(node):
    """Whether a submit is accepted now."""
    with node.client() as client:
        event = submitted(client, "probe", "echo", "probe")
        return event.name == "accepted" and client.outcome("probe").name == "done"


def wait_accepts(node, timeout=DEADLINE):
    wait_until(lambda: accepts(node), f"{node.name} to accept a submit", timeout, 0.05)


def start_running(client, id, ms):
    """Submits a job, and returns its name once its worker has begun it."""
    client.submit(id, "witness", f"{id} sleep {ms}", notify=["accepted", "started"])
    job = client.event("accepted", id=id)["job"]
    client.event("started", id=id)
    return job


# ---- no room


def fill(client, most=400):
    """Has jobs of 64 KiB kept until one is refused. Returns the kept ones."""
    jobs = []
    for number in range(most):
        event = submitted(client, f"f{number}", payload=f"f{number} ok 0 {KIB64}")
        if is_refused(event):
            return jobs
        check(event, "accepted")
        jobs.append((f"f{number}", event["job"]))
    raise AssertionError(f"{most} jobs of 64 KiB, and none was refused")


def test_a_full_redis_refuses_submits_and_ends_all_jobs(cluster):
    """noeviction: put is refused, everything else goes on above the limit. Room that is given back is room for submits."""
    a, b = cluster.start(2)
    with a.client() as client:
        ask(client, "pause", module="witness")
        used = int(cluster.redis.info("memory")["used_memory"])
        cluster.redis.call("CONFIG", "SET", "maxmemory", used + (6 << 20))
        jobs = fill(client)
        assert len(jobs) > 10
        with b.client() as other:
            more = fill(other)
            ask(other, "resume", module="witness")
            for of, kept in ((client, jobs), (other, more)):
                for id, job in kept:
                    check(of.outcome(id), "done", job=job)
        for _, job in jobs + more:
            check(ask(client, "forget", job=job), "ok")
    wait_accepts(a)
    wait_accepts(b)
    assert taken_over(cluster) == 0


@pytest.fixture
def place():
    """Makes places (harness/place.py)."""
    places = []

    def make(kind):
        places.append(Place(kind))
        return places[-1]

    yield make
    for one in places:
        one.close()


def take_all(path):
    """Fills a disk to its last byte."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def small_disk(cluster, place):
    """The data of Redis is on a disk of 8 MiB. Returns the disk's path."""
    here, path = place("mnt"), os.path.join(cluster.redis.directory, "disk")
    cluster.redis.prefix = here.prefix
    cluster.redis.settings["dir"] = path
    return here.mount_disk(path, "8m")


def test_the_disk_of_redis_is_full(cluster, place):
    """Redis refuses every change until it can write again. That is an outage: nobody is taken for dead."""
    disk = small_disk(cluster, place)
    a, b = cluster.start(2)
    with working(cluster, count=60, ms=50) as crowd:
        progress(crowd, 10)
        take_all(os.path.join(disk, "other"))
        wait_refused(a)
        wait_leases_over(cluster)
        assert cluster.redis.info("persistence")["aof_last_write_status"] == "err"
        assert not a.logged("redis-refused") and not a.logged("redis-lost"), "the connections stay"
        os.unlink(os.path.join(disk, "other"))
    wait_accepts(a)
    wait_accepts(b)
    assert taken_over(cluster) == 0


def test_redis_ends_because_its_disk_is_full(cluster, place):
    """With appendfsync always Redis ends itself. After its start on a disk with room all goes on."""
    cluster.redis.settings["appendfsync"] = "always"
    disk = small_disk(cluster, place)
    a, _ = cluster.start(2)
    with working(cluster, count=60, ms=50) as crowd:
        progress(crowd, 10)
        take_all(os.path.join(disk, "other"))
        wait_until(cluster.redis.has_ended, "the end of Redis")
        wait_refused(a)
        os.unlink(os.path.join(disk, "other"))
        cluster.redis.start()
    wait_accepts(a)
    assert taken_over(cluster) == 0


# ---- nobody answers


def test_redis_stands_for_longer_than_a_lease(cluster):
    """Runs are stopped before the lease ends. Afterwards each holder goes on with its jobs, and nobody takes over."""
    a, b = cluster.start(2)
    with working(cluster, count=40, ms=100) as crowd:
        progress(crowd, 4)
        cluster.redis.pause()
        with a.client() as client:
            event = submitted(client, "x", "echo", "x")  # it was under way: the answer did not come
            check(event, "error", code="unconfirmed")
            assert is_refused(submitted(client, "y", "echo", "x"))
        for node in (a, b):
            wait_until(lambda node=node: node.queue.stats()["jobs"]["running"] == 0, "no more runs", DEADLINE)
        share = proc.cpu_share(a.queue.pid, 2 * LEASE)
        assert share < 0.1, f"{share:.0%} of a processor without Redis"
        cluster.redis.resume()
    wait_accepts(a)
    wait_accepts(b)
    assert taken_over(cluster) == 0


def test_redis_comes_after_the_nodes(cluster):
    """A node starts without Redis, refuses, uses no processor, and is a node once Redis is there."""
    cluster.redis.start().kill()
    node = cluster.make().launch()
    with node.client() as client:
        assert is_refused(submitted(client, "x", "echo", "x"))
        client.send(op="wait", id="w", job="q1")
        check(client.event("error", id="w"), "error", code="storage")
    share = proc.cpu_share(node.queue.pid)
    assert share < 0.1, f"{share:.0%} of a processor without Redis"
    assert len(node.logged("redis-refused")) + len(node.logged("redis-away")) <= 2, "one line, not one for each attempt"
    cluster.redis.start()
    wait_accepts(node)


def test_a_slow_redis(cluster):
    """It stands for less than redis-timeout-ms, again and again: no connection is given up, and nobody taken for dead."""
    cluster.redis.settings["enable-debug-command"] = "yes"
    nodes = cluster.start(2)
    connects = [len(node.logged("redis-connected")) for node in nodes]
    with working(cluster, count=150, ms=20) as crowd:
        for _ in range(4):
            cluster.redis.call("DEBUG", "SLEEP", QUEUE_SETTINGS["redis-timeout-ms"] / 2000)
            progress(crowd, 10)
    assert taken_over(cluster) == 0
    assert [len(node.logged("redis-connected")) for node in nodes] == connects


# ---- black holes


def has_lost(node):
    return node.logged("node-lost")


def wired(cluster, place):
    """Redis behind a wire. Returns the wire and a function that adds a node, on the near side or beside Redis."""
    near, far = place("net"), place("net")
    wire = Wire(near, far)
    cluster.redis.prefix = far.prefix
    cluster.redis.settings.update({"bind": f"127.0.0.1 {wire.far_address}", "protected-mode": "no"})
    cluster.redis.start()

    def add(is_near):
        where = (near if is_near else far).prefix
        node = cluster.make(servers=[f"{wire.far_address}:{cluster.redis.port}"], prefix=where)
        for daemon in (node.master, node.queue):  # reached from this side of all places
            daemon.config["listen"] = f"unix:{os.path.join(cluster.directory, daemon.name)}"
        return node.start()

    return wire, add


def test_a_node_in_a_black_hole(cluster, place):
    """It stops its runs before its lease ends, and takes no submits. Its jobs are taken over, and its late word about
    them does not count. Behind the hole it is a node again."""
    wire, add = wired(cluster, place)
    lonely, other = add(is_near=True), add(is_near=False)
    client, watcher = lonely.client(), other.client()
    job = start_running(client, "long", int(1000 * HOLE) + 60_000 if LONG else 30_000)
    watcher.send(op="wait", id="w", job=job, notify=["started"])
    watcher.silent()
    start = time.monotonic()
    wire.cut()
    watcher.event("started", id="w", timeout=LEASE + DEADLINE)
    assert time.monotonic() - start < LEASE + 1 * SCALE, "the take-over takes lease-ms and a second at most"
    assert lonely.queue.stats()["jobs"]["running"] == 0, "its own run ended before"
    assert is_refused(submitted(client, "x", "echo", "x"))
    time.sleep(HOLE)  # its length is the fault
    wire.mend()
    wait_accepts(lonely)
    check(ask(watcher, "cancel", job=job), "ok")
    check(watcher.outcome("w"), "failed", reason="cancelled")
    check(client.outcome("long"), "failed", reason="cancelled")
    assert taken_over(cluster) == 1
    assert len(lonely.nodes()) == 2


def test_all_nodes_in_a_black_hole(cluster, place):
    """An outage for all: nobody takes over from anybody."""
    wire, add = wired(cluster, place)
    for _ in range(2):
        add(is_near=True)
    with working(cluster, count=40, ms=100) as crowd:
        progress(crowd, 4)
        wire.cut()
        wait_leases_over(cluster)
        wire.mend()
    assert taken_over(cluster) == 0


def test_a_silent_way_to_redis(cluster):
    """The same by a process between: connections are taken, and nothing comes."""
    cluster.redis.start()
    lonely, other = cluster.add(cable=True), cluster.add()
    with working(cluster, count=100, ms=30) as crowd:
        progress(crowd, 10)
        lonely.cable.hold()
        wait_until(lambda: len(other.nodes()) == 1, "one node alone", LEASE + DEADLINE)
        lonely.cable.release()
        wait_accepts(lonely)
    assert len(other.nodes()) == 2


def test_connections_are_killed(cluster):
    """CLIENT KILL of calls and of subscriptions, as often as it comes."""
    cluster.start(2)
    with working(cluster, count=400) as crowd:
        for _ in range(10):
            for kind in ("normal", "pubsub"):
                cluster.redis.call("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
                progress(crowd, 10)
    assert taken_over(cluster) == 0


# ---- the operator's mistakes


def test_scripts_are_flushed(cluster):
    cluster.start(2)
    with working(cluster, count=300) as crowd:
        for _ in range(10):
            cluster.redis.call("SCRIPT", "FLUSH")
            progress(crowd, 10)


def flush(redis):
    redis.call("FLUSHALL")


def start_without_data(redis):
    redis.kill()
    shutil.rmtree(os.path.join(redis.directory, "appendonlydir"))
    redis.start()


@pytest.mark.parametrize("delete", [flush, start_without_data])
def test_everything_is_deleted(cluster, delete):
    """The jobs are gone, and whoever waits for one is told so. The nodes go on with what comes then."""
    a, b = cluster.start(2)
    client, watcher = a.client(), b.client()
    running = start_running(client, "run", 60_000)
    later = put(client, "witness", "later ok 0", delay_ms=600_000)
    for job in (running, later):
        watcher.send(op="wait", id=job, job=job)
    watcher.silent()
    delete(cluster.redis)
    for job in (running, later):
        event = watcher.find(lambda event, job=job: event.get("id") == job, LEASE + DEADLINE, f"the end of {job}")
        check(event, "error", code="unknown-job")
    event = client.find(lambda event: event.get("id") == "run", LEASE + DEADLINE, "the end of the run")
    assert event.name in ("error", "failed"), event
    wait_accepts(a)
    wait_accepts(b)
    wait_until(lambda: len(a.nodes()) == 2, "two nodes again")
    counts = cluster.counts()
    assert (counts["waiting"], counts["delayed"], counts["running"]) == (0, 0, 0), counts
    for node in (a, b):
        assert node.logged("node-lost"), "the log has a line"


# ---- clocks


@pytest.mark.skipif(SANITIZED, reason="the sanitizers want to be the first library")
def test_clocks_that_differ_by_a_minute(cluster):
    """Redis's clock alone counts."""
    cluster.redis.start()
    nodes = [cluster.add(**shifted(cluster, f"shift{n}", seconds)) for n, seconds in enumerate((60, -60))]
    a, b = (node.client() for node in nodes)
    ids = []
    for number, (client, other) in enumerate([(a, b), (b, a)]):
        begin = time.monotonic()
        when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=0.6)
        delayed = put(client, "witness", f"d{number} ok 0", id="d", delay_ms=600)
        at = put(client, "witness", f"a{number} ok 0", id="a", at=when.isoformat(timespec="milliseconds"))
        ids += [delayed, at]
        status = ask(other, "status", job=delayed).json()
        assert 0 <= status["age_ms"] < 30_000 and 0 < status["delay_ms"] <= 650, status
        for job in (delayed, at):
            check(wait(other, job), "done")
            assert time.monotonic() - begin > 0.5, "not before its time"
        assert time.monotonic() - begin < 10 * SCALE
        outcome = ask(other, "status", job=delayed).json()["outcome"]
        assert 0 <= outcome["age_ms"] < 30_000 and 30_000 < outcome["kept_ms"] <= 86_400_000, outcome
    assert ids == sorted(ids, key=lambda job: int(job[1:])), "numbers grow with Redis's clock"
    ask(a, "pause", module="witness")
    for client, other in ((a, b), (b, a)):
        job = put(client, "witness", "e ok 0", max_wait_ms=300)
        check(wait(other, job), "failed", reason="expired")
    for node in nodes:
        for line in node.nodes():
            assert 0 <= line["seen_ms"] <= LEASE_MS and 0 < line["lease_ms"] <= LEASE_MS, line
    assert taken_over(cluster) == 0


def shifted(cluster, name, seconds):
    """The settings of a node whose wall clock is off."""
    path = os.path.join(cluster.directory, name)
    with open(path, "wb") as file:
        file.write(struct.pack("q", seconds))
    return {"env": {"LD_PRELOAD": os.path.join(BUILD, "tests", "clock_shift.so"), "CLOCK_SHIFT": path}}


@pytest.mark.skipif(SANITIZED, reason="the sanitizers want to be the first library")
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_the_clock_of_redis_jumps(cluster, seconds):
    """Nobody is taken for dead, and no job gets lost. Numbers go on growing."""
    path = os.path.join(cluster.directory, "shift")
    cluster.redis.env = shifted(cluster, "shift", 0)["env"]
    a, b = cluster.start(2)
    with working(cluster, count=80, ms=30) as crowd:
        progress(crowd, 10)
        with open(path, "r+b") as file:
            file.write(struct.pack("q", seconds))
        assert abs(int(cluster.redis.call("TIME")[0]) - time.time() - seconds) < 60
        for node in (a, b):
            wait_accepts(node)
    assert taken_over(cluster) == 0
    assert not has_lost(a) and not has_lost(b)
    assert len(a.nodes()) == 2
    with a.client() as client:
        jobs = [put(client, "echo", "x", id=f"n{n}") for n in range(3)]
    numbers = [int(name[1:]) for name in [*(job.id for job in crowd.jobs), *jobs]]
    assert max(numbers[:-3]) < numbers[-3] < numbers[-2] < numbers[-1]


# ---- a replica that lacks the last writes


def behind(cluster, replicas):
    """A primary and its replica behind a cable, and two nodes that know both. Returns the replica, the cable, a node."""
    primary, replica = cluster.redis.start(), cluster.add_redis("replica").start()
    cable = Cable(primary.address)
    cluster.cables.append(cable)
    replica.call("REPLICAOF", *cable.address.split(":"))
    replica.in_step()
    servers = [primary.address, replica.address]
    nodes = [cluster.add(servers=servers, queue={"redis-wait": replicas}) for _ in range(2)]
    return replica, cable, nodes


def test_a_submit_is_not_accepted_before_a_replica_has_it(cluster):
    """redis-wait 1: while the replica is cut off, submits are unconfirmed. With a key each is one job in the end."""
    replica, cable, (a, _) = behind(cluster, 1)
    with a.client() as client:
        check(submitted(client, "before", payload="before ok 0"), "accepted")
        check(client.outcome("before"), "done")
        cable.hold()
        check(submitted(client, "k", payload="k ok 0", key="k"), "error", code="unconfirmed")
        cable.release()
        client.submit("again", "witness", "k ok 0", key="k")
        check(client.outcome("again"), "done")
    assert len([run for run in cluster.runs() if run.token == "k" and run.ended]) == 1


def test_a_replica_is_promoted_too_early(cluster):
    """redis-wait 0: what the replica did not have is lost, as the manual says. The nodes go on with the rest."""
    replica, cable, (a, b) = behind(cluster, 0)
    with a.client() as client:
        known = put(client, "witness", "known ok 0", id="k", delay_ms=1500)
        wait_until(lambda: replica.call("EXISTS", f"{PREFIX}job:{known[1:].zfill(20)}") == 1, "the job at the replica")
        cable.hold()
        lost = put(client, "witness", "lost ok 0", id="l", delay_ms=1500)
        cluster.redis.kill()
        cable.close()
        replica.promote()
        cluster.redis = replica
        for node in (a, b):
            wait_accepts(node, 2 * DEADLINE)
        check(wait(client, known, id="wk"), "done")
        check(wait(client, lost, id="wl"), "error", code="unknown-job")
