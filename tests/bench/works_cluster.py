"""The work about many machines: taskqueued on Redis beside taskqueued on SQLite, three nodes at once, a node's death, and
very many waiting jobs."""

import concurrent.futures
import glob
import json
import statistics
import time

from processes import Group, load, medians, percentile, rss_kb
from systems_cluster import start_nodes
from systems_kept import Queue
from wire import Client
from works import rounds_of, say
from works_queue import IN_FLIGHT, SIZE, enqueue

NODES = 3
LEASE_MS = 2000
SLEEP = json.dumps({"ms": 60_000}).encode()


def cpu_s(pid):
    """CPU time of all threads of a process, in seconds."""
    spent = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path) as file:
            spent += int(file.read().split()[0])
    return spent / 1e9


# ---- one job in flight


def latency(plan):
    """One node on Redis, and the embedded store, in turn. SQLite's `normal` is as safe as `everysec`."""
    say(f"one kept job in flight, {plan.rounds} rounds of {plan.run_ms} ms")
    with Group() as group:
        _, (node,) = start_nodes(group, 1)
        contenders = [("sqlite", Queue(group, "sqlite", store_sync="normal")), ("redis", node)]
        for _, system in contenders:
            load(system, 1, SIZE, 200)
        rounds = rounds_of(plan.rounds, contenders, lambda system: load(system, 1, SIZE, plan.run_ms))
    for key, results in rounds.items():
        line = medians(results)
        say(f"  {key:8} p50 {line['p50_us']:8.1f} us  p99 {line['p99_us']:8.1f} us")
    return rounds


# ---- three nodes


def load_all(store, nodes, loaded, ms):
    """Loads some nodes at once. Returns the sum of the rates, and the CPU time of a job."""
    processes = {"redis": [store.process]}
    processes["nodes"] = [node.process for node in nodes]
    processes["masters"] = [node.master.process for node in nodes]

    def spent():
        return {key: sum(cpu_s(p.pid) for p in group) for key, group in processes.items()}

    before = spent()
    with concurrent.futures.ThreadPoolExecutor(len(loaded)) as pool:
        results = list(pool.map(lambda node: load(node, IN_FLIGHT, SIZE, ms), loaded))
    jobs = sum(result["jobs"] for result in results)
    after = spent()
    return {
        "jobs_per_s": sum(result["jobs_per_s"] for result in results),
        "p50_us": statistics.median(result["p50_us"] for result in results),
        "p99_us": max(result["p99_us"] for result in results),
        **{f"{key}_us_per_job": (after[key] - before[key]) * 1e6 / jobs for key in processes},
    }


def rate(plan):
    """Whole lives through three nodes, submitted at all of them or at one."""
    say(f"{NODES} nodes, {IN_FLIGHT} in flight at each or at one, {plan.rounds} rounds of {plan.run_ms} ms")
    with Group() as group:
        store, nodes = start_nodes(group, NODES)
        contenders = [("all", nodes), ("one", nodes[:1])]
        load_all(store, nodes, nodes, 200)
        rounds = rounds_of(plan.rounds, contenders, lambda some: load_all(store, nodes, some, plan.run_ms))
    for key, results in rounds.items():
        line = medians(results)
        cpu = "  ".join(f"{part} {line[f'{part}_us_per_job']:6.1f}" for part in ("redis", "nodes", "masters"))
        say(f"  at {key}: {line['jobs_per_s']:9.0f} jobs/s  p50 {line['p50_us']:8.0f} us  CPU us/job: {cpu}")
    return rounds


# ---- a node's death


def take_over(dying, other):
    """The time from the death of a node until its job runs at another, in seconds."""
    client = Client(dying.port)
    client.send(SLEEP, op="submit", id=1, module="sleep", notify=["accepted", "started"])
    job = client.wait("accepted")[0]["job"]
    client.wait("started")
    watcher = Client(other.port)
    watcher.send(op="wait", id=2, job=job, notify=["started"])
    watcher.send(op="ping")
    watcher.wait("pong")  # the wait has been read
    start = time.perf_counter()
    dying.kill()
    watcher.wait("started")
    taken = time.perf_counter() - start
    watcher.send(op="kill", job=job)
    watcher.wait("failed")
    watcher.close()
    client.close()
    return taken


def deaths(plan):
    say(f"kill -9 of a node, lease-ms {LEASE_MS}, {plan.deaths} times")
    times = []
    with Group() as group:
        _, nodes = start_nodes(group, 2, lease_ms=LEASE_MS)
        for number in range(plan.deaths):
            dying, other = nodes[number % 2], nodes[1 - number % 2]
            times.append(take_over(dying, other))
            dying.revive()
    found = {"lease_s": LEASE_MS / 1e3, "p50_s": percentile(times, 50), "max_s": max(times)}
    say(f"  its job runs elsewhere after {found['p50_s']:.2f} s, at most {found['max_s']:.2f} s")
    return found


# ---- very many waiting jobs


def with_redis(node, run):
    """A run at one node, with Redis's CPU time of a job."""
    before = cpu_s(node.store.process.pid)
    result = run(node)
    return {**result, "redis_us_per_job": (cpu_s(node.store.process.pid) - before) * 1e6 / result["jobs"]}


def deep(plan):
    """A node with nothing waiting, and one with very much, each on a Redis of its own, in turn."""

    def lives(node):
        return with_redis(node, lambda node: load(node, IN_FLIGHT, SIZE, plan.run_ms))

    def enqueues(node):
        return with_redis(node, lambda node: enqueue(node, plan.run_ms))

    count = plan.line * 6 // 5  # more than 2^20: there Redis doubles its hash tables, for some seconds
    say(f"0 and {count} jobs waiting in Redis, {plan.rounds} rounds")
    with Group() as group:
        (_, (empty,)), (store, (full,)) = start_nodes(group, 1), start_nodes(group, 1)
        before = store.info("used_memory")
        filled = enqueue(full, 0, count, 4096)
        store.wait_rest()
        found = {
            "count": count,
            "fill_s": filled["seconds"],
            "bytes_per_job": (store.info("used_memory") - before) / count,
            "rss_kb": rss_kb(full.process.pid),
        }
        contenders = [("empty", empty), ("deep", full)]
        found["lives"] = rounds_of(plan.rounds, contenders, lives)
        found["enqueues"] = rounds_of(plan.rounds, contenders, enqueues)
    for name in ("lives", "enqueues"):
        for key, rounds in found[name].items():
            line = medians(rounds)
            say(f"  {key}: {line['jobs_per_s']:.0f} {name}/s, Redis {line['redis_us_per_job']:.1f} us of CPU each")
    say(f"  filled in {found['fill_s']:.1f} s, {found['bytes_per_job']:.0f} bytes of Redis a job, RSS {found['rss_kb']} kB")
    return found


PARTS = {"latency": latency, "rate": rate, "deaths": deaths, "deep": deep}


def cluster(plan):
    return {name: part(plan) for name, part in PARTS.items()}


WORKS = {"cluster": cluster}
