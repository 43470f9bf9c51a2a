"""Places of their own for servers: namespaces that are held by a process for as long as a test runs. A place has a small
disk, or a wire to another place, with a black hole in it."""

import os
import subprocess

import pytest

from . import proc
from .wait import DEADLINE, wait_until

NAMESPACES = {"net": ("--net", "-n"), "mnt": ("--mount", "-m")}  # options of nsenter and of unshare
NOWHERE = "02:00:00:00:00:01"  # nobody's address


def _namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


# What a place of each kind has to be able to do. In a chroot the root directory is no mount, and a network may be had still.
TRIALS = {
    "mnt": ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
    "net": ["unshare", "-n", "ip", "link", "set", "lo", "up"],
}


def _is_allowed(kind):
    return subprocess.run(TRIALS[kind], capture_output=True, check=False).returncode == 0


class Place:
    """`kind`: mnt, a view of the file system, or net, a network."""

    def __init__(self, kind):
        if not _is_allowed(kind):
            pytest.skip(f"needs a namespace of its own ({kind}): root's, and for mnt a root that is a mount (no chroot)")
        enter, unshare = NAMESPACES[kind]
        self.holder = proc.spawn(
            ["setpriv", "--pdeathsig", "KILL", "unshare", unshare, "sleep", "3600"],
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        pid = self.holder.pid
        wait_until(lambda: _namespace(pid, kind) != _namespace("self", kind), "the place")
        self.prefix = ["nsenter", f"{enter}=/proc/{pid}/ns/{kind}"]
        if kind == "net":
            self.run("ip", "link", "set", "lo", "up")

    def run(self, *command):
        """Runs a command there, and returns its output."""
        done = subprocess.run(
            [*self.prefix, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def mount_disk(self, path, size):
        """Mounts a disk of this size (`8m`) on a directory. Returns the disk's path for us."""
        os.makedirs(path, exist_ok=True)
        self.run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", path)
        return f"/proc/{self.holder.pid}/root{path}"

    def close(self):
        proc.end(self.holder)


class Wire:
    """Joins two places. In a black hole nothing arrives, and nobody is told: the frames go to a strange address."""

    ADDRESSES = ("192.0.2.1", "192.0.2.2")  # of documentation; each wire is in places of its own

    def __init__(self, near, far):
        self.ends = (near, far)
        peer = ["peer", "name", "wire", "netns", str(far.holder.pid)]
        try:
            near.run("ip", "link", "add", "wire", "type", "veth", *peer)
        except AssertionError as fault:
            pytest.skip(f"this kernel has no wires between networks: {fault}")
        for place, address in zip(self.ends, self.ADDRESSES):
            place.run("ip", "address", "add", f"{address}/30", "dev", "wire")
            place.run("ip", "link", "set", "wire", "up")
        self.hardware = [place.run("ip", "-br", "link", "show", "wire").split()[2] for place in self.ends]
        self.mend()

    @property
    def far_address(self):
        return self.ADDRESSES[1]

    def _lead(self, addresses):
        """Where the frames from each end go."""
        for place, target, address in zip(self.ends, reversed(self.ADDRESSES), addresses):
            place.run("ip", "neigh", "replace", target, "lladdr", address, "dev", "wire", "nud", "permanent")

    def cut(self):
        self._lead([NOWHERE, NOWHERE])

    def mend(self):
        self._lead(reversed(self.hardware))
