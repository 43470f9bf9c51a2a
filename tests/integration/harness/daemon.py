"""One taskmasterd: configured, started, watched, ended, and judged by its log and its survivors."""

import contextlib
import json
import os
import re
import subprocess

from . import proc
from .client import Client, conservation
from .wait import BUILD, DEADLINE, SANITIZED, wait_until

MASTER = os.path.join(BUILD, "taskmasterd")
WORKER = os.path.join(BUILD, "taskmaster-worker")
COMMAND = os.path.join(BUILD, "taskmaster")
MODULES = os.path.join(BUILD, "modules")

FAULT = re.compile(
    r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|Assertion .* failed"
)

# Small figures, for fast tests. A test about one of these settings sets its own value.
DEFAULTS = {
    "listen": "127.0.0.1:0",
    "log-format": "json",
    "log-level": "debug",
    "pool-start": 1,
    "pool-max": 2,
    "drain-timeout-ms": 1500,
    "kill-grace-ms": 400,
}


def hyphens(settings):
    return {key.replace("_", "-"): value for key, value in settings.items()}


def environment(**extra):
    env = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
    if SANITIZED:
        # Leave signals to the kernel: each crash then shows its own signal. Let freed memory go soon, for the tests of
        # memory.
        env["ASAN_OPTIONS"] = ":".join(
            [f"handle_{name}=0" for name in ("segv", "sigbus", "abort", "sigfpe", "sigill")]
            + ["quarantine_size_mb=8", env.get("ASAN_OPTIONS", "")]
        )
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.update(extra)
    return env


def run_master(*args, timeout=DEADLINE, **kwargs):
    """Runs taskmasterd to its end, for options such as -t."""
    return subprocess.run(
        [MASTER, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
        env=environment(),
        **kwargs,
    )


class Log:
    """The daemon's log file, read as it grows."""

    def __init__(self, path):
        self.path = path

    def text(self):
        try:
            with open(self.path, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def lines(self):
        return self.text().splitlines()

    def events(self, name=None, **fields):
        """The events of this name with at least these fields."""
        found = []
        for line in self.text().split("\n")[:-1]:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if name is not None and event.get("event") != name:
                continue
            if all(event.get(key) == value for key, value in fields.items()):
                found.append(event)
        return found

    def wait(self, name, count=1, timeout=DEADLINE, **fields):
        """Waits for the count-th such event, and returns it."""
        wait_until(
            lambda: len(self.events(name, **fields)) >= count,
            f"{count} log line(s) {name} {fields}",
            timeout,
            interval=0.01,
        )
        return self.events(name, **fields)[count - 1]

    def tail(self, count=80):
        return "\n".join(line[:400] for line in self.lines()[-count:])


def read_until_lost(server, pipe):
    """Reads a log's pipe, which does not block, until a line tells of lost ones; clients make further lines. Returns the
    last bytes."""
    data = b""

    def is_told():
        nonlocal data
        with contextlib.suppress(BlockingIOError):
            data = data[-65536:] + os.read(pipe, 1 << 20)
        server.client().close()
        return b"log-lost" in data

    wait_until(is_told, "the line about lost lines")
    return data


class Daemon:
    program = MASTER
    defaults = DEFAULTS
    role = "clients"  # of the listening lines for clients
    conservation = staticmethod(conservation)

    def __init__(self, directory, name, config, options=(), env=None, stderr=None, **popen):
        self.directory = directory
        self.name = name
        self.config = {**self.defaults, **hyphens(config)}
        self.config = {k: v for k, v in self.config.items() if v is not None}
        self.config_path = os.path.join(directory, f"{name}.json")
        self.log = Log(os.path.join(directory, f"{name}.log"))
        self.options = list(options)
        self.env = env or {}
        self.stderr = stderr
        self.command_line = popen.pop("command", None)
        self.popen = popen
        self.process = None
        self.clients = []
        self.token = None  # sent in every hello
        self.expected_status = 0
        self.check_stats = True
        self.check_faults = True
        self.addresses = []
        self.seen_listening = 0  # listening lines of earlier starts

    # ---- life

    def write_config(self, **changes):
        """Changes settings in the file. A running daemon reads them at a reload."""
        self.config.update(hyphens(changes))
        self.config = {k: v for k, v in self.config.items() if v is not None}
        with open(self.config_path, "w") as file:
            json.dump(self.config, file, indent=1)

    def command(self):
        return self.command_line or [self.program, "-c", self.config_path, *self.options]

    def launch(self):
        """Starts the daemon without waiting for anything."""
        self.write_config()
        seen = len(self.log.events("listening"))
        stderr = self.stderr
        if stderr is None:
            stderr = open(self.log.path, "ab")
        try:
            self.process = proc.spawn(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=environment(**self.env),
                process_group=0,
                **self.popen,
            )
        finally:
            if self.stderr is None:
                stderr.close()
        self.seen_listening = seen
        return self

    def start(self):
        """Starts the daemon and waits until it listens on all its addresses."""
        self.launch()
        listen = self.config.get("listen")  # None: a service manager has a socket for it
        count = len(listen) if isinstance(listen, list) else 1
        if self.stderr is not None:
            self.addresses = [listen] if isinstance(listen, str) else listen
            wait_until(self._answers, "the daemon to answer")
            return self
        wait_until(
            lambda: len(self._listening(self.role)) >= count or self.process.poll() is not None,
            "the daemon's listening lines",
        )
        if self.process.poll() is not None:
            raise AssertionError(
                f"{self.name} ended with {self.process.returncode} at start:\n{self.log.tail()}"
            )
        self.addresses = self._listening(self.role)
        return self

    def _listening(self, role):
        lines = self.log.events("listening")[self.seen_listening :]
        return [line["address"] for line in lines if line["role"] == role]

    def _answers(self):
        try:
            Client(self.addresses[0], hello=False).close()
            return True
        except OSError:
            return False

    @property
    def address(self):
        return self.addresses[0]

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    @property
    def worker_address(self):
        return wait_until(lambda: self._listening("workers"), "the workers' listening line")[0]

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait_exit(self, timeout=DEADLINE):
        """Waits for the daemon's exit and returns the status."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {timeout:g} s") from None

    def kill(self):
        """kill -9, as an operator would."""
        self.process.kill()
        self.process.wait()

    # ---- talking to it

    def client(self, address=None, **fields):
        if self.token is not None and fields.get("hello", True):
            fields.setdefault("token", self.token)
        client = Client(address or self.address, **fields)
        self.clients.append(client)
        return client

    def stats(self):
        with self.client() as client:
            return self.conservation(client.stats())

    def workers(self):
        with self.client() as client:
            return client.workers()

    def worker_pids(self, *states):
        return [w["pid"] for w in self.workers() if not states or w["state"] in states]

    def begun_pids(self, client=None):
        """The busy workers' process ids, once each has begun its job. (If a worker dies before that, its job goes to
        another worker.) `client` asks for them, or else a new client."""
        busy = [(w["pid"], w["module"]) for w in (client or self).workers() if w["state"] == "busy"]
        for pid, module in busy:
            wait_until(lambda: proc.has_mapped(pid, f"/{module}.so"), f"{pid} to begin its job")
        return [pid for pid, _ in busy]

    def wait_stats(self, condition, what, timeout=DEADLINE):
        """Samples stats until condition(stats) holds. Every sample must add up."""
        with self.client() as client:
            box = {}

            def sample():
                box["stats"] = self.conservation(client.stats())
                return condition(box["stats"])

            try:
                wait_until(sample, what, timeout)
            except AssertionError as error:
                raise AssertionError(f"{error}; stats: {box.get('stats')}") from None
            return box["stats"]

    def wait_idle(self, count):
        """Waits until this many workers are idle."""
        return self.wait_stats(
            lambda s: s["pool"]["idle"] == count and not s["pool"]["starting"],
            f"{count} idle workers",
        )

    def wait_jobs(self, running=None, waiting=None):
        return self.wait_stats(
            lambda s: (running is None or s["jobs"]["running"] == running)
            and (waiting is None or s["queue"]["waiting"] == waiting),
            f"running={running} waiting={waiting}",
        )

    # ---- the end

    def faults(self):
        """Sanitizer reports and `bug` lines in the log: every one fails the test."""
        found = []
        for line in self.log.lines():
            if FAULT.search(line):
                found.append(line)
            else:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and event.get("event") == "bug":
                    found.append(line)
        return found

    def stop(self):
        """Ends the daemon with TERM and judges the sums, the status, survivors, and faults in the log."""
        problems = []
        if self.process is None:
            return problems
        for client in self.clients:
            client.close()
        try:
            if self.process.poll() is None:
                if self.check_stats and not self.log.events("drain"):
                    try:
                        self.stats()
                    except (AssertionError, OSError, ValueError, KeyError) as error:
                        problems.append(f"last stats: {type(error).__name__}: {error}")
                self.process.terminate()
            try:
                status = self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                problems.append(f"did not end within {DEADLINE:g} s of TERM")
                status = self.expected_status
            if status != self.expected_status:
                problems.append(f"ended with status {status}, not {self.expected_status}")
        finally:
            proc.end(self.process)
        left = proc.orphans(2.0)
        if left:
            problems.append(f"processes alive after the daemon: {', '.join(left)}")
        if self.check_faults:
            faults = self.faults()
            if faults:
                problems.append("faults in the log:\n" + "\n".join(faults[:10]))
        return problems
