"""Protocol section 8: workers break the protocol, and strangers connect to the workers' port."""

import fcntl
import os
import signal
import socket
import struct
import sys

import pytest

from harness import fake_worker as wire
from harness import proc
from harness.client import check
from harness.fakes import FakeWorker, release
from harness.wait import DEADLINE, wait_until


@pytest.fixture
def fake(daemon, tmp_path):
    """A daemon with fake workers, and a client of it."""
    worker = FakeWorker(tmp_path)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1)
    server.wait_idle(1)
    server.fake = worker
    return server


def test_the_fake_worker_works(fake):
    """Otherwise the tests below would prove nothing."""
    client = fake.client()
    assert client.done("echo", "ok some words") == b"some words"
    check(client.run("echo", "what"), "failed", reason="module", code="no-command")
    assert fake.stats()["pool"]["exits"] == 0


# ---- death beside a result


@pytest.mark.parametrize("how", ["whole-then-die", "whole-then-exit"])
def test_complete_result_and_death_at_the_same_moment_is_done_once(fake, how):
    client = fake.client()
    for n in range(15):
        event = client.run("echo", f"{how} result {n}", id=n)
        check(event, "done", id=n)
        assert event.payload == b"result %d" % n
        # The next job must not go to the dying worker.
        fake.wait_stats(
            lambda s: s["pool"]["exits"] == n + 1 and s["pool"]["idle"] == 1, "the replacement"
        )
    client.silent()


@pytest.mark.parametrize("size", [60000, 3000000])
def test_a_large_result_and_death_at_the_same_moment(fake, size):
    """The master reads everything from the socket before it handles the death."""
    client = fake.client()
    for n in range(5):
        event = client.run("echo", f"large-then-die {size}", id=n)
        check(event, "done", size=size)
        assert event.payload == b"x" * size
        fake.wait_stats(
            lambda s: s["pool"]["exits"] == n + 1 and s["pool"]["idle"] == 1, "the replacement"
        )


def test_a_result_in_the_shared_memory(fake):
    client = fake.client()
    for n in range(100):
        assert client.done("echo", f"slot result {n}", id=n) == b"result %d" % n
    assert fake.stats()["pool"]["exits"] == 0


@pytest.mark.parametrize("how", ["slot-then-die", "slot-untold-then-die"])
def test_complete_result_in_the_shared_memory_and_death(fake, how):
    client = fake.client()
    for n in range(5):
        event = client.run("echo", f"{how} result {n}", id=n)
        check(event, "done")
        assert event.payload == b"result %d" % n
        fake.wait_stats(
            lambda s: s["pool"]["exits"] == n + 1 and s["pool"]["idle"] == 1, "the replacement"
        )
    client.silent()


@pytest.mark.parametrize("how", ["slot-too-large", "slot-untold-too-large-then-die"])
def test_a_result_beyond_its_slot(fake, how):
    client = fake.client()
    pid = int(client.done("echo", "pid"))
    check(client.run("echo", how), "failed", reason="error")
    wait_until(lambda: not proc.alive(pid), "the worker killed")
    assert client.done("echo", "ok next") == b"next"


def test_noise_in_the_shared_memory(fake):
    """Noise can hurt only the worker's own job."""
    client = fake.client()
    for n in range(10):
        event = client.run("echo", "slots-full-of-noise x", id=n)
        assert event.name in ("done", "failed"), event
        if event.name == "failed":
            check(event, "failed", reason="error")
        assert client.done("echo", "ok next", id="next") == b"next"


def test_complete_failure_and_death_at_the_same_moment(fake):
    client = fake.client()
    check(client.run("echo", "failed-then-die"), "failed", reason="module", code="own-code", message="text")
    client.silent()


@pytest.mark.parametrize("how", ["half-then-die", "half-head-then-die"])
def test_half_a_result_and_death(fake, how):
    client = fake.client()
    check(client.run("echo", f"{how} {'x' * 100}"), "failed", reason="error", signal="SIGKILL")
    assert client.done("echo", "ok next") == b"next"
    client.silent()


@pytest.mark.parametrize("by", ["timeout", "cancel", "kill", "reset"])
@pytest.mark.parametrize("start, size", [("ready-then-hang", 8000000), ("ok", 0)])
def test_a_worker_that_hangs_in_the_middle_of_a_message(daemon, tmp_path, by, start, size):
    """The worker stops reading within a large job, or sends half a result. A stop works all the same. In the first case
    the job has not begun: its time limit has not begun either, and another worker does it."""
    worker = FakeWorker(tmp_path, start=start, times=1 if size else None)
    server = daemon(
        worker_path=worker.path, pool_start=1, pool_max=1, kill_grace_ms=200, begin_timeout_ms=600, dead_kill_ms=200
    )
    server.wait_idle(1)
    client = server.client()
    payload = b"ok " + b"x" * size if size else b"half-then-hang"
    limit = {"timeout_ms": 300} if by in ("timeout", "reset") else {}
    client.submit("a", "echo", payload, notify=["started"], **limit)
    client.event("started")
    if by in ("cancel", "kill"):
        client.send(op=by, target="a")
    if by == "reset":
        client.reset()
        server.wait_stats(lambda s: s["jobs"]["dropped" if size else "orphaned"] == 1, "the orphan gone")
    elif by == "timeout" and size:
        check(client.outcome("a"), "done", size=size)
    else:
        reason = "timeout" if by == "timeout" else "cancelled"
        check(client.outcome("a"), "failed", reason=reason)
    with server.client() as other:
        assert other.done("echo", "ok next", timeout=2 * DEADLINE) == b"next"
    server.wait_stats(lambda s: s["queue"]["bytes"] == 0, "the bytes given back")


@pytest.mark.parametrize("how", ["close-then-hang", "half-close-then-hang"])
def test_end_of_input_without_a_death(fake, how):
    """The worker is killed, and its job fails soon."""
    client = fake.client()
    pid = int(client.done("echo", "pid"))
    check(client.run("echo", how), "failed", reason="error")
    wait_until(lambda: not proc.alive(pid), "the worker killed")
    assert client.done("echo", "ok next") == b"next"


# ---- breaches of the protocol


BROKEN = [
    "other-job",
    "earlier-job",
    "job-zero",
    "ready-again",
    "hello-again",
    "master-message",
    "unknown-type",
    "bad-magic",
    "noise",
    "bad-kind",
    "kind-none",
    "text-too-long",
    "size-too-large",
]


@pytest.mark.parametrize("how", BROKEN)
def test_a_worker_that_breaks_its_protocol_is_killed(fake, how):
    client = fake.client()
    client.done("echo", "ok earlier", id="earlier")
    pid = int(client.done("echo", "pid"))
    event = client.run("echo", how, id="a", context="mine")
    check(event, "failed", context="mine")
    if how == "size-too-large":
        assert event["reason"] in ("error", "too-large"), event
    else:
        check(event, "failed", reason="error")
    wait_until(lambda: not proc.alive(pid), "the worker killed")
    fake.log.wait("worker-protocol")
    assert client.done("echo", "ok next") == b"next"
    client.silent()
    fake.wait_stats(lambda s: s["pool"]["exits"] == 1 and s["pool"]["idle"] == 1, "the replacement")


@pytest.mark.parametrize("how", ["twice", "done-and-failed", "slot-and-message"])
def test_a_worker_that_answers_twice_is_killed(fake, how):
    """The first answer counts. The second costs the worker, but not the next job."""
    client = fake.client()
    pid = int(client.done("echo", "pid"))
    event = client.run("echo", f"{how} result", id="a")
    check(event, "done")
    assert event.payload == b"result"
    wait_until(lambda: not proc.alive(pid), "the worker killed")
    fake.log.wait("worker-protocol")
    client.silent()
    assert client.done("echo", "ok next") == b"next"


# ---- parts and reports on progress


WANTED = ["part", "progress"]


def test_parts_and_wild_reports_make_valid_events(fake):
    client = fake.client()
    client.submit(1, "echo", "parts rest", notify=WANTED)
    for seq, part in enumerate([b"one", b"", b"three"]):
        assert client.expect("part", id=1, seq=seq, size=len(part)).payload == part
    assert client.expect("done", id=1).payload == b"rest"
    client.submit(2, "echo", "wild-report", notify=WANTED)
    assert client.expect("progress", id=2, fraction=0)["message"]
    client.expect("done", id=2, size=0)  # the second report has the count of the first


@pytest.mark.parametrize("how", ["part-and-half-then-die", "part-and-half-head-then-die"])
def test_half_a_part_and_death(fake, how):
    client = fake.client()
    client.submit(1, "echo", how, notify=WANTED)
    assert client.expect("part", id=1, seq=0).payload == b"one"
    client.expect("failed", id=1, reason="error", signal="SIGKILL")
    assert client.done("echo", "ok next") == b"next"


BROKEN_PARTS = [
    "part-of-another-job",
    "part-too-large",
    "part-with-text",
    "parts-of-an-unfit-worker",
    "report-of-another-job",
    "report-too-short",
    "report-too-long",
]


@pytest.mark.parametrize("how", BROKEN_PARTS)
def test_a_worker_with_broken_parts_or_reports_is_killed(fake, how):
    client = fake.client()
    pid = int(client.done("echo", "pid"))
    check(client.run("echo", how, notify=WANTED), "failed", reason="error")
    wait_until(lambda: not proc.alive(pid), "the worker killed")
    fake.log.wait("worker-protocol")
    assert client.done("echo", "ok next") == b"next"


def test_a_part_that_nobody_wants(fake):
    client = fake.client()
    check(client.run("echo", "parts"), "failed", reason="error")
    fake.log.wait("worker-protocol")
    assert client.done("echo", "ok next") == b"next"


def test_a_part_behind_the_end(fake):
    client = fake.client()
    pid = int(client.done("echo", "pid"))
    check(client.run("echo", "part-behind-done result", notify=WANTED), "done", size=6)
    wait_until(lambda: not proc.alive(pid), "the worker killed")
    assert client.done("echo", "ok next") == b"next"


def test_an_answer_before_any_job(daemon, tmp_path):
    """The worker is killed for it, and no other worker's job is harmed."""
    worker = FakeWorker(tmp_path, start="answer-before-run", times=1)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1)
    note = worker.wait_notes()[0]
    wait_until(lambda: not proc.alive(note["pid"]), "the worker killed")
    client = server.client()
    assert client.done("echo", "ok next") == b"next"


@pytest.mark.parametrize("how", ["wild-words", "name-without-end"])
def test_a_failures_wild_words_make_a_valid_event(fake, how):
    """Control characters are replaced, the message is cut, and the code is of [a-z0-9-]. The client class parses the
    header as JSON and checks its length."""
    event = fake.client().run("echo", how)
    check(event, "failed")
    if event["reason"] == "module":
        assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in event["code"]), event
        assert 1 <= len(event["code"]) <= 64, event
        assert not any(ord(c) < 32 for c in event["message"]), event
        assert len(event["message"].encode()) <= 512, event
    else:
        check(event, "failed", reason="error")


# ---- strangers


def stranger(server):
    host, _, port = server.worker_address.rpartition(":")
    sock = socket.create_connection((host, int(port)), timeout=DEADLINE)
    sock.settimeout(DEADLINE)
    return sock


def closed_without_a_word(sock):
    """The master closes without sending anything."""
    try:
        data = sock.recv(65536)
    except ConnectionResetError:
        data = b""
    assert data == b"", f"sent to a stranger: {data!r}"
    sock.close()


STRANGERS = {
    "no token": b"",
    "garbage": b"GET / HTTP/1.0\r\n\r\n" + b"x" * 200,
    "client hello": b'{"op":"hello","protocol":1}\n' * 10,
    "zero token": wire.hello(1, bytes(32), release().encode()),
    "wrong token": wire.hello(1, os.urandom(32), release().encode()),
    "token of a worker 0": wire.hello(0, os.urandom(32), release().encode()),
    "token of a far worker": wire.hello(2**32 - 1, os.urandom(32), release().encode()),
    "ready": wire.head(wire.READY),
    "a result": wire.head(wire.DONE, 1, 2) + b"no",
    "huge size": wire.head(wire.HELLO, size=1 << 62, name=release().encode()),
    "huge text": wire.head(wire.HELLO, text_len=1 << 31, name=release().encode()),
    "wrong magic": wire.hello(1, os.urandom(32), release().encode(), magic=1),
    "no name": wire.hello(1, os.urandom(32), b""),
}


@pytest.mark.parametrize("data", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger_is_closed_and_no_job_leaves(daemon, data):
    server = daemon(pool_start=1, pool_max=2, start_timeout_ms=1000)
    server.wait_idle(1)
    sock = stranger(server)
    sock.sendall(data)
    client = server.client()
    jobs = [client.done("sleep", '{"ms":20,"value":1}', id=n) for n in range(10)]
    assert jobs == [b"1"] * 10
    closed_without_a_word(sock)
    assert server.stats()["pool"]["forks"] == 1


def test_a_stranger_that_closes_at_once(daemon):
    server = daemon(pool_start=1)
    server.wait_idle(1)
    for n in range(20):
        sock = stranger(server)
        sock.sendall(b"x" * n)
        if n % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    assert server.client().done("echo", "x") == b"x"


def test_a_used_token(fake):
    """The token of a living worker. The worker goes on unharmed."""
    note = fake.fake.wait_notes()[0]
    sock = stranger(fake)
    sock.sendall(wire.hello(note["worker"], bytes.fromhex(note["token"]), release().encode()))
    closed_without_a_word(sock)
    client = fake.client()
    assert int(client.done("echo", "pid")) == note["pid"]


def test_a_used_token_of_a_dead_worker(fake):
    note = fake.fake.wait_notes()[0]
    client = fake.client()
    check(client.run("echo", "whole-then-die"), "done")
    fake.wait_stats(lambda s: s["pool"]["exits"] == 1 and s["pool"]["idle"] == 1, "the replacement")
    sock = stranger(fake)
    sock.sendall(wire.hello(note["worker"], bytes.fromhex(note["token"]), release().encode()))
    closed_without_a_word(sock)
    assert client.done("echo", "ok next") == b"next"


def test_a_late_token(daemon, tmp_path):
    """A token is good until start-timeout-ms. Then the connection is closed, without any job."""
    worker = FakeWorker(tmp_path, start="never-connect", times=1)
    server = daemon(
        worker_path=worker.path, pool_start=0, pool_max=1, start_timeout_ms=400, job_max=10
    )
    client = server.client()
    client.submit("a", "echo", "ok x")
    note = worker.wait_notes()[0]
    wait_until(lambda: not proc.alive(note["pid"]), "the silent worker's death")
    sock = stranger(server)
    sock.sendall(wire.hello(note["worker"], bytes.fromhex(note["token"]), release().encode()))
    closed_without_a_word(sock)
    event = client.outcome("a")
    assert event.name == "done" or event["reason"] == "unavailable", event


def test_a_token_from_another_worker(daemon, tmp_path):
    """A right token with a wrong worker id."""
    worker = FakeWorker(tmp_path, start="never-connect")
    server = daemon(worker_path=worker.path, pool_start=2, pool_max=2, start_timeout_ms=60000)
    notes = worker.wait_notes(2)
    for a, b in ((0, 1), (1, 0)):
        sock = stranger(server)
        token = bytes.fromhex(notes[a]["token"])
        sock.sendall(wire.hello(notes[b]["worker"], token, release().encode()))
        closed_without_a_word(sock)


def test_another_release_is_refused(daemon, tmp_path):
    """Both sides compare their releases. A worker of another release gets no job."""
    worker = FakeWorker(tmp_path, start="never-connect")
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1, start_timeout_ms=60000)
    note = worker.wait_notes()[0]
    sock = stranger(server)
    sock.sendall(wire.hello(note["worker"], bytes.fromhex(note["token"]), b"99.0.0"))
    closed_without_a_word(sock)


def test_the_worker_refuses_a_master_of_another_release(tmp_path):
    """The real worker, with a page of the test and a master of another release: the worker exits."""
    from harness.daemon import WORKER

    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(DEADLINE)
    worker = start_worker(WORKER, listener.getsockname())
    try:
        sock, _ = listener.accept()
        sock.settimeout(DEADLINE)
        data = b""
        while len(data) < wire.HEAD.size + wire.HELLO_BODY.size:
            data += sock.recv(4096)
        fields = wire.HEAD.unpack(data[: wire.HEAD.size])
        assert fields[0] == wire.MAGIC and fields[1] == wire.HELLO
        assert fields[-1].rstrip(b"\0") == release().encode()
        assert wire.HELLO_BODY.unpack(data[wire.HEAD.size :]) == (7, b"t" * 32)
        sock.sendall(wire.head(wire.WELCOME, size=2, name=b"99.0.0") + b"{}")
        assert worker.wait(DEADLINE) != 0
    finally:
        proc.end(worker)
        listener.close()


def start_worker(path, address):
    """Starts a real worker like the master, with the page and the life pipe."""
    page = os.memfd_create("page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    raw = struct.pack("=H", socket.AF_INET) + struct.pack("!H", address[1])
    raw += socket.inet_aton(address[0])
    os.write(page, wire.PAGE.pack(wire.PAGE_MAGIC, 7, b"t" * 32, raw.ljust(128, b"\0"), 16, 1024, 0))
    os.ftruncate(page, 4 << 20)  # at least struct worker_shared
    fcntl.fcntl(page, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    life, other = os.pipe()

    def place():
        # Move both out of the way first: one may have the number wanted for the other.
        a, b = os.dup2(page, 100), os.dup2(life, 101)
        os.dup2(a, wire.PAGE_FD)
        os.dup2(b, wire.LIFE_FD)
        os.closerange(5, 200)

    try:
        return proc.spawn(
            [path], preexec_fn=place, close_fds=False, stdin=-3, stdout=-3, stderr=-3
        )
    finally:
        os.close(page)
        os.close(life)
        # The writing end stays open: its close would mean the master's death.
        _kept.append(other)


_kept = []


def test_the_number_of_unauthenticated_connections_is_capped(daemon):
    """300 strangers do not take 300 descriptors. The pool recovers after their time-out."""
    server = daemon(pool_start=1, pool_max=2, start_timeout_ms=1500)
    server.wait_idle(1)
    before = len(proc.descriptors(server.pid))
    socks = [stranger(server) for _ in range(300)]
    assert server.client().done("echo", "x") == b"x"
    held = len(proc.descriptors(server.pid)) - before
    assert held < 250, f"{held} descriptors for strangers"
    client = server.client()
    client.submit("busy", "sleep", '{"ms":60000}')
    event = client.run("echo", "grown", id="b", timeout=3 * DEADLINE)
    check(event, "done")
    client.send(op="kill", target="busy")
    client.outcome("busy")
    for sock in socks:
        closed_without_a_word(sock)


def crowd(server, count):
    """So many connected, silent strangers."""
    return [stranger(server) for _ in range(count)]


def test_a_worker_among_a_crowd_of_strangers(daemon, tmp_path):
    """The crowd comes before and behind the worker, faster than the server accepts. The worker is still heard."""
    worker = FakeWorker(tmp_path, start="never-connect", times=1)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1, start_timeout_ms=60000)
    note = worker.wait_notes()[0]
    server.signal(signal.SIGSTOP)
    wait_until(lambda: proc.stat(server.pid)[0] == "T", "the server stopped")
    before = crowd(server, 350)
    sock = stranger(server)
    sock.sendall(wire.hello(note["worker"], bytes.fromhex(note["token"]), release().encode()))
    behind = crowd(server, 350)
    server.signal(signal.SIGCONT)
    assert sock.recv(wire.HEAD.size, socket.MSG_WAITALL)[:4] == struct.pack("=I", wire.MAGIC)
    for other in before + behind:
        other.close()
    sock.close()


def test_half_a_hello_is_waited_for_in_a_crowd(daemon, tmp_path):
    """Silent connections end first."""
    worker = FakeWorker(tmp_path, start="never-connect", times=1)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1, start_timeout_ms=60000)
    note = worker.wait_notes()[0]
    hello = wire.hello(note["worker"], bytes.fromhex(note["token"]), release().encode())
    sock = stranger(server)
    sock.sendall(hello[:100])
    others = crowd(server, 350)
    closed_without_a_word(others[0])
    sock.sendall(hello[100:])
    assert sock.recv(wire.HEAD.size, socket.MSG_WAITALL)[:4] == struct.pack("=I", wire.MAGIC)
    for other in others[1:]:
        other.close()
    sock.close()


FLOODER = """
import itertools, socket, struct, sys
address = (sys.argv[1], int(sys.argv[2]))
reset = struct.pack("ii", 1, 0)
held = [None] * 500
for n in itertools.count():
    sock = socket.socket()
    sock.settimeout(0.02)
    try:
        sock.connect(address)
    except OSError:
        continue
    if held[n % 500]:
        held[n % 500].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        held[n % 500].close()
    held[n % 500] = sock
"""


def test_workers_start_while_others_connect_without_end(daemon):
    server = daemon(pool_start=3, pool_max=3, start_timeout_ms=60000)
    server.wait_idle(3)
    host, _, port = server.worker_address.rpartition(":")
    arguments = [sys.executable, "-IS", "-c", FLOODER, host, port]
    flooders = [proc.spawn(arguments, stdin=-3, stdout=-3, stderr=-3) for _ in range(2)]
    try:
        server.log.wait("stranger")
        client = server.client()
        for _ in range(3):
            before = set(server.worker_pids())
            server.signal(signal.SIGHUP)
            server.wait_stats(
                lambda s: s["pool"]["idle"] == 3 and not before & set(server.worker_pids()),
                "new workers",
                3 * DEADLINE,
            )
            assert client.done("echo", "x", timeout=3 * DEADLINE) == b"x"
    finally:
        for flooder in flooders:
            proc.end(flooder)
    assert "start-failed" not in server.log.text()


def test_the_worker_port_is_on_loopback(daemon):
    assert daemon().worker_address.startswith("127.0.0.1:")


@pytest.mark.parametrize("address", ["127.0.0.2:", "[::1]:"])
def test_worker_listen_is_configurable(daemon, address):
    if address.startswith("[") and not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 on this machine")
    server = daemon(worker_listen=f"{address}0")
    assert server.worker_address.startswith(address)
    assert server.client().done("echo", "x") == b"x"
