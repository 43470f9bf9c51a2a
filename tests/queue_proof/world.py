"""taskqueued and its taskmasterd under disasters: started, killed, started again."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from harness import proc  # noqa: E402
from harness.client import Client, Closed  # noqa: E402
from harness.wait import BUILD, SCALE, Deadline, wait_until  # noqa: E402

__all__ = ["BUILD", "HOW_LONG", "SCALE", "Closed", "Deadline", "Process", "World", "new_seed", "proc", "wait_until"]

START = 20.0 * SCALE  # seconds
END = 20.0 * SCALE
MODULES = {"witness": "tests/modules", "echo": "modules"}
DISK = os.path.join(BUILD, "tests", "disk.so")
FAIL_MALLOC = os.path.join(BUILD, "tests", "fail_malloc.so")
LONG = 10.0 * SCALE

# PROOF=long takes a quarter of an hour; PROOF_SEED repeats a run, as far as the machine allows.
HOW_LONG = os.environ.get("PROOF", "short")


def new_seed():
    return int(os.environ.get("PROOF_SEED") or random.SystemRandom().randrange(1 << 32))


MASTER_SETTINGS = {
    "pool-start": 2,
    "pool-max": 2,
    "kill-grace-ms": 100,
    "drain-timeout-ms": 500,
    "log-level": "info",
    # Disasters crash workers, and no module is to blame.
    "breaker-crashes": 0,
}

QUEUE_SETTINGS = {
    "ack-ms": 3_600_000,
    "poison-limit": 1000,
    "drain-timeout-ms": 500,
    "log-level": "info",
}


class Process:
    """A daemon on a unix socket, so that its address stays over restarts."""

    def __init__(self, directory, program, settings, env=None):
        name = os.path.basename(program)
        self.directory, self.program, self.env = directory, program, env or {}
        self.address = "unix:" + os.path.join(directory, f"{name}.sock")
        self.settings = {"listen": self.address, **settings}
        self.config = os.path.join(directory, f"{name}.conf")
        self.log_path = os.path.join(directory, f"{name}.log")
        self.command = [program, "-c", self.config]
        self.process = None

    def launch(self):
        with open(self.config, "w") as file:
            json.dump(self.settings, file, indent=1)
        env = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
        with open(self.log_path, "ab") as log:
            self.process = proc.spawn(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**env, **self.env},
                start_new_session=True,
            )
        return self

    def start(self):
        self.launch()
        wait_until(lambda: self.ended() or self.answers(), f"{self.program} to answer", START)
        assert not self.ended(), f"it ended with {self.process.returncode} at its start:\n{self.log_tail()}"
        return self

    def ended(self):
        return self.process.poll() is not None

    def answers(self):
        """The socket listens before the store is open; hello is answered behind that."""
        try:
            Client(self.address).close()
            return True
        except (Closed, OSError):
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def stop(self):
        """Ends it like an operator; the exit status."""
        if not self.ended():
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(END)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.program} did not end in {END:g} s:\n{self.log_tail()}") from None

    def end(self):
        if self.process and not self.ended():
            self.kill()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def log_tail(self, lines=25):
        return "\n".join(line[:300] for line in self.log().splitlines()[-lines:])

    def client(self, **fields):
        return Client(self.address, **fields)


class World:
    """A queue with its master, and the side file in which the jobs write down their runs."""

    def __init__(self, directory, queue=None, master=None, env=None):
        self.directory = str(directory)
        self.store = os.path.join(self.directory, "store")
        self.side = os.path.join(self.directory, "side")
        open(self.side, "wb").close()
        modules = os.path.join(self.directory, "modules")
        os.mkdir(modules)
        for name, folder in MODULES.items():
            os.symlink(os.path.join(BUILD, folder, f"{name}.so"), os.path.join(modules, f"{name}.so"))
        settings = {
            "module-dir": modules,
            "worker-path": os.path.join(BUILD, "taskmaster-worker"),
            "modules": {"witness": {"config": {"side": self.side}}},
        }
        self.master = Process(
            self.directory, os.path.join(BUILD, "taskmasterd"), {**MASTER_SETTINGS, **settings, **(master or {})}
        )
        self.queue = Process(
            self.directory,
            os.path.join(BUILD, "taskqueued"),
            {**QUEUE_SETTINGS, "master": self.master.address, "store-path": self.store, **(queue or {})},
            env,
        )

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.queue.end()
        self.master.end()
        left = proc.orphans(5.0)
        assert not left, f"processes of the master are left: {left}"

    def start(self):
        self.master.start()
        self.queue.start()
        return self

    def runs(self):
        """The lines of the side file: (token, origin, attempt, pid, what, time)."""
        with open(self.side) as file:
            return [line.split() for line in file.read().splitlines()]
