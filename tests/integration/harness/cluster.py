"""Nodes on one Redis: each a taskqueued with a taskmasterd of its own, as on machines of their own."""

import os
import shutil

from . import access_list, proc, runs, store
from .cable import Cable
from .daemon import MODULES, Daemon
from .queued import Queued
from .redis import RedisServer
from .wait import BUILD, SCALE, wait_until

NOWHERE = "127.0.0.1:1"  # nobody listens there
LEASE_MS = 1000 * SCALE  # the least; longer where all is slow

MASTER_SETTINGS = {
    "log-level": "info",
    "pool-start": 2,
    "pool-max": 2,
    "kill-grace-ms": 200,
    "breaker-crashes": 0,  # no module is to blame for disasters
}

QUEUE_SETTINGS = {
    "engine": "redis",
    "redis-user": access_list.USER,
    "lease-ms": LEASE_MS,
    "poison-limit": 1000,  # no job is, either
    "redis-timeout-ms": 300 * SCALE,
    "log-level": "info",
}


# For tests in which no node dies: a busy machine may let all stand for a second.
PATIENT = {"lease-ms": 10000 * SCALE, "redis-timeout-ms": 3000 * SCALE}

# Redis's default user: of other prefixes than that of the nodes' own one.
ANYBODY = {"redis-user": None, "redis-password-file": None}


class Node:
    """One machine. Its queue keeps its address over restarts. `servers`: the addresses of Redis. `master`: its settings,
    or False for a node without a master: its jobs run at others. `prefix`: words before the commands of both daemons,
    which end with an exec of them."""

    def __init__(self, cluster, name, servers, queue=None, master=None, prefix=(), env=None):
        self.name, self.cluster = name, cluster
        self.side = runs.SideFile(os.path.join(cluster.directory, f"{name}.side"), name)
        self.master = None if master is False else self._make_master(master or {}, env)
        settings = {
            **QUEUE_SETTINGS,
            "redis-password-file": cluster.password_file,
            "redis-servers": servers,
            "node-name": name,
            **cluster.queue_settings,
            **(queue or {}),
        }
        if not self.master:
            settings["master"] = NOWHERE
        self.queue = Queued(cluster.directory, f"{name}.queue", settings, self.master, env=env)
        self.daemons = [self.queue, *([self.master] if self.master else [])]
        for daemon in self.daemons if prefix else []:
            daemon.command_line = [*prefix, *daemon.command()]
        self.is_running = False

    def _make_master(self, settings, env):
        settings = {**MASTER_SETTINGS, "module-dir": self.cluster.modules, **settings}
        modules = settings.pop("modules", {})
        witness = {"config": {"side": self.side.path}, **modules.get("witness", {})}
        settings["modules"] = {**modules, "witness": witness}
        return Daemon(self.cluster.directory, f"{self.name}.master", settings, env=env)

    def start(self):
        """Waits until jobs can be submitted and run."""
        return self.launch().ready()

    def launch(self):
        if self.master:
            self.master.start()
            self.queue.config["master"] = self.master.address
        self.queue.start().keep_address()
        self.is_running = True
        return self

    def ready(self):
        """Waits until it is a node, and has its master."""
        wait_until(lambda: self.epoch() is not None, f"{self.name} among the nodes")
        if self.master:
            self.queue.linked()
        return self

    def epoch(self):
        """Of its membership now, or None."""
        return next((node["epoch"] for node in self.nodes() if node["self"]), None)

    def nodes(self):
        """All nodes, as this one sees them; none while it cannot reach Redis."""
        with self.queue.client() as client:
            client.send(op="nodes", id="nodes")
            answer = client.find(lambda event: event.get("id") == "nodes", what="the answer to nodes")
            return [] if answer.name == "error" else answer.json()["nodes"]

    @property
    def address(self):
        return self.queue.address

    def client(self, **fields):
        return self.queue.client(**fields)

    def kill(self):
        """The power of the machine goes: kill -9 of everything at once."""
        for daemon in self.daemons:
            daemon.process.kill()
        for daemon in self.daemons:
            daemon.process.wait()
        self.is_running = False
        left = proc.orphans(5.0)
        assert not left, f"workers outlived their master: {left}"
        self.side.died()

    def signal(self, number):
        """Of both daemons; the workers go on."""
        for daemon in self.daemons:
            daemon.signal(number)

    def drain(self):
        """As a node goes: SIGTERM of the queue, then of the master."""
        self.is_running = False
        problems = [problem for daemon in self.daemons for problem in daemon.stop()]
        assert not problems, problems

    def stop(self):
        """The problems of both daemons at their end."""
        problems = []
        for daemon in self.daemons:
            if daemon.process is not None and (self.is_running or daemon.process.poll() is None):
                problems += [f"{daemon.name}: {problem}" for problem in daemon.stop()]
            else:
                problems += [f"{daemon.name}: {fault}" for fault in daemon.faults()]
        return problems

    def logged(self, event, **fields):
        return self.queue.log.events(event, **fields)


class Cluster:
    """A Redis, and as many nodes as are added."""

    def __init__(self, directory, redis=None):
        self.queue_settings = {}  # of all nodes to be made
        self.directory = str(directory)
        self.modules = os.path.join(self.directory, "modules")
        if not os.path.isdir(self.modules):
            shutil.copytree(MODULES, self.modules)
            for name in ("witness", "live"):
                shutil.copy(os.path.join(BUILD, "tests", "modules", f"{name}.so"), self.modules)
        self.password_file = os.path.join(self.directory, "redis-password")
        with open(self.password_file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(access_list.PASSWORD + "\n")
        self.servers, self.nodes, self.cables = [], [], []
        self.redis = self.add_redis("redis", **(redis or {}))

    # ---- building it

    def add_redis(self, name, **settings):
        server = RedisServer(self.directory, name, **settings)
        self.servers.append(server)
        return server

    def make(self, name=None, servers=None, cable=False, **settings):
        """A node, not started. `cable`: its way to Redis can be cut. queue={...}, master={...}: settings."""
        link = None
        if cable:
            link = Cable(self.redis.address)
            self.cables.append(link)
        servers = servers or [link.address if link else self.redis.address]
        node = Node(self, name or "abcdefghijklmnop"[len(self.nodes)], servers, **settings)
        node.cable = link
        self.nodes.append(node)
        return node

    def add(self, *args, **settings):
        return self.make(*args, **settings).start()

    def start(self, count, **settings):
        """Redis and so many nodes, side by side."""
        self.redis.start()
        nodes = [self.make(**settings).launch() for _ in range(count)]
        return [node.ready() for node in nodes]

    # ---- looking at it

    def running(self):
        return [node for node in self.nodes if node.is_running]

    def counts(self, node=None):
        """Jobs of the whole store, as one node tells them."""
        return (node or self.running()[0]).queue.stats()["jobs"]

    def runs(self):
        """All runs of `witness` at all nodes (harness/runs.py)."""
        return runs.read([node.side for node in self.nodes])

    # ---- the end

    def end(self):
        """The problems of all processes."""
        problems = []
        for cable in self.cables:
            cable.close()
        for server in self.servers:
            if not server.has_ended():
                server.resume()
        for node in reversed(self.nodes):
            problems += [f"node {node.name}: {problem}" for problem in node.stop()]
        for server in self.servers:
            if not server.has_ended():
                problems += [f"{server.name}: the store has a fault: {fault}" for fault in store.faults_of_server(server)]
        for server in self.servers:
            problems += [f"{server.name}: {problem}" for problem in server.stop()]
        return problems

    def logs(self):
        parts = [(node.queue.name, node.queue.log.tail()) for node in self.nodes]
        parts += [(node.master.name, node.master.log.tail(20)) for node in self.nodes if node.master]
        parts += [(server.name, server.log_tail()) for server in self.servers]
        return "\n".join(f"--- {name}\n{text}" for name, text in parts)
