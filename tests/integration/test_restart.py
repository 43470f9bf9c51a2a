"""Restarts behind a held socket: libtaskmaster and the command go on by themselves with what has not begun, and nothing
runs twice."""

import signal
import subprocess
import sys
import os

import pytest

from harness import proc
from harness.client import ask, check, start
from harness.daemon import COMMAND, environment
from harness.manager import Manager
from harness.wait import BUILD, DEADLINE, SANITIZED, wait_until

DONE, AGAIN, SOME_FAILED = 0, 75, 123
SHORT = '{"ms":2}'


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def server(daemon, manager):
    """A taskmasterd whose socket is held over its restarts."""
    manager.listen()
    return manager.manages(daemon.make({"log-jobs": "all", "log-level": "info", "drain-timeout-ms": 30000})).start()


def restart(server):
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    server.start()


def spawn(*arguments, address, **popen):
    return proc.spawn(
        [*arguments],
        env=environment(TASKMASTER_SERVER=address, BUILD=BUILD),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **popen,
    )


def done(server, module="sleep"):
    return len(server.log.events("job-end", end="done", module=module))


def waits_in_line(server, process):
    """The job of the command is in line behind the one of `client`."""
    wait_until(lambda: server.stats()["queue"]["waiting"] == 1 or process.poll() is not None, "the waiting job")


def test_run_goes_on_with_the_next_server(server, manager):
    server.write_config(pool_max=1)
    check(ask(server.client(), "reload"), "ok")
    client = server.client()
    start(client, "sleep", '{"ms":300}', "a", link=True)
    process = spawn(COMMAND, "run", "echo", "hello", address=manager.address)
    waits_in_line(server, process)
    restart(server)
    assert process.communicate(timeout=DEADLINE) == ("hello", "")
    assert process.returncode == DONE
    assert done(server, "echo") == 1


def test_run_tells_the_end_of_the_last_server(daemon):
    """Nobody holds the socket: as ever."""
    server = daemon(pool_max=1, drain_timeout_ms=30000)
    client = server.client()
    start(client, "sleep", '{"ms":500}', "a")
    process = spawn(COMMAND, "run", "echo", "hello", address=server.address)
    waits_in_line(server, process)
    server.signal(signal.SIGTERM)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (AGAIN, "") and "shutdown" in err, err
    assert server.wait_exit() == 0


def test_a_job_waits_for_the_end_of_a_long_drain(daemon, manager):
    """Longer than any other request waits for an answer."""
    address = manager.listen()
    process = spawn(COMMAND, "run", "echo", "hello", address=address)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(10.5)
    manager.manages(daemon.make()).start()
    assert process.communicate(timeout=DEADLINE) == ("hello", "")


def test_each_loses_no_line_over_restarts(server, manager):
    count = 400
    process = spawn(COMMAND, "run", "--each", "--jobs", "8", "sleep", address=manager.address)
    for number in range(count):
        if number in (100, 200, 300):
            process.stdin.flush()
            wait_until(lambda: done(server) >= number - 60, "the jobs before")
            restart(server)
        process.stdin.write('{"ms":2,"value":%d}\n' % number)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (DONE, ""), err
    assert out.split() == [str(number) for number in range(count)]
    assert done(server) == count


@pytest.mark.skipif(SANITIZED, reason="the sanitizers come first in a process")
def test_the_library_goes_on_over_restarts(server, manager):
    """Calls that wait, with restarts between and amid them: each job is done once, and no call fails."""
    program = os.path.join(os.path.dirname(__file__), "harness", "library.py")
    process = spawn(sys.executable, "-IS", program, manager.address, address=manager.address)
    numbers = []
    for number in range(60):
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        if number % 20 == 10:
            restart(server)
        if number % 3 == 0:  # idle at some restarts, and busy at others
            numbers += [process.stdout.readline() for _ in range(number + 1 - len(numbers))]
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, ""), err
    assert [line.split() for line in numbers + out.splitlines()] == [[str(n), "3", str(n)] for n in range(60)]
    assert done(server) == 60
