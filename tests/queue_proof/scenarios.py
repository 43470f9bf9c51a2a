"""Dialogues with a queue under a fault. A submit may be refused, and the connection may end; nothing may hang.

Each dialogue keeps its books in the ledger: what was promised in it has to be kept later.
"""

import signal

from ledger import TERMINAL
from world import wait_until

STEP = 20.0  # seconds


def answer(client, id, *names):
    """The last answer to a request: one of these, an error, or a refusal."""
    ends = (*names, *TERMINAL, "error", "overload")
    return client.find(lambda event: event.get("id") == id and event.name in ends, STEP, f"the answer to {id}")


class Talk:
    """One connection, with the ledger's help."""

    def __init__(self, world, ledger, client):
        self.world, self.ledger, self.client, self.count = world, ledger, client, 0

    def submit(self, command="ok", number=0, filling=0, **fields):
        job = self.ledger.new_job(command, number, fields.get("key"), token=fields.pop("token", None))
        self.count += 1
        id = f"{job.token}-{self.count}"
        self.client.submit(id, "witness", job.payload(filling), **fields)
        return job, id

    def put(self, *args, **fields):
        """A detached job; None if it was refused."""
        job, id = self.submit(*args, detach=True, **fields)
        event = answer(self.client, id, "accepted")
        if event.name != "error":
            self.ledger.hear(job, event)
        return job if job.is_kept else None

    def run(self, *args, **fields):
        job, id = self.submit(*args, **fields)
        event = answer(self.client, id)
        if event.name != "error":
            self.ledger.hear(job, event)
        return job if job.is_kept else None

    def ask(self, op, **fields):
        self.count += 1
        id = f"{op}-{self.count}"
        self.client.send(op=op, id=id, **fields)
        return self.client.find(lambda event: event.get("id") == id, STEP, f"the answer to {op}")

    def wait(self, job):
        event = self.ask("wait", job=job.id)
        if event.name in TERMINAL:
            self.ledger.tell(job, event)
        return event


def submits(talk):
    for _ in range(5):
        talk.run()


def puts(talk):
    jobs = [talk.put() for _ in range(5)]
    for job in filter(None, jobs):
        talk.wait(job)


def large(talk):
    talk.run("reply", 200_000, 200_000)


def many(talk):
    sent = [talk.submit(filling=200) for _ in range(40)]
    for job, id in sent:
        event = answer(talk.client, id)
        if event.name != "error":
            talk.ledger.hear(job, event)


def fails(talk):
    talk.run("fail")
    talk.run("crash")


def retries(talk):
    talk.run("retry", 3, retry_delay_ms=1)
    talk.run("fail", retries=2, retry_delay_ms=1)


def delayed(talk):
    job = talk.put(delay_ms=30)
    if job:
        talk.wait(job)


def expires(talk):
    talk.ask("pause", module="witness")
    talk.run(max_wait_ms=30)
    talk.ask("resume", module="witness")


def joins(talk):
    talk.ask("pause", module="witness")
    jobs = [talk.put(key="k", token="k") for _ in range(3)]
    talk.ask("resume", module="witness")
    for job in filter(None, jobs):
        talk.wait(job)


def forgets(talk):
    job = talk.put()
    if job and talk.wait(job).name == "done":
        job.is_kept = False  # from now on both are right
        event = talk.ask("forget", job=job.id)
        job.is_kept = event.name == "error"


def tries_again(talk):
    job = talk.put("fail")
    if job and talk.wait(job).name == "failed":
        if talk.ask("retry", job=job.id).name == "ok":
            talk.wait(job)


def cancels(talk):
    talk.ask("pause", module="witness")
    jobs = [talk.put() for _ in range(3)]
    for job in filter(None, jobs):
        talk.ask("cancel", job=job.id)
    talk.ask("resume", module="witness")
    for job in filter(None, jobs):
        talk.wait(job)


def cancels_running(talk):
    job = talk.put("sleep", 300)
    if job:
        talk.ask("kill", job=job.id)
        talk.wait(job)


def pauses(talk):
    talk.ask("pause")
    talk.put()
    talk.ask("resume")


def looks(talk):
    job = talk.put(filling=1000)
    for op in ("stats", "jobs", "workers", "modules", "ping"):
        talk.ask(op)
    if job:
        talk.ask("status", job=job.id)
        talk.ask("peek", job=job.id)


def backs_up(talk):
    talk.put(filling=2000)
    talk.ask("backup", path=talk.world.store + "/../backup")


def reloads(talk):
    before = talk.world.queue.log().count("reload")
    talk.world.queue.signal(signal.SIGHUP)
    wait_until(
        lambda: talk.world.queue.ended() or talk.world.queue.log().count("reload") > before, "the reload", STEP
    )
    talk.run()


def half_close(talk):
    job, id = talk.submit()
    talk.client.shutdown()
    event = answer(talk.client, id)
    if event.name != "error":
        talk.ledger.hear(job, event)


def loses_the_master(talk):
    job = talk.put("sleep", 30)
    talk.world.master.kill()
    talk.put()
    talk.world.master.start()
    if job:
        talk.wait(job)


def priorities(talk):
    talk.ask("pause", module="witness")
    jobs = [talk.put(priority=p) for p in (1, 9, 5)]
    talk.ask("resume", module="witness")
    for job in filter(None, jobs):
        talk.wait(job)


def links(talk):
    talk.submit("sleep", 50, link=True)
    talk.ask("ping")


def drains(talk):
    talk.put("sleep", 20)
    talk.world.queue.signal(signal.SIGTERM)
    talk.client.rest(STEP)


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        submits, puts, large, many, fails, retries, delayed, expires, joins, forgets, tries_again, cancels,
        cancels_running, pauses, looks, backs_up, reloads, half_close, loses_the_master, priorities, links, drains,
    )  # fmt: skip
}
