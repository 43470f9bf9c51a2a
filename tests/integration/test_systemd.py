"""The units under a real systemd: a start, a reload and restarts, in their sandbox and with their sockets."""

import glob
import json
import os
import shutil
import signal
import subprocess

import pytest

from harness import proc
from harness.wait import BUILD, SANITIZED, wait_until

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BOOT = os.path.join(os.path.dirname(__file__), "harness", "boot.sh")
UNITS = ["taskmasterd", "taskqueued", "taskmaster-http"]

pytestmark = [
    pytest.mark.skipif(SANITIZED, reason="the sandbox takes no sanitizer"),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("systemd-analyze"), reason="needs root and systemd"),
]


def cgroup2():
    """Where a cgroup may be made: the unified hierarchy, alone or beside the older ones."""
    with open("/proc/mounts") as file:
        mounts = [line.split() for line in file]
    return next((fields[1] for fields in mounts if fields[2] == "cgroup2" and os.access(fields[1], os.W_OK)), None)


class Machine:
    """Runs commands where a systemd is PID 1."""

    def __init__(self, directory):
        self.cgroup = os.path.join(cgroup2(), f"taskmaster-test-{os.getpid()}")
        os.mkdir(self.cgroup)
        self.output = open(os.path.join(directory, "boot.log"), "wb")
        space = os.path.join(directory, "space")
        os.mkdir(space)
        self.process = proc.spawn(
            ["sh", BOOT, space],
            env={**os.environ, "BUILD": BUILD, "TOP": TOP, "CGROUP": self.cgroup},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            process_group=0,
        )

    def booted(self):
        """True once systemd has started all it will start; False if it does not boot here."""
        state = ""

        def is_decided():
            nonlocal state
            state = self.run("systemctl", "is-system-running").stdout.strip() if self.pid else ""
            return state in ("running", "degraded") or self.process.poll() is not None

        try:
            wait_until(is_decided, "systemd to boot", timeout=30, interval=0.1)
        except AssertionError:
            return False
        return self.process.poll() is None

    @property
    def pid(self):
        """systemd, as we see it: the child of unshare."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
                return int((file.read().split() or ["0"])[0])
        except OSError:
            return 0

    def run(self, *command, timeout=30):
        inside = ["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "-u", "-i", "-C", "--root", "--wd", *command]
        return subprocess.run(
            inside, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, env={"PATH": os.environ["PATH"], "LANG": "C"}
        )

    def output_of(self, *command):
        result = self.run(*command)
        assert result.returncode == 0, (command, result, self.journal())
        return result.stdout

    def property(self, unit, name):
        return self.output_of("systemctl", "show", unit, "-p", name, "--value").strip()

    def journal(self):
        return self.run("journalctl", "--no-pager", "-n", "60", "-o", "cat").stdout

    def halt(self):
        """As `systemctl halt`: the services are stopped first."""
        if self.process.poll() is None and self.pid:
            os.kill(self.pid, signal.SIGRTMIN + 3)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        for path in sorted(glob.glob(f"{self.cgroup}/**/", recursive=True), reverse=True):
            os.rmdir(path)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    if not cgroup2():
        pytest.skip("no cgroup may be made here")
    machine = Machine(str(tmp_path_factory.mktemp("machine")))
    try:
        if not machine.booted():
            with open(machine.output.name, errors="replace") as file:
                pytest.skip(f"systemd does not boot here: {file.read()[-500:]}")
        yield machine
    finally:
        machine.halt()


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_active_once_its_daemon_is_ready(machine, unit):
    assert machine.property(unit, "ActiveState") == "active", machine.journal()
    wait_until(lambda: machine.property(unit, "StatusText"), "a status")
    assert machine.property(unit, "NRestarts") == "0", machine.journal()
    assert machine.property(f"{unit}.socket", "ActiveState") == "active"


@pytest.mark.parametrize("server", ["127.0.0.1:7741", "unix:/run/taskmasterd/socket"])
def test_jobs_run_in_the_sandbox(machine, server):
    assert machine.output_of("taskmaster", "--server", server, "run", "fib", "30") == "832040"
    for worker in json.loads(machine.output_of("taskmaster", "--server", server, "workers", "--json")):
        assert worker["rss_kb"] > 500, worker


def test_kept_jobs_run(machine):
    assert machine.output_of("taskmaster", "--server", "127.0.0.1:7742", "run", "fib", "20") == "6765"


def test_a_reload_is_seen(machine):
    before = machine.property("taskmasterd", "MainPID")
    machine.output_of("systemctl", "reload", "taskmasterd")
    wait_until(lambda: machine.property("taskmasterd", "ActiveState") == "active", "the end of the reload")
    wait_until(lambda: " reload " in machine.run("journalctl", "-u", "taskmasterd", "-o", "cat").stdout, "its line")
    assert machine.property("taskmasterd", "MainPID") == before


@pytest.mark.parametrize("unit", UNITS)
def test_a_restart_keeps_the_sockets(machine, unit):
    def listening():
        return machine.output_of("stat", "-c", "%i %a %U", f"/run/{unit}/socket")

    sockets, before = listening(), machine.property(unit, "MainPID")
    assert sockets.split()[1:] == ["660", unit]
    machine.output_of("systemctl", "restart", unit)
    assert machine.property(unit, "MainPID") != before
    assert machine.property(unit, "Result") == "success"
    assert listening() == sockets
    assert machine.output_of("taskmaster", "run", "fib", "20") == "6765"


def test_a_loop_that_stands_is_started_again(machine):
    drop_in = "/run/systemd/system/taskqueued.service.d"
    machine.output_of("mkdir", drop_in)
    machine.output_of("sh", "-c", f"printf '[Service]\\nWatchdogSec=2s\\nRestartSec=0\\n' >{drop_in}/test.conf")
    machine.output_of("systemctl", "daemon-reload")
    machine.output_of("systemctl", "restart", "taskqueued")
    before = machine.property("taskqueued", "MainPID")
    machine.output_of("kill", "-STOP", before)
    wait_until(lambda: machine.property("taskqueued", "NRestarts") == "1", "another start")
    wait_until(lambda: machine.property("taskqueued", "ActiveState") == "active", "its end")
    assert machine.property("taskqueued", "MainPID") != before
    assert "Watchdog timeout" in machine.output_of("journalctl", "-u", "taskqueued", "-o", "cat")
    machine.output_of("rm", "-r", drop_in)
    machine.output_of("systemctl", "daemon-reload")
    machine.output_of("systemctl", "restart", "taskqueued")


def test_a_wrong_configuration_is_not_tried_again(machine):
    """Without its socket: a waiting connection would start the daemon again."""
    machine.output_of("systemctl", "stop", "taskmasterd.socket", "taskmasterd.service")
    conf = "/etc/taskmaster/taskmasterd.conf"
    machine.output_of("sed", "-i.right", 's,// "pool-max": .*,"pool-max": 0,', conf)
    assert machine.run("systemctl", "start", "taskmasterd").returncode != 0
    assert machine.property("taskmasterd", "ActiveState") == "failed"
    assert machine.property("taskmasterd", "ExecMainStatus") == "78"
    machine.output_of("mv", f"{conf}.right", conf)
    machine.output_of("systemctl", "start", "taskmasterd.socket", "taskmasterd.service")
