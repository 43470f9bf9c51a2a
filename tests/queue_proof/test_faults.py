"""Every write, every sync and every allocation of the queue fails once, in many scenarios.

One case is one queue, one dialogue (scenarios.py), and one fault in it. The rule for every fault: either a request
fails, or the queue says why and ends with a status of sysexits.h. It never ends by a signal, hangs or spins. A disk
without room ends no queue. Started again, the queue knows all that was promised. Memory is of any part of the process;
the other calls are those on files of the store.
"""

import concurrent.futures
import contextlib
import os
import random
import re
import shutil
import tempfile
import threading
import time

from faults import A_WHILE, CLASSES, ERRORS, ON, Faults
from ledger import Ledger, drained
from scenarios import SCENARIOS, STEP, Talk, puts
from world import HOW_LONG, Closed, Deadline, World, new_seed, proc, wait_until

SECONDS = {"short": 40, "long": 3600}[HOW_LONG]
AT_ONCE = 3 * (os.cpu_count() or 1)
SYSEXITS = range(64, 79)
SAYS_WHY = re.compile(r"^taskqueued: |error|warning|memory", re.MULTILINE | re.IGNORECASE)
REST, SPIN = 0.15, 0.10  # seconds of the watch over a queue at rest, and its permitted CPU seconds


class Case:
    """`number` counts from the beginning of the dialogue, for `start` from the beginning of the process. 0: no fault."""

    def __init__(self, scenario, kind, number, how):
        self.scenario, self.kind, self.number, self.how = scenario, kind, number, how
        self.name = f"{scenario}:{kind}:{number}:{how}"
        self.problems, self.counts, self.hit, self.log = [], {}, False, ""
        self.lost = 0  # connections

    def run(self):
        directory = tempfile.mkdtemp(prefix="proof-", dir=os.environ.get("PROOF_DIR"))
        try:
            with World(directory) as world:
                self.go_through(world)
                if self.problems:
                    self.log = world.queue.log_tail()
        except (AssertionError, OSError, ValueError) as wrong:
            self.problems.append(f"{type(wrong).__name__}: {wrong}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return self

    def arm(self, faults):
        if not self.number:
            return
        if self.kind == "memory":
            faults.memory.arm(self.number, ON if self.how == "on" else 1)
        else:
            error, _, how = self.how.partition("-")
            faults.calls[self.kind].arm(self.number, A_WHILE if how else 1, error)

    def go_through(self, world):
        ledger = Ledger()
        faults = Faults(world.directory, world.directory)
        world.queue.env.update(faults.env)
        world.master.start()
        if self.scenario == "starts":  # on a store with jobs
            world.queue.start()
            self.talk(world, ledger, puts)
            world.queue.kill()
            before = faults.counts()
            self.arm(faults)
            world.queue.launch()
            wait_until(lambda: world.queue.ended() or world.queue.answers(), "the start", STEP)
            self.talk(world, ledger, puts)
        else:
            world.queue.start()
            before = faults.counts()
            self.arm(faults)
            self.talk(world, ledger, SCENARIOS[self.scenario])
        self.counts = {kind: count - before[kind] for kind, count in faults.counts().items()}
        self.hit = faults.failed() > 0
        faults.disarm()
        self.judge(world, ledger)
        self.settle(world, ledger)

    def talk(self, world, ledger, dialogue):
        """The fault may cost the connection, but must not leave it hanging."""
        try:
            with world.queue.client() as client:
                dialogue(Talk(world, ledger, client))
        except (Closed, OSError):
            self.lost += 1
        except (Deadline, AssertionError, ValueError) as wrong:
            if not self.has_ended(world.queue):
                self.problems.append(f"{type(wrong).__name__}: {wrong}")

    def has_ended(self, queue):
        with contextlib.suppress(Deadline):
            return wait_until(queue.ended, "the end", 0.5)
        return False

    def judge(self, world, ledger):
        if not world.queue.ended() and self.scenario != "drains":
            self.judge_alive(world, ledger)
        if not world.queue.ended():
            world.queue.stop()
        status = world.queue.process.returncode
        if status < 0:
            self.problems.append(f"it ended by signal {-status}")
        elif status and status not in SYSEXITS:
            self.problems.append(f"it ended with status {status}")
        elif status and not SAYS_WHY.search(world.queue.log()):
            self.problems.append(f"it ended with status {status} and did not say why")
        if status and self.how.startswith("ENOSPC") and self.scenario != "starts":
            self.problems.append(f"a disk without room ended it with status {status}")
        if not self.number and (self.lost or status) and self.scenario != "drains":
            self.problems.append(f"nothing failed, but {self.lost} connections were lost, status {status}")

    def judge_alive(self, world, ledger):
        """A living queue does the next job, and uses no CPU at rest."""
        jobs = []

        def next_job(talk):
            wait_until(lambda: jobs.append(talk.run()) or jobs[-1], "a job that is taken", STEP, 0.1)
            if jobs[-1].told[0] != "done":
                self.problems.append(f"the next job: {jobs[-1]}")

        self.talk(world, ledger, next_job)
        if world.queue.ended():
            return
        pid = world.queue.process.pid
        before = proc.cpu_seconds(pid)
        time.sleep(REST)
        used = proc.cpu_seconds(pid) - before
        if used > SPIN:
            self.problems.append(f"{used:.2f} s of CPU within {REST} s at rest")

    def settle(self, world, ledger):
        """Starts it again, without faults."""
        world.queue.env.clear()
        if world.master.ended():  # the dialogue killed it, and went no further
            world.master.start()
        world.queue.start()
        with world.queue.client() as client:
            client.send(op="resume", id="resume")
            client.recv(STEP)
            client.send(op="resume", id="resume", module="witness")
            client.recv(STEP)
        drained(world.queue)
        ledger.settle(world.queue)
        self.problems += ledger.judge(world.runs())
        if world.queue.stop() != 0:
            self.problems.append("the next one did not end well")


def hows(kind):
    if kind == "memory":
        return ("once", "on")
    return [how for error in ERRORS[kind] for how in (error, f"{error}-while")]


def cases_of(scenario):
    probe = Case(scenario, "memory", 0, "once").run()
    assert not probe.problems, f"{probe.name}, without a fault: {probe.problems}\n{probe.log}"
    return [
        Case(scenario, kind, number, how)
        for kind in ("memory", *CLASSES)
        for how in hows(kind)
        for number in range(1, probe.counts[kind] + 1)
    ]


def sample(pool, chance):
    """The cases in an order that meets each kind of each scenario early."""
    names = ["starts", *SCENARIOS]
    chance.shuffle(names)
    by_kind = []
    for cases in pool.map(cases_of, names):
        for kind in ("memory", *CLASSES):
            of_kind = [case for case in cases if case.kind == kind]
            chance.shuffle(of_kind)
            by_kind.append(of_kind)
    depth = max(map(len, by_kind))
    return [cases[n] for n in range(depth) for cases in by_kind if n < len(cases)]


def run_until(pool, cases, end):
    ran, lock = [], threading.Lock()

    def run(case):
        if time.monotonic() < end:
            case.run()
            with lock:
                ran.append(case)

    concurrent.futures.wait([pool.submit(run, case) for case in cases])
    return ran


def test_without_a_fault():
    for scenario in ["starts", *SCENARIOS]:
        case = Case(scenario, "memory", 0, "once").run()
        assert not case.problems, f"{case.name}: {case.problems}\n{case.log}"


def test_every_fault_is_survived_or_told():
    seed, end = new_seed(), time.monotonic() + SECONDS
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        if "PROOF_CASES" in os.environ:
            names = (name.split(":") for name in os.environ["PROOF_CASES"].split())
            cases = [Case(scenario, kind, int(number), how) for scenario, kind, number, how in names]
        else:
            cases = sample(pool, random.Random(seed))
        ran = run_until(pool, cases, end)
    bad = [case for case in ran if case.problems]
    hit = sum(case.hit for case in ran)
    summary = f"seed {seed}: {len(ran)} of {len(cases)} cases, {hit} met their fault, {len(bad)} failed"
    print(summary)
    texts = [f"{case.name}: {case.problems}\n{case.log}" for case in bad[:10]]
    assert not bad, summary + "\n" + "\n".join(texts) + "\n" + " ".join(case.name for case in bad)
