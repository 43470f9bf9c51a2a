"""`watch`: looking on at jobs, workers, pools and clients, with a bound on its cost."""

import json
import signal
import time

import pytest

from harness import proc
from harness.client import ask, check, start
from harness.wait import wait_until

LONG_SLEEP = json.dumps({"ms": 60000})
EVERYTHING = ["jobs", "workers", "pools", "clients"]


def watch(client, *what, **fields):
    event = ask(client, "watch", what=list(what), **fields)
    check(event, "ok", op="watch")
    return event


def seen(watcher, kind, state, **fields):
    """The next such event; others are skipped."""

    def fits(event):
        return (
            event.name == "watch"
            and (event["what"], event["state"]) == (kind, state)
            and all(event.get(key) == value for key, value in fields.items())
        )

    return watcher.find(fits, what=f"watch {kind} {state} {fields}")


def test_features(shared):
    assert {"watch", "unwatch"} <= set(shared.client().hello_event["features"])


def test_a_job_from_its_submit_to_its_end(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    watcher, client = server.client(), server.client()
    watch(watcher, "jobs")
    client.submit("a", "math", "no", notify=["started"])
    started, failed = client.event("started", id="a"), client.outcome("a")
    running = watcher.recv()
    check(running, "watch", what="job", state="running", module="math", pool="default", worker=1, job=started["job"])
    assert abs(running["at_ms"] / 1000 - time.time()) < 60 and running["wait_us"] >= 0, running
    ended = watcher.recv()
    check(ended, "watch", what="job", state="failed", reason=failed["reason"], job=started["job"], worker=1)
    assert ended["client"] == running["client"] > 0 and ended["run_us"] > 0 and "dropped" not in ended, ended
    client.done("echo", "x", id="b")
    check(watcher.recv(), "watch", state="running")
    done = watcher.recv()
    check(done, "watch", state="done")
    assert "reason" not in done


def test_waiting_stopping_dropped_and_refused_jobs(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1)
    watcher, client, other = server.client(), server.client(), server.client()
    watch(watcher, "jobs")
    start(client, "sleep", LONG_SLEEP, "runs")
    other.submit("waits", "echo", notify=["accepted"])
    job = other.event("accepted")["job"]
    seen(watcher, "job", "waiting", job=job)
    check(client.run("echo", id="more"), "overload")
    seen(watcher, "job", "overload", reason="queue-full")
    other.reset()
    seen(watcher, "job", "failed", job=job, reason="dropped")
    client.send(op="cancel", target="runs")
    client.outcome("runs")
    seen(watcher, "job", "stopping", module="sleep")
    seen(watcher, "job", "failed", reason="cancelled")


def test_workers(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    watcher, client = server.client(), server.client()
    watch(watcher, "workers")
    client.done("echo", "x", id="a")
    seen(watcher, "worker", "busy", worker=1, pool="default")
    seen(watcher, "worker", "idle", worker=1)
    client.run("crash", "kill", id="b")
    seen(watcher, "worker", "ended", worker=1, reason="signal")
    seen(watcher, "worker", "starting", worker=2)
    seen(watcher, "worker", "ready", worker=2)


def test_pools(daemon):
    server = daemon(pools={"slow": {"pool-start": 0}})
    watcher, client = server.client(), server.client()
    watch(watcher, "pools")
    for op, state, fields in [
        ("pause", "paused", {}),
        ("resume", "resumed", {}),
        ("resize", "resized", {"pool_max": 3}),
    ]:
        ask(client, op, pool="slow", **fields)
        seen(watcher, "pool", state, pool="slow")
    server.write_config(pools={"other": {"pool-start": 0}})
    server.signal(signal.SIGHUP)
    seen(watcher, "pool", "added", pool="other")
    seen(watcher, "pool", "removed", pool="slow")


def test_clients(daemon):
    server = daemon()
    watcher = server.client()
    watch(watcher, "clients")

    def ends(client, how):
        number = seen(watcher, "client", "greeted")["client"]
        how(client)
        return seen(watcher, "client", "closed", client=number)["reason"]

    server.client(hello=False)
    seen(watcher, "client", "connected")
    assert ends(server.client(), lambda client: client.close()) == "closed"
    assert ends(server.client(), lambda client: client.reset()) == "reset"
    assert ends(server.client(), lambda client: ask(client, "bye")) == "bye"
    assert ends(server.client(), lambda client: client.send_raw("garbage\n")) == "error"


def test_filters(daemon):
    server = daemon(pool_start=1, pools={"slow": {"pool-start": 1}}, modules={"sleep": {"pool": "slow"}})
    client = server.client()
    by_module, by_pool = server.client(), server.client()
    client.done("sleep", '{"ms":1}', id="warm s")
    client.done("echo", "x", id="warm e")
    watch(by_module, *EVERYTHING, module="echo")
    watch(by_pool, *EVERYTHING, pool="slow")
    client.done("sleep", '{"ms":1}', id="s")
    client.done("echo", "x", id="e")
    client.close()
    for state in ("running", "done"):
        check(by_module.recv(), "watch", what="job", state=state, module="echo")
    ask(by_module, "unwatch")
    by_module.silent()
    for kind, state in [("worker", "busy"), ("job", "running"), ("job", "done"), ("worker", "idle")]:
        seen(by_pool, kind, state, pool="slow")
    ask(by_pool, "unwatch")
    by_pool.silent()


def test_a_second_watch_replaces_the_first(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    watcher, client = server.client(), server.client()
    assert watch(watcher, *EVERYTHING)["was"] is False
    assert watch(watcher, "pools")["was"] is True
    client.done("echo", "x")
    ask(client, "pause")
    check(watcher.recv(), "watch", what="pool", state="paused")
    assert ask(watcher, "unwatch")["was"] is True
    ask(client, "resume")
    assert ask(watcher, "unwatch")["was"] is False
    watcher.silent()


@pytest.mark.parametrize(
    "fields", [{}, {"what": []}, {"what": ["everything"]}, {"what": "jobs"}, {"what": ["jobs"], "module": "a b"}]
)
def test_a_wrong_watch(shared, fields):
    check(ask(shared.client(), "watch", **fields), "error", code="bad-request")


def test_it_needs_the_right_observe_as_long_as_it_lasts(daemon, tmp_path):
    access = tmp_path / "access"
    tokens = {name: f"secret-token-of-{name}" for name in ("a", "b")}

    def write(a):
        access.touch(0o600)
        access.write_text(f"a {tokens['a']} {a}\nb {tokens['b']} submit\n")

    write("all")
    server = daemon(access_file=str(access), pool_start=1)
    server.token = tokens["a"]
    watcher, client = server.client(token=tokens["a"]), server.client(token=tokens["b"])
    event = ask(client, "watch", what=["jobs"])
    check(event, "error", code="denied")
    assert "right observe" in event["message"]
    client.done("echo", "x", id="warm")
    watch(watcher, "jobs")
    client.done("echo", "x", id=1)
    check(watcher.recv(), "watch", state="running")
    check(watcher.recv(), "watch", state="done")
    write("submit")
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    client.done("echo", "x", id=2)
    watcher.silent()
    server.check_stats = False  # nobody may ask for them


# ---- its cost


def flood(client, count, first=0):
    for n in range(first, first + count):
        client.submit(n, "echo")
    for _ in range(count):
        client.recv()


def test_5000_events_a_second_and_the_rest_is_counted(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=30000, log_level="info", pools={"other": {"pool-max": 1}},
                    modules={"wc": {"pool": "other"}})
    server.wait_idle(1)
    one, two, client = server.client(), server.client(), server.client()
    of_module, of_pool = server.client(), server.client()
    watch(one, "jobs")
    watch(two, "jobs")
    watch(of_module, "jobs", module="wc")
    watch(of_pool, "jobs", pool="other")
    began = time.monotonic()
    flood(client, 15000)
    seconds = time.monotonic() - began

    # With a second of quiet, the next job is told at once, with the number of those left out.
    def told(watcher, number):
        events = []
        while True:
            event = watcher.recv()
            check(event, "watch")
            events.append(event)
            if event["job"] == number:
                return events

    def last():
        client.submit("last", "echo", notify=["started"])
        job = client.event("started", id="last")["job"]
        client.outcome("last")
        return job

    time.sleep(1.1)
    job = last()
    for watcher in (one, two):
        events = told(watcher, job)
        dropped = sum(event.get("dropped", 0) for event in events)
        # Each job waits, runs and is done, but for those that begin at once.
        assert 30000 <= len(events) - 1 + dropped <= 45000, (len(events), dropped)
        assert dropped > 0 and len(events) <= 5000 * (seconds + 3), (len(events), seconds)
        assert events[-1]["dropped"] > 0, events[-1]
    client.done("wc", "x", id="wc")
    for watcher in (of_module, of_pool):
        event = watcher.recv()
        check(event, "watch", what="job", module="wc", pool="other")
        assert "dropped" not in event, event  # of what it wants, nothing was left out


def test_a_watcher_that_does_not_read_costs_nothing(daemon, tmp_path):
    """Its events are left out; memory stays flat, and others go on. Once it reads, `dropped` says so."""
    server = daemon(pool_start=1, pool_max=1, job_max=30000, log_level="info", listen=f"unix:{tmp_path}/sock")
    server.wait_idle(1)
    lazy, watcher, client = server.client(), server.client(), server.client()
    flood(client, 3000)
    watch(lazy, "jobs")
    watch(watcher, "pools")
    before = proc.rss_kb(server.pid)
    until = time.monotonic() + 3
    count = 0
    while time.monotonic() < until:
        flood(client, 1000)
        count += 1000
    assert client.stats()["output"]["bytes"] < 512 * 1024
    assert proc.rss_kb(server.pid) - before < 4096
    ask(client, "pause")
    seen(watcher, "pool", "paused")
    ask(client, "resume")
    told = dropped = 0

    def reads_again():
        nonlocal told, dropped
        client.done("echo", "more", id="more")
        lazy.send(op="ping")
        while (event := lazy.recv()).name == "watch":
            told += 1
            dropped += event.get("dropped", 0)
        check(event, "pong")
        return dropped > 1000

    wait_until(reads_again, "an event with dropped")
    assert told + dropped <= 3 * (count + 500), (told, dropped, count)
