"""One taskqueued, with the taskmasterd that runs its jobs."""

import os

from .client import Client, check
from .daemon import BUILD, Daemon
from .wait import DEADLINE, wait_until

QUEUED = os.path.join(BUILD, "taskqueued")

DEFAULTS = {
    "listen": "127.0.0.1:0",
    "log-format": "json",
    "log-level": "debug",
    "drain-timeout-ms": 1500,
}

# Terminal events of a submit or a wait.
TERMINAL = ("done", "failed", "overload")


def conservation(stats):
    """Every job is in exactly one place."""
    jobs = stats["jobs"]
    assert all(value >= 0 for value in jobs.values() if isinstance(value, int)), jobs
    return stats


class Queued(Daemon):
    """`master` is the Daemon that it hands its jobs to; it is started and ended apart. The store is a directory beside
    the configuration, and stays over restarts."""

    program = QUEUED
    defaults = DEFAULTS
    conservation = staticmethod(conservation)

    def __init__(self, directory, name, config, master=None, **popen):
        super().__init__(directory, name, config, **popen)
        self.master = master
        self.config.setdefault("store-path", os.path.join(directory, f"{name}.store"))

    @property
    def store(self):
        return self.config["store-path"]

    def write_config(self, **changes):
        if self.master and "master" not in self.config:
            self.config["master"] = self.master.address
        super().write_config(**changes)

    def start(self):
        """Waits for the store, too: it is opened once the addresses are listened on."""
        before = len(self.log.events("start"))
        super().start()
        wait_until(
            lambda: len(self.log.events("start")) > before or self.process.poll() is not None, "the opened store"
        )
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode} at start:\n{self.log.tail()}")
        return self

    def keep_address(self):
        """From now on each start listens on the same address, and so do clients in another process find it again."""
        self.config["listen"] = self.addresses if len(self.addresses) > 1 else self.address
        return self

    def restart(self, **changes):
        """kill -9, and a start on the same store."""
        self.kill()
        self.config.update({key.replace("_", "-"): value for key, value in changes.items()})
        return self.start()

    # ---- talking to it

    def put(self, module, payload="", **fields):
        """Submits a detached job, and returns its id once it is kept."""
        with self.client() as client:
            return put(client, module, payload, **fields)

    def wait(self, job, timeout=DEADLINE, **fields):
        """The terminal event of a job."""
        with self.client() as client:
            return wait(client, job, timeout, **fields)

    def result(self, job, timeout=DEADLINE):
        """The result of a job, which must succeed."""
        event = self.wait(job, timeout)
        check(event, "done")
        return event.payload

    def linked(self):
        """Waits until it is connected to its master."""
        return self.wait_stats(lambda s: s["master"]["connected"], "the connection to the master")


def put(client, module, payload="", id="put", **fields):
    """Submits a detached job, and returns its id once it is kept."""
    client.submit(id, module, payload, detach=True, **fields)
    event = client.find(lambda event: event.get("id") == id, what=f"the answer to {id}")
    check(event, "accepted", id=id)
    return event["job"]


def wait(client, job, timeout=DEADLINE, id=None, **fields):
    """Waits for the job, and returns its terminal event, or the error."""
    id = f"wait {job}" if id is None else id
    client.send(op="wait", id=id, job=job, **fields)
    return client.find(
        lambda event: event.get("id") == id and event.name in (*TERMINAL, "error"), timeout, f"the end of {job}"
    )


def answers(address):
    """Whether a daemon greets on this address."""
    try:
        Client(address).close()
        return True
    except (OSError, AssertionError):
        return False


def wait_answers(address):
    wait_until(lambda: answers(address), f"a daemon on {address}")
