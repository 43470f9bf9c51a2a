"""One redis-server of a test: started, killed, stopped for a while, promoted, ended."""

import contextlib
import os
import random
import shutil
import signal
import subprocess

from . import access_list, proc, resp
from .wait import SCALE, wait_until

SERVER = shutil.which("redis-server")

# As taskqueued wants its Redis. No rewriting: the append-only file stays the whole history (harness/history.py).
DEFAULTS = {
    "bind": "127.0.0.1",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "auto-aof-rewrite-percentage": 0,
    "aof-timestamp-enabled": "no",
    "maxmemory-policy": "noeviction",
    "save": '""',
    "repl-diskless-sync-delay": 0,
    "hz": 50,
    "user": access_list.setting(),
}
START = 10.0 * SCALE  # seconds


def _free_port():
    """A port below those that the kernel gives to clients: it is free again after a kill -9 of its server."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = int(file.read().split()[0])
    return random.SystemRandom().randrange(10000, first)


class RedisServer:
    """The data is a directory of its own, and stays over restarts; so does the port. The tests themselves talk to it by a
    unix socket, and so past namespaces and proxies. `prefix`: words before the command, which end with an exec of it."""

    def __init__(self, directory, name="redis", prefix=(), env=None, **settings):
        self.name = name
        self.prefix, self.env = list(prefix), env or {}
        self.directory = os.path.join(str(directory), name)
        os.makedirs(self.directory, mode=0o700)
        self.settings = {**DEFAULTS, "dir": self.directory, **{key.replace("_", "-"): value for key, value in settings.items()}}
        self.log_path = os.path.join(self.directory, "log")
        self.port = None
        self.process = None

    # ---- life

    def start(self):
        """Waits until the data is loaded."""
        if self.port:
            self._launch()
        else:
            self._launch_on_any_port()
        wait_until(lambda: self._is_ready() or self.has_ended(), f"{self.name} to answer", START, 0.01)
        assert not self.has_ended(), f"{self.name} ended at its start:\n{self.log_tail()}"
        return self

    def _launch_on_any_port(self):
        for _ in range(20):
            self.port = _free_port()
            self._launch()
            wait_until(lambda: self.has_ended() or self._listens(), f"{self.name} to listen", START, 0.01)
            if not self.has_ended():
                return
        raise AssertionError(f"no port for {self.name}:\n{self.log_tail()}")

    def _launch(self):
        config = os.path.join(self.directory, "redis.conf")
        with open(config, "w") as file:
            file.writelines(f"{key} {value}\n" for key, value in self.settings.items())
            file.write(f"port {self.port}\nunixsocket {self.socket}\n")
        with open(self.log_path, "ab") as log:
            # It goes with the tests, even if they are killed.
            self.process = proc.spawn(
                ["setpriv", "--pdeathsig", "KILL", *self.prefix, SERVER, config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                cwd=self.directory,
                env={**os.environ, **self.env},
            )

    def has_ended(self):
        return self.process is None or self.process.poll() is not None

    def _listens(self):
        """Another server may have the port: only our own one tells our process id."""
        with contextlib.suppress(OSError, resp.RedisError):
            return self.info("server").get("process_id") == str(self.process.pid)
        return False

    def _is_ready(self):
        with contextlib.suppress(OSError, resp.RedisError):
            return self.info("persistence").get("loading") == "0"
        return False

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        """kill -9, and a start on the same data and port."""
        if not self.has_ended():
            self.kill()
        return self.start()

    def pause(self):
        """It stands, and its connections with it."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        """Ends it; the problems, as of Daemon.stop(). (By a kill: a new replica refuses a SIGTERM for a while.)"""
        if self.process:
            proc.end(self.process)
        if any(word in self.log() for word in ("REDIS BUG REPORT", "crashed by signal")):
            return [f"Redis itself crashed:\n{self.log_tail()}"]
        return []

    # ---- replicas

    def replicate(self, primary):
        """Becomes a replica, and has all that the primary has."""
        self.call("REPLICAOF", "127.0.0.1", primary.port)
        return self.in_step()

    def in_step(self):
        wait_until(lambda: self.info("replication").get("master_link_status") == "up", f"{self.name} in step", START)
        return self

    def promote(self):
        self.call("REPLICAOF", "NO", "ONE")

    # ---- talking to it

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def socket(self):
        return os.path.join(self.directory, "socket")

    def client(self):
        return resp.Redis(self.socket)

    def call(self, *words):
        """One command on a connection of its own."""
        with self.client() as client:
            return client.call(*words)

    def info(self, section):
        with self.client() as client:
            return client.info(section)

    def configure(self, **settings):
        """CONFIG SET, and the same at each later start."""
        for key, value in settings.items():
            self.settings[key.replace("_", "-")] = value
            self.call("CONFIG", "SET", key.replace("_", "-"), value)

    @property
    def append_only_files(self):
        """In the order of writing."""
        folder = os.path.join(self.directory, "appendonlydir")
        names = sorted(os.listdir(folder), key=lambda name: [int(n) for n in name.split(".") if n.isdigit()] or [0])
        return [os.path.join(folder, name) for name in names if name.endswith(".aof")]

    def log(self):
        try:
            with open(self.log_path, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=25):
        return "\n".join(line[:300] for line in self.log().splitlines()[-lines:])
