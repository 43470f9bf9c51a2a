"""A module may crash, exit, print or tamper: this costs only its own job and its own process."""

import json
import os
import re
import signal
import time

import pytest

from harness import proc
from harness.client import check
from harness.fakes import FakeWorker
from harness.wait import BUILD, DEADLINE, SANITIZED, wait_until

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TEST_MODULES = os.path.join(BUILD, "tests", "modules")

LONG_SLEEP = json.dumps({"ms": 60000})

CRASHES = {
    "segv": ("signal", "SIGSEGV"),
    "abort": ("signal", "SIGABRT"),
    "fpe": ("signal", "SIGFPE"),
    "kill": ("signal", "SIGKILL"),
    "overflow": ("signal", "SIGSEGV"),
    "exit 0": ("exit_status", 0),
    "exit 1": ("exit_status", 1),
    "exit 77": ("exit_status", 77),
    "_exit 0": ("exit_status", 0),
    "_exit 255": ("exit_status", 255),
}


@pytest.mark.parametrize("command", CRASHES)
def test_a_lost_worker_fails_its_job(daemon, command):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    other = server.client()
    other.submit("beside", "sleep", '{"ms":200,"value":"unharmed"}')
    client = server.client()
    begin = time.monotonic()
    event = client.run("crash", command, id="a", context=[1])
    check(event, "failed", reason="error", context=[1])
    assert event["message"] and event["order"] >= 1 and event["job"], event
    key, value = CRASHES[command]
    check(event, "failed", **{key: value})
    assert ("exit_status" in event) != ("signal" in event), event
    assert time.monotonic() - begin < DEADLINE / 2
    assert other.outcome("beside").json() == "unharmed"
    assert client.done("echo", "next") == b"next"
    stats = server.wait_idle(2)
    assert stats["pool"]["exits"] == 1 and stats["pool"]["forks"] == 3
    assert stats["jobs"]["failed"]["error"] == 1


def crash_rows():
    """The table of doc/modules.md, part 3: each crash with its log line and its event."""
    with open(os.path.join(ROOT, "doc", "modules.md"), encoding="utf-8") as file:
        return re.findall(r"^\| .* \| `(it .*)` \| reason (.*) \|$", file.read(), re.M)


@pytest.mark.parametrize(
    "command, row", zip(["segv", "overflow", "abort", "exit 3", "loop", "kill"], crash_rows(), strict=True)
)
def test_a_crash_is_told_as_the_module_author_reads(daemon, command, row):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=200)
    event = server.client().run("crash", command, timeout_ms=300 if command == "loop" else 60000)
    why, told = row
    ended = "worker-ended" if command == "loop" else "worker-lost"  # ended by the server, or by itself
    line = server.log.wait(ended, job=event["job"], module="crash")
    assert re.sub(r" \(core dumped\)|; it had \d+ KiB", "", line["why"]) == why
    reason, *fields = re.findall(r"`(.*?)`", told)
    field = json.loads("{" + fields[-1] + "}")
    check(event, "failed", reason=reason, **field)


def test_the_loss_is_in_the_log(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    worker = server.workers()[0]
    job = server.client().run("crash", "kill")["job"]
    line = server.log.wait("worker-lost", worker=worker["id"])
    assert "SIGKILL" in line["why"] and line["job"] == job, line
    line = server.log.wait("worker-ended", worker=worker["id"])
    assert line["reason"] == "signal" and "why" not in line and "job" not in line, line


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_killed_from_outside(daemon, number):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("a", "sleep", LONG_SLEEP, notify=["started"])
    client.begun()
    os.kill(server.begun_pids()[0], number)
    check(client.outcome("a"), "failed", reason="error", signal=number.name)
    assert client.done("echo", "next") == b"next"


@pytest.mark.parametrize(
    "number, name", [(signal.SIGTERM, "SIGTERM"), (signal.SIGRTMIN + 3, "SIGRTMIN+3")]
)
def test_a_signal_that_a_module_sends_itself(daemon, number, name):
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client = server.client()
    event = client.run("leave", f"raise {int(number)}")
    check(event, "failed", reason="error", signal=name)
    assert client.done("probe", "inits") == b"1"


def test_a_child_that_a_module_has_forked_never_answers_for_the_worker(daemon):
    """The forked child returns from run() like the worker. The next jobs are other clients', and are unharmed."""
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client, other = server.client(), server.client()
    client.submit("fork", "leave", "fork")
    for n in range(10):
        other.submit(n, "probe", "inits")
    event = client.outcome("fork")
    assert event.payload == b"parent of 70"
    for n in range(10):
        assert other.outcome(n).payload == b"1"
    line = server.log.wait("worker-output", job=event["job"], level="error")
    assert "returned from run() and was ended" in json.dumps(line)
    assert server.stats()["pool"]["exits"] == 0


def test_an_idle_worker_killed_from_outside_is_replaced(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    pid = server.worker_pids()[0]
    os.kill(pid, signal.SIGKILL)
    server.wait_stats(
        lambda s: s["pool"]["exits"] == 1 and s["pool"]["idle"] == 2, "the replacement"
    )
    assert pid not in server.worker_pids()
    assert not os.path.exists(f"/proc/{pid}"), "reaped"


def test_the_log_says_of_what_an_idle_worker_died(daemon):
    """The log reports the loss once, although the socket ends before the process can be reaped."""
    server = daemon(pool_start=4, pool_max=4)
    server.wait_idle(4)
    for worker in server.workers():
        os.kill(worker["pid"], signal.SIGKILL)
        line = server.log.wait("worker-lost", worker=worker["id"])
        assert line["why"].startswith("it was ended by SIGKILL, not by the server") and line["level"] == "warn"
        assert len(server.log.events("worker-lost", worker=worker["id"])) == 1
        assert server.log.wait("worker-ended", worker=worker["id"])["reason"] == "signal"


@pytest.mark.timeout(120)
def test_fifty_workers_dying_at_once_are_all_reaped_and_replaced(daemon):
    server = daemon(pool_start=50, pool_max=50)
    server.wait_idle(50)
    before = server.worker_pids()
    assert len(set(before)) == 50
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    stats = server.wait_stats(
        lambda s: s["pool"]["exits"] == 50 and s["pool"]["idle"] == 50,
        "fifty replacements",
        timeout=4 * DEADLINE,
    )
    assert stats["pool"]["forks"] == 100
    after = server.worker_pids()
    assert len(set(after)) == 50 and not set(after) & set(before)
    zombies = [pid for pid in proc.children(server.pid) if not proc.alive(pid)]
    assert not zombies, "not reaped"


@pytest.mark.timeout(120)
def test_fifty_busy_workers_dying_at_once(daemon):
    """Each job has its own end, and the waiting jobs are served."""
    server = daemon(pool_start=50, pool_max=50, job_max=200)
    server.wait_idle(50)
    client = server.client()
    for n in range(50):
        client.submit(n, "sleep", LONG_SLEEP)
    server.wait_jobs(running=50)
    for n in range(50, 100):
        client.submit(n, "echo", str(n))
    server.wait_jobs(waiting=50)
    for pid in server.begun_pids():
        os.kill(pid, signal.SIGKILL)
    for n in range(50):
        check(client.outcome(n, 4 * DEADLINE), "failed", reason="error", signal="SIGKILL")
    for n in range(50, 100):
        assert client.outcome(n, 4 * DEADLINE).payload == str(n).encode()


def test_crash_after_crash(daemon):
    """A hundred crashes in a row. A worker is replaced without delay if it had been ready."""
    server = daemon(pool_start=2, pool_max=2, job_max=300)
    client = server.client()
    for n in range(100):
        client.submit(n, "crash", "kill")
        client.submit(f"e{n}", "echo", str(n))
    for n in range(100):
        check(client.outcome(n, 3 * DEADLINE), "failed", reason="error")
        assert client.outcome(f"e{n}", 3 * DEADLINE).payload == str(n).encode()
    stats = server.wait_idle(2)
    assert stats["pool"]["exits"] == 100


def test_a_grandchild_that_holds_the_socket_open_does_not_delay_the_news(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    client = server.client()
    begin = time.monotonic()
    check(client.run("crash", "fork-hold"), "failed", reason="error", signal="SIGKILL")
    assert time.monotonic() - begin < 5 * (3 if SANITIZED else 1), "it held for 30 s"
    assert client.done("echo", "next") == b"next"


def test_what_a_lost_worker_started_goes_with_it(daemon):
    """The grandchild is in the worker's process group. The harness finds orphans only at the master's end; the
    grandchild must die earlier."""
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    pid = server.worker_pids()[0]
    check(server.client().run("crash", "fork-hold"), "failed", reason="error")

    def members():
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.getpgid(int(entry)) == pid and proc.alive(int(entry)):
                        found.append(int(entry))
                except ProcessLookupError:
                    pass
        return found

    wait_until(lambda: not members(), "the group of the lost worker gone", interval=0.05)


def test_closed_descriptors(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    client = server.client()
    event = client.run("crash", "closefds")
    check(event, "failed", reason="error")
    assert client.done("echo", "next") == b"next"
    server.wait_idle(2)


def test_a_changed_signal_mask(daemon):
    """This job may end in any way. Later jobs must remain stoppable."""
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=500)
    client = server.client()
    event = client.run("crash", "mask")
    assert event.name in ("done", "failed"), event
    client.submit("a", "crash", "loop", notify=["started"])
    client.begun()
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled")
    assert client.done("echo", "next") == b"next"


def test_an_endless_loop_costs_only_its_worker(daemon):
    server = daemon(pool_start=2, pool_max=2)
    client = server.client()
    client.submit("loop", "crash", "loop", notify=["started"])
    client.begun()
    for n in range(20):
        assert client.done("echo", str(n), id=n) == str(n).encode()
    client.send(op="kill", target="loop")
    check(client.outcome("loop"), "failed", reason="cancelled")


# ---- a module's output


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_goes_to_the_log_tagged_with_worker_and_job(daemon, stream):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    event = client.run("crash", f"{stream} hello from the module")
    line = server.log.wait("worker-output", text="hello from the module")
    assert line["worker"] == server.workers()[0]["id"]
    assert line["job"] == event["job"]
    check(event, "done")
    assert b"hello" not in event.payload, "never into the protocol"


def test_last_words_are_in_the_details_as_they_were_said(daemon):
    """The details of the event include the unfinished last line, without the log's priority prefixes."""
    server = daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1)
    event = server.client().run("last_words", "0")
    check(event, "failed", reason="error", signal="SIGKILL")
    assert event.json()["output"] == "logged\nin two\nprinted\nstate=42"
    line = server.log.wait("worker-output", text="state=42")
    assert line["job"] == event["job"]
    server.log.wait("worker-output", text="logged\nin two", level="warn", job=event["job"])


def test_last_words_begin_with_a_whole_line(daemon):
    server = daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1)
    event = server.client().run("last_words", "60000")
    output = event.json()["output"]
    assert 1900 < len(output) <= 2048, output
    lines = output.split("\n")
    assert lines[-4:] == ["logged", "in two", "printed", "state=42"]
    assert set(lines[:-4]) == {"x" * 59}


def test_a_line_end_in_a_text_for_the_log_is_escaped_once(daemon):
    server = daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1)
    check(server.client().run("probe", "log"), "done")
    line = server.log.wait("worker-output", text="two\nlines\\x1b[31m")
    assert line["level"] == "info"


def test_a_text_for_the_log_is_a_line_of_its_own(daemon):
    """The log text is a line of its own even within an unfinished line of output, and leaves that line intact."""
    server = daemon(module_dir=os.path.join(BUILD, "tests", "modules"), pool_start=1, pool_max=1)
    check(server.client().run("probe", "log within a line"), "done")
    server.log.wait("worker-output", text="")
    lines = server.log.events("worker-output")
    begin = next(n for n, line in enumerate(lines) if line["text"] == "abc")
    assert [(line["level"], line["text"]) for line in lines[begin : begin + 6]] == [
        ("info", "abc"),
        ("warn", "hello"),
        ("info", "def"),
        ("error", "again"),
        ("info", "at the beginning"),
        ("info", ""),
    ]


def test_output_is_escaped_and_cut(daemon):
    server = daemon(pool_start=1, pool_max=1, log_format="json")
    client = server.client()
    check(client.run("crash", "stdout \x1b[31mred\x07\x80"), "done")
    server.log.wait("worker-output")
    check(client.run("crash", "stdout " + "y" * 20000), "done")
    wait_until(lambda: "yyyy" in server.log.text(), "the long line")
    raw = open(server.log.path, "rb").read()
    assert b"\x1b" not in raw and b"\x07" not in raw and b"\x80" not in raw
    assert max(len(line) for line in raw.split(b"\n")) <= 4096


@pytest.mark.parametrize("size", [100000, 5000000])
def test_a_flood_of_output_harms_nobody(daemon, size):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    before = proc.rss_kb(server.pid)
    client, other = server.client(), server.client()
    client.submit("flood", "crash", f"flood {size}")
    for n in range(10):
        assert other.done("echo", str(n), id=n) == str(n).encode()
    check(client.outcome("flood", 3 * DEADLINE), "done")
    assert client.done("echo", "next") == b"next"
    assert proc.rss_kb(server.pid) - before < 20000 * (4 if SANITIZED else 1)


@pytest.mark.parametrize(
    "printed",
    [b"x" * 1000, b"\x01" * 1000, "\u00e9".encode() * 500, b"\xff\x80" * 500, b"short"],
    ids=["plain", "escaped", "utf-8", "noise", "short"],
)
def test_details_of_a_crash_fit_into_payload_max(daemon, tmp_path, printed):
    """The details have as much of the output's end as fits."""
    worker = FakeWorker(tmp_path)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1, payload_max=1024)
    client = server.client()
    client.send(b"print-then-die " + printed, op="submit", id=1, module="echo")
    event = client.outcome(1)
    check(event, "failed", reason="error", signal="SIGKILL")
    assert len(event.payload) <= 1024, event
    output = event.json()["output"].encode()
    assert output and (printed.endswith(output) or set(output) == {ord("?")}), output
    if len(output) < len(printed):
        assert len(event.payload) > 1024 - 12, "room is left"


def test_output_without_a_newline_before_a_crash_is_not_lost(daemon):
    """The master reads the rest of the output before it handles the death."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    check(client.run("crash", "stderr last words", id=1), "done")
    check(client.run("crash", "kill", id=2), "failed")
    server.log.wait("worker-output", text="last words")
