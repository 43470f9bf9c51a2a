"""Clients of a cluster while its nodes come and go: they submit many jobs, and want the outcome of each.

A client does as doc/cluster.md has it. Its submits have keys, and are repeated at another node if the connection is lost
before `accepted`, or if the answer is `unconfirmed`. The outcome of an accepted job is asked for with `wait`, at whatever
node answers. Whatever it was told is in its jobs; `judge()` compares that with the runs.
"""

import collections
import contextlib
import random
import threading
import time

from . import runs as evidence
from .client import Client, Closed
from .wait import Deadline

WINDOW = 64  # jobs of a client at once
PAUSE = 0.05  # seconds, after a node that does not answer or has no room


class Job:
    def __init__(self, token, command, number, fields):
        self.token, self.command, self.number, self.fields = token, command, number, fields
        self.id = None  # told by `accepted`
        self.submits = 0
        self.outcome = None  # the terminal event
        self.problems = []

    @property
    def payload(self):
        return f"{self.token} {self.command} {self.number}"

    def hear(self, event):
        """Notes the id and the outcome, and what contradicts them. (An error may name a job that is not kept.)"""
        told = event.get("job") if event.name != "error" else None
        if self.id and told and told != self.id:
            self.problems.append(f"another id: {event}")
        self.id = self.id or told
        if event.name in ("done", "failed"):
            before, self.outcome = self.outcome, event
            if before and (before, before.payload) != (event, event.payload):
                self.problems.append(f"two outcomes: {before} and {event}")

    def __repr__(self):
        return f"{self.token} (job {self.id}, {self.submits} submits)"


class Crowd:
    """So many clients in threads of their own. `addresses` gives the nodes that may be asked now."""

    def __init__(self, addresses, clients=4, window=WINDOW):
        self.addresses = addresses
        self.clients, self.window = clients, window
        self.jobs, self.todo = [], collections.deque()
        self.codes = collections.Counter()  # of errors and overloads
        self.lost_connections = 0
        self.is_cancelled = False
        self.threads, self.faults = [], []

    def add(self, count, command="ok", number=0, prefix="t", **fields):
        """More jobs. The token is the key, too."""
        made = [Job(f"{prefix}{len(self.jobs) + n}", command, number, fields) for n in range(count)]
        self.jobs += made
        self.todo.extend(made)
        return made

    def start(self):
        for number in range(self.clients):
            thread = threading.Thread(target=self._work, args=(number,), daemon=True)
            self.threads.append(thread)
            thread.start()
        return self

    def ended(self):
        """How many jobs have an outcome."""
        return sum(job.outcome is not None for job in self.jobs)

    def wait(self, timeout):
        """Until all jobs have an outcome."""
        end = time.monotonic() + timeout
        for thread in self.threads:
            thread.join(max(end - time.monotonic(), 0))
        if any(thread.is_alive() for thread in self.threads):
            self.cancel()
            left = [job for job in self.jobs if not job.outcome]
            raise Deadline(f"{len(left)} of {len(self.jobs)} jobs without an outcome in {timeout} s: {left[:5]}")
        assert not self.faults, self.faults[0]
        return self

    def cancel(self):
        """The clients go, and leave their jobs as they are."""
        self.is_cancelled = True
        for thread in self.threads:
            thread.join(5)

    # ---- one client

    def _work(self, number):
        client = _OneClient(self, random.Random(number))
        try:
            while not self.is_cancelled and client.has_work():
                client.visit()
        except Exception as fault:  # noqa: BLE001 a test's thread: whatever it is, the test fails by it
            self.faults.append(f"client {number}: {type(fault).__name__}: {fault}")


class _OneClient:
    def __init__(self, crowd, random_numbers):
        self.crowd, self.random = crowd, random_numbers
        self.open = {}  # id on this connection: job
        self.again = collections.deque()  # jobs to be asked for, or submitted, once more

    def has_work(self):
        return bool(self.again or self.open or self.crowd.todo)

    def visit(self):
        """One connection, from its beginning to its end."""
        addresses = self.crowd.addresses()
        if not addresses:
            time.sleep(PAUSE)
            return
        try:
            with Client(self.random.choice(addresses)) as client:
                self._talk(client)
        except (Closed, OSError, Deadline):
            self.crowd.lost_connections += 1
            time.sleep(PAUSE)
        finally:
            self.again.extend(self.open.values())
            self.open.clear()

    def _talk(self, client):
        while not self.crowd.is_cancelled and not client.draining:
            self._fill(client)
            if not self.open:
                return
            self._hear(client, client.recv())
            while client.input and not self.crowd.is_cancelled:
                self._hear(client, client.recv())

    def _next_job(self):
        with contextlib.suppress(IndexError):
            return self.again.popleft() if self.again else self.crowd.todo.popleft()

    def _fill(self, client):
        while len(self.open) < self.crowd.window:
            job = self._next_job()
            if job is None:
                return
            self.open[job.token] = job
            if job.id:
                client.send(op="wait", id=job.token, job=job.id)
            else:
                job.submits += 1
                client.submit(job.token, "witness", job.payload, key=job.token, notify=["accepted"], **job.fields)

    def _hear(self, client, event):
        job = self.open.get(event.get("id"))
        assert job, f"an event for nobody: {event}"
        job.hear(event)
        if event.name in ("done", "failed"):
            del self.open[job.token]
        elif event.name in ("error", "overload"):
            self._refused(job, event)

    def _refused(self, job, event):
        """Tries again later, but for errors that no disaster excuses."""
        code = event.get("code") or event.get("reason")
        self.crowd.codes[code] += 1
        del self.open[job.token]
        if code in ("unconfirmed", "storage", "not-yet", "queue-full", "memory"):
            self.again.append(job)
            time.sleep(PAUSE)
        else:
            job.problems.append(f"refused: {event}")
            job.outcome = event


# ---- the verdict


def judge(crowd, all_runs):
    """Each accepted job has exactly one outcome, and ran to its end at least once if it is done; equal keys are one job;
    nothing else ran. Returns the problems."""
    found = [f"{job}: {problem}" for job in crowd.jobs for problem in job.problems]
    found += [f"no outcome: {job}" for job in crowd.jobs if not job.outcome]
    found += _judge_done(crowd, evidence.complete(all_runs))
    ids = {job.id: job for job in crowd.jobs}
    strangers = {run.job for run in all_runs if run.job not in ids}
    found += [f"a run of a job that nobody was told of: {name}" for name in sorted(strangers)]
    found += [f"{first} overlaps {second}" for first, second in evidence.overlaps(all_runs)]
    return found[:20]


def _judge_done(crowd, complete):
    for job in crowd.jobs:
        if job.outcome and job.outcome.name == "done":
            if job.token not in complete:
                yield f"done without a whole run: {job}"
            if job.outcome.payload != job.token.encode():
                yield f"another result: {job}: {job.outcome}"
