"""A module's output: complete, and each piece under its own job; and a worker's last lines."""

import os
import random
import signal

import pytest

from harness.client import check, message
from harness.wait import BUILD, wait_until

TEST_MODULES = os.path.join(BUILD, "tests", "modules")


def texts(server, **fields):
    return [line["text"] for line in server.log.events("worker-output", **fields)]


# ---- output under its own job


def test_an_unfinished_line_is_its_own_jobs(daemon):
    """The next job may be another client's."""
    server = daemon(pool_start=1, pool_max=1)
    first, second = server.client(client="first/1"), server.client(client="second/1")
    for n in range(20):
        left = first.run("crash", f"part left-{n}", id=n)
        behind = second.run("crash", f"stderr behind-{n}", id=n)
        server.log.wait("worker-output", text=f"behind-{n}", job=behind["job"])
        assert texts(server, job=left["job"]) == [f"left-{n}"]
        assert texts(server, job=behind["job"]) == [f"behind-{n}"]
    clients = {text.split("-")[0]: set() for text in ("left-", "behind-")}
    for line in server.log.events("worker-output"):
        clients[line["text"].split("-")[0]].add(line["client"])
    assert len(clients["left"]) == len(clients["behind"]) == 1 and clients["left"] != clients["behind"], clients


def test_an_unfinished_line_before_a_silent_job(daemon):
    """The unfinished line does not wait for an end, which may never come."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    job = client.run("crash", "part waiting")["job"]
    server.log.wait("worker-output", text="waiting", job=job)


def test_a_line_end_behind_an_ended_line_makes_no_empty_one(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.run("crash", "part one", id=1)
    client.run("crash", "stderr ", id=2)
    client.run("crash", "stderr ", id=3)
    client.run("crash", "stderr two", id=4)
    server.log.wait("worker-output", text="two")
    assert texts(server) == ["one", "", "two"]


@pytest.mark.parametrize("command", ["stdout", "part"])
def test_output_of_prefetched_jobs_is_never_anothers(daemon, command):
    """A worker may get several jobs together. A line bears its own job or none, even if several jobs left parts of it.
    Nothing is lost."""
    server = daemon(pool_start=1, pool_max=1, job_max=1000)
    client = server.client()
    printed, jobs = [], {}
    for round in range(20):
        ids = [f"line-{round}-{n}." for n in range(100)]
        words = {id: f"{command} {id}" for id in ids[50:52]}
        printed += words
        client.send_raw(
            b"".join(message(words.get(id, "return 0"), op="submit", id=id, module="crash") for id in ids)
        )
        for id in ids:
            jobs[client.outcome(id)["job"]] = id
    wait_until(lambda: "".join(texts(server)) == "".join(printed), "all of it, in order")
    for line in server.log.events("worker-output"):
        assert line["job"] == "-" or jobs[line["job"]] == line["text"], line


# ---- complete output


def joined(server, job):
    """The lines of a job. Their parts are numbered from 1."""
    lines, part = [], 0
    for line in server.log.events("worker-output", job=job):
        if line.get("part", 1) == 1:
            lines.append("")
        else:
            assert line["part"] == part + 1, line
        part = line.get("part", 1)
        lines[-1] += line["text"]
    return lines


LONG = {
    "plain": "0123456789" * 500,
    "just-1024": "x" * 1024,
    "just-1025": "x" * 1025,
    "escaped": "\x1b[31m\"\\" * 400,
    "utf-8": "aé€\U0001f389" * 700,
    "controls": "\x07" * 1024,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("command", ["stdout", "part"])
def test_a_long_line_is_logged_whole(daemon, text, command):
    server = daemon(pool_start=1, pool_max=1, log_format="json")
    job = server.client().run("crash", f"{command} {text}")["job"]
    expected = "".join(f"\\x{ord(c):02x}" if c < " " else c for c in text)
    wait_until(lambda: "".join(joined(server, job)) == expected, "the whole line")
    assert joined(server, job) == [expected]


def test_noise_is_logged_whole(daemon):
    server = daemon(pool_start=1, pool_max=1)
    # A NUL ends the payload for the module, LF and RS end a line, and a backslash begins an escape.
    noise = [byte for byte in range(256) if byte not in b"\0\n\x1e\\"]
    data = bytes(random.Random(7).choices(noise, k=20000))
    job = server.client().run("crash", b"stdout " + data)["job"]

    def bytes_logged():
        # one character of the text stands for its UTF-8, or is an escape of a byte
        text = "".join(joined(server, job))
        out, at = bytearray(), 0
        while at < len(text):
            if text[at : at + 2] == "\\x":
                out.append(int(text[at + 2 : at + 4], 16))
                at += 4
            else:
                out += text[at].encode()
                at += 1
        return bytes(out)

    wait_until(lambda: len(joined(server, job)) == 1 and bytes_logged() == data, "every byte")


FLOOD, FLOOD_LINES = "flood 2000000", 25000


def is_counted(server, module, job):
    """Whether the log has each line of the flood, or counts it for the module."""
    dropped = server.log.events("worker-output-dropped", module=module)
    return len(texts(server, job=job)) + sum(line["lines"] for line in dropped) == FLOOD_LINES


def test_a_flood_is_logged_or_counted(daemon):
    """The count is logged even though the worker prints no more."""
    server = daemon(pool_start=1, pool_max=1)
    job = server.client().run("crash", FLOOD)["job"]
    wait_until(lambda: is_counted(server, "crash", job), "each line")
    assert server.log.events("worker-output-dropped")


def test_a_flood_is_not_counted_as_the_next_modules(daemon, tmp_path):
    for path in [os.path.join(BUILD, "modules", "crash.so"), os.path.join(TEST_MODULES, "last_words.so")]:
        os.symlink(path, tmp_path / os.path.basename(path))
    server = daemon(pool_start=1, pool_max=1, module_dir=str(tmp_path))
    client = server.client()
    client.submit("flood", "crash", FLOOD)
    client.submit("next", "last_words", "6000")
    job = client.outcome("flood")["job"]
    check(client.outcome("next"), "failed", reason="error")
    wait_until(lambda: is_counted(server, "crash", job), "each line as the module's own")


def test_lines_that_the_log_does_not_take_hide_none(daemon):
    server = daemon(pool_start=1, pool_max=1, log_level="info")
    client = server.client()
    client.run("crash", "stdout " + "<7>of use to nobody\n" * 10000 + "<4>a warning")
    server.log.wait("worker-output", text="a warning", level="warn")
    server.stop()
    assert not server.log.events("worker-output-dropped")


# ---- how a worker ends


def end_of(server, how, module="bad_end"):
    """Runs one job with `how` on the only worker, ends the worker, and returns the log line about the exit."""
    client = server.client()
    client.done(module, how)
    (pid,) = server.worker_pids()
    server.signal(signal.SIGHUP)
    wait_until(
        lambda: [line for line in server.log.events("worker-ended") if line["pid"] == pid], "the end of the worker"
    )
    (line,) = [line for line in server.log.events("worker-ended") if line["pid"] == pid]
    return line


@pytest.mark.parametrize("where, words", [("fini", "in the fini() of module bad_end"), ("exit", "at its exit")])
@pytest.mark.parametrize("how, why", [("crash", "SIGSEGV"), ("status", "status 3"), ("hang", "did not in time")])
def test_a_worker_that_does_not_end_well(daemon, where, words, how, why):
    server = daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1, kill_grace_ms=300)
    line = end_of(server, f"{where}:{how}")
    assert line["level"] == "warn" and line["module"] == "bad_end", line
    assert why in line["why"] and words in line["why"], line


def test_a_worker_that_ends_well(daemon):
    server = daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1)
    line = end_of(server, "well")
    assert line["level"] == "info" and line["why"] == "it exited with status 0", line


def test_a_worker_that_is_killed_for_its_job_ends_well(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("a", "crash", "loop-term", notify=["started"])
    client.begun()
    assert server.begun_pids()  # otherwise no module takes part in the worker's end
    client.send(op="kill", target="a")
    check(client.outcome("a"), "failed", reason="cancelled")
    line = server.log.wait("worker-ended")
    assert line["level"] == "info" and line["module"] == "crash", line


def test_a_preload_that_crashes_is_named(daemon):
    server = daemon.make({"module_dir": TEST_MODULES, "preload": ["constructor_crash"], "pool_start": 1})
    server.start()
    line = server.log.wait("worker-lost")
    assert line["module"] == "constructor_crash" and "constructor_crash" in line["why"], line


# ---- log lines caused by jobs


def test_a_crash_loop_cannot_flood_the_log(daemon):
    """Of each event and module, the log has ten lines a second and counts the others."""
    server = daemon(pool_start=2, pool_max=2, job_max=1000)
    client = server.client()
    count = 300
    for n in range(count):
        client.submit(n, "crash", "kill")
    for n in range(count):
        check(client.outcome(n), "failed", reason="error")
    server.wait_jobs(running=0, waiting=0)

    def total(name, **fields):
        left_out = server.log.events("lines-left-out", of=name, **fields)
        written = server.log.events(name, **fields) if fields else server.log.events(name)
        return len(written) + sum(line["lines"] for line in left_out)

    wait_until(lambda: total("worker-lost", module="crash") == count, "each loss, written or counted")
    lost = server.log.events("worker-lost")
    seconds = len({line["time"][:19] for line in server.log.events()}) + 1
    assert len(lost) <= 10 * seconds and len(lost) < count, len(lost)
    assert {line["level"] for line in server.log.events("lines-left-out", of="worker-lost")} == {"warn"}
    wait_until(lambda: total("worker-ready") >= count, "each start, written or counted")
    assert len(server.log.events("worker-ready")) <= 10 * seconds


def test_one_modules_noise_hides_nothing_of_another(daemon):
    server = daemon(pool_start=2, pool_max=2, job_max=1000, module_dir=TEST_MODULES)
    client = server.client()
    for n in range(100):
        client.submit(n, "last_words", "0")
    client.submit("other", "leave", "raise 9")
    for n in range(100):
        client.outcome(n)
    check(client.outcome("other"), "failed", reason="error", signal="SIGKILL")
    server.log.wait("worker-lost", module="leave")
    server.log.wait("lines-left-out", of="worker-lost", module="last_words")
