"""Issue item 8: clients may send slowly, read slowly, or not read at all."""

import contextlib
import json
import signal
import socket
import threading
import time

import pytest

from harness import proc
from harness.client import check, header, message, start
from harness.wait import DEADLINE, SANITIZED, SCALE, wait_until


def fatal_too_slow(client, timeout=DEADLINE):
    events = client.rest(timeout)
    errors = [event for event in events if event.name == "error"]
    assert len(errors) == 1, events
    check(errors[0], "error", code="too-slow", fatal=True)
    return events


# ---- slow requests


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
    """A byte now and then does not move the deadline."""
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
    assert len(events) == 1, "an incomplete submit has no end of its own"
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
    """The error must not look like the end of the unfinished job."""
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
    """A deadline counts from the first byte of a header or payload."""
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
    """The server does not read from a client with too much unread output. That pause is not the client's slowness."""
    server = daemon(
        pool_start=1, pool_max=1, header_timeout_ms=300, payload_timeout_ms=300, output_timeout_ms=60000
    )
    client = server.client(receive_buffer=4096)
    for n in range(2):
        client.submit(n, "crash", "big 8000000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 2, "unread results")
    # Half a message: if the server has read it, the client is slow; otherwise the clock stands still.
    data = message(b"y" * 100, op="submit", id="last", module="echo")
    client.send_raw(data[:20])
    begin = time.monotonic()
    server.wait_stats(lambda s: time.monotonic() - begin > 0.8, "twice the deadline")
    for n in range(2):
        event = client.outcome(n, 3 * DEADLINE)
        assert len(event.payload) == 8000000
    # Either the server reads again, and the message has its full time from here on. Or the server had read the
    # message's start and has ended the connection; a late client must expect that. No other outcome is allowed.
    try:
        client.send_raw(data[20:])
        event = client.recv()
    except OSError:
        return
    if event.name == "error":
        check(event, "error", code="too-slow")
    else:
        check(event, "done", id="last")


# ---- clients reading late or never


def test_a_client_that_does_not_read_is_not_read_from(daemon):
    """Requests without end: our sending blocks, and the server's memory does not grow."""
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
    assert sent < 200 << 20, "the server read 200 MB from a client that does not read"
    growth = proc.rss_kb(server.pid) - before
    assert growth < 20000 * (3 if SANITIZED else 1), f"{growth} KiB more memory"
    with server.client() as other:
        assert other.done("echo", "x") == b"x"
    # The client reads again, and gets all its answers.
    whole = sent // len(chunk) * 1000
    for n in range(min(whole, 3000)):
        assert client.event("stats")["id"] == n % 1000


def test_answers_are_not_made_for_a_client_that_does_not_take_them(daemon):
    """One read may bring thousands of requests. They wait as requests, because all answers at once would exceed
    client-output-max and end the connection."""
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
    """While a quarter of client-output-max is unread, no further job of this client begins. Other clients' jobs pass,
    and once the client reads, it gets all its results. The kernel's buffer decides where a result is cut, so the test
    tries several sizes."""
    quarter, result, piece = 2 << 20, 250000, 16384
    # Beyond the quarter, the server holds the results of two running jobs, one half-sent result, and for each result a
    # piece of output with its event.
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
    job = f"{other.hello_event['boot']}-200"  # a waiting job; the server reads nothing from its own client
    other.send(op="cancel", job=job)
    other.event("ok", state="waiting")
    for n in range(200):
        event = client.find(lambda e: e.ends_submit(), what="an end")
        assert event.name == ("failed" if event["id"] == 199 else "done"), event
        assert event["id"] == 199 or len(event.payload) == result
    server.wait_stats(lambda s: s["output"]["bytes"] == 0, "all of it taken")
    assert not server.log.events("client-dropped")


def held(daemon):
    """A server, and a client that does not read: some of its 200 jobs have run, the others are held."""
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
    """Reading everything takes much longer than the limit for a pause between two reads."""
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
        time.sleep(timeout_s / 50)  # the pace is the subject of the test
    assert time.monotonic() - begin > timeout_s
    # The rest is the header.
    assert received < 16000000 + 4096


# ---- deadlines after a pause of the server itself


def held_up(server, seconds, meanwhile):
    """Stops the server for so many seconds, and calls meanwhile() in that time."""
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
