"""The works about pools and supervision, and the comparison with another build. They are like those of works.py."""

import contextlib
import os
import threading
import time

from processes import BUILD, Group, load, medians, rss_kb
from systems import WORKERS, Taskmaster
from wire import Client
from works import rounds_of, say

POOLS = 64  # beside default: as many as there can be


def start(group, key, count, **settings):
    """A daemon with `count` idle workers."""
    daemon = Taskmaster(group, key, **settings)
    client = Client(daemon.port)
    client.wait_idle(count)
    client.close()
    return daemon


def show(key, rounds):
    line = medians(rounds)
    say(
        f"    {key:12} {line['jobs_per_s']:9.0f} jobs/s  p50 {line['p50_us']:8.1f} us"
        f"  p99 {line['p99_us']:8.1f} us  broker {line['cpu_us_per_job']:7.2f} us/job"
    )


def measure(title, contenders, in_flight, size, count, ms):
    say(f"  {title}, {count} rounds of {ms} ms")
    results = rounds_of(count, contenders, lambda daemon: load(daemon, in_flight, size, ms))
    for key, rounds in results.items():
        show(key, rounds)
    return results


# ---- another build

BESIDE = {
    "256 in flight, 16 B": (256, 16),
    "16 in flight, 16 B": (16, 16),
    "1 in flight, 16 B": (1, 16),
    "256 in flight, 4 KiB": (256, 4096),
}


def beside(plan):
    """This build and another one, in many short rounds. The other one runs twice: the two differ by noise alone."""
    if not plan.beside:
        return None
    say(f"beside {plan.beside}")
    with Group() as group:
        builds = {"this": BUILD, "other": plan.beside, "again": plan.beside}
        daemons = [
            (key, Taskmaster(group, key, build=build).warm_up()) for key, build in builds.items()
        ]
        return {
            title: measure(title, daemons, in_flight, size, plan.rounds * 3, plan.run_ms // 3)
            for title, (in_flight, size) in BESIDE.items()
        }


# ---- pools

def copy_echo(directory):
    """Copies of echo, under the names of protocol taskmaster-64."""
    names = [f"m{i:03}" for i in range(POOLS)]
    with open(os.path.join(BUILD, "modules", "echo.so"), "rb") as file:
        echo = file.read()
    for name in names:
        with open(os.path.join(directory, f"{name}.so"), "wb") as file:
            file.write(echo.replace(b"\0echo\0", b"\0%s\0" % name.encode()))
    return names


def pool_settings(**each):
    each = {key.replace("_", "-"): value for key, value in each.items()}
    return {f"p{i}": each for i in range(POOLS)}


def start_with_idle_pools(group):
    idle = pool_settings(pool_start=1, pool_max=1)
    return start(group, "idle-pools", WORKERS + POOLS, pools=idle)


def start_spread(group, key, count, **settings):
    daemon = start(group, key, count, **settings)
    daemon.protocol = "taskmaster-64"
    return daemon.warm_up()


def start_pair(group, names, window):
    """A pool of 64 workers, and 64 pools of one."""
    where = {"module_dir": group.directory, "worker_window": window}
    large = {"pool_start": POOLS, "pool_max": POOLS}
    each = pool_settings(pool_start=1, pool_max=1, worker_window=window)
    of = {name: {"pool": f"p{i}"} for i, name in enumerate(names)}
    return [
        ("one", start_spread(group, "one", POOLS, **where, **large)),
        ("64", start_spread(group, "64", POOLS, **where, pool_start=0, pools=each, modules=of)),
    ]


def pools(plan):
    """Two forms. Idle pools: the same pool with its load, alone and with 64 idle pools of a worker each. Spread: a load
    over 64 modules, in one pool of 64 workers and in 64 pools of one worker. Both with the default worker-window, and,
    not judged, with 1: then each of the 64 pools has a pass for each of its jobs."""
    say(f"{POOLS} pools")
    found = {}
    with Group() as group:
        pair = [
            ("alone", start(group, "alone", WORKERS).warm_up()),
            ("idle-pools", start_with_idle_pools(group).warm_up()),
        ]
        for in_flight in (256, 1):
            title = f"idle pools, {in_flight} in flight"
            found[title] = measure(title, pair, in_flight, 16, plan.rounds, plan.run_ms)
    with Group() as group:
        names = copy_echo(group.directory)
        for window in (1, 16):
            title = f"spread, worker-window {window}, 256 in flight"
            pair = start_pair(group, names, window)
            found[title] = measure(title, pair, 256, 16, plan.rounds, plan.run_ms)
    return found


# ---- a crash loop

class CrashLoop(threading.Thread):
    """A client whose jobs crash their workers, one after the other. It waits only when it is told to."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = Client(port)
        self.over = threading.Event()
        self.crashes = self.refusals = 0

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            self.client.send(b"segv", op="submit", id=number, module="crash")
            failed, _ = self.client.wait("failed")
            self.crashes += failed["reason"] == "error"
            if failed["reason"] == "unavailable":
                self.refusals += 1
                self.over.wait(failed["retry_after_ms"] / 1000)
        self.client.close()


@contextlib.contextmanager
def crash_loop(daemon):
    loop = CrashLoop(daemon.port)
    loop.start()
    yield loop
    loop.over.set()
    loop.join()


def crash_loops(plan):
    """The latency of echo, alone and beside a crash loop in the same pool."""
    say("a crash loop beside echo")
    found = {"crashes": {}}
    with Group() as group:
        daemons = {
            "alone": start(group, "alone", WORKERS).warm_up(),
            "breaker": start(group, "breaker", WORKERS).warm_up(),
            "no-breaker": start(group, "no-breaker", WORKERS, breaker_crashes=0).warm_up(),
        }

        def run(daemon, in_flight):
            if daemon.key == "alone":
                return load(daemon, in_flight, 16, plan.run_ms)
            with crash_loop(daemon) as loop:
                result = load(daemon, in_flight, 16, plan.run_ms)
            found["crashes"][daemon.key] = found["crashes"].get(daemon.key, 0) + loop.crashes
            return result

        for in_flight in (1, 16):
            title = f"{in_flight} in flight"
            say(f"  {title}, {plan.rounds} rounds of {plan.run_ms} ms")
            found[title] = rounds_of(
                plan.rounds, list(daemons.items()), lambda daemon, n=in_flight: run(daemon, n)
            )
            for key, rounds in found[title].items():
                show(key, rounds)
    say(f"  crashes: {found['crashes']}")
    return found


# ---- idle daemons

def wakeups(pids):
    """How often the processes have waited, and so have been woken."""
    count = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as file:
            count += next(
                int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches")
            )
    return count


def start_idle(group, workers, pools_count):
    each = workers // pools_count
    settings = {"pool-start": each, "pool-max": each}
    named = {f"p{i}": settings for i in range(1, pools_count)}
    return start(
        group, f"{workers} in {pools_count}", workers, pool_start=each, pool_max=each, pools=named
    )


def worker_pids(daemon):
    client = Client(daemon.port)
    pids = [worker["pid"] for worker in client.workers()]
    client.close()
    return pids


def idle(plan):
    """Wake-ups of masters and workers without work, with pings as they are by default."""
    say(f"idle for {plan.idle_s} s")
    found = {"seconds": plan.idle_s, "rates": {}}
    with Group() as group:
        daemons = [start_idle(group, count, n) for n in (1, 8) for count in (4, 64, 256) if count >= n]
        pids = {daemon.key: worker_pids(daemon) for daemon in daemons}
        time.sleep(1)  # until the new processes have come to rest
        before = {d.key: (wakeups([d.process.pid]), wakeups(pids[d.key])) for d in daemons}
        time.sleep(plan.idle_s)
        for daemon in daemons:
            key, count = daemon.key, len(pids[daemon.key])
            master = (wakeups([daemon.process.pid]) - before[key][0]) / plan.idle_s
            worker = (wakeups(pids[key]) - before[key][1]) / plan.idle_s / count
            found["rates"][key] = {"master": master, "worker": worker}
            say(f"  {key + ' pools':16} master {master:5.2f}/s, a worker {worker:5.2f}/s")
    return found


# ---- memory

def footprint(plan):
    """What a worker and an idle pool cost the master."""
    del plan
    with Group() as group:
        few = start(group, "few", WORKERS)
        many = start(group, "many", 256, pool_start=256, pool_max=256)
        empty = start(group, "pools", WORKERS, pools=pool_settings(pool_start=0, pool_max=1))
        base = rss_kb(few.process.pid)
        found = {
            "worker_bytes": (rss_kb(many.process.pid) - base) * 1024 / (256 - WORKERS),
            "pool_bytes": (rss_kb(empty.process.pid) - base) * 1024 / POOLS,
        }
    say(f"  the master has {found['worker_bytes']:.0f} bytes for a worker,")
    say(f"  {found['pool_bytes']:.0f} for an idle pool")
    return found


WORKS = {
    "beside": beside,
    "pools": pools,
    "crash-loops": crash_loops,
    "idle": idle,
    "footprint": footprint,
}
