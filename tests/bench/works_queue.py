"""The work about jobs that are kept: taskqueued beside the peers, each with its store synced before every answer."""

import os
import time

from processes import Group, load, medians, program, rss_kb
from systems_kept import Queue, start_all
from wire import Client
from works import rounds_of, say

IN_FLIGHT, SIZE = 256, 64
SYNCS = 200


def sync_us(directory):
    """The time of a write of a page with its sync, the median."""
    times = []
    fd = os.open(os.path.join(directory, "sync"), os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(SYNCS):
        start = time.perf_counter()
        os.write(fd, bytes(4096))
        os.fdatasync(fd)
        times.append((time.perf_counter() - start) * 1e6)
    os.close(fd)
    return sorted(times)[SYNCS // 2]


def enqueue(system, ms, jobs=0, in_flight=IN_FLIGHT):
    pid = system.process.pid
    return program("enqueue", system.protocol, system.port, in_flight, SIZE, ms, jobs, pid)


def show(systems, rounds):
    for system in systems:
        line = medians(rounds[system.key])
        say(
            f"  {system.label:32} {line['jobs_per_s']:9.0f} jobs/s"
            f"  broker {line['cpu_us_per_job']:7.2f} us/job"
        )


def measure(title, group, workers, run, plan):
    say(f"{title}, {plan.rounds} rounds of {plan.run_ms} ms")
    systems = start_all(group, workers)
    rounds = rounds_of(plan.rounds, [(s.key, s) for s in systems], run)
    show(systems, rounds)
    return {system.key: system.label for system in systems}, rounds


def start_ms(queue):
    """The time from the start to the first answer."""
    begin = time.perf_counter()
    queue.restart()
    client = Client(queue.port)
    client.close()
    return (time.perf_counter() - begin) * 1e3


def deep(plan):
    """taskqueued with nothing waiting, and with very much, in turn: so both meet the same disk."""
    count = plan.line
    say(f"0 and {count} jobs waiting, {plan.rounds} rounds")
    with Group() as group:
        queues = {"empty": Queue(group, "empty"), "deep": Queue(group, "deep")}
        filled = enqueue(queues["deep"], 0, count, 4096)
        rss = rss_kb(queues["deep"].process.pid)
        ready = start_ms(queues["deep"])
        rss_restarted = rss_kb(queues["deep"].process.pid)
        contenders = list(queues.items())
        found = {
            "count": count,
            "fill_s": filled["seconds"],
            "rss_kb": rss,
            "rss_restarted_kb": rss_restarted,
            "ready_ms": ready,
            "lives": rounds_of(plan.rounds, contenders, lambda q: load(q, IN_FLIGHT, SIZE, plan.run_ms)),
            "enqueues": rounds_of(plan.rounds, contenders, lambda q: enqueue(q, plan.run_ms)),
        }
        found["rss_end_kb"] = rss_kb(queues["deep"].process.pid)
    for name in ("lives", "enqueues"):
        rates = {key: medians(rounds)["jobs_per_s"] for key, rounds in found[name].items()}
        say(f"  {name}: {rates['empty']:.0f}/s empty, {rates['deep']:.0f}/s with {count} waiting")
    say(
        f"  filled in {found['fill_s']:.1f} s, RSS {rss} kB, restarted in {ready:.0f} ms,"
        f" then {rss_restarted} kB, at the end {found['rss_end_kb']} kB"
    )
    return found


def queue(plan):
    with Group() as group:
        found = {"sync_us": sync_us(group.directory)}
        say(f"a write with its sync takes {found['sync_us']:.0f} us here")
        found["systems"], found["enqueues"] = measure(
            "enqueues", group, False, lambda system: enqueue(system, plan.run_ms), plan
        )
    with Group() as group:
        _, found["lives"] = measure(
            "whole lives", group, True, lambda system: load(system, IN_FLIGHT, SIZE, plan.run_ms), plan
        )
    found["deep"] = deep(plan)
    return found


WORKS = {"queue": queue}
