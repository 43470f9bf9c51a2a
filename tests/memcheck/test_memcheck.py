"""Valgrind over the real binaries: one long dialogue for the master, one for the queue, one for the workers, and the
client library's tests.

Unlike the sanitizers of build/asan, valgrind finds reads of unwritten bytes, and it tests the shipped build itself.
"""

import glob
import json
import os
import re
import shlex
import signal
import subprocess
import sys

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

from harness import proc  # noqa: E402
from harness.client import check, header, message  # noqa: E402
from harness.daemon import COMMAND, WORKER, Daemon  # noqa: E402
from harness.queued import Queued, put, wait  # noqa: E402
from harness.wait import BUILD, SANITIZED, wait_until  # noqa: E402

FOUND = 99
SLOW = 60  # seconds for an answer: under valgrind everything takes thirty times as long
LONG_SLEEP = json.dumps({"ms": 3600000})

if SANITIZED:
    pytest.skip("valgrind and the sanitizers do not go together", allow_module_level=True)


def valgrind(report, *more):
    return [
        "valgrind",
        "--quiet",
        f"--error-exitcode={FOUND}",
        "--sim-hints=lax-ioctls",  # it does not know SIOCOUTQNSD
        "--leak-check=full",
        "--errors-for-leak-kinds=definite,indirect,possible",
        "--show-leak-kinds=definite,indirect,possible",
        f"--log-file={report}.%p",
        *more,
    ]


def reports(path):
    text = ""
    for name in glob.glob(f"{path}.*"):
        with open(name, errors="replace") as file:
            text += file.read()
    return text


@pytest.fixture(scope="session", autouse=True)
def subreaper():
    proc.become_subreaper()


@pytest.fixture
def report(tmp_path):
    path = str(tmp_path / "report")
    yield path
    assert not reports(path)


@pytest.fixture
def daemon(tmp_path):
    servers = []

    def make(**config):
        servers.append(Daemon(str(tmp_path), "daemon", config))
        return servers[-1]

    yield make
    for server in servers:
        problems = server.stop()
        assert not problems, "\n".join([*problems, server.log.tail()])


def outcome(client, id, name, **fields):
    event = client.outcome(id, SLOW)
    check(event, name, **fields)
    return event


def start_job(client, id, module, payload, **fields):
    client.submit(id, module, payload, notify=["accepted", "started"], **fields)
    client.begun(id=id, timeout=SLOW)


def every_end_of_a_job(client):
    client.submit("done", "echo", "x", context={"a": [1, "é"]})
    outcome(client, "done", "done", context={"a": [1, "é"]})
    client.submit("large", "echo", os.urandom(1 << 20))
    outcome(client, "large", "done")
    client.submit("module", "math", '{"op":"div","x":1,"y":0}')
    outcome(client, "module", "failed", reason="module", code="div-by-zero")
    client.submit("unknown", "no-such-module", "x")
    outcome(client, "unknown", "failed", reason="unknown-module")
    client.submit("killed", "crash", "kill")
    outcome(client, "killed", "failed", signal="SIGKILL")
    client.submit("too-large", "crash", "big 1048577")
    outcome(client, "too-large", "failed", reason="too-large")
    client.submit("timeout", "crash", "loop", timeout_ms=50)
    outcome(client, "timeout", "failed", reason="timeout")
    client.submit("printed", "crash", "stdout some words\x1b")
    outcome(client, "printed", "done")


def full_line(server, client, other):
    """A full line, cancels in it, ties, and leaving clients."""
    for n in range(2):
        start_job(client, f"busy-{n}", "sleep", LONG_SLEEP)
    linked = server.client()
    linked.submit("linked", "echo", "x", link=True)
    for n in range(3):
        other.send("x", op="submit", id=n)
    client.submit("refused", "echo", "x" * 50000)
    outcome(client, "refused", "overload")
    linked.close()
    other.send(op="cancel", target=1)
    outcome(other, 1, "failed", reason="cancelled")
    gone = server.client()
    gone.submit("dropped", "echo", "x")
    gone.send_raw(message(b"x" * 1000, op="submit", id="half", module="echo")[:-500])
    gone.reset()
    client.send(op="kill", target="busy-0")
    outcome(client, "busy-0", "failed", reason="cancelled")
    for n in (0, 2):
        outcome(other, n, "done")


def wrong_requests(server, other):
    """Wrong requests, with and without the end of the connection."""
    for wrong in (header(op="nothing"), header(op="cancel", target="?"), header(op="ping", x=1)):
        other.send_raw(wrong)
        other.event("error", SLOW)
    other.send_raw(b'{"op":"submit","id":"a","module":"echo","size":2,"x":1}\nok')
    other.event("error", SLOW)
    for last in (b"garbage\n", b"\n", b"x" * 5000, header(op="submit", id=1, module="echo", size=1 << 40)):
        with server.client() as bad:
            bad.send_raw(last)
            assert bad.rest(SLOW)[-1]["fatal"] is True


def reloads(server, client):
    """Reloads, a bad one among them, and the reports about the daemon itself."""
    server.write_config(pool_max=3, preload=["echo"])
    server.signal(signal.SIGHUP)
    server.log.wait("reload", timeout=SLOW)
    server.write_config(pool_max=0)
    server.signal(signal.SIGHUP)
    server.log.wait("reload-failed", timeout=SLOW)
    client.stats()
    client.workers()


def drain(server, client):
    """A drain with jobs in every state."""
    client.submit("last", "sleep", '{"ms":300}')
    half = server.client()
    half.submit("answered", "echo", "x" * 100000)
    half.shutdown()
    outcome(half, "answered", "done")
    server.check_stats = False
    server.signal(signal.SIGTERM)
    outcome(client, "last", "done")
    assert server.wait_exit(SLOW) == 0


def test_the_master(daemon, report):
    server = daemon(pool_start=1, pool_max=2, job_max=4, kill_grace_ms=400, payload_max=1 << 20)
    server.command_line = [*valgrind(report), *server.command()]
    server.start()
    client, other = server.client(client="memcheck"), server.client(module="echo")
    every_end_of_a_job(client)
    full_line(server, client, other)
    wrong_requests(server, other)
    reloads(server, client)
    drain(server, client)


def kept_jobs(client):
    """Kept jobs of every end, outcomes read later, and the operations on such jobs."""
    large = put(client, "echo", os.urandom(200000))
    keyed = put(client, "echo", "x", key="k", context={"a": [1, "é"]})
    assert put(client, "echo", "x", key="k") == keyed
    broken = put(client, "math", '{"op":"div","x":1,"y":0}')
    late = put(client, "echo", "x", delay_ms=3600000)
    for job, name in ((large, "done"), (keyed, "done"), (broken, "failed")):
        check(wait(client, job, SLOW), name)
    client.submit("followed", "fib", "10")
    outcome(client, "followed", "done")
    client.send(op="peek", job=late)
    client.event("peek", SLOW)
    client.send(op="cancel", job=late)
    check(wait(client, late, SLOW), "failed", reason="cancelled")
    client.send(op="retry", job=broken)
    check(wait(client, broken, SLOW, id="again"), "failed", code="div-by-zero")
    client.send(op="forget", job=large)
    client.event("ok", SLOW, op="forget")
    client.send(op="jobs")
    client.event("jobs", SLOW)


def held_jobs(queue, client):
    """A held module, a wait that its client leaves, wrong requests, and a reload."""
    client.send(op="pause", module="sleep")
    client.event("ok", SLOW, op="pause")
    held = put(client, "sleep", '{"ms":1}')
    with queue.client() as gone:
        gone.send(op="wait", id="never", job=held)
        gone.send(op="ping")
        gone.event("pong", SLOW)
    wrong_requests(queue, client)
    queue.signal(signal.SIGHUP)
    queue.log.wait("reload", timeout=SLOW)
    client.send(op="backup", path=queue.store + ".copy")
    client.event("ok", SLOW, op="backup")
    client.send(op="resume", module="sleep")
    check(wait(client, held, SLOW), "done")


def test_the_queue(daemon, report, tmp_path):
    server = daemon(pool_start=1, pool_max=2)
    server.start()
    queue = Queued(str(tmp_path), "queue", {}, master=server)
    queue.command_line = [*valgrind(report), *queue.command()]
    queue.start()
    try:
        client = queue.client(client="memcheck")
        kept_jobs(client)
        held_jobs(queue, client)
        left = put(client, "echo", "x", delay_ms=3600000)
        queue.signal(signal.SIGTERM)
        assert queue.wait_exit(SLOW) == 0
        queue.start()
        with queue.client() as client:
            client.send(op="cancel", job=left)
            check(wait(client, left, SLOW), "failed", reason="cancelled")
    finally:
        problems = queue.stop()
    assert not problems, "\n".join([*problems, queue.log.tail()])


def test_the_workers(daemon, report, tmp_path):
    """All modules but readfile and exec: Debian 12's valgrind knows neither openat2 nor pidfd_open."""
    wrapper = tmp_path / "worker"
    wrapper.write_text(f"#!/bin/sh\nexec {shlex.join([*valgrind(report), WORKER])}\n")
    wrapper.chmod(0o755)
    server = daemon(
        worker_path=str(wrapper),
        module_dir=os.path.join(BUILD, "modules"),
        preload=["echo"],
        pool_start=1,
        pool_max=1,
        job_max=100,
        start_timeout_ms=SLOW * 1000,
        drain_timeout_ms=SLOW * 1000,
        kill_grace_ms=SLOW * 1000,
        payload_max=1 << 20,
    )
    server.start()
    client = server.client()
    big = os.urandom(1 << 20)
    jobs = [
        ("echo", big, True),
        ("echo", b"", True),
        ("fib", b"10", True),
        ("fib", b"ten", False),
        ("math", b'{"op":"add","x":1,"y":2}', True),
        ("math", b"{", False),
        ("sleep", b'{"ms":1,"value":[1]}', True),
        ("wc", b"two words\n", True),
        ("crash", b"big 1048577", False),
        ("crash", b"stdout words", True),
        ("no-such-module", b"", False),
    ]
    for n, (module, payload, _) in enumerate(jobs):
        client.submit(n, module, payload)
    events = [client.outcome(n, SLOW) for n in range(len(jobs))]
    assert events[0].payload == big
    assert [event.name == "done" for event in events] == [fine for _, _, fine in jobs], events
    start_job(client, "stop", "crash", "stop-done")
    client.send(op="cancel", target="stop")
    outcome(client, "stop", "done")
    server.signal(signal.SIGTERM)
    assert server.wait_exit(SLOW) == 0
    exits = server.log.events("worker-ended", reason="drain")
    assert exits and all("status 0" in line["why"] for line in exits), exits


LIBRARY_TESTS = ("client_connect", "client_next", "client_requests", "connection", "event", "reader", "request")


@pytest.mark.parametrize("program", LIBRARY_TESTS)
def test_the_client_library(report, program):
    """Valgrind watches the forked children of check, too: a finding changes their exit status."""
    path = os.path.join(BUILD, "tests", "unit", "client", "lib", f"test_{program}")
    done = subprocess.run(
        [*valgrind(report), path],
        env={**os.environ, "CK_TIMEOUT_MULTIPLIER": "30"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command(daemon, report):
    server = daemon(pool_start=1, pool_max=2)
    server.start()
    base = [*valgrind(report), COMMAND, "--server", server.address]
    for arguments, text, status in (
        (["ping"], None, 0),
        (["stats"], None, 0),
        (["run", "wc", "some words"], None, 0),
        (["run", "fib", "--each"], "5\n6\n7\n", 0),
        (["run", "crash", "kill"], None, 70),
        (["run"], None, 64),
    ):
        done = subprocess.run([*base, *arguments], input=text, capture_output=True, text=True, timeout=SLOW)
        assert done.returncode == status, (arguments, done)


FAULTY = """
#include <stdlib.h>
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);
    char *copy = malloc(4);
    copy[len] = data[0];
    free(copy);
    return tm_reply(job, "ok", 2);
}

TM_MODULE(.name = "faulty", .run = run);
"""


def recipe(name, place):
    """The script of this name in doc/modules.md, with the worker of this build."""
    with open(os.path.join(ROOT, "doc", "modules.md"), encoding="utf-8") as file:
        text = re.search(rf"`{name}`:\n\n```sh\n(.*?)```", file.read(), re.S)[1]
    path = place / name
    path.write_text(text.replace("/usr/local/libexec/taskmaster/taskmaster-worker", WORKER))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "name, flags, words, status",
    [
        ("worker-valgrind", [], "Invalid write of size 1", "done"),
        ("worker-sanitized", ["-fsanitize=address,undefined"], "AddressSanitizer: heap-buffer-overflow", "failed"),
    ],
)
def test_a_module_in_a_worker_is_looked_at_as_the_manual_says(tmp_path, name, flags, words, status):
    (tmp_path / "faulty.c").write_text(FAULTY)
    subprocess.run(
        ["gcc", "-g", *flags, "-shared", "-fPIC", "-I", os.path.join(ROOT, "include"),
         "-o", tmp_path / "faulty.so", tmp_path / "faulty.c"],
        check=True,
    )  # fmt: skip
    settings = {"module_dir": str(tmp_path), "pool_start": 1, "pool_max": 1, "start_timeout_ms": 60000}
    server = Daemon(str(tmp_path), "daemon", {"worker_path": recipe(name, tmp_path), **settings})
    server.start()
    try:
        client = server.client()
        client.submit("good", "faulty", "abc")
        outcome(client, "good", "done")
        client.submit("bad", "faulty", "four")
        job = outcome(client, "bad", status)["job"]
        wait_until(
            lambda: any(words in line["text"] for line in server.log.events("worker-output", job=job)), "the report"
        )
    finally:
        server.stop()  # reports the finding, too


def test_memcheck_finds_what_it_should(tmp_path):
    """The options above do find a leak."""
    source = tmp_path / "leak.c"
    source.write_text("#include <stdlib.h>\nint main(void) { return malloc(1) == 0 || !(malloc)(2); }\n")
    subprocess.run(["gcc", "-O0", "-fno-builtin", "-o", tmp_path / "leak", source], check=True)
    status = subprocess.run([*valgrind(tmp_path / "leak-report"), tmp_path / "leak"]).returncode
    assert status == FOUND
    wait_until(lambda: "definitely lost" in reports(tmp_path / "leak-report"), "the report")
