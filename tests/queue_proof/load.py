"""Clients of a queue that submit all the time, whatever happens to it."""

import random
import threading
import time

from ledger import TERMINAL
from world import Closed, Deadline

STEP = 30.0  # seconds; no disaster takes so long
OUT = 16  # unanswered submits of a client

# command: (number, how often)
COMMANDS = {
    "ok": (0, 60),
    "sleep": (5, 15),
    "fail": (0, 5),
    "retry": (2, 5),
    "reply": (3000, 10),
}
LARGE = 0.01  # of all: with input and result in files of their own
LARGE_SIZE = 70_000


class Submitter(threading.Thread):
    def __init__(self, queue, ledger, seed, pause=0.0, large=LARGE):
        super().__init__(daemon=True)
        self.queue, self.ledger, self.pause, self.large = queue, ledger, pause, large
        self.random = random.Random(seed)
        self.stopped = threading.Event()
        self.out = {}  # id: job
        self.number = 0
        self.is_done = False

    def run(self):
        while not self.stopped.is_set():
            try:
                with self.queue.client(client="proof") as client:
                    self.talk(client)
            except (Closed, OSError):
                self.stopped.wait(0.005)
            except (Deadline, AssertionError, ValueError, KeyError) as wrong:
                self.ledger.problem(f"{type(wrong).__name__}: {wrong}; open: {list(self.out.values())[:3]}")
                return
            self.out.clear()

    def talk(self, client):
        while not self.stopped.is_set():
            while len(self.out) < OUT and not self.stopped.is_set():
                self.submit(client)
            self.hear(client)
            if self.pause:
                time.sleep(self.pause)
        while self.out:
            self.hear(client)

    def hear(self, client):
        event = client.recv(STEP, "an event")
        job = self.out.get(event.get("id"))
        if not job:
            self.ledger.problem(f"an event for nobody: {event}")
            return
        self.ledger.hear(job, event)
        if event.name in (*TERMINAL, "overload", "error") or (event.name == "accepted" and job.is_detached):
            del self.out[event["id"]]

    def submit(self, client):
        commands = list(COMMANDS)
        command = self.random.choices(commands, [COMMANDS[name][1] for name in commands])[0]
        number, filling = COMMANDS[command][0], self.random.randrange(500)
        if self.random.random() < self.large:
            command, number, filling = "reply", LARGE_SIZE, LARGE_SIZE
        key = f"k{self.name}-{self.random.randrange(200)}" if self.random.random() < 0.1 else None
        if key:  # equal keys have equal payloads
            command, number, filling = "ok", 0, 0
        job = self.ledger.new_job(command, number, key, token=key)
        job.is_detached = self.random.random() < 0.6
        fields = {"detach": True} if job.is_detached else {"notify": ["accepted"]}
        if key:
            fields["key"] = key
        if self.random.random() < 0.1:
            fields["delay_ms"] = self.random.randrange(300)
        if self.random.random() < 0.3:
            fields.update(retries=self.random.randrange(3), retry_delay_ms=10)
        if self.random.random() < 0.2:
            fields["priority"] = self.random.randrange(10)
        self.number += 1
        id = f"{self.name}-{self.number}"
        self.out[id] = job
        client.submit(id, "witness", job.payload(filling), **fields)

    def stop(self):
        """Submits no more, and hears the answers that are still to come."""
        self.stopped.set()


class Load:
    def __init__(self, queue, ledger, clients, seed, **options):
        self.threads = [Submitter(queue, ledger, f"{seed}-{n}", **options) for n in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        for thread in self.threads:
            thread.stop()
        for thread in self.threads:
            thread.join(2 * STEP)
