"""Issue item 3: workers that cannot be started. Backoff, no spin, and the jobs get an answer."""

import json
import os
import resource
import shutil
import signal
import time

import pytest

from harness import proc
from harness.client import check
from harness.daemon import WORKER
from harness.fakes import FakeWorker
from harness.wait import DEADLINE, SCALE, wait_until

DYING = ["die-at-once", "killed-at-once", "connect-then-die", "hello-then-die"]
SILENT = [
    "never-connect",
    "connect-then-hang",
    "half-hello-then-hang",
    "wrong-token",
    "other-id",
    "wrong-release",
    "ready-first",
    "never-ready",
]


@pytest.mark.parametrize("start", DYING + SILENT)
def test_jobs_end_as_unavailable_when_no_worker_can_be_started(daemon, tmp_path, start):
    worker = FakeWorker(tmp_path, start=start)
    server = daemon(
        worker_path=worker.path, pool_start=0, pool_max=2, start_timeout_ms=900 * SCALE
    )
    client = server.client()
    begin = time.monotonic()
    client.submit("a", "echo", "ok x", context="mine", notify=["started"])
    client.submit("b", "echo", "ok x")
    for id in ("a", "b"):
        event = client.outcome(id)
        check(event, "failed", reason="unavailable")
        assert event["message"] and "order" not in event, event
    assert time.monotonic() - begin >= 0.85 * SCALE, "given up before start-timeout-ms"
    stats = server.stats()
    assert stats["jobs"]["failed"]["unavailable"] == 2
    assert stats["pool"]["forks"] <= 16, "backoff from 0.1 s on"
    assert server.log.events("start-failed"), "no start-failed line in the log"


@pytest.mark.parametrize("start", ["die-at-once", "connect-then-die", "never-connect", "wrong-token"])
def test_a_worker_that_fails_to_start_gives_its_place_back(daemon, tmp_path, start):
    """The first three starts fail. With a pool of one, only their place can serve the job."""
    worker = FakeWorker(tmp_path, start=start, times=3)
    server = daemon(
        worker_path=worker.path, pool_start=0, pool_max=1, start_timeout_ms=400 * SCALE
    )
    client = server.client()
    end = time.monotonic() + 3 * DEADLINE
    while True:
        event = client.run("echo", "ok at last", timeout=DEADLINE)
        if event.name == "done":
            break
        check(event, "failed", reason="unavailable")
        assert time.monotonic() < end, "no worker came up"
    assert event.payload == b"at last"
    pool = server.wait_stats(lambda s: s["pool"]["idle"] == 1, "the one worker idle")["pool"]
    # On a slow machine, a good worker may have been too late as well.
    assert pool["exits"] >= 3 and pool["forks"] == pool["exits"] + 1, pool
    assert (pool["starting"], pool["busy"], pool["stopping"]) == (0, 0, 0), pool


def test_pool_start_workers_that_die_are_tried_again(daemon, tmp_path):
    """Without any job: the pool reaches its size as soon as starts work."""
    worker = FakeWorker(tmp_path, start="die-at-once", times=4)
    server = daemon(worker_path=worker.path, pool_start=2, pool_max=2)
    stats = server.wait_stats(lambda s: s["pool"]["idle"] == 2, "two workers in the end", 3 * DEADLINE)
    assert stats["pool"]["forks"] == 6 and stats["pool"]["exits"] == 4


def test_backoff_grows_and_does_not_spin(daemon, tmp_path):
    """The pause begins at 0.1 s and doubles, with jitter: there are not fifty starts in the time of the first five."""
    worker = FakeWorker(tmp_path, start="die-at-once")
    server = daemon(worker_path=worker.path, pool_start=4, pool_max=4)
    server.log.wait("start-failed", count=4)
    share = proc.cpu_share(server.pid, 1.0)
    forks = server.stats()["pool"]["forks"]
    assert forks <= 40, f"{forks} forks in about a second: a storm"
    assert share < 0.3, f"{share:.0%} of a core while nothing can be started"


def test_the_binary_goes_missing_and_comes_back(daemon, tmp_path):
    path = tmp_path / "the-worker"
    shutil.copy(WORKER, path)
    server = daemon(
        worker_path=str(path), pool_start=0, pool_max=2, start_timeout_ms=700 * SCALE
    )
    path.rename(tmp_path / "away")
    client = server.client()
    event = client.run("echo", "x")
    check(event, "failed", reason="unavailable")
    assert str(path) not in event["message"], event
    assert server.log.events("start-failed")
    assert server.log.wait("spawn-failed")["path"] == str(path)
    (tmp_path / "away").rename(path)
    wait_until(
        lambda: client.run("echo", "back").name == "done", "a worker again", 3 * DEADLINE
    )


def test_a_worker_binary_that_cannot_be_executed(daemon, tmp_path):
    path = tmp_path / "the-worker"
    shutil.copy(WORKER, path)
    server = daemon(worker_path=str(path), pool_start=0, start_timeout_ms=700 * SCALE)
    path.write_bytes(b"\x7fELF broken")
    check(server.client().run("echo", "x"), "failed", reason="unavailable")


def test_a_living_worker_keeps_the_jobs_from_unavailable(daemon, tmp_path):
    """Starts fail, but one worker lives and serves the line for longer than start-timeout-ms."""
    path = tmp_path / "the-worker"
    shutil.copy(WORKER, path)
    server = daemon(
        worker_path=str(path), pool_start=1, pool_max=3, start_timeout_ms=300, job_max=20
    )
    server.wait_idle(1)
    path.unlink()
    client = server.client()
    for n in range(5):
        client.submit(n, "sleep", '{"ms":250}')
    for n in range(5):
        check(client.outcome(n), "done")


def test_fork_fails(daemon):
    """The daemon runs as a user without a process to spare. Nothing spins, and jobs get their answer."""
    if os.getuid() != 0:
        pytest.skip("needs a user id with no other processes")
    user = 100000 + os.getpid()  # tests beside this one have processes of nobody

    def limit():
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        os.setgid(65534)
        os.setuid(user)

    options = ["--listen=127.0.0.1:0", "--log-format=json", "--pool-start=0", "--pool-max=2"]
    options += [f"--start-timeout-ms={600 * SCALE}"]
    # The leak check needs a thread, and no thread can start here.
    server = daemon.make({}, preexec_fn=limit, env={"ASAN_OPTIONS": "detect_leaks=0"})
    server.command_line = [server.command()[0], *options]
    server.start()
    client = server.client()
    check(client.run("echo", "x"), "failed", reason="unavailable")
    assert 1 <= len(server.log.events("start-failed")) <= 16
    # A waiting job meets the backoff again, without a busy loop.
    client.submit("b", "echo", "x")
    assert proc.cpu_share(server.pid, 0.5) < 0.3
    check(client.outcome("b"), "failed", reason="unavailable")


def test_overload_while_starts_are_held_back(daemon, tmp_path):
    """During the backoff no worker can start, so only the line counts."""
    worker = FakeWorker(tmp_path, start="die-at-once")
    server = daemon(
        worker_path=worker.path, pool_start=1, pool_max=4, job_max=2, start_timeout_ms=60000
    )
    # After some failed starts, the pauses are long enough to submit within one of them.
    server.log.wait("start-failed", count=4)
    client = server.client()
    for n in range(8):
        client.submit(n, "echo", "ok x")
    for n in range(4, 8):  # two in the line, and at most two that a start was on its way for
        check(client.outcome(n), "overload", reason="queue-full")
    client.close()


def test_a_stopped_worker_in_start_up_is_replaced(daemon, tmp_path):
    """A worker is stopped by SIGSTOP during its start: only SIGKILL removes it."""
    worker = FakeWorker(tmp_path, start="never-connect", times=1)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1, start_timeout_ms=500 * SCALE)
    pid = worker.wait_notes()[0]["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: not proc.alive(pid), "the stopped one killed")
    server.wait_stats(lambda s: s["pool"]["idle"] == 1, "its successor")


def test_a_module_that_cannot_be_loaded_costs_no_worker(daemon, tmp_path):
    """test_modules.py covers the loader in full. Here, other jobs keep running beside the failure."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "broken.so").write_text("no")
    for name in ("sleep", "echo"):
        shutil.copy(os.path.join(os.path.dirname(WORKER), "modules", f"{name}.so"), modules)
    server = daemon(module_dir=str(modules), pool_start=2, pool_max=2)
    client = server.client()
    client.submit("beside", "sleep", json.dumps({"ms": 150}))
    for n in range(10):
        event = client.run("broken", "x", id=n)
        check(event, "failed", reason="unavailable")
        assert event["message"], event
    check(client.outcome("beside"), "done")
    assert server.stats()["pool"]["exits"] == 0


def test_a_preload_that_refuses_at_the_start(daemon):
    """The refusal costs only the module's own jobs."""
    server = daemon(preload=["readfile"], pool_start=2, pool_max=2)
    server.wait_idle(2)
    assert server.client().done("echo", "x") == b"x"
    assert not server.log.events("start-failed")
