"""Processes of a benchmark: started, measured, and ended."""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time

BUILD = os.environ.get("BUILD") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "build"
)
BENCH = os.path.join(BUILD, "tests", "bench-")  # and the program's name
START = 10.0  # seconds
END = 10.0
RUN = 180.0  # limit of one run of a load program, seconds
SETPRIV = ["setpriv", "--pdeathsig", "KILL"]  # no process outlives the driver


class Group(contextlib.ExitStack):
    """A group of processes, and a directory. They end together, in the opposite order of their start."""

    def __init__(self):
        super().__init__()
        self.directory = self.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        self.count = 0

    def start(self, command, **options):
        """Starts a process. Its output goes to the file `process.log`."""
        self.count += 1
        log = os.path.join(self.directory, f"{self.count}.log")
        with open(log, "wb") as file:
            process = subprocess.Popen(
                SETPRIV + command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                **options,
            )
        process.log = log
        self.callback(end, process)
        return process


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def log_of(process):
    with open(process.log, errors="replace") as file:
        return file.read()


def wait_for(what, condition, process, seconds=START):
    """Waits until `condition` is true, and returns its value. Raises if this takes too long or the process ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        value = condition()
        if value:
            return value
        if ended:
            break
        time.sleep(0.005)
    raise RuntimeError(f"{what}: {process.args[len(SETPRIV):]}: {log_of(process)}")


def free_port():
    """For servers unable to report the port chosen by the kernel."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def program(name, *args, timeout=RUN):
    """Runs a benchmark program, and returns the object printed by it."""
    command = SETPRIV + [BENCH + name, *map(str, args)]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=timeout, check=True)
    return json.loads(done.stdout)


def load(system, in_flight, size, ms, jobs=0):
    pid = system.process.pid
    return program("load", system.protocol, system.port, in_flight, size, ms, jobs, pid)


def rss_kb(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def pss_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def medians(results):
    """The medians of a list of flat objects of numbers, as one object."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}
