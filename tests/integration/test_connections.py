"""Protocol section 7 and issue item 8: leaving clients, flooding clients, and the memory for clients."""

import ctypes
import json
import os
import signal
import socket
import threading
import time

import pytest

from harness import proc
from harness.client import Client, check, header, message
from harness.wait import DEADLINE, SANITIZED, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


# ---- when a client goes


def test_half_closed_client_gets_all_its_events_then_the_close(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    for n in range(20):
        client.submit(n, "sleep", json.dumps({"ms": 10, "value": n}))
    client.shutdown()
    events = client.rest()
    assert [(event.name, event["id"], event.json()) for event in events] == [
        ("done", n, n) for n in range(20)
    ]


def test_half_closed_client_gets_a_large_result(daemon):
    client = daemon(pool_start=1, pool_max=1).client()
    client.submit("a", "crash", "big 8000000")
    client.shutdown()
    events = client.rest(3 * DEADLINE)
    assert [event.name for event in events] == ["done"] and len(events[0].payload) == 8000000


def test_half_closed_client_gets_the_answers_of_other_requests(daemon):
    client = daemon().client()
    client.send_raw(header(op="ping", id=1) + header(op="stats", id=2) + header(op="nonsense", id=3))
    client.shutdown()
    assert [(event.name, event["id"]) for event in client.rest()] == [
        ("pong", 1),
        ("stats", 2),
        ("error", 3),
    ]


def test_printf_to_nc_works(daemon):
    """Like `printf … | nc -N`: one write with everything, then at once the end of input."""
    server = daemon()
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
    sock.sendall(
        header(op="hello", protocol=1) + message("30", op="submit", id="a1", module="fib")
    )
    sock.shutdown(socket.SHUT_WR)
    data = b""
    while piece := sock.recv(65536):
        data += piece
    sock.close()
    assert data.endswith(b"\n832040"), data
    assert json.loads(data.split(b"\n")[1])["event"] == "done"


def test_half_close_with_nothing_to_come_is_closed_at_once(daemon):
    server = daemon()
    client = server.client()
    client.shutdown()
    client.closed()
    silent = server.client(hello=False)
    silent.shutdown()
    silent.closed()


def test_a_half_closed_idle_client_does_not_spin_a_core(daemon):
    server = daemon(pool_start=2, pool_max=2)
    clients = [server.client() for _ in range(3)]
    for n, client in enumerate(clients):  # the last one waits in the line
        client.submit(n, "sleep", LONG_SLEEP, notify=["accepted"])
        client.event("accepted")
    server.wait_jobs(running=2, waiting=1)
    for client in clients:
        client.shutdown()
    share = proc.cpu_share(server.pid)
    assert share < 0.2, f"{share:.0%} of a core for half-closed clients"
    for pid in server.begun_pids():
        os.kill(pid, 9)
    for n, client in enumerate(clients[:2]):
        check(client.outcome(n), "failed", reason="error")
        client.closed()
    server.wait_jobs(running=1, waiting=0)
    os.kill(server.begun_pids()[0], 9)
    check(clients[2].outcome(2), "failed", reason="error")


def test_a_half_closed_client_that_does_not_read_does_not_spin(daemon):
    """The results are less than the quarter of client-output-max beyond which jobs are held."""
    server = daemon(pool_start=1, linger_ms=60000, output_timeout_ms=60000)
    client = server.client(receive_buffer=4096)
    for n in range(4):
        client.submit(n, "crash", "big 4000000")
    client.shutdown()
    server.wait_stats(lambda s: s["jobs"]["done"] == 4, "the results made")
    assert proc.cpu_share(server.pid) < 0.2
    for n in range(4):
        assert len(client.outcome(n, 3 * DEADLINE).payload) == 4000000
    client.closed()


def test_client_reset_with_jobs_waiting_and_running(daemon):
    """Waiting jobs are dropped, the running job ends, nothing crashes, and the worker is free again."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("running", "sleep", '{"ms":400}', notify=["started"])
    for n in range(5):
        client.submit(n, "echo", str(n))
    client.begun()
    server.wait_jobs(running=1, waiting=5)
    client.reset()
    stats = server.wait_jobs(running=1, waiting=0)
    assert stats["jobs"]["dropped"] == 5 and stats["jobs"]["orphaned"] == 0, stats["jobs"]
    stats = server.wait_jobs(running=0)
    assert stats["jobs"]["orphaned"] == 1 and stats["jobs"]["done"] == 0, stats["jobs"]
    assert stats["pool"]["exits"] == 0 and stats["pool"]["idle"] == 1, stats["pool"]
    assert server.client().done("echo", "x") == b"x"


def test_an_orphan_that_crashes_is_counted_once(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("a", "crash", "loop", notify=["started"])
    client.begun()
    client.reset()
    server.wait_stats(lambda s: s["clients"]["connected"] == 1, "the reset seen")
    os.kill(server.begun_pids()[0], 9)
    stats = server.wait_jobs(running=0)
    assert stats["jobs"]["orphaned"] == 1 and stats["jobs"]["submitted"] == 1


def test_an_orphan_keeps_its_time_limit(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=200)
    client = server.client()
    client.submit("a", "crash", "loop-term", timeout_ms=400, notify=["started"])
    client.begun()
    client.reset()
    server.wait_stats(lambda s: s["jobs"]["orphaned"] == 1, "the orphan stopped by its limit")


def test_reset_in_the_middle_of_things(daemon):
    """A reset at fifty points of a dialogue. Nothing is left behind."""
    server = daemon(pool_start=2, pool_max=2, job_max=50)
    dialogue = (
        header(op="hello", protocol=1)
        + message("x" * 500, op="submit", id=1, module="echo", notify=["accepted", "started"])
        + message('{"ms":5}', op="submit", id=2, module="sleep")
        + header(op="stats")
    )
    for n in range(50):
        client = Client(server.address, hello=False)
        client.send_raw(dialogue[: len(dialogue) * n // 49])
        client.reset()
    server.wait_stats(
        lambda s: s["clients"]["connected"] == 1
        and not s["jobs"]["running"]
        and not s["queue"]["waiting"],
        "all clients and jobs gone",
    )
    assert server.client().done("echo", "x") == b"x"


def test_results_to_a_closed_client_harm_nobody(daemon):
    """An orderly close looks like a half-close until the server writes."""
    server = daemon(pool_start=2, pool_max=2)
    client = server.client()
    for n in range(4):
        client.submit(n, "sleep", '{"ms":60}')
    server.wait_stats(lambda s: s["jobs"]["submitted"] == 4, "the submits read")
    client.close()
    stats = server.wait_jobs(running=0, waiting=0)
    assert stats["jobs"]["submitted"] == 4
    assert server.client().done("echo", "x") == b"x"


# ---- floods


@pytest.mark.parametrize("what", ["pings", "jobs", "large payloads"])
def test_one_client_that_floods_does_not_starve_another(daemon, what):
    server = daemon(
        pool_start=2, pool_max=2, job_max=1000, client_job_max=50, log_level="info"
    )
    flooder, other = server.client(), server.client()
    if what == "pings":
        chunk = header(op="ping") * 5000
    elif what == "jobs":
        chunk = b"".join(message("x", op="submit", id=n, module="echo") for n in range(2000))
    else:
        chunk = message(b"x" * 4000000, op="submit", id="large", module="echo", colour="refused")
    stop = threading.Event()
    flooder.sock.settimeout(0.2)

    def write():
        while not stop.is_set():
            view = memoryview(chunk)
            while view and not stop.is_set():
                try:
                    view = view[flooder.sock.send(view) :]
                except TimeoutError:
                    pass

    def read():
        while not stop.is_set():
            try:
                if not flooder.sock.recv(1 << 20):
                    return
            except TimeoutError:
                pass

    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    try:
        slowest = 0
        for n in range(15):
            begin = time.monotonic()
            other.send(op="ping", id=n)
            other.event("pong", id=n)
            assert other.done("echo", str(n), id=n) == str(n).encode()
            slowest = max(slowest, time.monotonic() - begin)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    # This takes a tenth of a second on an idle machine. A starved client would wait for the flood's whole length.
    assert slowest < DEADLINE / 2, f"an exchange took {slowest:.1f} s beside the flood"


# ---- memory


def test_a_thousand_clients(daemon):
    server = daemon(pool_start=2, log_level="info")
    before = proc.rss_kb(server.pid)
    clients = [server.client() for _ in range(1000)]
    growth = proc.rss_kb(server.pid) - before
    for n, client in enumerate(clients):
        client.submit(n, "echo", str(n))
    for n, client in enumerate(clients):
        event = client.outcome(n)
        assert event.name == "overload" or event.payload == str(n).encode(), event
    assert server.stats()["clients"]["connected"] == 1001
    assert growth < 20000 * (4 if SANITIZED else 1), f"{growth} KiB for 1,000 idle clients"


def test_memory_is_taken_as_payloads_arrive(daemon):
    """Fifty clients announce 16 MiB each and send one byte: they cost next to nothing."""
    server = daemon(pool_start=1, payload_timeout_ms=60000)
    clients = [server.client() for _ in range(50)]
    before = proc.rss_kb(server.pid)
    for client in clients:
        client.send_raw(header(op="submit", id="a", module="echo", size=16777216) + b"x")
    sampler = server.client()
    for n in range(5):
        sampler.silent()
    stats = sampler.stats()
    growth = proc.rss_kb(server.pid) - before
    assert growth < 8192 * (4 if SANITIZED else 1), f"{growth} KiB for nothing"
    assert stats["queue"]["bytes"] < 1 << 20, stats["queue"]


def test_memory_comes_back_after_large_payloads(daemon):
    server = daemon(pool_start=1)
    client = server.client()
    payload = b"x" * (8 << 20)
    for n in range(3):
        client.done("echo", payload, timeout=3 * DEADLINE)
    if not SANITIZED:  # its allocator keeps what is freed for a while
        wait_until(lambda: proc.rss_kb(server.pid) < 40000, "the memory given back")
    assert server.stats()["queue"]["bytes"] == 0


# ---- socket options


def masters_socket(server, client):
    """Our copy of the master's end of a connection."""
    port = client.sock.getsockname()[1]
    wanted = None
    with open("/proc/net/tcp") as file:
        for line in list(file)[1:]:
            fields = line.split()
            if int(fields[2].split(":")[1], 16) == port and int(fields[1].split(":")[1], 16) == server.port:
                wanted = f"socket:[{fields[9]}]"
    assert wanted, "the master's end is not in /proc/net/tcp"
    fd = next(fd for fd, target in proc.descriptors(server.pid).items() if target == wanted)
    pidfd = os.pidfd_open(server.pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        copy = libc.syscall(438, pidfd, fd, 0)  # pidfd_getfd
        if copy < 0:
            pytest.skip(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
        return socket.socket(fileno=copy)
    finally:
        os.close(pidfd)


def test_keepalive_and_user_timeout_on_accepted_sockets(daemon):
    server = daemon()
    client = server.client()
    with masters_socket(server, client) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) > 0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 7200, "a dead peer in 2 h"


def test_the_kernel_is_as_patient_as_the_settings(daemon):
    """By itself the kernel gives up a living peer without room after TCP_USER_TIMEOUT. That must not come before
    output-timeout-ms, for open connections too."""
    server = daemon(output_timeout_ms=300000)
    client = server.client(receive_buffer=4096)
    with masters_socket(server, client) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) > 300000
        server.write_config(output_timeout_ms=400000)
        server.signal(signal.SIGHUP)
        server.log.wait("reload")
        client.submit(1, "echo", b"x" * (1 << 24))
        wait_until(
            lambda: sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) > 400000,
            "a longer timeout",
        )
