"""The goals, and a run's verdict on them. A ratio is the median of the rounds' ratios, because all runs of one round
are within a second or two."""

import statistics



def ratio(rounds, key, ours, other):
    """The median over the rounds of our figure divided by the other's."""
    pairs = zip(rounds[ours], rounds[other])
    return statistics.median(a[key] / b[key] for a, b in pairs)


def goal(number, what, value, at_most=None, at_least=None, unit=""):
    met = value <= at_most if at_most is not None else value >= at_least
    bound = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
    return {
        "goal": number, "what": what, "value": round(value, 4), "bound": bound + unit,
        "unit": unit, "met": bool(met),
    }  # fmt: skip


def of_throughput(found):
    specs = {name: spec["rounds"] for name, spec in found["specs"].items()}
    ours, limit, peer = "taskmasterd", "relay-w1", "gearmand"
    small, medium, large = specs["small-256"], specs["medium-256"], specs["large-8"]
    one = specs["latency-16"]
    for title, rounds in (("16 B", small), ("4 KiB", medium)):
        what = f"jobs/s, 256 in flight, {title}, to the relay's"
        yield goal(1, what, ratio(rounds, "jobs_per_s", ours, limit), at_least=0.90)
        if peer in rounds:
            what = f"jobs/s, 256 in flight, {title}, to gearmand's, the worst round"
            pairs = zip(rounds[ours], rounds[peer])
            worst = min(a["jobs_per_s"] / b["jobs_per_s"] for a, b in pairs)
            yield goal(1, what, worst, at_least=1)
    yield goal(2, "p50, 1 in flight, to the relay's", ratio(one, "p50_us", ours, limit), 1.15)
    yield goal(2, "p99, 1 in flight, to the relay's", ratio(one, "p99_us", ours, limit), 1.5)
    for title, rounds in (("16 B", small), ("4 KiB", medium)):
        what = f"broker CPU a job, 256 in flight, {title}, to the relay's"
        yield goal(3, what, ratio(rounds, "cpu_us_per_job", ours, limit), 1.25)
    what = "bytes/s, 1 MiB payloads, to the relay's"
    yield goal(4, what, ratio(large, "bytes_per_s", ours, limit), at_least=0.8)
    if peer in large:
        what = "bytes/s, 1 MiB payloads, to gearmand's"
        yield goal(4, what, ratio(large, "bytes_per_s", ours, peer), at_least=2)
    what = "jobs/s, 256 in flight, 16 B, to the relay's with w=1"
    yield goal(8, what, ratio(small, "jobs_per_s", ours, limit), at_least=4)
    what = "p50, 1 in flight, worker-window 16 to worker-window 1"
    yield goal(8, what, ratio(one, "p50_us", ours, "taskmasterd-w1"), 1.05)


def of_parts(found):
    what = f"bytes/s of a stream, parts of {found['size'] // 1024} KiB, to the relay's echo"
    yield goal(4, what, ratio(found["rounds"], "bytes_per_s", "taskmasterd", "relay"), at_least=0.8)


def of_line(found):
    rounds, short, long = found["rounds"], str(found["short"]), str(found["long"])
    depths = f"{found['long']:,} waiting to {found['short']}"
    yield goal(5, f"CPU a job, {depths}", ratio(rounds, "cpu_us_per_job", long, short), 1.2)
    # "O(1)": 10,000 times the line may cost a few more cache misses, but nothing that grows.
    yield goal(5, f"CPU of a cancel, {depths}", ratio(rounds, "cancel_cpu_us", long, short), 2)
    # The maximum: a later round may reuse memory not yet returned by the round before.
    value = max(result["bytes_per_job"] for result in rounds[long])
    yield goal(6, "memory of a waiting job besides its payload", value, 512, unit=" bytes")
    value = found["rss_after_kb"] / found["rss_before_kb"]
    what = f"RSS {found['rest_s']} s after {found['long']:,} waiting jobs, to before"
    yield goal(6, what, value, 2)


def of_clients(found):
    value = ratio(found["rounds"], "cpu_us_per_job", "crowded", "alone")
    yield goal(5, f"CPU a job, {found['count']:,} idle clients to none", value, 1.1)
    yield goal(6, "memory of an idle client", found["bytes_per_client"], 2048, unit=" bytes")
    value = found["rss_after_kb"] / found["rss_before_kb"]
    yield goal(6, f"RSS {found['rest_s']} s after {found['count']:,} clients, to before", value, 2)


def of_workers(found):
    small, large = found["small"], found["large"]
    for title, name, window in (
        ("1 in flight", "single", 16),
        ("8,192 in flight", "queued", 16),
        ("256 in flight, worker-window 1", "pipelined", 1),
        ("256 in flight", "pipelined", 16),
    ):
        value = ratio(found[name], "cpu_us_per_job", f"{large}-w{window}", f"{small}-w{window}")
        yield goal(5, f"CPU a job, {title}, {large} workers to {small}", value, 1.2)


def of_memory(found):
    yield goal(6, "RSS at start", found["master_rss_kb"] / 1024, 4, unit=" MB")
    yield goal(6, "PSS of an idle worker", found["worker_pss_kb"] / 1024, 1.5, unit=" MB")


def of_recovery(found):
    what = "kill -9 of a busy worker to failed, p99"
    yield goal(7, what, found["failed_p99_ms"], 20, unit=" ms")
    what = "kill -9 of a busy worker to a ready replacement, p50"
    yield goal(7, what, found["ready_p50_ms"], 15, unit=" ms")


def of_crashes(found):
    for way, key in (("a null pointer", "segv"), ("a full stack", "overflow")):
        what = f"crash by {way} to failed with its post-mortem, p99"
        yield goal(7, what, found[f"{key}_p99_ms"], 20, unit=" ms")


def of_beside(found):
    for title, rounds in found.items():
        for key, what in (("jobs_per_s", "jobs/s"), ("p50_us", "p50"), ("p99_us", "p99")):
            bound = {"at_least": 0.97} if key == "jobs_per_s" else {"at_most": 1.03}
            value, noise = ratio(rounds, key, "this", "other"), ratio(rounds, key, "again", "other")
            what = f"{what}, {title}, to the other build's (which has {noise:.2f} of itself)"
            yield goal(9, what, value, **bound)


def of_pools(found):
    for title, rounds in found.items():
        one, many = rounds
        if "worker-window 1," in title:
            continue  # nobody's setting with many pools: works_pools.py
        what = f"CPU a job, {title}, 64 pools to one"
        yield goal(9, what, ratio(rounds, "cpu_us_per_job", many, one), 1.1)
        # Not p99: a module with one worker waits for this worker's turn on a processor.
        what = f"time a job, {title}, 64 pools to one"
        yield goal(9, what, ratio(rounds, "jobs_per_s", one, many), 1.1)


def of_crash_loops(found):
    for title in ("1 in flight", "16 in flight"):
        value = ratio(found[title], "p99_us", "breaker", "alone")
        yield goal(9, f"p99, {title}, beside a crash loop to alone", value, 1.5)


def of_idle(found):
    for key, rates in found["rates"].items():
        what = f"wake-ups of an idle master, workers: {key} pools"
        yield goal(9, what, rates["master"], 1, unit="/s")


def of_view(found):
    for title, line in found["pages"].items():
        what = f"slowest page of {found['count']:,} waiting jobs, {title}"
        yield goal(10, what, line["page_max_ms"], 50, unit=" ms")
        yield goal(10, f"slowest ping meanwhile, {title}", line["ping_max_ms"], 50, unit=" ms")
    what = f"slowest ping during a cancel of {found['count']:,} jobs"
    yield goal(10, what, found["cancel_ping_max_ms"], 250, unit=" ms")


def of_queue(found):
    def rate(name):
        rounds = found[name]["taskqueued"]
        return statistics.median(result["jobs_per_s"] for result in rounds)

    yield goal(11, "kept jobs, enqueues/s, 256 in flight, 64 B", rate("enqueues"), at_least=50_000)
    yield goal(11, "kept jobs, whole lives/s, 256 in flight, 64 B", rate("lives"), at_least=15_000)
    deep = found["deep"]
    for name, what in (("enqueues", "an enqueue"), ("lives", "a life")):
        value = ratio(deep[name], "jobs_per_s", "empty", "deep")
        yield goal(11, f"time of {what}, {deep['count']:,} kept jobs waiting to none", value, 1.2)
    what = f"ready after the start with {deep['count']:,} kept jobs"
    yield goal(11, what, deep["ready_ms"] / 1e3, 5, unit=" s")
    value = max(deep[key] for key in ("rss_kb", "rss_restarted_kb", "rss_end_kb")) / 1024
    yield goal(11, f"RSS of taskqueued, {deep['count']:,} kept jobs", value, 64, unit=" MB")


def of_http(found):
    rounds = found["rounds"]
    many = {key: statistics.median(line[key] for line in rounds["many"]) for key in rounds["many"][0]}
    what = f"HTTP, a POST of 16 B over {found['connections']} connections"
    yield goal(12, f"{what}: CPU of the gateway", many["cpu_us_per_job"], 25, unit=" us")
    yield goal(12, f"{what}, a second", many["jobs_per_s"], at_least=30_000)
    value = statistics.median(line["p99_us"] for line in rounds["beside"]) / 1e3
    what = f"p99 of {found['few']} connections beside {found['halves']} half-sent requests"
    yield goal(12, what, value, 5, unit=" ms")


def of_cluster(found):
    rounds = found["latency"]
    what = "kept jobs on Redis, p50, 1 in flight, to SQLite's with store-sync normal"
    yield goal(13, what, ratio(rounds, "p50_us", "redis", "sqlite"), 5)
    value = statistics.median(line["jobs_per_s"] for line in found["rate"]["all"])
    yield goal(13, "kept jobs on Redis, whole lives/s through three nodes", value, at_least=10_000)
    deaths, deep = found["deaths"], found["deep"]
    what = f"death of a node to its job's run at another, lease-ms {deaths['lease_s'] * 1e3:.0f}, the slowest"
    yield goal(13, what, deaths["max_s"], deaths["lease_s"] + 1, unit=" s")
    for name, what in (("enqueues", "an enqueue"), ("lives", "a life")):
        value = ratio(deep[name], "jobs_per_s", "empty", "deep")
        yield goal(13, f"time of {what} on Redis, {deep['count']:,} jobs waiting to none", value, 1.2)


def judge(found):
    """The verdicts on all goals measured in this run, in order."""
    judges = {
        "throughput": of_throughput,
        "parts": of_parts,
        "line": of_line,
        "clients": of_clients,
        "workers": of_workers,
        "memory": of_memory,
        "recovery": of_recovery,
        "crashes": of_crashes,
        "beside": of_beside,
        "pools": of_pools,
        "crash-loops": of_crash_loops,
        "idle": of_idle,
        "view": of_view,
        "queue": of_queue,
        "http": of_http,
        "cluster": of_cluster,
    }
    judged = [goal for name, of in judges.items() if found.get(name) for goal in of(found[name])]
    return sorted(judged, key=lambda goal: goal["goal"])


def text(goal):
    return (
        f"{'met   ' if goal['met'] else 'MISSED'} {goal['goal']}  {goal['what']}:"
        f" {goal['value']:.2f}{goal['unit']} ({goal['bound']})"
    )
