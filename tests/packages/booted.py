"""A Debian in a directory, booted: systemd is its process 1, in a container of systemd-nspawn without a network."""

import signal
import subprocess
import time

import pytest


class Booted:
    def __init__(self, debian):
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--boot", "--directory", debian.path, "--private-network", "--register=no", "--keep-unit",
             "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.pid = self.wait_for_init()
        self.run("systemctl is-system-running --wait || true")

    def wait_for_init(self):
        """The pid here of the container's process 1, once it takes orders."""
        deadline = time.monotonic() + 60
        while self.nspawn.poll() is None:
            assert time.monotonic() < deadline, "systemd did not start"
            with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children", encoding="utf-8") as children:
                found = children.read().split()
            if found and self.enter(found[0], "test -S /run/systemd/private").returncode == 0:
                return found[0]
            time.sleep(0.05)
        pytest.skip(f"systemd-nspawn boots nothing here: {self.nspawn.stderr.read()}")
        return None

    @staticmethod
    def enter(pid, command):
        return subprocess.run(
            ["nsenter", "-t", pid, "-m", "-u", "-i", "-n", "-p", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
             "DEBIAN_FRONTEND=noninteractive", "timeout", "120", "bash", "-ec", command],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def run(self, command, status=0):
        """Runs a shell command there, for two minutes at most, and returns its output."""
        done = self.enter(self.pid, command)
        assert done.returncode == status, f"{command}\n{done.stdout}"
        return done.stdout

    def power_off(self):
        self.nspawn.send_signal(signal.SIGTERM)
        try:
            self.nspawn.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()
