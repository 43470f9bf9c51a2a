"""Signals at any time, from any process: only TERM, INT, QUIT and KILL end the master."""

import json
import os
import resource
import shutil
import signal
import subprocess

import pytest

from harness import proc
from harness.client import check, start
from harness.daemon import MASTER
from harness.wait import wait_until

ENDS = [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT]

# Signals about a fault of the process itself.
FAULTS = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGILL,
    signal.SIGFPE,
    signal.SIGABRT,
    signal.SIGSYS,
    signal.SIGTRAP,
}

STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}

# Signals with no meaning for the master.
OTHERS = sorted(
    signal.valid_signals()
    - FAULTS
    - {*ENDS, signal.SIGHUP, signal.SIGKILL, signal.SIGSTOP}
)


def ignored(pid, number):
    return bool(int(proc.status_field(pid, "SigIgn"), 16) >> (number - 1) & 1)


def test_no_other_signal_ends_or_stops_it(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    server.wait_idle(1)
    client = server.client()
    for number in OTHERS:
        server.signal(number)
        assert client.done("echo", "x", id=int(number)) == b"x", number
    start(client, "sleep", '{"ms":300,"value":7}', "a")
    server.signal(signal.SIGTERM)
    server.log.wait("drain")
    for number in OTHERS:
        server.signal(number)
    assert client.outcome("a").json() == 7
    assert server.wait_exit() == 0


def test_a_reserved_signal_is_logged(daemon):
    server = daemon()
    server.signal(signal.SIGUSR2)
    server.log.wait("signal-reserved", signal="SIGUSR2")


@pytest.mark.parametrize("number", ENDS)
def test_an_end_to_every_process_is_a_drain(daemon, number):
    """A service manager sends the signal to the master and to its workers. Running jobs still finish."""
    server = daemon(pool_start=3, pool_max=3)
    server.wait_idle(3)
    client = server.client()
    for n in range(2):
        start(client, "sleep", '{"ms":500,"value":%d}' % n, n)
    for pid in [*server.worker_pids(), server.pid]:
        os.kill(pid, number)
    for n in range(2):
        assert client.outcome(n).json() == n
    assert server.wait_exit() == 0
    assert not server.log.events("worker-lost")


def test_a_signal_of_another_process_ends_no_worker(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    pid = server.worker_pids()[0]
    client = server.client()
    start(client, "sleep", '{"ms":300,"value":7}', "a")
    for number in sorted({*ENDS, *OTHERS, signal.SIGHUP} - {signal.SIGPIPE, *STOPS}):
        os.kill(pid, number)
    assert client.outcome("a").json() == 7
    assert server.worker_pids() == [pid]


def test_workers_have_their_defaults_back(daemon):
    """Ignored signals are inherited over fork and exec, but a module's timer must be able to end its worker."""
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    pid = server.worker_pids()[0]
    for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGXFSZ, signal.SIGTSTP, signal.SIGIO):
        assert ignored(server.pid, number) and not ignored(pid, number), number


class Early:
    """A master in the earliest moment that a test can hold: while it reads its settings, from a pipe."""

    def __init__(self, daemon, prefix=()):
        self.server = daemon.make({})
        self.pipe = os.path.join(self.server.directory, "settings")
        os.mkfifo(self.pipe)
        self.server.command_line = [*prefix, MASTER, "-c", self.pipe]
        self.server.launch()

    def _open(self):
        try:
            self.writing = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
            return True
        except OSError:  # the master has not opened the pipe yet
            return False

    def wait(self, pid=None):
        """Waits until the master reads."""
        wait_until(self._open, "the settings to be read")
        assert ignored(pid or self.server.pid, signal.SIGALRM)
        return self

    def go_on(self):
        os.write(self.writing, json.dumps(self.server.config).encode())
        os.close(self.writing)
        wait_until(lambda: self.server.log.events("listening", role="clients"), "it to listen")
        self.server.addresses = [self.server.log.events("listening", role="clients")[0]["address"]]


def test_signals_before_it_listens(daemon):
    """An early reload is done as soon as possible. No signal ends the master but TERM, INT and QUIT."""
    early = Early(daemon).wait()
    for number in [*OTHERS, signal.SIGHUP]:
        early.server.signal(number)
    early.go_on()
    early.server.log.wait("reload-failed")  # rightly: a pipe can be read only once
    assert early.server.client().done("echo", "x") == b"x"


@pytest.mark.parametrize("number", ENDS)
def test_an_end_before_it_listens(daemon, number):
    early = Early(daemon).wait()
    early.server.signal(number)
    assert early.server.wait_exit() == 0
    assert not early.server.log.text()


@pytest.mark.parametrize("number", ENDS)
def test_pid_1_ends_and_does_not_end(daemon, number):
    """The kernel drops a signal for PID 1 if its action is the default. QUIT was once lost like this."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare")
    prefix = ["unshare", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")
    early = Early(daemon, prefix)
    master = wait_until(lambda: proc.children(early.server.pid), "the master")[0]
    early.wait(master)
    for other in OTHERS:
        os.kill(master, other)
    early.go_on()
    client = early.server.client()
    for other in OTHERS:
        os.kill(master, other)
    assert client.done("echo", "x") == b"x"
    os.kill(master, number)
    assert early.server.wait_exit() == 0
    assert early.server.log.wait("drain")["why"] == number.name

    os.unlink(early.pipe)
    again = Early(daemon, prefix)
    master = wait_until(lambda: proc.children(again.server.pid), "the master")[0]
    again.wait(master)
    os.kill(master, number)
    assert again.server.wait_exit() == 0


@pytest.mark.parametrize("number", [*ENDS, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM])
def test_signals_up_to_the_last_moment(daemon, number):
    """Signals without end, even during the cleanup: the master still exits with 0, and no signal kills it."""
    for _ in range(20):
        server = daemon(pool_start=1, pool_max=1)
        server.wait_idle(1)
        server.signal(signal.SIGTERM)
        while server.process.poll() is None:
            server.process.send_signal(number)
        assert server.process.returncode == 0


def test_term_at_start(daemon):
    """Before anything is ready: the master exits with 0, or dies by the signal if it has no handler yet."""
    server = daemon.make({"pool_start": 4, "pool_max": 4}).launch()
    server.signal(signal.SIGTERM)
    status = server.wait_exit()
    assert status in (0, -signal.SIGTERM)
    server.expected_status = status


def test_term_while_workers_start(daemon):
    server = daemon(pool_start=8, pool_max=8)
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0


def test_a_log_that_reaches_the_limit_of_a_file(daemon):
    """LimitFSIZE of a service manager: lines are lost and counted, and nothing else happens."""
    limit = 1 << 20

    def set_limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    server = daemon.make({}, preexec_fn=set_limit)
    server.start()
    client = server.client()
    with open(server.log.path, "ab") as file:
        file.write(b"\n" * (limit - os.path.getsize(server.log.path) - 100))
    for n in range(20):
        check(client.run("crash", "kill", id=n), "failed", reason="error", signal="SIGKILL")
    assert os.path.getsize(server.log.path) == limit
    os.truncate(server.log.path, 0)  # as logrotate does
    check(client.run("crash", "kill", id="a"), "failed", reason="error", signal="SIGKILL")
    assert server.log.wait("log-lost")["lines"] > 20
