"""One taskmasterd under a fault: started, used, ended and judged."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from harness.client import Client, Closed, conservation  # noqa: E402
from harness.wait import BUILD, Deadline, wait_until  # noqa: E402

MASTER = os.path.join(BUILD, "taskmasterd")
WORKER = os.path.join(BUILD, "taskmaster-worker")
MODULES = [os.path.join(BUILD, "modules", f"{name}.so") for name in ("crash", "echo", "exec", "fib", "math", "sleep", "wc")]
MODULES += [os.path.join(BUILD, "tests", "modules", f"{name}.so") for name in ("live", "parts")]

START = 10.0  # seconds, for a tenth of a second's work
STEP = 8.0
END = 8.0
ORPHANS = 1.0  # seconds for workers to go after their master (protocol, section 8)
REST = 0.15  # seconds of the watch over a daemon at rest ...
SPIN = 0.10  # ... and its permitted CPU seconds

SYSEXITS = range(64, 79)
SAYS_WHY = re.compile(r"^taskmasterd: |\berror\b|^the settings are not fine", re.MULTILINE)

SETTINGS = {
    "worker-path": WORKER,
    "pool-start": 1,
    "pool-max": 2,
    "log-level": "debug",
    "start-timeout-ms": 1500,
    "drain-timeout-ms": 1000,
    "kill-grace-ms": 100,
    "linger-ms": 200,
    "hello-timeout-ms": 3000,
    "header-timeout-ms": 3000,
    "payload-timeout-ms": 3000,
    "output-timeout-ms": 3000,
}


class Outcome:
    def __init__(self):
        self.hit = False  # the fault happened
        self.problems = []
        self.log = ""


def session_members(session):
    """The living processes of a session: {pid: name}."""
    members = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                head, _, rest = file.read().rpartition(b")")
        except OSError:
            continue
        fields = rest.split()
        if int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
            members[int(pid)] = head.partition(b"(")[2].decode(errors="replace")
    return members


class Daemon:
    """`command` goes in front of the daemon's command line, and must become the daemon's process by exec."""

    def __init__(self, settings=None, command=(), env=None, options=()):
        self.outcome = Outcome()
        self.directory = tempfile.mkdtemp(prefix="sweep-")
        self.settings = {**SETTINGS, **(settings or {})}
        self.unix = "unix:" + os.path.join(self.directory, "socket")
        self.settings["module-dir"] = self.path("modules")
        os.mkdir(self.path("modules"))
        for module in MODULES:
            os.symlink(module, os.path.join(self.path("modules"), os.path.basename(module)))
        self.settings.setdefault("listen", [self.unix, "127.0.0.1:0"])
        self.config = os.path.join(self.directory, "conf")
        self.log_path = os.path.join(self.directory, "log")
        self.command = [*command, MASTER, "-c", self.config, *options]
        self.env = {k: v for k, v in os.environ.items() if k != "JOURNAL_STREAM"}
        self.env.update(env or {})
        self.process = None
        self.lost = 0  # connections

    def path(self, name):
        return os.path.join(self.directory, name)

    def write_config(self, text=None):
        with open(self.config, "w") as file:
            file.write(json.dumps(self.settings, indent=1) if text is None else text)

    # ---- life

    def launch(self):
        if not os.path.exists(self.config):
            self.write_config()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                start_new_session=True,
            )

    def ended(self):
        return self.process.poll() is not None

    def start(self):
        """True once the daemon serves, False if it has ended. Otherwise a problem is recorded."""
        self.launch()
        return self.watch(lambda: self.ended() or self.listens(), START, "the start") and not (
            self.ended()
        )

    def listens(self):
        try:
            Client(self.unix, hello=False).close()
            return True
        except OSError:
            return False

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def tcp(self):
        found = re.search(r"role=clients address=(127\.0\.0\.1:\d+)", self.log())
        return found.group(1) if found else self.unix

    def signal(self, signo):
        if not self.ended():
            os.kill(self.process.pid, signo)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ---- judging

    def problem(self, text):
        self.outcome.problems.append(text)
        return False

    def watch(self, condition, seconds, what):
        try:
            wait_until(condition, what, seconds)
            return True
        except Deadline:
            return self.problem(f"not within {seconds:g} s: {what}")

    @contextlib.contextmanager
    def talking(self, what):
        """A part of a dialogue. The fault may cost the connection, but must not leave it hanging."""
        try:
            yield
        except (Closed, OSError):
            self.lost += 1
        except Deadline as late:
            self.settled(f"{what}: {late}")
        except (AssertionError, ValueError) as wrong:  # ValueError: the input is not JSON
            self.settled(f"{what}: {wrong}")

    def settled(self, problem):
        """A failed dialogue is a problem unless the daemon has just ended."""
        try:
            wait_until(self.ended, "the end", 0.3)
        except Deadline:
            self.problem(problem)

    def client(self, address=None, **fields):
        return Client(address or self.unix, **fields)

    def judge_alive(self):
        """A living daemon serves the next client, and uses no CPU at rest."""
        with self.talking("the next client"):
            with self.client() as client:
                wait_until(lambda: self.job_is_done(client), "a finished job", STEP, 0.1)
                conservation(client.stats())

    def job_is_done(self, client):
        """A job may need several tries: the fault may still lie ahead, or the daemon remembers it for a second."""
        event = client.run("echo", b"afterwards", timeout=STEP)
        return event.name == "done" and event.payload == b"afterwards"

    def judge_rest(self):
        if self.ended():
            return
        with contextlib.suppress(OSError):
            before = self.cpu()
            time.sleep(REST)
            used = self.cpu() - before
            if used > SPIN:
                self.problem(f"{used:.2f} s of CPU within {REST} s at rest")

    def stop(self):
        """Ends the daemon like an operator, and judges the exit."""
        self.signal(signal.SIGTERM)
        if not self.watch(self.ended, END, "the end after SIGTERM"):
            self.process.kill()
            self.process.wait()
            return
        status = self.process.returncode
        if status < 0:
            self.problem(f"it was ended by signal {-status}")
        elif status in SYSEXITS:
            self.judge_reason()
        elif status == 127 and "error while loading shared libraries" in self.log():
            pass  # the dynamic linker met the fault
        elif status != 0:
            self.problem(f"it ended with status {status}")

    def judge_reason(self):
        if not SAYS_WHY.search(self.log()):
            self.problem(f"it ended with status {self.process.returncode} and did not say why")

    def judge_orphans(self):
        pid = self.process.pid
        if not self.watch(lambda: not session_members(pid), ORPHANS, "the end of its workers"):
            self.outcome.problems[-1] += f": {session_members(pid)}"
            for orphan in session_members(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)

    def close(self):
        if self.process and not self.ended():
            self.process.kill()
            self.process.wait()
        if self.outcome.problems:
            lines = self.log().splitlines()
            self.outcome.log = "\n".join("    " + line[:300] for line in lines[-25:])
        shutil.rmtree(self.directory, ignore_errors=True)
