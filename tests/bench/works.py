"""The works: each measures one thing, in rounds, and returns its figures as plain data."""

import contextlib
import json
import os
import resource
import signal
import statistics
import sys
import time

from processes import BENCH, Group, load, medians, percentile, program, pss_kb, rss_kb
from systems import WORKERS, Relay, Taskmaster, start_all
from wire import Client


def say(text):
    print(text, flush=True)


def rounds_of(count, contenders, run):
    """Interleaved runs, A B C, B C A, ...: {key: [result of each round]}. The order turns, so that no system is always
    behind the same neighbour."""
    results = {key: [] for key, _ in contenders}
    for number in range(count):
        turn = number % len(contenders)
        for key, contender in contenders[turn:] + contenders[:turn]:
            results[key].append(run(contender))
    return results


# ---- throughput, latency, CPU: every system

# With one job in flight, a round mostly shows the scheduler's placement of the three processes on CPUs. `split`
# replaces each round by several shorter ones.
SPECS = {
    "latency-16": {"in_flight": 1, "size": 16, "title": "1 in flight, 16 B", "split": 3},
    "small-256": {"in_flight": 256, "size": 16, "title": "256 in flight, 16 B"},
    "medium-256": {"in_flight": 256, "size": 4096, "title": "256 in flight, 4 KiB"},
    "large-8": {"in_flight": 8, "size": 1024 * 1024, "title": "8 in flight, 1 MiB"},
}


def throughput(plan):
    with Group() as group:
        systems = start_all(group)
        found = {"systems": {system.key: system.label for system in systems}, "specs": {}}
        for name, spec in SPECS.items():
            count = plan.rounds * spec.get("split", 1)
            ms = plan.run_ms // spec.get("split", 1)
            say(f"{spec['title']}, {count} rounds of {ms} ms")
            results = rounds_of(
                count,
                [(system.key, system) for system in systems],
                lambda system, spec=spec, ms=ms: load(system, spec["in_flight"], spec["size"], ms),
            )
            found["specs"][name] = {**spec, "rounds": results}
            for system in systems:
                line = medians(results[system.key])
                say(
                    f"  {system.label:30} {line['jobs_per_s']:9.0f} jobs/s"
                    f"  p50 {line['p50_us']:8.1f} us  p99 {line['p99_us']:8.1f} us"
                    f"  broker {line['cpu_us_per_job']:7.2f} us/job"
                    f"  {line['bytes_per_s'] / 1e6:7.1f} MB/s"
                )
    return found


# ---- a long line

SHORT_LINE = 100


def line(plan):
    """CPU of a job and of a cancel, with a short and with a long line; memory of a waiting job, and after the burst."""
    depths = [SHORT_LINE, plan.line]
    say(f"a line of {depths[0]} and of {depths[1]} jobs, {plan.line_rounds} rounds")
    with Group() as group:
        daemons = {
            depth: Taskmaster(
                group, f"line-{depth}", job_max=plan.line + 1000, payload_total_max=1 << 36
            ).warm_up()
            for depth in depths
        }
        long_pid = daemons[plan.line].process.pid
        start_kb = rss_kb(long_pid)
        results = rounds_of(
            plan.line_rounds,
            [(str(depth), depth) for depth in depths],
            lambda depth: program(
                "line", daemons[depth].port, daemons[depth].process.pid, WORKERS, depth,
                SHORT_LINE, plan.line_jobs,
            ),
        )  # fmt: skip
        time.sleep(plan.rest_s)
        end_kb = rss_kb(long_pid)
    for depth in depths:
        found = medians(results[str(depth)])
        say(
            f"  {depth:8} waiting  {found['cpu_us_per_job']:6.2f} us/job"
            f"  cancel {found['cancel_cpu_us']:6.2f} us CPU, {found['cancel_p50_us']:6.1f} us"
            f"  {found['bytes_per_job']:6.0f} bytes/job"
        )
    say(f"  RSS {start_kb} kB before, {end_kb} kB {plan.rest_s} s after")
    return {
        "short": depths[0],
        "long": depths[1],
        "rounds": results,
        "rss_before_kb": start_kb,
        "rss_after_kb": end_kb,
        "rest_s": plan.rest_s,
    }


# ---- idle clients

def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 200:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    return True


def clients(plan):
    """One active client, with idle clients and without."""
    count = plan.clients
    if not allow_files(count):
        say(f"{count} idle clients: left out, the limit of open files is too low")
        return None
    say(f"0 and {count} idle clients, {plan.rounds} rounds")
    with Group() as group, contextlib.ExitStack() as idle:
        alone = Taskmaster(group, "clients-0").warm_up()
        crowded = Taskmaster(group, "clients", client_max=count + 100).warm_up()
        before_kb = rss_kb(crowded.process.pid)
        for _ in range(count):
            idle.callback(Client(crowded.port).close)
        after_kb = rss_kb(crowded.process.pid)
        results = rounds_of(
            plan.rounds,
            [("alone", alone), ("crowded", crowded)],
            lambda system: load(system, 256, 16, plan.run_ms),
        )
        idle.close()
        time.sleep(plan.rest_s)
        end_kb = rss_kb(crowded.process.pid)
    found = {
        "count": count,
        "rounds": results,
        "bytes_per_client": (after_kb - before_kb) * 1024 / count,
        "rss_before_kb": before_kb,
        "rss_after_kb": end_kb,
        "rest_s": plan.rest_s,
    }
    for key in results:
        say(f"  {key:8} {medians(results[key])['cpu_us_per_job']:6.2f} us/job")
    say(f"  {found['bytes_per_client']:.0f} bytes a client")
    say(f"  RSS {before_kb} kB before, {end_kb} kB {plan.rest_s} s after")
    return found


# ---- workers

MANY_WORKERS = 256
QUEUED = 2 * 16 * MANY_WORKERS  # in flight: enough for a line with every window


def workers(plan):
    """A small pool and a large one. One job in flight shows the cost of an idle worker, a line that of a busy one.
    Between the two, a large pool has a free worker for each job and prefetches nothing, so there is a comparison
    without prefetch, too."""
    say(f"{WORKERS} and {MANY_WORKERS} workers, {plan.rounds} rounds")
    found = {"small": WORKERS, "large": MANY_WORKERS}
    with Group() as group:
        pools = []
        for count in (WORKERS, MANY_WORKERS):
            for window in (1, 16):
                daemon = Taskmaster(
                    group,
                    f"{count}-w{window}",
                    pool_start=count,
                    pool_max=count,
                    worker_window=window,
                )
                client = Client(daemon.port)
                client.wait_idle(count)
                client.close()
                load(daemon, count * 4, 16, 0, count * 50)
                pools.append((daemon.key, daemon))
        for name, in_flight in (("single", 1), ("pipelined", 256), ("queued", QUEUED)):
            results = rounds_of(
                plan.rounds, pools, lambda daemon, n=in_flight: load(daemon, n, 16, plan.run_ms)
            )
            found[name] = results
            for key, _ in pools:
                result = medians(results[key])
                say(
                    f"  {in_flight:4} in flight, workers {key:8}"
                    f"  {result['cpu_us_per_job']:6.2f} us/job  {result['jobs_per_s']:8.0f} jobs/s"
                )
    return found


# ---- memory

def memory(plan):
    """A fresh daemon, and its idle workers: new, and after jobs."""
    del plan
    with Group() as group:
        daemon = Taskmaster(group, "memory")
        client = Client(daemon.port)
        client.wait_idle(WORKERS)
        found = {"master_rss_kb": rss_kb(daemon.process.pid)}
        pids = [worker["pid"] for worker in client.workers()]
        found["worker_new_pss_kb"] = max(map(pss_kb, pids))
        daemon.warm_up()
        found["worker_pss_kb"] = max(map(pss_kb, pids))
        client.close()
    say(
        f"memory: master {found['master_rss_kb']} kB, worker {found['worker_new_pss_kb']} kB,"
        f" after echo jobs {found['worker_pss_kb']} kB"
    )
    return found


# ---- recovery

def wait_begun(pid):
    """Waits until the worker has begun its job, by its mapping of the module. A job not yet begun would survive the
    worker's death."""
    end = time.monotonic() + 20
    while "/sleep.so" not in open(f"/proc/{pid}/maps").read():
        if time.monotonic() > end:
            raise TimeoutError("the job has not begun")


def lose_one(client, number):
    """Kills the sleeping worker. Returns the ms to the job's end, and to a complete pool."""
    client.send(b'{"ms":60000}', op="submit", id=number, module="sleep", notify=["started"])
    started, _ = client.wait("started")
    pid = next(w["pid"] for w in client.workers() if w["id"] == started["worker"])
    wait_begun(pid)
    start = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    failed, _ = client.wait("failed")
    told = time.perf_counter()
    if failed["id"] != number or failed.get("signal") != "SIGKILL":
        raise RuntimeError(f"another end than by SIGKILL: {failed}")
    client.wait_idle(WORKERS)
    return (told - start) * 1e3, (time.perf_counter() - start) * 1e3


def recovery(plan):
    say(f"recovery, {plan.kills} kills")
    with Group() as group:
        client = Client(Taskmaster(group, "recovery").warm_up().port)
        client.wait_idle(WORKERS)
        times = [lose_one(client, number) for number in range(plan.kills)]
        client.close()
    failed, ready = zip(*times)
    found = {
        "kills": plan.kills,
        "failed_p50_ms": statistics.median(failed),
        "failed_p99_ms": percentile(failed, 99),
        "ready_p50_ms": statistics.median(ready),
        "ready_p99_ms": percentile(ready, 99),
    }
    say(
        f"  failed p50 {found['failed_p50_ms']:.2f} ms, p99 {found['failed_p99_ms']:.2f} ms;"
        f" replaced p50 {found['ready_p50_ms']:.2f} ms, p99 {found['ready_p99_ms']:.2f} ms"
    )
    return found


# ---- crashes

def crash_one(client, number, way):
    """Returns the ms from the submit of a job to its end with a post-mortem."""
    start = time.perf_counter()
    client.send(way, op="submit", id=number, module="crash")
    failed, payload = client.wait("failed")
    told = time.perf_counter()
    if failed["id"] != number or not json.loads(payload)["crash"]["backtrace"]:
        raise RuntimeError(f"no post-mortem: {failed} {payload}")
    client.wait_idle(WORKERS)
    return (told - start) * 1e3


def crashes(plan):
    """A null pointer, and a full stack: as many frames as there are in a post-mortem, and 8 MiB of memory."""
    say(f"crashes, {plan.kills} of each")
    found = {"crashes": plan.kills}
    with Group() as group:
        client = Client(Taskmaster(group, "crashes", breaker_crashes=0).warm_up().port)
        client.wait_idle(WORKERS)
        for way in ("segv", "overflow"):
            times = [crash_one(client, n, way.encode()) for n in range(plan.kills)]
            found[f"{way}_p50_ms"] = statistics.median(times)
            found[f"{way}_p99_ms"] = percentile(times, 99)
        client.close()
    say(
        f"  null pointer p50 {found['segv_p50_ms']:.2f} ms, p99 {found['segv_p99_ms']:.2f} ms;"
        f" full stack p50 {found['overflow_p50_ms']:.2f} ms, p99 {found['overflow_p99_ms']:.2f} ms"
    )
    return found


# ---- parts

PART = 64 * 1024


def read_stream(system, plan):
    return program("parts", system.protocol, system.port, PART, plan.run_ms)


def echo_parts(system, plan):
    """Jobs as large as the parts: their bytes a second, each way."""
    found = load(system, 16, PART, plan.run_ms)
    return {"bytes_per_s": found["jobs_per_s"] * PART}


def parts(plan):
    """One long stream, beside the relay in two ways: with echo jobs of the parts' size, and with answers of that size
    to empty requests, asked for ahead. In the second way the relay does half of the work, and collects several
    answers for one write."""
    say(f"a stream in parts of {PART // 1024} KiB, {plan.rounds} rounds of {plan.run_ms} ms")
    with Group() as group:
        echo = Relay(group, 16).warm_up()
        relay = Relay(group, 16, workers=False)
        group.start([BENCH + "parts", "serve", str(relay.worker_port), str(PART)])
        modules = os.path.abspath(os.path.join(BENCH, "..", "modules"))
        ours = Taskmaster(group, "parts", module_dir=modules)
        results = rounds_of(
            plan.rounds,
            [
                ("relay", (echo, echo_parts)),
                ("relay, one way", (relay, read_stream)),
                ("taskmasterd", (ours, read_stream)),
            ],
            lambda contender: contender[1](contender[0], plan),
        )
    for key in results:
        say(f"  {key:14} {medians(results[key])['bytes_per_s'] / 1e6:8.1f} MB/s")
    return {"size": PART, "rounds": results}


WORKS = {
    "throughput": throughput,
    "parts": parts,
    "line": line,
    "clients": clients,
    "workers": workers,
    "memory": memory,
    "recovery": recovery,
    "crashes": crashes,
}

if __name__ == "__main__":
    sys.exit("run tests/bench/bench")
