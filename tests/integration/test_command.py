"""Issue item 9: the command line client against the real daemon."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import threading
import time

import pytest

from harness import proc
from harness.client import check
from harness.daemon import COMMAND, environment
from harness.wait import BUILD, DEADLINE, SANITIZED, SCALE, wait_until

MANUAL = os.path.join(os.path.dirname(__file__), "..", "..", "doc", "taskmaster.1")
COMPLETION = os.path.join(os.path.dirname(__file__), "..", "..", "client", "completion", "taskmaster.bash")
LONG_SLEEP = json.dumps({"ms": 60000})
DONE, FAILED, USAGE, UNREACHABLE, LOST, AGAIN, SOME_FAILED, TIMEOUT = 0, 1, 64, 69, 70, 75, 123, 124


class Command:
    def __init__(self, server):
        self.address = server if isinstance(server, str) else server.address

    def start(self, *arguments, before=(), **kwargs):
        """`before`: a command in front, with this one as its argument."""
        return proc.spawn(
            [*before, COMMAND, *arguments, "--server", self.address],
            env=environment(TERM="xterm", **kwargs.pop("env", {})),
            **kwargs,
        )

    def __call__(self, *arguments, input=b"", timeout=DEADLINE * 3, **kwargs):
        if isinstance(input, str):
            input = input.encode()
        process = self.start(
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **kwargs,
        )
        try:
            out, err = process.communicate(input, timeout)
        finally:
            proc.end(process)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err.decode())


@pytest.fixture
def run(shared):
    return Command(shared)


def ended(result, status):
    assert result.returncode == status, (result.returncode, result.stdout[-500:], result.stderr)
    return result


def full_daemon(daemon, **config):
    """One busy worker, and no place in the line."""
    server = daemon(pool_start=1, pool_max=1, job_max=0, **config)
    client = server.client()
    client.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    client.begun()
    return server, client


# ---- run


def test_run_with_an_argument(run):
    result = ended(run("run", "fib", "30"), DONE)
    assert result.stdout == b"832040" and result.stderr == ""


def test_run_says_what_a_lost_worker_printed(daemon):
    server = daemon(module_dir=os.path.join(BUILD, "tests", "modules"))
    result = ended(Command(server)("run", "last_words", "0"), LOST)
    failed, *further = result.stderr.splitlines()
    assert failed.startswith("taskmaster: job ") and "SIGKILL" in failed
    assert further == [f"  it printed: {line}" for line in ("logged", "in two", "printed", "state=42")]


def test_run_with_stdin(run):
    payload = os.urandom(300000)
    assert ended(run("run", "echo", input=payload), DONE).stdout == payload


def test_run_with_an_empty_payload(run):
    assert ended(run("run", "echo", input=b""), DONE).stdout == b""
    assert ended(run("run", "echo", ""), DONE).stdout == b""


def test_run_of_an_argument_that_looks_like_an_option(run):
    assert ended(run("run", "echo", input="-5"), DONE).stdout == b"-5"


def test_run_json(run):
    event = json.loads(ended(run("run", "fib", "10", "--json"), DONE).stdout)
    assert event["event"] == "done" and event["payload"] == "55" and event["job"], event
    event = json.loads(ended(run("run", "math", "{}", "--json"), FAILED).stdout)
    assert event["event"] == "failed" and event["reason"] == "module", event


@pytest.mark.parametrize("mode", [[], ["--each"]])
def test_a_context_comes_back_to_the_letter(run, mode):
    context = r'[ 1.10, "\u0061 b", -0, {"a": 1e2}, 1e309, 100000000000000000000 ]'
    result = ended(run("run", "echo", "--json", "--context", context, *mode, input="x\n"), DONE)
    assert rb'"context":[1.10,"\u0061 b",-0,{"a":1e2},1e309,100000000000000000000]' in result.stdout, result.stdout
    assert json.loads(result.stdout)["context"] == json.loads(context)


def test_run_failed(run):
    result = ended(run("run", "math", '{"op":"div","x":1,"y":0}'), FAILED)
    assert result.stdout == b"" and "div-by-zero" in result.stderr


def test_run_unknown_module(run):
    assert "unknown-module" in ended(run("run", "no-such-module", "x"), FAILED).stderr


@pytest.mark.parametrize("how, word", [("kill", "SIGKILL"), ("_exit 3", "3")])
def test_run_worker_lost(run, how, word):
    assert word in ended(run("run", "crash", how), LOST).stderr


def test_run_overload(daemon):
    server, client = full_daemon(daemon)
    result = ended(Command(server)("run", "echo", "x"), AGAIN)
    assert result.stdout == b"" and "queue-full" in result.stderr
    client.send(op="kill", target="busy")
    client.outcome("busy")


def test_run_timeout_of_the_job(daemon):
    server = daemon(kill_grace_ms=8000 * SCALE)
    result = ended(Command(server)("run", "sleep", LONG_SLEEP, "--timeout-ms", "100"), TIMEOUT)
    assert result.stderr


def test_run_timeout_of_the_command(daemon):
    """The command gives up, and its linked job is cancelled."""
    server = daemon(pool_start=1, pool_max=1)
    begin = time.monotonic()
    ended(Command(server)("run", "sleep", LONG_SLEEP, "--timeout", "0.3"), TIMEOUT)
    assert time.monotonic() - begin < 5 * SCALE
    server.wait_jobs(running=0)


def test_run_unreachable(run, tmp_path):
    for address in (f"unix:{tmp_path}/none", "127.0.0.1:1"):
        result = ended(Command(address)("run", "echo", "x"), UNREACHABLE)
        assert address in result.stderr


def test_run_when_the_daemon_dies(daemon):
    server = daemon(pool_start=1)
    process = Command(server).start(
        "run", "sleep", LONG_SLEEP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    server.wait_jobs(running=1)
    server.expected_status = -signal.SIGKILL
    server.kill()
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == UNREACHABLE and err, (process.returncode, err)


def test_run_on_a_draining_daemon(daemon):
    server = daemon(pool_start=1, drain_timeout_ms=30000)
    process = Command(server).start(
        "run", "sleep", '{"ms":500,"value":5}', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    server.wait_jobs(running=1)
    server.signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (DONE, b"5")
    assert server.wait_exit() == 0


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_run_of_a_job_that_waits_when_the_daemon_drains(daemon, json_too):
    """As after an overload, a later try makes sense."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=30000)
    client = server.client()
    client.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    client.begun()
    process = Command(server).start(
        "run", "echo", "x", *json_too, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    server.wait_jobs(running=1, waiting=1)
    server.signal(signal.SIGTERM)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == AGAIN and b"shutdown" in out + err, (process.returncode, out, err)
    client.send(op="kill", target="busy")
    client.outcome("busy")
    assert server.wait_exit() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["run", "echo", "x", "y"],
        ["run", "echo", "--colour"],
        ["run", "echo", "x", "--timeout", "soon"],
        ["run", "echo", "x", "--jobs", "0"],
        ["run", "echo", "x", "--unordered"],
        ["run", "echo", "x", "--each"],
        ["sing"],
        ["ping", "x"],
        ["cancel"],
        ["--each"],
    ],
    ids=lambda value: " ".join(value) or "none",
)
def test_usage(run, arguments):
    result = ended(run(*arguments), USAGE)
    assert result.stderr


def test_help():
    for arguments in (["--help"], ["run", "--help"], ["stats", "--help"]):
        result = subprocess.run([COMMAND, *arguments], capture_output=True, env=environment())
        assert result.returncode == 0 and b"Usage" in result.stdout
    assert b"124" in result.stdout


def test_help_of_each_command():
    """On a terminal of 80 columns, with each option that completion knows; help tells the same."""

    def lines(*arguments):
        result = subprocess.run([COMMAND, *arguments], capture_output=True, env=environment(), check=True)
        return result.stdout.decode().splitlines()

    for command in lines("--complete", ""):
        text = lines(command, "--help")
        assert lines("help", command) == text
        assert max(map(len, text)) <= 80, command
        for option in lines("--complete", command, "--"):
            assert any(option in line for line in text), (command, option)


def completed(line, address, **kwargs):
    """The words that bash proposes at the end of the line."""
    script = f'. "$1"; COMP_LINE=$2 COMP_POINT=${{#2}}; _taskmaster {COMMAND}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    result = subprocess.run(
        ["bash", "-c", script, "bash", COMPLETION, line.replace("taskmaster", COMMAND, 1)],
        capture_output=True,
        text=True,
        env=environment(TASKMASTER_SERVER=address),
    )
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout.split()


def test_completion_in_bash(shared):
    assert completed("taskmaster pin", shared.address) == ["ping"]
    assert completed("taskmaster log-level ", shared.address) == ["error", "warn", "info", "debug"]
    assert completed("taskmaster resize --pool-m", shared.address) == ["--pool-max"]
    workers = [str(worker["id"]) for worker in shared.workers()]
    assert completed("taskmaster kill --timeout 60 --worker ", shared.address) == workers
    elsewhere = f"taskmaster --server {shared.address} --timeout=60 kill --worker "
    assert completed(elsewhere, "127.0.0.1:1") == workers


def test_server_from_the_environment(shared):
    result = subprocess.run(
        [COMMAND, "run", "echo", "x"],
        capture_output=True,
        env=environment(TASKMASTER_SERVER=shared.address),
    )
    assert (result.returncode, result.stdout) == (DONE, b"x"), result


def test_result_to_a_closed_pipe(run):
    """`taskmaster … | true` ends, with a failure status."""
    reading, writing = os.pipe()
    os.close(reading)
    process = run.start("run", "crash", "big 3000000", stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.DEVNULL)
    os.close(writing)
    assert process.wait(DEADLINE) != DONE


@pytest.mark.parametrize(
    "closing, arguments, status, error",
    [
        ("<&-", "run fib", FAILED, "cannot read standard input"),
        ("<&-", "run fib --each", FAILED, "cannot read standard input"),
        ("<&-", "run fib 30", DONE, ""),
        (">&-", "run echo hi", FAILED, "cannot write"),
        (">&-", "run echo hi --json", FAILED, "cannot write"),
        (">&-", "ping", FAILED, "cannot write"),
        ("2>&-", "run math {}", FAILED, ""),
        ("2>&-", "run echo hi", DONE, ""),
        ("<&- >&- 2>&-", "run echo", FAILED, ""),
    ],
)
def test_a_closed_descriptor_is_not_the_connection(daemon, closing, arguments, status, error):
    server = daemon(pool_start=1)
    shell = ["sh", "-c", f'exec "$@" {closing}', "sh"]
    result = ended(Command(server)(*arguments.split(), before=shell), status)
    assert error in result.stderr and bool(error) == bool(result.stderr), result.stderr
    server.wait_jobs(running=0, waiting=0)
    assert not server.log.events("client-error") + server.log.events("client-truncated"), server.log.tail()


def test_interrupt_cancels_the_job(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE)
    process = Command(server).start(
        "run", "sleep", LONG_SLEEP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    server.wait_jobs(running=1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)
    assert process.returncode not in (DONE, None)
    stats = server.wait_jobs(running=0)
    assert stats["pool"]["exits"] == 0


@pytest.mark.parametrize("mode, status", [([], FAILED), (["--each"], SOME_FAILED)])
def test_two_signals_in_a_row_cancel_the_job(daemon, mode, status):
    """timeout(1) sends two signals like these. Only the command itself cancels an unlinked job."""
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE)
    process = Command(server).start(
        "run", "sleep", "--no-link", *mode, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdin.write(LONG_SLEEP.encode())
    process.stdin.close()
    server.wait_jobs(running=1)
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: proc.stat(process.pid)[0] == "T", "the command to stand still")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        process.send_signal(number)
    assert process.wait(DEADLINE) == status
    error = process.stderr.read().decode()
    stats = server.wait_jobs(running=0)
    assert stats["jobs"]["failed"].get("cancelled") == 1 and stats["pool"]["exits"] == 0, (stats, error)


def test_kill_9_of_the_command_cancels_its_job(daemon):
    """The command's jobs are linked."""
    server = daemon(pool_start=1, pool_max=1)
    process = Command(server).start("run", "sleep", LONG_SLEEP, stdin=subprocess.DEVNULL)
    server.wait_jobs(running=1)
    process.kill()
    process.wait()
    server.wait_jobs(running=0)


def test_no_link(daemon):
    server = daemon(pool_start=1, pool_max=1)
    process = Command(server).start("run", "--no-link", "sleep", '{"ms":400}', stdin=subprocess.DEVNULL)
    server.wait_jobs(running=1)
    process.kill()
    process.wait()
    stats = server.wait_jobs(running=0)
    assert stats["jobs"]["failed"].get("cancelled", 0) == 0


def test_no_link_of_jobs_that_wait(daemon):
    """As the manual says: the server notices the lost client at the first result. The job begun by then still runs; the
    others are dropped."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    client.begun()
    process = Command(server).start(
        "run", "--no-link", "--each", "sleep", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    process.stdin.write(b'{"ms":50}\n' * 6)
    process.stdin.close()
    server.wait_jobs(running=1, waiting=6)
    process.kill()
    process.wait()
    client.send(op="kill", target="busy")
    client.outcome("busy")
    jobs = server.wait_jobs(running=0, waiting=0)["jobs"]
    assert jobs["done"] + jobs["orphaned"] >= 1 and jobs["dropped"] >= 1, jobs
    assert jobs["done"] + jobs["orphaned"] + jobs["dropped"] == 6, jobs


# ---- run --each


def test_each_in_input_order(run):
    lines = "".join(f"{n}\n" for n in range(5, 31))
    result = ended(run("run", "fib", "--each", input=lines), DONE)
    fib = [0, 1]
    while len(fib) < 31:
        fib.append(fib[-1] + fib[-2])
    assert [int(line) for line in result.stdout.split()] == fib[5:31]


def test_each_in_input_order_when_jobs_end_in_another(daemon):
    server = daemon(pool_start=4, pool_max=4)
    lines = "".join(json.dumps({"ms": ms, "value": n}) + "\n" for n, ms in enumerate([300, 5, 100, 5]))
    result = ended(Command(server)("run", "sleep", "--each", input=lines), DONE)
    assert result.stdout.split() == [b"0", b"1", b"2", b"3"]


def test_each_unordered(daemon):
    server = daemon(pool_start=4, pool_max=4)
    lines = "".join(json.dumps({"ms": ms, "value": n}) + "\n" for n, ms in enumerate([500, 5, 250, 5]))
    result = ended(Command(server)("run", "sleep", "--each", "--unordered", input=lines), DONE)
    order = result.stdout.split()
    assert sorted(order) == [b"0", b"1", b"2", b"3"] and order[2:] == [b"2", b"0"], order


def test_each_of_a_last_line_without_newline_and_empty_lines(run):
    result = ended(run("run", "echo", "--each", input="a\n\nb"), DONE)
    assert result.stdout == b"a\n\nb\n"


def test_each_of_nothing(run):
    assert ended(run("run", "echo", "--each", input=""), DONE).stdout == b""


def test_each_some_failed(run):
    result = ended(run("run", "fib", "--each", input="5\nfive\n6\n"), SOME_FAILED)
    assert result.stdout == b"5\n8\n"
    assert "2" in result.stderr, "the line is named"


def test_each_with_a_crash_in_the_middle(run):
    lines = "stdout a\nkill\nstdout b\n"
    result = ended(run("run", "crash", "--each", "--json", input=lines), SOME_FAILED)
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events] == ["done", "failed", "done"]
    assert [event["line"] for event in events] == [1, 2, 3]


def test_each_waits_and_retries_on_overload(daemon):
    """The command keeps more jobs in flight than the server has room for. No line is lost."""
    server = daemon(pool_start=1, pool_max=1, job_max=2)
    lines = "".join(f"line {n}\n" for n in range(300))
    result = ended(Command(server)("run", "echo", "--each", "--jobs", "20", input=lines), DONE)
    assert result.stdout.decode() == lines
    stats = server.stats()
    assert stats["jobs"]["done"] == 300 and stats["jobs"]["overload"].get("queue-full", 0) > 0


def test_each_jobs_bounds_what_is_in_flight(daemon):
    server = daemon(pool_start=4, pool_max=4)
    lines = "".join('{"ms":30}\n' for n in range(20))
    most = 0
    process = Command(server).start(
        "run", "sleep", "--each", "--jobs", "2", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    process.stdin.write(lines.encode())
    process.stdin.close()
    with server.client() as client:
        while process.poll() is None:
            stats = client.stats()
            most = max(most, stats["jobs"]["running"] + stats["queue"]["waiting"])
    assert process.returncode == DONE and most == 2


def test_each_of_10000_lines(run):
    lines = "".join(f"{n}\n" for n in range(10000))
    result = ended(run("run", "echo", "--each", "--jobs", "64", input=lines), DONE)
    assert result.stdout.decode() == lines


def test_each_streams(run):
    """A result comes out while the input is still open, so the command works within a pipe."""
    process = run.start("run", "echo", "--each", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for n in range(3):
            process.stdin.write(b"%d\n" % n)
            process.stdin.flush()
            assert select.select([process.stdout], [], [], DEADLINE)[0], "no result"
            assert process.stdout.readline() == b"%d\n" % n
        process.stdin.close()
        assert process.wait(DEADLINE) == DONE
    finally:
        proc.end(process)
        process.stdout.close()


def terminal(run, *arguments, input):
    """Runs the command with stderr on a terminal, and returns the terminal's output."""
    ours, theirs = pty.openpty()
    seen = bytearray()

    def read():
        try:
            while data := os.read(ours, 65536):
                seen.extend(data)
        except OSError:
            pass

    thread = threading.Thread(target=read)
    thread.start()
    process = run.start(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    out, _ = process.communicate(input, DEADLINE * 2)
    thread.join()
    os.close(ours)
    return process.returncode, out, bytes(seen)


def test_each_progress_bar_when_stderr_is_a_terminal(run):
    lines = b'{"ms":150}\n' * 8
    status, out, seen = terminal(run, "run", "sleep", "--each", "--jobs", "2", input=lines)
    assert status == DONE and len(out.splitlines()) == 8
    assert b"\r" in seen and re.search(rb"\d", seen), f"no progress: {seen!r}"
    assert not re.search(rb"[\r\n]", out.replace(b"\n", b"")), "in the results"


def test_each_no_progress_bar_when_stderr_is_no_terminal(run):
    result = ended(run("run", "sleep", "--each", input='{"ms":150}\n' * 4), DONE)
    assert result.stderr == ""


def test_each_interrupted(daemon):
    server = daemon(pool_start=2, pool_max=2, kill_grace_ms=8000 * SCALE)
    process = Command(server).start(
        "run", "sleep", "--each", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdin.write((LONG_SLEEP + "\n").encode() * 10)
    process.stdin.flush()
    server.wait_jobs(running=2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == SOME_FAILED
    server.wait_jobs(running=0, waiting=0)


# ---- the manual


def test_the_example_of_each_in_the_manual_works_on_defaults(shared, tmp_path):
    with open(MANUAL, encoding="utf-8") as file:
        section = file.read().partition(".Sh EXAMPLES\n")[2].replace("\\e", "\\")
    blocks = re.findall(r"^\.Bd .*?\n\$ (.*?)\.Ed$", section, re.M | re.S)
    (example,) = [block for block in blocks if "--each" in block]
    command, output = re.fullmatch(r"(.*(?:\n    .*)*)\n((?:.*\n)*)", example).groups()
    env = environment(TASKMASTER_SERVER=shared.address, PATH=f"{BUILD}:{os.environ['PATH']}")
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (SOME_FAILED, output, "")
    assert "line 2: job" in (tmp_path / "errors").read_text()


# ---- the other commands


def test_ping(run):
    assert b"taskmasterd" in ended(run("ping"), DONE).stdout
    answer = json.loads(ended(run("ping", "--json"), DONE).stdout)
    assert answer["server"].startswith("taskmasterd/")
    ended(Command("127.0.0.1:1")("ping"), UNREACHABLE)


def test_json_of_an_address_that_is_no_utf8(daemon, tmp_path):
    """The daemon binds no such path, but a link or a mount may lead to its socket."""
    daemon(listen=[f"unix:{tmp_path}/s"])
    path = os.fsencode(tmp_path) + b"/\xe9"
    os.symlink(f"{tmp_path}/s", path)
    address = os.fsdecode(b"unix:" + path)
    answer = json.loads(ended(Command(address)("ping", "--json"), DONE).stdout)
    assert answer["event"] == "pong" and answer["address"] == f"unix:{tmp_path}/?"


def test_ping_waits_for_a_server_that_starts_later(daemon, tmp_path):
    server = daemon.make({"listen": f"unix:{tmp_path}/sock"})
    process = Command(f"unix:{tmp_path}/sock").start(
        "ping", "--wait-ms", "60000", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert not select.select([process.stdout, process.stderr], [], [], 0.2)[0], "it does not wait"
        server.start()
        out, err = process.communicate(timeout=DEADLINE)
    finally:
        proc.end(process)
    assert process.returncode == DONE and b"taskmasterd" in out and not err, (out, err)


def test_ping_waits_for_nobody(tmp_path):
    run, begin = Command(f"unix:{tmp_path}/none"), time.monotonic()
    result = ended(run("ping", "--wait-ms", "300"), UNREACHABLE)
    assert time.monotonic() - begin >= 0.3 and result.stderr == ended(run("ping"), UNREACHABLE).stderr


def test_stats(run):
    assert b"submitted" in ended(run("stats"), DONE).stdout
    stats = json.loads(ended(run("stats", "--json"), DONE).stdout)
    assert stats["pool"]["start"] == 2


def test_workers(run, shared):
    pid = shared.worker_pids()[0]
    assert str(pid).encode() in ended(run("workers"), DONE).stdout
    workers = json.loads(ended(run("workers", "--json"), DONE).stdout)
    assert pid in [worker["pid"] for worker in workers]


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_cancel(daemon, op):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("a", "sleep", LONG_SLEEP, notify=["started"])
    job = client.event("started")["job"]
    assert b"running" in ended(Command(server)(op, job), DONE).stdout
    check(client.outcome("a"), "failed", reason="cancelled")
    result = ended(Command(server)(op, job), FAILED)
    assert result.stderr


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_cancel_json_of_no_job(run, op):
    result = ended(run(op, "--json", "nosuch"), FAILED)
    event = json.loads(result.stdout)
    assert event["event"] == "error" and event["code"] == "unknown-job" and event["op"] == op, event
    assert "id" not in event and not result.stderr, result


@pytest.mark.parametrize("command", ["run echo x", "ping", "stats", "workers", "cancel x", "kill x"])
def test_json_of_a_refused_hello(daemon, tmp_path, command):
    (tmp_path / "tokens").write_text("a-token-of-some-length\n")
    server = daemon.make({"token_file": str(tmp_path / "tokens")})
    server.token = "a-token-of-some-length"
    server.start()
    result = ended(Command(server)(*command.split(), "--json"), UNREACHABLE)
    event = json.loads(result.stdout)
    assert event["event"] == "error" and event["code"] == "unauthorized", event
    assert not result.stderr


def test_json_of_no_server_is_told_on_stderr():
    result = ended(Command("127.0.0.1:1")("ping", "--json"), UNREACHABLE)
    assert result.stdout == b"" and result.stderr


def test_a_token_file(daemon, tmp_path):
    """The server and its clients can share one file."""
    (tmp_path / "tokens").write_text("# ours\n\n  a-token-of-some-length \r\n# old\nanother-token-of-ours\n")
    (tmp_path / "tokens").chmod(0o600)
    server = daemon.make({"token_file": str(tmp_path / "tokens")})
    server.token = "a-token-of-some-length"
    server.start()
    run = Command(server)
    ended(run("run", "echo", "x", "--token-file", str(tmp_path / "tokens")), DONE)
    result = run("run", "echo", "x")
    assert result.returncode not in (DONE, None) and "unauthorized" in result.stderr, result


def test_over_a_unix_socket(daemon, tmp_path):
    server = daemon(listen=f"unix:{tmp_path}/sock")
    assert ended(Command(server)("run", "echo", "x"), DONE).stdout == b"x"


def test_a_result_cannot_steer_the_terminal_through_stderr(run):
    result = run("run", "fib", "\x1b[2J\x07")
    assert result.returncode == FAILED
    assert "\x1b" not in result.stderr and "\x07" not in result.stderr


@pytest.mark.skipif(SANITIZED, reason="a measure of the release build")
def test_each_is_not_slow(run):
    """A batch of 20,000 small jobs takes seconds, not minutes."""
    begin = time.monotonic()
    lines = "x\n" * 20000
    result = ended(run("run", "echo", "--each", "--unordered", "--jobs", "64", input=lines), DONE)
    assert len(result.stdout) == len(lines)
    assert time.monotonic() - begin < 20
