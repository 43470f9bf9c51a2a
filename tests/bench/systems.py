"""The measured systems, each with four echo workers, on loopback."""

import json
import os
import re
import shutil

from processes import BENCH, BUILD, answers, free_port, load, log_of, wait_for

WORKERS = 4
SIZE_MAX = 2 * 1024 * 1024  # of a job, for a system that wants to know
WARM_UP_JOBS = 2000


class System:
    """`process` is the broker, `port` its port for clients, and `protocol` its name for bench-load."""

    def __init__(self, group, key, label):
        self.group, self.key, self.label = group, key, label

    def start_workers(self, port):
        for _ in range(WORKERS):
            self.group.start([BENCH + "worker", self.protocol, str(port)])

    def warm_up(self):
        load(self, 16, 16, 0, WARM_UP_JOBS)
        return self


class Relay(System):
    protocol = "relay"

    def __init__(self, group, window, workers=True):
        super().__init__(group, f"relay-w{window}", f"bare relay, w={window}")
        self.process = group.start([BENCH + "relay", str(window)])
        found = wait_for(
            "no ports", lambda: re.match(r"(\d+) (\d+)\n", log_of(self.process)), self.process
        )
        self.port = int(found.group(1))
        self.worker_port = int(found.group(2))
        if workers:
            self.start_workers(self.worker_port)


class Taskmaster(System):
    protocol = "taskmaster"

    def __init__(
        self, group, key="taskmasterd", label="taskmasterd", command=(), build=BUILD, **settings
    ):
        super().__init__(group, key, label)
        settings = {key.replace("_", "-"): value for key, value in settings.items()}
        self.settings = {
            "listen": "127.0.0.1:0",
            "pool-start": WORKERS,
            "pool-max": WORKERS,
            "job-max": 100000,
            "log-level": "info",
            **settings,
        }
        path = os.path.join(group.directory, f"{key}-{group.count}.json")
        with open(path, "w") as file:
            json.dump(self.settings, file)
        self.process = group.start([*command, os.path.join(build, "taskmasterd"), "-c", path])
        self.port = int(wait_for("no port", self.ports, self.process)[0])

    def ports(self):
        return re.findall(r"role=clients address=\S+:(\d+)", log_of(self.process))


class Gearman(System):
    protocol = "gearman"

    def __init__(self, group):
        super().__init__(group, "gearmand", "gearmand -t 0")
        self.port = free_port()
        self.process = group.start(
            [shutil.which("gearmand"), "--listen=127.0.0.1", f"--port={self.port}", "--threads=0"]
            + ["--log-file=stderr"]
            + (["--user=root"] if os.geteuid() == 0 else [])
        )
        wait_for("no answer", lambda: answers(self.port), self.process)
        self.start_workers(self.port)


class Beanstalk(System):
    protocol = "beanstalk"

    def __init__(self, group):
        super().__init__(group, "beanstalkd", "beanstalkd + result tube")
        self.port = free_port()
        self.process = group.start(
            [shutil.which("beanstalkd"), "-l", "127.0.0.1", "-p", str(self.port)]
            + ["-z", str(SIZE_MAX)]
        )
        wait_for("no answer", lambda: answers(self.port), self.process)
        self.start_workers(self.port)


class Redis(System):
    protocol = "redis"

    def __init__(self, group):
        super().__init__(group, "redis", "Redis lists")
        self.port = free_port()
        self.process = group.start(
            [shutil.which("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
            + ["--save", "", "--appendonly", "no"]
        )
        wait_for("no answer", lambda: answers(self.port), self.process)
        self.start_workers(self.port)


PEERS = {"gearmand": Gearman, "beanstalkd": Beanstalk, "redis-server": Redis}


def missing():
    """The missing commands of the peers."""
    return [command for command in PEERS if not shutil.which(command)]


def start_all(group):
    """Our system, the relay, and every installed peer, warmed up."""
    systems = [
        Relay(group, 1),
        Taskmaster(group),
        Taskmaster(group, "taskmasterd-w1", "taskmasterd, worker-window 1", worker_window=1),
        Relay(group, 16),
    ]
    systems += [make(group) for command, make in PEERS.items() if shutil.which(command)]
    return [system.warm_up() for system in systems]
