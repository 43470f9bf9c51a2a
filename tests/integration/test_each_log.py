"""run --each: its log and --resume, -0, --reconnect."""

import json
import os
import signal
import subprocess

import pytest

from harness.daemon import COMMAND
from harness.wait import DEADLINE, wait_until

HEADER = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
SOME_FAILED = 123


def start(server, *args, **popen):
    command = [COMMAND, "run", "--each", "--server", server.address, *args]
    pipes = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
    return subprocess.Popen(command, **pipes, **popen)


def run(server, *args, input=b""):
    process = start(server, *args)
    out, err = process.communicate(input, timeout=DEADLINE)
    return process.returncode, out, err.decode()


def rows(path):
    with open(path, newline="\n") as file:
        lines = file.readlines()
    assert lines[0] == HEADER, lines
    return [line.rstrip("\n").split("\t") for line in lines[1:]]


def test_the_log_is_as_gnu_parallel_writes_it(daemon, tmp_path):
    server, log = daemon(breaker_crashes=0), tmp_path / "log"
    lines = b'5\nfive\n7\n'
    status, out, _ = run(server, "fib", "--joblog", str(log), input=lines)
    assert status == SOME_FAILED and out == b"5\n13\n"
    first, second, third = rows(log)
    assert [r[0] for r in rows(log)] == ["1", "2", "3"]
    assert first[1] == server.address and float(first[2]) > 1e9 and 0 <= float(first[3]) < 60
    assert first[4:] == ["1", "1", "0", "0", "fib 5"]
    assert second[6:] == ["1", "0", "fib five"] and third[8] == "fib 7"
    run(server, "crash", "--joblog", str(log), input=b"segv\n")
    (crash,) = rows(log)  # another run without --resume begins anew
    assert crash[6:] == ["70", str(int(signal.SIGSEGV)), "crash segv"], crash


def test_resume_passes_over_the_lines_in_the_log(daemon, tmp_path):
    server, log = daemon(), tmp_path / "log"
    resume = ["echo", "--joblog", str(log), "--resume"]
    assert run(server, *resume, input=b"a\nb\n")[1] == b"a\nb\n"
    assert run(server, *resume, input=b"a\nb\nc\nd\n")[1] == b"c\nd\n"
    assert run(server, *resume, input=b"a\nb\nc\nd\n")[1] == b""
    assert [r[0] for r in rows(log)] == ["1", "2", "3", "4"]


def test_resume_after_a_line_cut_off(daemon, tmp_path):
    server, log = daemon(), tmp_path / "log"
    resume = ["echo", "--joblog", str(log), "--resume"]
    run(server, *resume, input=b"a\nb\n")
    log.write_bytes(log.read_bytes()[:-3])  # the end of the second line is missing
    assert run(server, *resume, input=b"a\nb\nc\n")[1] == b"b\nc\n"
    assert [r[0] for r in rows(log)] == ["1", "2", "2", "3"]  # each begins a line of its own
    assert run(server, *resume, input=b"a\nb\nc\n")[1] == b""


def test_resume_refuses_a_file_that_is_no_log(daemon, tmp_path):
    server, log = daemon(), tmp_path / "log"
    for text in ("important\n", HEADER[:-1], "1\th\t0\t0\t0\t0\t0\t0\techo a\n"):
        log.write_text(text)
        status, out, err = run(server, "echo", "--joblog", str(log), "--resume", input=b"a\n")
        assert (status, out) == (64, b"") and "is no log of jobs" in err, (status, out, err)
        assert log.read_text() == text
    log.write_text("")
    assert run(server, "echo", "--joblog", str(log), "--resume", input=b"a\n")[:2] == (0, b"a\n")
    assert [r[0] for r in rows(log)] == ["1"]


def test_jobs_out_of_order_and_in_any_order_of_the_log(daemon, tmp_path):
    server, log = daemon(pool_start=2, pool_max=2), tmp_path / "log"
    lines = b'{"ms":300}\n{"ms":1}\n'
    resume = ["sleep", "--unordered", "--joblog", str(log), "--resume"]
    run(server, *resume, input=lines)
    assert sorted(r[0] for r in rows(log)) == ["1", "2"]
    status, _, _ = run(server, *resume, input=lines + b'{"ms":1}\n')
    assert status == 0 and [r[0] for r in rows(log)][2:] == ["3"]


def test_an_interrupted_run_is_resumed(daemon, tmp_path):
    server, log = daemon(pool_start=1, pool_max=1), tmp_path / "log"
    args = ["sleep", "--jobs", "1", "--joblog", str(log), "--resume"]
    process = start(server, *args)
    process.stdin.write(b'{"ms":1}\n{"ms":60000}\n{"ms":1}\n')
    process.stdin.flush()
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == 2, "the first line")
    server.wait_jobs(running=1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)
    assert [r[0] for r in rows(log)] == ["1"]
    run(server, *args, input=b'{"ms":1}\n{"ms":2}\n{"ms":1}\n')
    assert [r[0] for r in rows(log)] == ["1", "2", "3"]


def test_a_killed_run_has_no_line_without_a_result(daemon, tmp_path):
    """Nobody reads: results wait within the command, and end with it. So their lines are not in the log."""
    server, log = daemon(), tmp_path / "log"
    lines = [b"%04d" % n + b"." * 1000 for n in range(1000)]
    source = tmp_path / "lines"
    source.write_bytes(b"\n".join(lines) + b"\n")
    with source.open("rb") as stdin:
        command = [COMMAND, "run", "--each", "--server", server.address, "echo", "--joblog", str(log)]
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE)
    server.wait_stats(lambda stats: stats["jobs"]["done"] >= 120, "more results than a pipe holds")
    process.kill()
    out, _ = process.communicate(timeout=DEADLINE)
    written = out.split(b"\n")[:-1]
    assert written == lines[: len(written)]
    assert 0 < len(rows(log)) <= len(written)
    _, rest, _ = run(server, "echo", "--joblog", str(log), "--resume", input=source.read_bytes())
    assert set(written) | set(rest.splitlines()) == set(lines)


def test_a_log_that_takes_no_line(daemon):
    status, out, err = run(daemon(), "echo", "--joblog", "/dev/full", input=b"x\n")
    assert (status, out) == (1, b"x\n") and "cannot write /dev/full" in err, (status, out, err)


def test_results_missing_at_the_end_of_input(daemon, tmp_path):
    """All lines have ended, and standard output takes none."""
    server, lines = daemon(), tmp_path / "lines"
    for text, missing in (("a\n", "maybe of lines up to line 1"), ("", "")):
        lines.write_text(text)
        with lines.open("rb") as stdin, open("/dev/full", "wb") as full:
            command = [COMMAND, "run", "--each", "--server", server.address, "echo"]
            done = subprocess.run(command, stdin=stdin, stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE)
        assert done.returncode == (1 if text else 0) and missing in done.stderr.decode(), done


def test_nul_ends_a_line(daemon, tmp_path):
    server, log = daemon(), tmp_path / "log"
    for option in ("-0", "--null"):
        status, out, _ = run(server, "echo", option, "--joblog", str(log), input=b"a\nb\0c\0\0d")
        assert status == 0 and out == b"a\nb\nc\n\nd\n", out
    assert [r[8] for r in rows(log)] == ["echo a\0b", "echo c", "echo ", "echo d"]


@pytest.mark.parametrize(
    "args, words",
    [
        (["echo", "--resume"], "--joblog"),
        (["echo", "--joblog", "/nowhere/at/all"], "cannot open /nowhere/at/all"),
    ],
)
def test_bad_usage(daemon, args, words):
    status, _, err = run(daemon(), *args)
    assert status == 64 and words in err, err


def test_the_lines_left_go_to_the_next_server(daemon, tmp_path):
    """Killed and started again on its address; the line in flight is named, and not run twice."""
    path = f"unix:{tmp_path}/socket"
    server = daemon(listen=path, pool_start=1, pool_max=1)
    process = start(server, "sleep", "--jobs", "1", "--reconnect", "60", "--json")
    process.stdin.write(b'{"ms":60000}\n{"ms":1}\n{"ms":2}\n')
    process.stdin.close()
    server.wait_jobs(running=1)
    server.kill()
    server.expected_status = -signal.SIGKILL
    daemon(listen=path, pool_start=1, pool_max=1)
    process.stdin = None
    out, err = process.communicate(timeout=DEADLINE)
    objects = [json.loads(line) for line in out.splitlines()]
    assert [o["line"] for o in objects] == [1, 2, 3], objects
    assert [o["event"] for o in objects] == ["lost", "done", "done"], objects
    assert process.returncode == SOME_FAILED and b"connecting again" in err, err


def test_each_line_is_named_if_there_is_no_next_server(daemon):
    server = daemon(pool_start=1, pool_max=1)
    process = start(server, "sleep", "--jobs", "1", "--reconnect", "0.3")
    process.stdin.write(b'{"ms":60000}\n{"ms":1}\n{"ms":2}\n')
    process.stdin.close()
    server.wait_jobs(running=1)
    server.kill()
    server.expected_status = -signal.SIGKILL
    process.stdin = None
    _, err = process.communicate(timeout=DEADLINE)
    for n, words in [(1, "lost"), (2, "not submitted"), (3, "not submitted")]:
        assert f"line {n}: {words}" in err.decode(), err
    assert process.returncode == 69, process.returncode
