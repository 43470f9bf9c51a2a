"""Named faults of number and size: many clients, jobs, restarts, reloads, and large results.

Under the sanitizers the numbers are smaller and memory is not measured.
"""

import os
import resource
import signal
import threading
import time

import pytest

from harness import proc
from harness.client import check, header
from harness.flood import Flood
from harness.wait import DEADLINE, SANITIZED, SCALE, wait_until

PART = 10 if SANITIZED else 1


class Watch:
    """A client in a thread of its own. It measures the time of control requests within a `with`."""

    def __init__(self, server, *ops):
        self.server, self.ops = server, ops or ("ping",)
        self.slowest, self.count, self.error = 0.0, 0, None

    def __enter__(self):
        self.client = self.server.client()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _run(self):
        try:
            while not self.stop.is_set():
                op = self.ops[self.count % len(self.ops)]
                begin = time.monotonic()
                self.client.send(op=op, id=self.count)
                self.client.event("pong" if op == "ping" else op, id=self.count)
                self.slowest = max(self.slowest, time.monotonic() - begin)
                self.count += 1
                self.stop.wait(0.002)
        except Exception as error:  # raised by the main thread
            self.error = error

    def enough(self):
        """Whether the measurements suffice, or have failed."""
        return self.error or self.count >= 10

    def __exit__(self, *unused):
        self.stop.set()
        self.thread.join()
        if self.error:
            raise self.error


def submits(first, last, module="echo"):
    return b"".join(b'{"op":"submit","id":%d,"module":"%s"}\n' % (n, module.encode()) for n in range(first, last))


def keep_busy(client):
    client.submit("busy", "sleep", '{"ms":3600000}', notify=["started"])
    client.begun()


def test_1000_reloads_under_load(daemon):
    server = daemon(pool_start=2, pool_max=2, job_max=5000, log_level="info")
    server.wait_idle(2)
    held = len(proc.descriptors(server.pid))
    client, other = server.client(), server.client()
    count = 1000 // PART
    for n in range(count):
        client.submit(n, "echo", str(n))
        server.signal(signal.SIGHUP)
        other.silent()
    for n in range(count):
        assert client.outcome(n).payload == str(n).encode()
    # All HUPs of one turn are one reload. The server may notice a signal one turn after the ping behind it, so the
    # signal may merge with the next one; but a third signal comes after that one's ping.
    wait_until(lambda: len(server.log.events("reload")) >= count // 2, "the reloads", interval=0.1)
    client.close()
    other.close()
    server.wait_idle(2)
    wait_until(lambda: len(proc.descriptors(server.pid)) <= held, f"{held} descriptors again")
    wait_until(lambda: len(proc.children(server.pid)) == 2, "two workers, and no zombies")


def test_10000_idle_connections(daemon):
    count = 10000 // PART
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 1000:
        pytest.skip(f"the hard limit of open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        server = daemon(pool_start=1, pool_max=1, client_max=count + 100, log_level="info")
        server.wait_idle(1)
        active = server.client()
        assert active.done("echo", "x") == b"x"
        before = proc.rss_kb(server.pid)
        idle = []
        for _ in range(count):
            idle.append(server.client(hello=False))
            idle[-1].send(op="hello", protocol=1)
        for client in idle:
            client.expect("hello")
        growth = (proc.rss_kb(server.pid) - before) * 1024 / count
        assert SANITIZED or growth <= 2048, f"{growth:.0f} bytes for an idle client"
        begin = time.monotonic()
        for n in range(20):
            assert active.done("echo", str(n), id=n) == str(n).encode()
        assert time.monotonic() - begin < 2 * SCALE
        assert proc.cpu_share(server.pid, 1.0) <= 0.02 * SCALE, "idle clients cost time"
        for client in idle:
            client.reset()
        server.wait_stats(lambda s: s["clients"]["connected"] == 2, "only the active ones")
        if not SANITIZED:
            wait_until(lambda: proc.rss_kb(server.pid) <= 2 * before, "the memory given back", interval=0.1)
    finally:
        for client in server.clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_1000000_waiting_jobs(daemon):
    count = 1000000 // PART
    server = daemon(pool_start=1, pool_max=1, job_max=count, log_level="info", kill_grace_ms=100)
    keep_busy(server.client())
    client = server.client()
    requests = submits(0, count)
    before = proc.rss_kb(server.pid)
    with Watch(server, "ping", "stats") as watch:
        view = memoryview(requests)
        for at in range(0, len(view), 1 << 20):
            client.send_raw(view[at : at + (1 << 20)])
        server.wait_jobs(running=1, waiting=count)
        memory = (proc.rss_kb(server.pid) - before) * 1024 / count
        assert SANITIZED or memory <= 512, f"{memory:.0f} bytes for a waiting job"
        # Another job finds no room. A cancelled job leaves the middle of the line at once, and its place is free.
        check(client.run("echo", "x", id="more"), "overload", reason="queue-full")
        begin = time.monotonic()
        client.send(op="cancel", target=count // 2)
        check(client.outcome(count // 2), "failed", reason="cancelled")
        assert time.monotonic() - begin < 1.0 * SCALE
        wait_until(watch.enough, "requests beside a full line")
        client.reset()
        server.wait_jobs(running=1, waiting=0)
    assert watch.slowest < 1.0 * SCALE
    jobs = server.stats()["jobs"]
    assert jobs["dropped"] == count - 1 and jobs["failed"]["cancelled"] == 1, jobs
    if not SANITIZED:
        allowed = before + count * 64 // 1024
        wait_until(lambda: proc.rss_kb(server.pid) <= allowed, "the memory given back", interval=0.1)


def test_100_kills_of_the_master_in_a_row(daemon):
    server = daemon.make({"pool_start": 2, "pool_max": 2, "log_level": "info"})
    server.start()
    server.write_config(listen=server.address)
    server.expected_status = -signal.SIGKILL
    for n in range(100 // PART):
        if n:
            server.start()
        assert server.config["listen"] == server.address
        server.wait_idle(2)
        client = server.client()
        assert client.done("echo", str(n)) == str(n).encode()
        if n % 2:
            keep_busy(client)
        pids = server.worker_pids()
        begin = time.monotonic()
        server.kill()
        wait_until(lambda: not any(proc.alive(pid) for pid in pids), "the workers gone")
        took = time.monotonic() - begin
        assert took < 1.0 * SCALE, f"workers outlived their master by {took:.2f} s"
        for client in server.clients:
            client.close()
        server.clients.clear()


def test_results_of_16_mib_beside_small_ones(daemon):
    server = daemon(pool_start=3, pool_max=3, job_max=100, log_level="info")
    server.wait_idle(3)
    big = os.urandom(1 << 20) * 16
    large, small = server.client(), server.client()
    results = []

    def exchange():
        # Go on until enough small requests went beside the large results.
        while len(results) < 4 or not enough.is_set():
            n = len(results)
            large.submit(n, "echo", big)
            large.submit(f"small-{n}", "echo", str(n))
            results.append((large.outcome(n), large.outcome(f"small-{n}")))

    thread = threading.Thread(target=exchange)
    slowest, count, enough = 0, 0, threading.Event()
    thread.start()
    try:
        while thread.is_alive():
            begin = time.monotonic()
            assert small.done("echo", str(count), id=count) == str(count).encode()
            slowest = max(slowest, time.monotonic() - begin)
            count += 1
            if count == 10:
                enough.set()
    finally:
        enough.set()
        thread.join()
    for n, (result, beside) in enumerate(results):
        check(result, "done", size=len(big))
        assert result.payload == big
        assert beside.payload == str(n).encode()
    assert slowest < 1.0 * SCALE


@pytest.mark.parametrize("line", ["full", "long"])
def test_control_requests_under_a_flood_of_50000_submits(daemon, line):
    """The flood is one write, into a line with room for none of the jobs or for all. It repeats until there are enough
    control requests to judge."""
    count = 50000 // PART
    server = daemon(
        pool_start=2, pool_max=2, job_max=10 if line == "full" else count, log_level="info"
    )
    server.wait_idle(2)
    flooder = server.client()
    data = submits(0, count)

    def flood():
        thread = threading.Thread(target=flooder.send_raw, args=(data,))
        thread.start()
        names = {flooder.recv(6 * DEADLINE).name for _ in range(count)}
        thread.join()
        assert names <= ({"done", "overload"} if line == "full" else {"done"}), names

    with Watch(server, "ping", "stats", "workers") as watch:
        flood()
        while not watch.enough():
            flood()
    assert watch.slowest < 1.0 * SCALE


@pytest.mark.parametrize("count", [50, 400])
def test_pings_beside_floods_of_refused_headers(daemon, count):
    """A turn of the loop is bounded over all connections. A quiet client does not wait for the floods."""
    server = daemon(log_level="info", client_max=count + 10)
    server.wait_idle(1)
    with Flood(server.address, count // PART), Watch(server) as watch:
        wait_until(watch.enough, "pings beside the floods")
    assert watch.slowest < 1.0 * SCALE


@pytest.mark.timeout(240)
def test_a_pool_of_1000_is_replaced(daemon):
    """The pool is replaced by a reload, and after the death of all workers at once. Workers end, are reaped and start a
    few at a time."""
    count = 1000 // PART
    server = daemon(pool_start=count, pool_max=count + 10, log_level="info")

    def replaced(exits):
        pool = server.stats()["pool"]
        return pool["exits"] >= exits and pool["idle"] >= count

    with Watch(server) as watch:
        wait_until(lambda: replaced(0), f"{count} workers", 6 * DEADLINE)
        server.signal(signal.SIGHUP)
        wait_until(lambda: replaced(count), "new ones in the place of all", 6 * DEADLINE)
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: replaced(2 * count), "new ones once more", 6 * DEADLINE)
        wait_until(watch.enough, "pings beside the floods")
    assert watch.slowest < 1.0 * SCALE


def test_header_is_what_submits_are(daemon):
    """The floods above are handwritten. They must equal the other tests' submits."""
    assert submits(7, 8) == header(op="submit", id=7, module="echo")
