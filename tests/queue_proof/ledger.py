"""The ledger: what clients of a queue asked for and were promised, and whether the promises were kept.

The rules, whatever happens to the processes and the disk:

- An accepted job has an outcome in the end, and exactly one: whoever asks hears the same.
- An outcome that was told once is told again by every later wait.
- A done job ran to its end at least once, under its id, and its result is whole.
- Equal keys are one job.
"""

import threading

from world import LONG, Closed, wait_until

TERMINAL = ("done", "failed")
WAITS = 16  # at once; with more of them a queue may wait for us to read results


class Job:
    """One submit. `token` names it in its payload, and so in the side file."""

    def __init__(self, token, command, number, key=None):
        self.token, self.command, self.number, self.key = token, command, number, key
        self.id = None  # told by an event
        self.told = None  # (event, reason, result)
        self.is_kept = False
        self.is_refused = False

    def payload(self, filling=0):
        return f"{self.token} {self.command} {self.number} ".encode() + b"." * filling

    def result(self):
        size = self.number if self.command == "reply" else 0
        return self.token.encode() + bytes(size)

    def __repr__(self):
        return f"{self.token} {self.command} {self.number} id {self.id} told {str(self.told)[:80]}"


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.jobs = []
        self.problems = []

    def new_job(self, command, number, key=None, token=None):
        with self.lock:
            job = Job(token or f"t{len(self.jobs)}", command, number, key)
            self.jobs.append(job)
            return job

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def hear(self, job, event):
        """An event for the submit of this job."""
        if event.name == "overload":
            job.is_refused = True
            return
        if event.name == "error":
            self.problem(f"{job}: {event}")
            return
        if event.get("job"):
            if job.id and job.id != event["job"]:
                self.problem(f"{job}: another id in {event}")
            job.id = event["job"]
        if event.name == "accepted":
            job.is_kept = True
        elif event.name in TERMINAL:
            job.is_kept = True
            self.tell(job, event)

    def tell(self, job, event):
        told = (event.name, event.get("reason"), event.payload or b"")
        if job.told and job.told != told:
            self.problem(f"{job}: another outcome: {told[0]} {told[1]} {told[2][:40]!r}")
        job.told = told

    # ---- the verdict

    def settle(self, queue, patience=6 * LONG):
        """Waits for all accepted jobs, and so hears each outcome once more."""
        kept = [job for job in self.jobs if job.is_kept and job.id]
        with queue.client() as client:
            for start in range(0, len(kept), WAITS):
                self.wait_some(client, kept[start : start + WAITS], patience)

    def wait_some(self, client, jobs, patience):
        by_id = {}
        for number, job in enumerate(jobs):
            by_id[number] = job
            client.send(op="wait", id=number, job=job.id)
        while by_id:
            try:
                event = client.recv(patience, f"the outcomes of {list(by_id.values())[:3]}")
            except Closed as closed:
                self.problem(f"the queue closed while {len(by_id)} jobs were waited for: {closed}")
                return
            if event.get("id") not in by_id:
                self.problem(f"an event for nobody: {event}")
            elif event.name == "error":
                self.problem(f"lost: {by_id.pop(event['id'])}: {event}")
            elif event.name in TERMINAL:
                job = by_id.pop(event["id"])
                if event.get("job") != job.id:
                    self.problem(f"{job}: an event of another job: {event}")
                self.tell(job, event)

    def judge(self, runs):
        """Compares with the runs in the side file; returns all problems."""
        ended = {(token, origin) for token, origin, _, _, what, _ in runs if what == "end"}
        tokens = {job.token for job in self.jobs}
        for token in sorted({run[0] for run in runs} - tokens)[:5]:
            self.problem(f"a run of a job that nobody submitted: {token}")
        for job in self.jobs:
            self.judge_job(job, ended)
        self.judge_keys()
        return self.problems

    def judge_job(self, job, ended):
        if job.is_kept and not job.told:
            self.problem(f"no outcome: {job}")
        if not job.told or job.told[0] != "done":
            return
        if (job.token, job.id) not in ended:
            self.problem(f"done, but never run to its end under its id: {job}")
        if job.told[2] != job.result():
            self.problem(f"another result: {job}")

    def judge_keys(self):
        by_key = {}
        for job in self.jobs:
            if job.key and job.is_kept:
                by_key.setdefault(job.key, []).append(job)
        for key, jobs in by_key.items():
            ids = {job.id for job in jobs}
            if len(ids) > 1 and all(job.told and job.told[0] == "done" for job in jobs):
                self.problem(f"key {key}: several jobs are done: {jobs}")

    def count(self):
        kept = sum(job.is_kept for job in self.jobs)
        done = sum(bool(job.told) and job.told[0] == "done" for job in self.jobs)
        return f"{len(self.jobs)} submits, {kept} accepted, {done} done"


def drained(queue, patience=6 * LONG):
    """Waits until nothing is waiting or handed on; the last stats."""
    with queue.client() as client:
        def is_empty():
            jobs = client.stats()["jobs"]
            return not any(jobs.get(key) for key in ("waiting", "delayed", "handed", "running"))

        wait_until(is_empty, "an empty queue", patience, 0.05)
