"""Protocol section 7 and issue item 8: clients that go, that are slow, that flood."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import threading
import time

import pytest

from harness import proc
from harness.client import Client, check, header, message, start
from harness.wait import DEADLINE, SANITIZED, SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


def fatal_too_slow(client, timeout=DEADLINE):
    events = client.rest(timeout)
    errors = [event for event in events if event.name == "error"]
    assert len(errors) == 1, events
    check(errors[0], "error", code="too-slow", fatal=True)
    return events


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
    """All in one write and the sending side shut at once, as `printf … | nc -N` does."""
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
    server = daemon(pool_start=1, linger_ms=60000, output_timeout_ms=60000)
    client = server.client(receive_buffer=4096)
    for n in range(4):
        client.submit(n, "crash", "big 8000000")
    client.shutdown()
    server.wait_stats(lambda s: s["jobs"]["done"] == 4, "the results made")
    assert proc.cpu_share(server.pid) < 0.2
    for n in range(4):
        assert len(client.outcome(n, 3 * DEADLINE).payload) == 8000000
    client.closed()


def test_client_reset_with_jobs_waiting_and_running(daemon):
    """Waiting dropped, running ends, nothing crashes, the worker is free again."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("running", "sleep", '{"ms":400}', notify=["started"])
    for n in range(5):
        client.submit(n, "echo", str(n))
    client.event("started")
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
    client.event("started")
    client.reset()
    server.wait_stats(lambda s: s["clients"]["connected"] == 1, "the reset seen")
    os.kill(server.begun_pids()[0], 9)
    stats = server.wait_jobs(running=0)
    assert stats["jobs"]["orphaned"] == 1 and stats["jobs"]["submitted"] == 1


def test_an_orphan_keeps_its_time_limit(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=200)
    client = server.client()
    client.submit("a", "crash", "loop-term", timeout_ms=400, notify=["started"])
    client.event("started")
    client.reset()
    server.wait_stats(lambda s: s["jobs"]["orphaned"] == 1, "the orphan stopped by its limit")


def test_reset_in_the_middle_of_things(daemon):
    """At every point of a dialogue, fifty times; nothing is left behind."""
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
    """An orderly close looks like a half-close until something is written to it."""
    server = daemon(pool_start=2, pool_max=2)
    client = server.client()
    for n in range(4):
        client.submit(n, "sleep", '{"ms":60}')
    server.wait_stats(lambda s: s["jobs"]["submitted"] == 4, "the submits read")
    client.close()
    stats = server.wait_jobs(running=0, waiting=0)
    assert stats["jobs"]["submitted"] == 4
    assert server.client().done("echo", "x") == b"x"


# ---- slow ones


def test_slow_header(daemon):
    client = daemon(header_timeout_ms=300).client()
    begin = time.monotonic()
    client.send_raw('{"op":"ping"')
    fatal_too_slow(client)
    assert time.monotonic() - begin >= 0.28


def trickle(client, data, stop):
    try:
        for byte in data:
            if stop.wait(0.02):
                return
            client.sock.send(bytes([byte]))
    except OSError:
        pass


@pytest.mark.parametrize("what", ["header", "payload", "hello"])
def test_the_deadline_is_absolute(daemon, what):
    """A byte now and then does not move it."""
    server = daemon(header_timeout_ms=400, payload_timeout_ms=400, hello_timeout_ms=400)
    if what == "hello":
        client, data = server.client(hello=False), header(op="hello", protocol=1, client="c" * 400)
    else:
        client, data = server.client(), b'{"op":"ping","id":"' + b"x" * 400
        if what == "payload":
            client.send_raw(header(op="submit", id="a", module="echo", size=1000))
            data = b"x" * 900
    stop = threading.Event()
    thread = threading.Thread(target=trickle, args=(client, data, stop))
    thread.start()
    begin = time.monotonic()
    try:
        fatal_too_slow(client)
        assert time.monotonic() - begin < 3 * SCALE, "the bytes moved the deadline"
    finally:
        stop.set()
        thread.join()


def test_slow_payload(daemon):
    server = daemon(payload_timeout_ms=300)
    client = server.client()
    client.send_raw(header(op="submit", id="a", module="echo", context=[1.5], size=100) + b"x" * 99)
    events = fatal_too_slow(client)
    assert len(events) == 1, "a submit that was not read whole has no end of its own"
    check(events[0], "error", op="submit", id="a", context=[1.5])
    assert events[0]["message"].endswith('; payload of submit, id "a": 99 of 100 bytes came')
    client = server.client()
    client.send_raw(header(op="nonsense", id=7, size=100) + b"x")
    (event,) = fatal_too_slow(client)
    check(event, "error", op="nonsense", id=7)
    assert event["message"].endswith("; payload of a request, id 7: 1 of 100 bytes came")
    client = server.client()
    client.send_raw(header(op="submit", id="b", modul="echo", context=2, size=100) + b"x")
    (event,) = fatal_too_slow(client)
    check(event, "error", op="submit", id="b", context=2)
    client = server.client()
    client.send_raw(header(op="ping", size=100) + b"x")
    (event,) = fatal_too_slow(client)
    check(event, "error", op="ping")
    assert "id" not in event and "context" not in event
    assert server.stats()["jobs"]["submitted"] == 0


def test_slow_payload_of_a_submit_with_a_living_jobs_id(daemon):
    """The error must not look like that job's end."""
    server = daemon(payload_timeout_ms=300)
    client = server.client()
    client.submit("a", "sleep", json.dumps({"ms": 1000, "value": "first"}))
    client.send_raw(header(op="submit", id="a", module="echo", context=2, size=100) + b"x")
    error = client.expect("error", code="too-slow", op="submit", context=2, fatal=True)
    assert "id" not in error, error
    assert client.expect("done", id="a").json() == "first"
    client.closed()


def test_hello_timeout(daemon):
    server = daemon(hello_timeout_ms=300)
    for opening in (b"", b'{"op":'):
        client = server.client(hello=False)
        client.send_raw(opening)
        fatal_too_slow(client)


def test_an_idle_client_is_not_too_slow(daemon):
    """The deadlines count from the first byte of something."""
    server = daemon(header_timeout_ms=100, payload_timeout_ms=100, hello_timeout_ms=100)
    client = server.client()
    check(client.run("sleep", '{"ms":500}'), "done")
    client.silent()


def test_too_slow_still_delivers_the_jobs(daemon):
    client = daemon(header_timeout_ms=150).client()
    client.submit("a", "sleep", '{"ms":500,"value":"late"}')
    client.send_raw("{")
    events = fatal_too_slow(client)
    assert [event.name for event in events] == ["error", "done"]


def test_the_clock_stands_still_while_the_server_does_not_read(daemon):
    """A client is not read from because it does not read; that is no slowness of its sending."""
    server = daemon(
        pool_start=1, pool_max=1, header_timeout_ms=300, payload_timeout_ms=300, output_timeout_ms=60000
    )
    client = server.client(receive_buffer=4096)
    for n in range(2):
        client.submit(n, "crash", "big 8000000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 2, "results that nobody reads")
    # Half a message: if the server reads it, it is slow; if it does not, its clock stands still.
    data = message(b"y" * 100, op="submit", id="last", module="echo")
    client.send_raw(data[:20])
    begin = time.monotonic()
    server.wait_stats(lambda s: time.monotonic() - begin > 0.8, "twice the deadline")
    for n in range(2):
        event = client.outcome(n, 3 * DEADLINE)
        assert len(event.payload) == 8000000
    # Read from again, the message has its full time from here on; or the server had read its
    # start and has ended it. A client that sends late must expect that; what must not happen is
    # anything else.
    try:
        client.send_raw(data[20:])
        event = client.recv()
    except OSError:
        return
    if event.name == "error":
        check(event, "error", code="too-slow")
    else:
        check(event, "done", id="last")


# ---- clients that do not read


def test_a_client_that_does_not_read_is_not_read_from(daemon):
    """Pings without end: our sending blocks, the server's memory does not grow."""
    server = daemon(output_timeout_ms=60000)
    client = server.client(receive_buffer=4096)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    before = proc.rss_kb(server.pid)
    client.sock.setblocking(False)
    chunk = b"".join(header(op="stats", id=n) for n in range(1000))
    sent = 0

    def blocked():
        nonlocal sent
        try:
            while sent < 200 << 20:
                sent += client.sock.send(chunk[sent % len(chunk) :])
        except BlockingIOError:
            pass
        return sent

    looks = []

    def stuck():
        looks.append(blocked())
        return len(looks) > 60 and looks[-1] == looks[-60]

    wait_until(stuck, "nothing more goes out, over many looks", interval=0.01)
    assert sent < 200 << 20, "the server read 200 MB from a client that reads nothing"
    growth = proc.rss_kb(server.pid) - before
    assert growth < 20000 * (3 if SANITIZED else 1), f"{growth} KiB more memory"
    with server.client() as other:
        assert other.done("echo", "x") == b"x"
    # It reads again, and all that it asked for is there.
    whole = sent // len(chunk) * 1000
    for n in range(min(whole, 3000)):
        assert client.event("stats")["id"] == n % 1000


def test_answers_are_not_made_for_a_client_that_does_not_take_them(daemon):
    """A read may bring thousands of requests; those that are not answered yet wait as requests. Answered all
    at once, they would exceed what may wait for a client, and it would be closed."""
    server = daemon(payload_max=1 << 19, client_output_max=1 << 20, pool_start=16, pool_max=16)
    server.wait_idle(16)
    client = server.client(receive_buffer=4096)
    server.signal(signal.SIGSTOP)
    client.send_raw(header(op="workers") * 5000)
    server.signal(signal.SIGCONT)
    with server.client() as other:
        assert other.done("echo", "x") == b"x"
    for _ in range(5000):
        assert len(client.event("workers").json()) == 16
    client.silent()


@pytest.mark.parametrize("receive_buffer", [2048, 4096, 12000, 50000])
def test_jobs_of_a_client_that_does_not_read_wait(daemon, receive_buffer):
    """While a quarter of client-output-max is unread, no further job of it begins; others pass them, and
    when it reads, it gets them all. How much the kernel takes decides where a result is cut, so several
    receive buffers are tried."""
    quarter, result, piece = 2 << 20, 250000, 16384
    # Held beyond a quarter: what two workers run, a result that is half taken, and for each result a
    # piece of the output with its event.
    most_held = quarter + 3 * result + (quarter // result + 4) * piece
    server = daemon(
        pool_start=2,
        pool_max=2,
        job_max=300,
        payload_max=300000,
        client_output_max=4 * quarter,
        output_timeout_ms=60000,
    )
    client = server.client(receive_buffer=receive_buffer)
    client.send_raw(
        b"".join(message(f"big {result}", op="submit", id=n, module="crash") for n in range(200))
    )
    server.wait_stats(
        lambda s: s["output"]["bytes"] > quarter and s["jobs"]["running"] == 0, "nothing more begun"
    )
    other = server.client()
    for n in range(100):
        assert other.done("echo", str(n), id=n) == str(n).encode()
    stats = server.stats()
    assert stats["output"]["bytes"] < most_held and stats["queue"]["waiting"] > 100, (most_held, stats)
    assert [worker["state"] for worker in server.workers()] == ["idle", "idle"]
    job = f"{other.hello_event['boot']}-200"  # one that waits; the client itself is not read from
    other.send(op="cancel", job=job)
    other.event("ok", state="waiting")
    for n in range(200):
        event = client.find(lambda e: e.ends_submit(), what="an end")
        assert event.name == ("failed" if event["id"] == 199 else "done"), event
        assert event["id"] == 199 or len(event.payload) == result
    server.wait_stats(lambda s: s["output"]["bytes"] == 0, "all of it taken")
    assert not server.log.events("client-dropped")


def held(daemon):
    """A server, and a client that reads nothing: some of its 200 jobs have run, the others wait for it to read."""
    server = daemon(pool_start=1, pool_max=1, job_max=300, payload_max=300000, client_output_max=1 << 20)
    client = server.client(receive_buffer=4096)
    client.send_raw(
        b"".join(message("big 250000", op="submit", id=n, module="crash") for n in range(200))
    )
    server.wait_stats(
        lambda s: s["output"]["bytes"] > 1 << 18 and s["jobs"]["running"] == 0, "nothing more begun"
    )
    return server, client


def test_a_client_that_goes_takes_its_held_jobs_with_it(daemon):
    server, client = held(daemon)
    assert server.stats()["queue"]["waiting"] > 100
    client.reset()
    jobs = server.wait_jobs(running=0, waiting=0)["jobs"]
    assert jobs["dropped"] > 100 and jobs["done"] + jobs["dropped"] == 200, jobs
    assert server.client().done("echo", "x") == b"x"


def test_a_drain_tells_of_held_jobs(daemon):
    server, client = held(daemon)
    server.signal(signal.SIGTERM)
    ends = [client.find(lambda e: e.ends_submit(), what="an end") for _ in range(200)]
    assert {e["reason"] for e in ends if e.name == "failed"} == {"shutdown"}
    assert all(len(e.payload) == 250000 for e in ends if e.name == "done")
    client.closed()
    assert server.wait_exit() == 0


def test_a_client_that_takes_no_data_for_too_long_is_gone(daemon):
    server = daemon(pool_start=1, output_timeout_ms=400)
    client = server.client(receive_buffer=4096)
    for n in range(3):
        client.submit(n, "crash", "big 8000000")
    server.wait_stats(lambda s: s["jobs"]["done"] >= 1, "a result")
    server.wait_stats(lambda s: s["clients"]["connected"] == 1, "the client gone")
    assert "output-timeout-ms" in server.log.wait("client-dropped")["why"]


def test_a_slow_reader_that_does_read_gets_everything(daemon):
    """It takes much longer for all than it may take for nothing."""
    timeout_s = 0.5 * SCALE
    server = daemon(pool_start=1, output_timeout_ms=int(timeout_s * 1000))
    client = server.client(receive_buffer=65536)
    client.submit("a", "crash", "big 16000000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 1, "the result")
    received, begin = 0, time.monotonic()
    client.sock.settimeout(DEADLINE)
    while received < 16000000:
        piece = client.sock.recv(16000000 // 100)
        assert piece, f"closed after {received} bytes"
        received += len(piece)
        time.sleep(timeout_s / 50)  # the pace is what is tested
    assert time.monotonic() - begin > timeout_s
    # What is beyond is the header.
    assert received < 16000000 + 4096


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
    # A tenth of a second on an idle machine; starving would be the flood's whole length.
    assert slowest < DEADLINE / 2, f"an exchange took {slowest:.1f} s beside the flood"


# ---- memory


def test_memory_is_taken_as_payloads_arrive(daemon):
    """Fifty clients that announce 16 MiB each and send nothing cost next to nothing."""
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
    """Our own copy of the master's end of a connection."""
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


# ---- deadlines, and a server that was held up for less than it forgives


def held_up(server, seconds, meanwhile):
    """Stops the server for so long; meanwhile() happens in that time."""
    begin = time.monotonic()
    server.signal(signal.SIGSTOP)
    wait_until(lambda: proc.stat(server.pid)[0] == "T", "the server stopped")
    meanwhile()
    wait_until(lambda: time.monotonic() - begin > seconds, "the time over", timeout=2 * DEADLINE)
    server.signal(signal.SIGCONT)


def test_a_hello_that_came_in_time_is_read_before_its_deadline_is_believed(daemon):
    server = daemon(hello_timeout_ms=500 * SCALE)
    client = server.client(hello=False)
    server.log.wait("client-connected")
    held_up(server, 0.5 * SCALE + 0.3, lambda: client.send(op="hello", protocol=1))
    client.expect("hello")


def test_a_client_that_made_room_in_time_is_not_too_slow(daemon):
    server = daemon(pool_start=1, output_timeout_ms=600 * SCALE)
    client = server.client(receive_buffer=4096)
    client.submit("a", "crash", "big 16000000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 1, "the result")
    received = 0

    def read(until_silent):
        nonlocal received
        client.sock.settimeout(0.1 if until_silent else DEADLINE)
        with contextlib.suppress(TimeoutError):
            while received < 16000000:
                piece = client.sock.recv(1 << 20)
                assert piece, f"closed after {received} bytes"
                received += len(piece)

    held_up(server, 0.6 * SCALE + 0.3, lambda: read(True))
    read(False)
    assert received >= 16000000
