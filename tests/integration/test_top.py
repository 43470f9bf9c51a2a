"""taskmaster top, on a terminal and without one."""

import json
import os
import signal
import subprocess

import pytest

from harness.terminal import Terminal
from harness.wait import BUILD, wait_until

COMMAND = os.path.join(BUILD, "taskmaster")
SLEEP = json.dumps({"ms": 60000})


@pytest.fixture
def top(daemon):
    """Starts `top` on a terminal; each is closed in the end."""
    opened = []

    def start(server, *options, **more):
        opened.append(Terminal([COMMAND, "top", f"--server={server.addresses[0]}", *options], **more))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def busy(daemon, jobs=3):
    """A server with sleeping jobs, and their ids."""
    server = daemon(pool_start=jobs, pool_max=jobs, drain_timeout_ms=1, kill_grace_ms=20, modules={"wc": {"pool": "other"}},
                    pools={"other": {"pool-start": 1}})
    client = server.client()
    for n in range(jobs):
        client.submit(n, "sleep", SLEEP)
    server.wait_jobs(running=jobs)
    wait_until(lambda: all(worker["begun"] for worker in server.workers() if worker["job"]), "all jobs begun")
    return server, client


def once(server, *options):
    return subprocess.run([COMMAND, "top", f"--server={server.addresses[0]}", *options], capture_output=True,
                          timeout=60, check=True, stdin=subprocess.DEVNULL).stdout.decode()


def test_once(daemon):
    server, _ = busy(daemon)
    for text in (once(server, "-1"), once(server, "--once"), once(server)):
        assert "3 running" in text and "3 busy of" in text
        assert "POOL 2" in text and "MODULE 1" in text and "JOB 3" in text and "WORKER 4" in text
        assert "\x1b" not in text


def test_once_of_an_idle_server(daemon):
    """A short print has all lines of the summary, too: it is no low screen."""
    lines = once(daemon(pool_start=1), "-1").splitlines()
    assert lines[0].startswith("taskmasterd/") and [line.split()[0] for line in lines[1:4]] == ["Jobs", "Workers", "Server"]


def test_without_the_right(daemon, tmp_path):
    """The refusal looks as that of each other command."""
    access, mine = tmp_path / "access", tmp_path / "token"
    access.touch(0o600)
    access.write_text("ops token-of-the-operator all\nweb token-of-the-website submit\n")
    mine.write_text("token-of-the-website\n")
    server = daemon.make({"access_file": str(access)})
    server.token = "token-of-the-operator"
    server.start()
    command = [COMMAND, "top", "-1", f"--server={server.addresses[0]}", f"--token-file={mine}"]
    text = subprocess.run(command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert text.returncode == 1 and not text.stdout
    assert text.stderr.startswith(b"taskmaster: the server refused: denied: stats needs the right observe"), text.stderr
    told = subprocess.run(command + ["--json"], capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert told.returncode == 1 and not told.stderr
    event = json.loads(told.stdout)
    assert (event["event"], event["op"], event["code"]) == ("error", "stats", "denied"), event


def test_json(daemon):
    server, _ = busy(daemon)
    figures = json.loads(once(server, "-1", "--json"))
    assert figures["stats"]["jobs"]["running"] == 3 and len(figures["workers"]) == 4
    process = subprocess.Popen([COMMAND, "top", "--json", "--interval=0.1", f"--server={server.addresses[0]}"],
                               stdout=subprocess.PIPE)
    lines = [json.loads(process.stdout.readline()) for _ in range(3)]
    process.terminate()
    process.wait()
    assert all(line["stats"]["jobs"]["running"] == 3 for line in lines)


def test_a_screen(daemon, top):
    server, client = busy(daemon)
    terminal = top(server)
    text = terminal.wait("JOB 3")
    assert terminal.alternate and not terminal.cursor
    assert len(text.splitlines()) <= 24 and "q quit" in text and "3 busy of" in text
    terminal.press("h")
    terminal.wait("cancel the job under the cursor")
    terminal.press("x")
    terminal.wait("JOB 3")
    terminal.press("/other\r")
    terminal.wait("POOL 1 ")
    terminal.press("\x1b")
    terminal.wait("POOL 2 ")
    terminal.press("q")
    assert terminal.end() == 0
    client.silent()


def test_kill_and_cancel(daemon, top):
    server, client = busy(daemon)
    terminal = top(server, "--interval=0.2")
    terminal.wait("JOB 3")
    terminal.press("\x1b[F" "k")
    terminal.wait("Kill job")
    terminal.press("y")
    terminal.wait("the job was running")
    terminal.wait("JOB 2")
    terminal.press("\x1b[H" "c")
    terminal.wait("Cancel job")
    terminal.press("n")
    terminal.wait("nothing was done")
    terminal.press("cy")
    terminal.wait("JOB 1")
    events = [client.recv(), client.recv()]
    assert {event["reason"] for event in events} == {"cancelled"}, events
    terminal.press("q")
    assert terminal.end() == 0


def test_sizes(daemon, top):
    server, _ = busy(daemon)
    terminal = top(server, rows=60, cols=200)
    assert "WAITED" in terminal.wait("CLIENT" if "jobs" in server.client().hello_event["features"] else "WAITED")
    for rows, cols in ((24, 80), (5, 30), (1, 10), (50, 150)):
        terminal.read()
        terminal.resize(rows, cols)
        terminal.wait("q quit"[: min(cols, 6)])
        terminal.wait_gone("WAITED") if cols < 80 else None
    assert "JOB 3" in terminal.wait("JOB 3")
    terminal.press("q")
    assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT])
def test_signals_put_the_terminal_back(daemon, top, number):
    server, _ = busy(daemon)
    terminal = top(server)
    terminal.wait("JOB 3")
    os.kill(terminal.process.pid, number)
    assert terminal.end() == -number


def test_a_signal_ends_a_stopped_screen(daemon, top):
    """Ctrl-S stops the output, until the screen waits in a write."""
    server, _ = busy(daemon)
    terminal = top(server, "--interval=0.1")
    terminal.wait("JOB 3")
    terminal.press("\x13" + "\f" * 2000)
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM


def test_ctrl_c_is_quit(daemon, top):
    server, _ = busy(daemon)
    terminal = top(server)
    terminal.wait("JOB 3")
    terminal.press("\x03")
    assert terminal.end() == 0


def test_stop_and_go_on(daemon, top):
    server, _ = busy(daemon)
    terminal = top(server, shell=True)
    terminal.wait("JOB 3")
    terminal.press("\x1a")
    wait_until(lambda: terminal.read() or not terminal.alternate, "the terminal being the shell's")
    terminal.go_on()
    wait_until(lambda: terminal.read() or terminal.alternate, "the screen being back")
    terminal.wait("JOB 3")
    terminal.press("q")
    assert terminal.end() == 0


def test_the_server_goes(daemon, top):
    server, client = busy(daemon, jobs=1)
    terminal = top(server)
    terminal.wait("JOB 1")
    server.expected_status = -signal.SIGKILL
    server.kill()
    assert terminal.end() == 69
    assert b"taskmaster: " in terminal.seen


def test_a_server_without_an_answer(daemon, top):
    """A stopped server: old figures are not shown as if they were new."""
    server, _ = busy(daemon, jobs=1)
    terminal = top(server, "--interval=0.2")
    terminal.wait("JOB 1")
    os.kill(server.pid, signal.SIGSTOP)
    terminal.wait("NO ANSWER for")
    os.kill(server.pid, signal.SIGCONT)
    terminal.wait_gone("NO ANSWER")
    terminal.press("q")
    assert terminal.end() == 0


def test_deadline(daemon, top):
    server, _ = busy(daemon, jobs=1)
    terminal = top(server, "--timeout=1")
    terminal.wait("JOB 1")
    assert terminal.end() == 124


def test_nothing_of_a_server_steers_the_terminal(daemon, top):
    """The screen asserts that no control character comes from a client's name or an owner."""
    server = daemon(pool_start=1)
    client = server.client(client="evil\x1b[2J\x9b\x07name")
    client.submit("a", "sleep", SLEEP)
    server.wait_jobs(running=1)
    terminal = top(server, rows=40, cols=200)
    terminal.wait("JOB 1")
    terminal.press("q")
    assert terminal.end() == 0
