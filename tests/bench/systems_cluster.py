"""Nodes of taskqueued with engine redis, each with a taskmasterd of its own, on one Redis that syncs every second."""

import shutil
import subprocess

from processes import answers, free_port, wait_for
from systems import Taskmaster
from systems_kept import Queue, directory
from wire import Client

READY_S = 30


class Store:
    """One redis-server, as doc/cluster.md wants it."""

    def __init__(self, group, fsync="everysec"):
        self.port = free_port()
        self.process = group.start(
            [shutil.which("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
            + ["--save", "", "--appendonly", "yes", "--appendfsync", fsync]
            + ["--maxmemory-policy", "noeviction", "--dir", directory(group, "redis")]
        )
        wait_for("no answer", lambda: answers(self.port), self.process)

    def info(self, name):
        command = ["redis-cli", "-p", str(self.port), "info", "everything"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return next(int(line.partition(":")[2]) for line in lines if line.startswith(name + ":"))

    def wait_rest(self):
        """Waits until no child rewrites the log."""
        wait_for(
            "the log is rewritten", lambda: not self.info("aof_rewrite_in_progress"), self.process, READY_S
        )


class Node(Queue):
    """`process` is taskqueued alone."""

    def __init__(self, group, store, name, **settings):
        self.store = store
        servers = [f"127.0.0.1:{store.port}"]
        super().__init__(
            group, name, f"node {name}", engine="redis", redis_servers=servers, node_name=name, **settings
        )

    def start(self):
        super().start()
        wait_for("the store is away", self.is_up, self.process)

    def is_up(self):
        """Whether a submit is accepted, and the master is there."""
        client = Client(self.port)
        is_linked = client.stats()["master"]["connected"]
        event, _ = client.ask(op="submit", id=1, module="wc", delay_ms=3_600_000, notify=["accepted"])
        if event["event"] == "accepted":
            client.ask(op="cancel", job=event["job"])
        client.close()
        return is_linked and event["event"] == "accepted"

    def kill(self):
        """The machine dies."""
        for process in (self.process, self.master.process):
            process.kill()
        for process in (self.process, self.master.process):
            process.wait()

    def revive(self):
        self.master = Taskmaster(self.group, f"{self.key}-master")
        self.settings["master"] = f"127.0.0.1:{self.master.port}"
        self.start()


def start_nodes(group, count, **settings):
    store = Store(group)
    return store, [Node(group, store, f"n{number}", **settings) for number in range(count)]
