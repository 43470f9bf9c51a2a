"""The measured systems that keep jobs, each with every answer behind a sync of the disk: put, kept, told."""

import json
import os
import re
import shutil

from processes import BUILD, answers, end, free_port, log_of, wait_for
from systems import SIZE_MAX, Beanstalk, Gearman, Redis, System, Taskmaster
from wire import Client

JOBS_MAX = 3_000_000


class Queue(System):
    """taskqueued with a taskmasterd of its own. `process` is taskqueued alone."""

    protocol = "taskqueued"

    def __init__(self, group, key="taskqueued", label="taskqueued", workers=True, **settings):
        super().__init__(group, key, label)
        self.master = Taskmaster(group, f"{key}-master")
        settings = {key.replace("_", "-"): value for key, value in settings.items()}
        self.settings = {
            "listen": "127.0.0.1:0",
            "master": f"127.0.0.1:{self.master.port}",
            "store-path": os.path.join(group.directory, f"{key}-{group.count}.store"),
            "store-max": 1 << 33,
            "job-max": JOBS_MAX,
            "owner-job-max": JOBS_MAX,
            **settings,
        }
        self.start()
        client = Client(self.port)
        client.ask(op="pause", module="wc", id=1)
        if not workers:
            client.ask(op="pause", id=2)
        client.close()

    def start(self):
        path = os.path.join(self.group.directory, f"{self.key}-{self.group.count}.conf")
        with open(path, "w") as file:
            json.dump(self.settings, file)
        self.process = self.group.start([os.path.join(BUILD, "taskqueued"), "-c", path])
        self.port = int(wait_for("no port", self.ports, self.process)[0])

    def ports(self):
        return re.findall(r"role=clients address=\S+:(\d+)", log_of(self.process))

    def restart(self):
        end(self.process)
        if self.process.returncode != 0:
            raise RuntimeError(f"taskqueued ended with {self.process.returncode}: {log_of(self.process)}")
        self.start()


class KeptGearman(Gearman):
    protocol = "gearman-kept"

    def __init__(self, group, workers=True):
        System.__init__(self, group, "gearmand", "gearmand, queue in SQLite")
        self.port = free_port()
        self.process = group.start(
            [shutil.which("gearmand"), "--listen=127.0.0.1", f"--port={self.port}", "--threads=0"]
            + ["--log-file=stderr", "--queue-type=libsqlite3"]
            + [f"--libsqlite3-db={group.directory}/gearmand-{group.count}.db"]
            + (["--user=root"] if os.geteuid() == 0 else [])
        )
        wait_for("no answer", lambda: answers(self.port), self.process)
        if workers:
            self.start_workers(self.port)


def directory(group, name):
    path = os.path.join(group.directory, f"{name}-{group.count}")
    os.mkdir(path)
    return path


class KeptBeanstalk(Beanstalk):
    def __init__(self, group, workers=True):
        System.__init__(self, group, "beanstalkd", "beanstalkd -f 0")
        self.port = free_port()
        self.process = group.start(
            [shutil.which("beanstalkd"), "-l", "127.0.0.1", "-p", str(self.port)]
            + ["-z", str(SIZE_MAX), "-b", directory(group, "beanstalkd"), "-f", "0"]
        )
        wait_for("no answer", lambda: answers(self.port), self.process)
        if workers:
            self.start_workers(self.port)


class KeptRedis(Redis):
    def __init__(self, group, workers=True):
        System.__init__(self, group, "redis", "Redis lists, appendfsync always")
        self.port = free_port()
        self.process = group.start(
            [shutil.which("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
            + ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
            + ["--dir", directory(group, "redis")]
        )
        wait_for("no answer", lambda: answers(self.port), self.process)
        if workers:
            self.start_workers(self.port)


PEERS = {"gearmand": KeptGearman, "beanstalkd": KeptBeanstalk, "redis-server": KeptRedis}


def start_all(group, workers):
    """taskqueued and every installed peer: with workers to run jobs, or without."""
    systems = [Queue(group, workers=workers)]
    return systems + [make(group, workers) for command, make in PEERS.items() if shutil.which(command)]
