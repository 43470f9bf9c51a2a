"""Facts from /proc about processes, and a watch for orphans.

The pytest process is a child subreaper. A worker becomes our child if it survives its master, so no survivor can hide,
however it was started.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

import pytest

from .wait import wait_until

PR_SET_CHILD_SUBREAPER = 36
TICK = os.sysconf("SC_CLK_TCK")

_libc = ctypes.CDLL(None, use_errno=True)
_spawned = {}  # pid: Popen, of the tests' own children


def become_subreaper():
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def spawn(*args, **kwargs):
    """subprocess.Popen, known to orphans() as ours."""
    process = subprocess.Popen(*args, **kwargs)
    _spawned[process.pid] = process
    return process


def stat(pid):
    """(state, ppid, cpu seconds, start time in ticks), or None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (
        fields[0].decode(),
        int(fields[1]),
        (int(fields[11]) + int(fields[12])) / TICK,
        int(fields[19]),
    )


def alive(pid):
    """True for a running, waiting or stopped process. A zombie is dead."""
    entry = stat(pid)
    return entry is not None and entry[0] not in "ZX"


# The daemon and its workers are closed: only root sees their memory and their descriptors.
NEEDS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs root to look into the daemon")


@contextlib.contextmanager
def looking_into():
    try:
        yield
    except PermissionError:
        if os.getuid() == 0:
            raise
        pytest.skip("needs root to look into the daemon's processes")


def maps(pid):
    with looking_into(), open(f"/proc/{pid}/maps") as file:
        return file.read()


def has_mapped(pid, name):
    return any(line.endswith(name) for line in maps(pid).splitlines())


def cpu_seconds(pid):
    return stat(pid)[2]


def cpu_share(pid, interval=0.6):
    """The share of one core taken by a process over an interval, 0 to 1."""
    before, start = cpu_seconds(pid), time.monotonic()
    time.sleep(interval)
    return (cpu_seconds(pid) - before) / (time.monotonic() - start)


def status_field(pid, name):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key == name:
                return value.strip()
    raise KeyError(name)


def rss_kb(pid):
    return int(status_field(pid, "VmRSS").split()[0])


def children(pid):
    """Pids of the direct children, zombies included."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
        except FileNotFoundError:
            pass
    return found


def descriptors(pid):
    """{fd: target} of a process."""
    result = {}
    with looking_into():
        numbers = os.listdir(f"/proc/{pid}/fd")
    for fd in numbers:
        try:
            result[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return result


def descriptor_flags(pid, fd):
    with open(f"/proc/{pid}/fdinfo/{fd}") as file:
        for line in file:
            if line.startswith("flags:"):
                return int(line.split()[1], 8)
    raise KeyError(fd)


def _reap_orphans():
    """Reaps dead orphans, and returns the pids of the living ones. Orphans are children not started by us."""
    running = []
    for pid in children(os.getpid()):
        if pid in _spawned:
            continue
        if alive(pid):
            running.append(pid)
        else:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
    return running


def describe(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        command = "?"
    return f"{pid} ({command.strip()})"


def orphans(timeout):
    """Waits for the orphans to go. Kills those still alive after `timeout`, and returns their descriptions."""
    try:
        wait_until(lambda: not _reap_orphans(), "orphans gone", timeout)
        return []
    except AssertionError:
        left = _reap_orphans()
        names = [describe(pid) for pid in left]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _reap_orphans(), "killed orphans reaped", 5)
        return names


def end(process):
    """Kills one of our own processes, if it still runs, and reaps it."""
    if process.poll() is None:
        process.kill()
    process.wait()
