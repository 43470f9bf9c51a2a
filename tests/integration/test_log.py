"""Issue item 10: the log. It records every event, and never stops the master."""

import fcntl
import glob
import json
import os
import re
import socket

import pytest

from harness import proc
from harness.client import check, header
from harness.daemon import read_until_lost
from harness.wait import DEADLINE, wait_until

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LONG_SLEEP = json.dumps({"ms": 60000})
LEVELS = {"debug", "info", "warn", "error"}


def test_every_line_is_an_event(daemon):
    server = daemon(pool_start=2)
    client = server.client(client="me/1.0")
    client.done("echo", "x")
    client.run("crash", "kill")
    client.send_raw("garbage\n")
    client.rest()
    for line in server.log.text().split("\n")[:-1]:
        event = json.loads(line)
        assert {"time", "level", "event"} <= set(event), event
        assert event["level"] in LEVELS
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", event["event"]), event
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event


def test_text_format(daemon, tmp_path):
    server = daemon.make({"log_format": "text", "listen": f"unix:{tmp_path}/sock"})
    server.stderr = open(server.log.path, "ab")
    try:
        server.start()
        server.client().done("echo", "x")
    finally:
        server.stderr.close()
    for line in server.log.lines():
        assert re.match(r"\d{4}-\d\d-\d\dT\S+Z (debug|info|warn|error) [a-z-]+ \w+=", line), line
    assert f"address=unix:{tmp_path}/sock" in server.log.text()


def test_lines_carry_worker_job_and_client(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    event = client.run("crash", "kill")
    (lost,) = server.log.events("worker-lost")
    ended = server.log.wait("worker-ended")
    assert (lost["job"], lost["worker"]) == (event["job"], 1), lost
    assert (ended["worker"], ended["pool"], ended["reason"], ended["jobs_done"]) == (1, "default", "signal", 0)
    client.send_raw("garbage\n")
    client.rest()
    assert any(
        "client" in line for line in server.log.events() if line["event"].startswith("client")
    )


def test_log_level(daemon, tmp_path):
    server = daemon.make({"log_level": "error", "listen": f"unix:{tmp_path}/sock"})
    server.stderr = open(server.log.path, "ab")
    try:
        server.start()
        server.client().done("echo", "x")
    finally:
        server.stderr.close()
    assert server.log.text() == ""


def test_info_is_a_few_lines_a_worker_and_none_a_job(daemon):
    server = daemon(log_level="info", pool_start=1, pool_max=1)
    server.wait_idle(1)
    client = server.client()
    client.done("echo", "x")
    before = len(server.log.lines())
    for n in range(50):
        client.done("echo", "x", id=n)
    assert len(server.log.lines()) - before < 5


# A function with the event's name as a parameter counts like log_event(); the log_event() within it does not count.
LOG_CALL = re.compile(
    r'\b(?:log_event|log_emit|line_start)\((?!level, event)'
    r'((?:[^;"]|"[a-z-]+")*?"[a-z-]+"(?: : "[a-z-]+")?)[,)]'
)


def logged_events():
    """The (level, name) pairs of the sources; all combinations where a call may log several."""
    found = set()
    for path in glob.glob(f"{ROOT}/src/**/*.c", recursive=True):
        with open(path, encoding="utf-8") as file:
            for call in LOG_CALL.findall(file.read()):
                names = re.findall(r'"([a-z-]+)"', call)
                levels = re.findall(r"LOG_(DEBUG|INFO|WARN|ERROR)\b", call)
                found |= {(level.lower(), name) for level in levels or ["any"] for name in names}
    return found


def test_the_manual_has_every_event_with_its_level():
    with open(f"{ROOT}/doc/taskmasterd.8", encoding="utf-8") as file:
        page = file.read()
    section = re.search(r"^\.Sh LOG\n(.*?)^\.Sh ", page, re.M | re.S)[1]
    described = {
        (level, name)
        for name, levels in re.findall(r"^\.It Ic (\S+) Pq (.*)", section, re.M)
        for level in re.findall(r"any|info|warn|error", levels)
    }
    described |= {("debug", name) for name in re.findall(r"^\.Ic (\S+)", section, re.M)}
    logged = logged_events()
    assert len(logged) > 30
    assert described <= logged, described - logged
    assert not logged - described


# ---- episodes


def test_queue_full_is_one_line_per_episode(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=2)
    client = server.client()
    for episode in (1, 2):
        client.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
        client.begun()
        for n in range(12):
            client.submit(n, "echo")
        for n in range(2, 12):
            check(client.outcome(n), "overload")
        line = server.log.wait("queue-full", count=episode)
        assert line["level"] == "warn"
        text = json.dumps(line)
        assert "job-max" in text and re.search(r"\b2\b", text), f"no figures or no setting: {line}"
        client.send(op="kill", target="busy")
        check(client.outcome("busy"), "failed")
        for n in range(2):
            check(client.outcome(n), "done")
        server.log.wait("queue-full-over", count=episode)
        assert len(server.log.events("queue-full")) == episode
        assert len(server.log.events("queue-full-over")) == episode


@pytest.mark.parametrize(
    "name, data",
    [
        ("client-error", b"no JSON\n"),
        ("client-truncated", b"no line's end"),
        ("stranger", b"x" * 1000),
    ],
)
def test_strangers_cannot_flood_the_log(daemon, name, data):
    server = daemon(log_level="info")
    address = server.worker_address if name == "stranger" else server.address
    host, _, port = address.rpartition(":")
    count = 400
    for _ in range(count):
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as sock:
            sock.settimeout(DEADLINE)
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            try:
                while sock.recv(4096):
                    pass
            except ConnectionError:
                pass

    def told():
        lines = server.log.events("lines-left-out", of=name)
        return len(server.log.events(name)), sum(line["lines"] for line in lines)

    wait_until(lambda: sum(told()) == count, f"{count} lines, written or counted")
    written, left_out = told()
    assert left_out and written < count / 2, f"{written} lines for {count} strangers"
    assert len(server.log.events("lines-left-out")) <= written / 10 + 1


def test_pool_exhausted_is_one_line_per_episode(daemon):
    server = daemon(pool_start=1, pool_max=2, job_max=50)
    client = server.client()
    for episode in (1, 2):
        for n in range(2):
            client.submit(f"busy-{n}", "sleep", LONG_SLEEP, notify=["started"])
            client.begun(id=f"busy-{n}")
        for n in range(10):
            client.submit(n, "echo", notify=["accepted"])
            client.event("accepted", id=n)
        line = server.log.wait("pool-exhausted", count=episode)
        text = json.dumps(line)
        assert "pool-max" in text and re.search(r"\b2\b", text), f"no figures or no setting: {line}"
        for n in range(2):
            client.send(op="kill", target=f"busy-{n}")
            check(client.outcome(f"busy-{n}"), "failed")
        for n in range(10):
            check(client.outcome(n), "done")
        server.log.wait("pool-exhausted-over", count=episode)
        assert len(server.log.events("pool-exhausted")) == episode


# ---- lines caused by strangers


@pytest.mark.parametrize("format", ["json", "text"])
def test_input_that_is_logged_is_escaped_and_cut(daemon, tmp_path, format):
    server = daemon.make({"log_format": format, "listen": f"unix:{tmp_path}/sock"})
    server.stderr = open(server.log.path, "ab")
    try:
        server.start()
        bad = "evil\nINJECTED\r\x1b[2J\x7f\u009b\u202e"
        client = server.client(hello=False)
        client.send(op="hello", protocol=1, client=bad)
        client.recv()
        client.send(op=bad, id=1)
        client.recv()
        client.submit(2, bad)
        client.recv()
        client.send(op="ping", **{bad: 1})
        client.recv()
        client.submit(3, "crash", f"stdout {bad}")
        client.outcome(3)
        client.submit(4, "crash", b"stderr \xff\xfe\x80 raw \x00 bytes")
        client.outcome(4)
        client.submit(5, "crash", "stdout " + "long " * 20000)
        client.outcome(5)
        client.send_raw(b"\x1b[31m\xff" + b"z" * 5000)
        client.rest()
        wait_until(lambda: "long long" in server.log.text(), "the module's words")
    finally:
        server.stderr.close()
    with open(server.log.path, "rb") as file:
        raw = file.read()
    assert not [byte for byte in raw if byte < 32 and byte != 10], "a control character"
    assert b"\x7f" not in raw and "\u009b".encode() not in raw
    lines = raw.split(b"\n")
    assert not [line for line in lines if line.startswith(b"INJECTED")], "a line of its own"
    assert max(len(line) for line in lines) <= 4096
    raw.decode()  # valid UTF-8


# ---- journald


def test_priority_prefix_under_journald(daemon, tmp_path):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    entry = os.fstat(theirs.fileno())
    server = daemon.make(
        {"log_format": "text", "listen": f"unix:{tmp_path}/sock", "log_level": "debug"},
        env={"JOURNAL_STREAM": f"{entry.st_dev}:{entry.st_ino}"},
    )
    server.stderr = theirs
    ours.settimeout(5)
    try:
        server.start()
        theirs.close()
        client = server.client()
        client.run("crash", "kill")
        data = b""
        while b"listening" not in data or b"worker-" not in data or b"\n" not in data:
            data += ours.recv(65536)
        for line in data.decode().split("\n")[:-1]:
            assert re.match(r"<[0-7]>[a-z-]+ \w+=", line) or re.match(
                r"<[0-7]>(debug|info|warn|error) [a-z-]+ \w+=", line
            ), line
    finally:
        # Read on: a full socket would delay the daemon's exit.
        ours.setblocking(False)
        ours.close()


def test_no_prefix_when_stderr_is_not_the_journal(daemon):
    server = daemon.make({}, env={"JOURNAL_STREAM": "1:2"}).start()
    assert not [line for line in server.log.lines() if line.startswith("<")]


# ---- an unwritable log


def exercise(server):
    """Causes every kind of log line. Every answer must come."""
    client = server.client()
    for n in range(20):
        assert client.done("echo", str(n), id=n) == str(n).encode()
    for n in range(5):
        check(client.run("crash", "kill", id=n), "failed", reason="error", signal="SIGKILL")
    check(client.run("crash", "stdout some words"), "done")
    for n in range(20):
        other = server.client()
        other.send_raw("garbage\n")
        other.rest()
    check(client.run("crash", "flood 3000000"), "done")
    assert client.done("echo", "x") == b"x"


def test_a_full_pipe_that_nobody_reads_never_stops_the_master(daemon, tmp_path):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 65536)
    except BlockingIOError:
        pass
    try:
        while True:
            os.write(writing, b"x")
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    server = daemon.make({"listen": f"unix:{tmp_path}/sock"})
    server.stderr = writing
    try:
        server.start()
        exercise(server)
        # The daemon shares this file description with its parent, and must not change the flags.
        assert not fcntl.fcntl(writing, fcntl.F_GETFL) & os.O_NONBLOCK
        assert proc.cpu_share(server.pid, 0.4) < 0.3
        # The test reads again: the next lines come through, with the number of lost lines.
        os.set_blocking(reading, False)
        read_until_lost(server, reading)
    finally:
        os.close(writing)
        server.process.terminate()
        server.wait_exit()
        os.close(reading)


def test_a_pipe_without_a_reader_never_stops_the_master(daemon, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    server = daemon.make({"listen": f"unix:{tmp_path}/sock"})
    server.stderr = writing
    try:
        server.start()
        exercise(server)
    finally:
        os.close(writing)


def test_a_full_disk_never_stops_the_master(daemon, tmp_path):
    server = daemon.make({"listen": f"unix:{tmp_path}/sock"})
    server.stderr = open("/dev/full", "wb", buffering=0)
    try:
        server.start()
        exercise(server)
    finally:
        server.stderr.close()


def test_closed_standard_descriptors(daemon, tmp_path):
    """The daemon starts with 0 to 2 closed. No socket may take these numbers, or it would receive the log."""

    def close():
        os.closerange(0, 3)

    server = daemon.make({"listen": f"unix:{tmp_path}/sock", "pool_start": 1}, preexec_fn=close)
    server.stderr = open(os.devnull, "wb")
    try:
        server.start()
    finally:
        server.stderr.close()
    client = server.client()
    for n in range(5):
        assert client.done("echo", str(n), id=n) == str(n).encode()
    check(client.run("crash", "stdout words"), "done")
    check(client.run("crash", "kill"), "failed", reason="error")
    held = proc.descriptors(server.pid)
    for fd in (0, 1, 2):
        assert not held.get(fd, "").startswith("socket:"), held


def test_a_stderr_that_is_set_non_blocking_by_somebody(daemon, tmp_path):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    server = daemon.make({"listen": f"unix:{tmp_path}/sock"})
    server.stderr = writing
    try:
        server.start()
        exercise(server)
    finally:
        os.close(writing)
        os.close(reading)


def test_payloads_are_never_logged(daemon):
    server = daemon()
    client = server.client()
    secret = "a-secret-of-the-payload"
    client.done("echo", secret)
    client.run("math", json.dumps({"op": secret}))
    client.run("no-such-module", secret)
    client.send(secret, op="ping")
    client.recv()
    client.send_raw(header(op="submit", id=1, module="echo", size=40) + secret.encode())
    client.close()
    server.stats()
    assert secret not in server.log.text()
