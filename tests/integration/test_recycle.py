"""A worker's life: recycling, worker-max-jobs, worker-max-rss, idle-timeout-ms, and the reason of each end."""

import os
import signal
import threading

import pytest

from harness.client import check, start
from harness.wait import BUILD, SANITIZED, wait_until

TEST_MODULES = os.path.join(BUILD, "tests", "modules")
READY = ("idle", "busy")


class Observer:
    """Asks for `workers` again and again in a thread of its own, and keeps the answers."""

    def __init__(self, server):
        self.server, self.answers = server, []

    def __enter__(self):
        self.client = self.server.client()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _run(self):
        while not self.stop.is_set():
            self.answers.append(self.client.workers())
            self.stop.wait(0.001)

    def __exit__(self, *unused):
        self.stop.set()
        self.thread.join()

    def fewest_ready(self):
        return min(sum(worker["state"] in READY for worker in answer) for answer in self.answers)


def ends(server, pool=None):
    """The counted ends, without those that never happened."""
    stats = server.stats()
    counts = (stats["pools"][pool] if pool else stats)["pool"]["ends"]
    return {reason: count for reason, count in counts.items() if count}


def wait_renewed(server, count=1):
    """Waits until the log says so, and no worker is left to be replaced."""
    server.log.wait("renewed", count)
    wait_until(
        lambda: all(worker["ending"] is None and worker["state"] in READY for worker in server.workers()),
        "the last old worker's end",
    )


# ---- recycling


def test_max_jobs_under_load(daemon):
    """No job is lost, and three of four workers are ready at every moment."""
    server = daemon(pool_start=4, pool_max=4, job_max=1000, worker_max_jobs=10)
    server.wait_idle(4)
    client = server.client()
    with Observer(server) as observer:
        for n in range(1000):
            client.submit(n, "sleep", '{"ms":1}')
        for n in range(1000):
            check(client.outcome(n), "done")
    assert observer.fewest_ready() >= 3
    server.wait_stats(lambda stats: stats["pool"]["ends"]["max-jobs"] >= 8, "workers replaced")
    assert set(ends(server)) == {"max-jobs"}


@pytest.mark.parametrize("window", [1, 16])
def test_max_jobs_of_a_pool_of_one(daemon, window):
    """Exactly so many jobs, also where jobs are handed early."""
    server = daemon(pool_start=1, pool_max=1, job_max=100, worker_max_jobs=10, worker_window=window)
    client = server.client()
    for n in range(100):
        client.submit(n, "echo", str(n))
    for n in range(100):
        assert client.outcome(n).payload == str(n).encode()
    server.wait_stats(lambda stats: stats["pool"]["ends"]["max-jobs"] == 10, "ten workers' ends")
    ended = server.log.events("worker-ended", reason="max-jobs")
    assert ended and all(line["jobs_done"] == 10 for line in ended), ended
    assert client.stats()["pool"]["forks"] <= 11


def test_the_replacement_is_ready_first(daemon):
    server = daemon(pool_start=1, pool_max=2, worker_max_jobs=1)
    server.wait_idle(1)
    client = server.client()
    with Observer(server) as observer:
        for n in range(20):
            client.done("echo", str(n), id=n)
        server.wait_idle(1)
    assert observer.fewest_ready() >= 1


@pytest.mark.parametrize("pool_max", [8, 16])
def test_a_quarter_at_a_time(daemon, pool_max):
    server = daemon(pool_start=8, pool_max=pool_max)
    server.wait_idle(8)
    old = set(server.worker_pids())
    with Observer(server) as observer:
        server.signal(signal.SIGHUP)
        wait_renewed(server)
    assert not old & set(server.worker_pids()) and len(server.workers()) == 8
    assert ends(server) == {"reload": 8}
    for answer in observer.answers:
        assert sum(worker["state"] == "stopping" for worker in answer) <= 2, answer
        assert {worker["ending"] for worker in answer} <= {None, "reload"}
    assert observer.fewest_ready() >= (6 if pool_max == 8 else 8)


def test_idle_ones_first_and_busy_ones_after_their_job(daemon):
    server = daemon(pool_start=4, pool_max=4)
    client = server.client()
    job = start(client, "sleep", '{"ms":600000}', id="long")
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.stats()["pool"]["ends"]["reload"] == 3, "the others' ends")
    (busy,) = [worker for worker in server.wait_idle(3) and server.workers() if worker["state"] == "busy"]
    assert busy["ending"] == "reload" and busy["age_ms"] >= busy["since_ms"], (busy, job)
    client.send(op="cancel", target="long")
    check(client.outcome("long"), "failed", reason="cancelled")
    wait_until(lambda: busy["pid"] not in server.worker_pids(), "its end")


def test_a_pool_that_wants_no_worker_is_renewed_at_once(daemon):
    server = daemon(pool_start=1, pool_max=1, pools={"reports": {"pool-max": 2}}, modules={"fib": {"pool": "reports"}})
    server.wait_idle(1)
    server.signal(signal.SIGHUP)
    server.log.wait("renewed", pool="reports")
    server.log.wait("renewed", pool="default")
    assert server.stats()["pools"]["reports"]["pool"]["forks"] == 0


@pytest.mark.skipif(SANITIZED, reason="the sanitizers need memory of their own")
def test_a_leak(daemon):
    """Each job leaves 8 MiB."""
    server = daemon(pool_start=2, pool_max=3, job_max=100, module_dir=TEST_MODULES, worker_max_rss=64 << 20)
    client = server.client()
    for n in range(60):
        client.submit(n, "greedy", f"rss {8 << 20}")
    for n in range(60):
        check(client.outcome(n), "done")
    server.wait_stats(lambda stats: stats["pool"]["ends"]["max-rss"] >= 2, "workers replaced")
    assert set(ends(server)) == {"max-rss"}
    assert server.log.events("worker-ended", reason="max-rss")


# ---- idle workers


def test_idle_timeout(daemon):
    server = daemon(pool_start=2, pool_max=8, idle_timeout_ms=300)
    client = server.client()
    for n in range(8):
        start(client, "sleep", '{"ms":600000}', id=n)
    assert len(server.workers()) == 8
    for n in range(8):
        client.send(op="cancel", target=n, id=f"c{n}")
    server.wait_stats(lambda stats: stats["pool"]["ends"]["idle"] == 6, "six idle workers' ends")
    assert len(server.wait_idle(2) and server.workers()) == 2
    assert set(ends(server)) == {"idle"}


def test_a_reload_that_lowers_pool_max(daemon):
    """Idle workers end at once, busy ones after their job."""
    server = daemon(pool_start=4, pool_max=4)
    server.wait_idle(4)
    client = server.client()
    for n in range(3):
        start(client, "sleep", '{"ms":600000}', id=n)
    server.write_config(pool_start=1, pool_max=1)
    server.signal(signal.SIGHUP)
    server.wait_stats(lambda stats: stats["pool"]["ends"]["resize"] == 1, "the idle worker's end")
    assert sorted(str(worker["ending"]) for worker in server.workers()) == ["None", "resize", "resize"]
    for n in range(3):
        client.send(op="cancel", target=n, id=f"c{n}")
        check(client.outcome(n), "failed", reason="cancelled")
    wait_renewed(server)
    assert ends(server)["resize"] == 3 and len(server.workers()) == 1


# ---- reasons and counts


def test_reasons(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=200)
    client = server.client()
    check(client.run("crash", "segv", id=1), "failed", reason="error")
    check(client.run("crash", "exit 3", id=2), "failed", reason="error")
    check(client.run("crash", "loop", id=3, timeout_ms=50), "failed", reason="timeout")
    server.wait_idle(1)
    assert ends(server) == {"signal": 1, "exit": 1, "killed": 1} == ends(server, "default")
    server.stop()
    (last,) = server.log.events("worker-ended", reason="drain")
    assert last["pool"] == "default"
    assert [line["reason"] for line in server.log.events("worker-ended")] == ["signal", "exit", "killed", "drain"]


def test_counts_of_a_worker(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.done("echo", "x", id=1)
    check(client.run("math", "1 +", id=2), "failed", reason="module")
    (worker,) = server.workers()
    assert (worker["jobs_done"], worker["jobs_failed"], worker["ending"]) == (2, 1, None)
    assert worker["age_ms"] >= worker["since_ms"] >= 0


def test_workers_of_a_removed_pool(daemon):
    server = daemon(pool_start=1, pool_max=1, pools={"reports": {"pool-start": 1}}, modules={"fib": {"pool": "reports"}})
    wait_until(lambda: len(server.workers()) == 2, "a worker of each pool")
    server.write_config(pools={}, modules={})
    server.signal(signal.SIGHUP)
    server.log.wait("pool-removed", pool="reports")
    assert server.log.wait("worker-ended", pool="reports")["reason"] == "reload"
