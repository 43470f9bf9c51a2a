"""Two operations at once, each pair of them, with jobs in each state: waiting, handed early, running, stopping.

Each job ends once and rightly, `started` comes at most once, no job begins while the pool is paused, and the sums hold.
The workers that a case stops by SIGSTOP go on at its end, if they have not been killed by then.
"""

import json
import os
import signal

import pytest

from harness.client import check, conservation
from harness.wait import SCALE, wait_until

TINY_JOBS = 150
POOL_MAX = 3
SETTINGS = {
    "pool_start": 2,
    "pool_max": POOL_MAX,
    "job_max": 10000,
    "kill_grace_ms": 300,
    "drain_timeout_ms": 20000 * SCALE,
    "breaker_crashes": 2,
    "breaker_pause_ms": 100,
    "begin_timeout_ms": 300 * SCALE,
    "ping_interval_ms": 100 * SCALE,
    "dead_kill_ms": 300 * SCALE,
    "log_level": "info",
}


class Case:
    """A daemon and a client with jobs in each state."""

    def __init__(self, daemon):
        self.server = daemon(**SETTINGS)
        self.client = self.server.client()
        self.ids = []
        self.stopped = []
        self.events = []  # all events of jobs
        self.is_paused = False
        self.is_draining = False
        self.is_hurried = False
        self.reloads = self.answers = 0  # asked for, and answered

    def submit(self, id, module, payload):
        self.client.submit(id, module, payload, notify=["started"])
        self.ids.append(id)

    def begin(self):
        self.submit("running", "sleep", '{"ms":600000}')
        self.submit("stopping", "crash", "loop")
        for id in ("running", "stopping"):
            self.keep(self.client.begun(id=id))
        self.client.send(op="cancel", target="stopping")
        for n in range(TINY_JOBS):
            self.submit(n, "echo", str(n))

    def worker(self, wanted):
        return next((w for w in self.client.workers() if wanted(w)), None)

    def keep(self, event):
        if str(event.get("id")).startswith("reload"):
            check(event, "ok")
            self.answers += 1
        if event.get("id") in self.ids:
            self.events.append(event)
            assert not (self.is_paused and event.name == "started"), f"begun in a pause: {event}"

    def ask(self, op, **fields):
        """Reads until the answer. No event of a job may get lost: what ask() keeps comes first."""
        self.client.send(op=op, id=f"ask {op}", **fields)
        while (event := self.client.recv()).get("id") != f"ask {op}":
            self.keep(event)
        return event

    # ---- the operations

    def do_reload(self):
        self.client.send(op="reload", id=f"reload {self.reloads}")
        self.reloads += 1

    def do_pause(self):
        check(self.ask("pause"), "ok")
        self.is_paused = True

    def do_resize(self):
        check(self.ask("resize", pool_start=0, pool_max=1), "ok")

    def do_recycle(self):
        check(self.ask("recycle"), "ok")

    def do_drain_fail(self):
        check(self.ask("drain", waiting="fail"), "ok")
        self.is_draining = True

    def do_drain_run(self):
        check(self.ask("drain", waiting="run"), "ok")
        self.is_draining = True

    def do_term(self):
        """A drain, or behind one the end at once."""
        self.server.signal(signal.SIGTERM)
        self.server.log.wait("end-at-once" if self.is_draining else "drain")
        self.is_hurried = self.is_draining
        self.is_draining = True

    def do_breaker(self):
        for n in range(3):
            self.submit(f"crash {len(self.ids)}", "crash", "exit 3")

    def do_stop(self):
        """The worker of the tiny jobs: between two jobs, or in one."""
        worker = self.worker(lambda w: w["module"] not in ("sleep", "crash") and w["alive"])
        if worker and worker["state"] != "stopping":
            self.signal(worker["pid"], signal.SIGSTOP)
            self.stopped.append(worker["pid"])

    def do_kill(self):
        worker = self.worker(lambda w: w["module"] == "sleep")
        if worker:
            self.ask("kill", worker=worker["id"])

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    # ---- the end

    def ended(self):
        return {event["id"] for event in self.events if event.ends_submit()}

    def end(self):
        """Lets all jobs end, and reads all events."""
        self.is_paused = False
        if not self.is_draining:
            self.ask("resume")
        for pid in self.stopped:
            self.signal(pid, signal.SIGCONT)
        if not self.is_hurried:
            self.client.send(op="cancel", target="running")
        while self.ended() != set(self.ids) or self.answers < self.reloads:
            self.keep(self.client.recv(what=f"ends of {set(self.ids) - self.ended()}"))
        if self.is_draining:
            self.client.shutdown()  # the server need not wait for further requests
            for event in self.client.rest():
                self.keep(event)
            assert self.server.wait_exit() == 0


OPERATIONS = [name[3:] for name in vars(Case) if name.startswith("do_")]


def judge(case, operations):
    names = {}
    for event in case.events:
        names.setdefault(event["id"], []).append(event.name)
    for id, events in names.items():
        assert events.count("started") <= 1 and len(events) - events.count("started") == 1, (id, events)
        assert events[-1] != "started", (id, events)
    for event in case.events:
        if event.ends_submit():
            assert outcome(event) in allowed(event["id"], case, operations), event


def outcome(event):
    return event.name if event.name == "done" else event.get("reason", event.name)


def allowed(id, case, operations):
    drained = {"shutdown"} if case.is_draining else set()
    if id == "running":
        killed = {"error"} if "kill" in operations else set()
        return killed | ({"shutdown"} if case.is_hurried else {"cancelled"})
    if id == "stopping":
        return {"cancelled"}
    if str(id).startswith("crash"):
        return {"error", "unavailable"} | drained
    failed = operations & {"drain_fail", "term"} or {"drain_run", "pause"} <= operations
    return {"done"} | (drained if failed else set())


def workers_are_right(case, operations):
    """Each end has its reason, and none that nobody asked for."""
    stats = conservation(case.client.stats())
    pool = stats["pool"]
    assert sum(pool["ends"].values()) == pool["exits"], pool
    reasons = {name for name, count in pool["ends"].items() if count}
    known = {"killed", "dead", "idle", "exit"}
    known |= {o for o in operations if o in ("reload", "recycle", "resize")}
    assert reasons <= known, (reasons, operations)
    return stats


@pytest.mark.parametrize("second", OPERATIONS)
@pytest.mark.parametrize("first", OPERATIONS)
def test_two_operations(daemon, first, second):
    case = Case(daemon)
    case.begin()
    operations = {first, second}
    for name in (first, second):
        getattr(case, f"do_{name}")()
    case.end()
    judge(case, operations)
    if case.is_draining:
        return
    wait_until(
        lambda: (s := workers_are_right(case, operations))["pool"]["stopping"] == 0
        and s["pool"]["dead"] == 0,
        "the end of old workers",
    )
    assert case.client.done("echo", "afterwards") == b"afterwards"
