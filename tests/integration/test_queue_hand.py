"""taskqueued hands jobs to its master: attempts, retries, poison, holds of a module, overloads, order, limits."""

import os
import shutil

import pytest
from harness.client import check
from harness.daemon import MODULES
from harness.queued import put, wait
from harness.wait import BUILD, SCALE

FAST = {"retry_delay_ms": 10}


@pytest.fixture
def lively(live, queue):
    """A queue whose master has the module `live`."""

    def make(master=None, **config):
        return queue(master=live(**(master or {})), **config)

    return make


def follow(client, job, **fields):
    """Waits for the job's end. Returns its events, the terminal one last."""
    events = []
    client.send(op="wait", id=job, job=job, **fields)
    while not events or not events[-1].ends_submit():
        event = client.recv()
        if event.get("id") == job:
            events.append(event)
    return events


# ---- attempts


def test_a_module_knows_origin_and_attempt(lively):
    server = lively()
    job = server.put("live", "attempt")
    assert server.result(job) == f"{job} 1 ".encode()
    assert "attempt" not in server.wait(job), "told over 1 alone"


def test_a_module_asks_for_another_try(lively):
    server = lively()
    with server.client() as client:
        notify = ["accepted", "started", "retry"]
        client.submit(1, "live", "attempt\ntill 2\nretry 10", notify=notify, retries=5, retry_on=["error"])
        accepted = client.expect("accepted", id=1)
        for attempt in (1, 2):
            client.expect("started", id=1)
            client.expect("retry", id=1, attempt=attempt, reason="module", delay_ms=10)
        client.expect("started", id=1)
        done = client.expect("done", id=1, job=accepted["job"], attempt=3)
        assert done.payload == f"{accepted['job']} 3 ".encode()


@pytest.mark.parametrize(
    "reason, payload, fields",
    [
        ("error", "attempt\ntill 1\ncrash", {}),
        ("timeout", "attempt\ntill 1\nwait\nfail", {"timeout_ms": 50}),
        ("module", "attempt\ntill 1\nfail", {"retry_on": ["module"]}),
    ],
)
def test_a_failure_is_tried_again(lively, reason, payload, fields):
    server = lively()
    with server.client() as client:
        job = put(client, "live", payload, retries=1, **FAST, **fields)
        events = follow(client, job, notify=["retry"])
    for event in events[:-1]:
        check(event, "retry", attempt=1, reason=reason)
    check(events[-1], "done", attempt=2)
    assert events[-1].payload == f"{job} 2 ".encode()


def test_retries_come_to_an_end(lively):
    server = lively()
    job = server.put("live", "crash", retries=1, **FAST)
    check(server.wait(job), "failed", job=job, reason="error", signal="SIGSEGV", attempt=2)


@pytest.mark.parametrize("fields", [{}, {"retries": 3}, {"retries": 3, "retry_on": ["error", "timeout"]}])
def test_a_failure_of_the_module_is_an_outcome(lively, fields):
    server = lively()
    event = server.wait(server.put("live", "fail", **fields))
    check(event, "failed", reason="module", code="asked", message="as asked")
    assert "attempt" not in event


def test_a_poisonous_job_is_given_up(lively):
    """Whatever retries says: three crashes are enough."""
    server = lively(master={"breaker_crashes": 100})
    job = server.put("live", "crash", retries=100, **FAST)
    check(server.wait(job), "failed", reason="poison", attempt=3)
    assert server.result(server.put("echo", "on")) == b"on"


# ---- holds


@pytest.fixture
def bare(daemon, queue, tmp_path):
    """A queue whose master lacks the module `live`, and a function that installs it."""
    modules = str(tmp_path / "modules")
    shutil.copytree(MODULES, modules)

    def install():
        shutil.copy(os.path.join(BUILD, "tests", "modules", "live.so"), modules + "/live.tmp")
        os.rename(modules + "/live.tmp", modules + "/live.so")

    def make(**config):
        server = queue(master=daemon(module_dir=modules), **config)
        server.install = install
        return server

    return make


def test_a_missing_module_is_waited_for(bare):
    server = bare()
    job = server.put("live", "attempt")
    other = server.put("echo", "meanwhile")
    assert server.result(other) == b"meanwhile"
    server.log.wait("module-held", module="live", reason="unknown-module")
    server.install()
    assert server.result(job) == f"{job} 1 ".encode(), "attempts without a run do not count"
    assert len(server.log.events("module-held")) == 1, "once, however often it was tried"


def test_a_hold_comes_to_an_end(bare):
    server = bare(hold_max_ms=300)
    for _ in range(2):
        check(server.wait(server.put("live", "attempt")), "failed", reason="unknown-module")
    server.log.wait("module-given-up", module="live", reason="unknown-module")
    assert len(server.log.events("module-given-up")) == 1


# ---- overloads, order


@pytest.mark.parametrize("job_max", [0, 1])
def test_an_overload_loses_nothing(lively, job_max):
    server = lively(master={"pool_start": 1, "pool_max": 1, "job_max": job_max})
    with server.client() as client:
        jobs = [put(client, "live", "attempt\nsleep 2", id=n) for n in range(40)]
        for job in jobs:
            event = wait(client, job)
            check(event, "done")
            assert event.payload == f"{job} 1 ".encode(), "an overload is no attempt"


def order_of(client, jobs):
    ends = [(wait(client, job)["order"], name) for name, job in jobs]
    return [name for _, name in sorted(ends)]


def test_first_in_first_out(lively):
    server = lively(master={"pool_start": 1, "pool_max": 1})
    with server.client() as client:
        jobs = [(n, put(client, "echo", "x", id=n)) for n in range(200)]
        assert order_of(client, jobs) == list(range(200))


def test_an_urgent_job_overtakes_all_but_a_few(lively):
    """The master has two jobs of a module whose run time is unknown."""
    server = lively(master={"pool_start": 1, "pool_max": 1})
    with server.client() as client, server.master.client() as operator:
        operator.send(op="pause")
        operator.expect("ok")
        jobs = [(n, put(client, "live", "say x", id=n)) for n in range(15)]
        jobs += [("late", put(client, "live", "say x", id="late", priority=0))]
        jobs += [("urgent", put(client, "live", "say x", id="urgent", priority=9))]
        server.master.wait_jobs(waiting=2)
        operator.send(op="resume")
        operator.expect("ok")
        assert order_of(client, jobs) == [0, 1, "urgent", *range(2, 15), "late"]


def test_a_slow_module_fills_nobodys_line(lively):
    """Two jobs of it wait at the master, whatever waits here."""
    server = lively(master={"pool_start": 1, "pool_max": 1})
    with server.client() as client:
        slow = [put(client, "live", "sleep 60\nwait", id=n) for n in range(10)]
        server.master.wait_jobs(running=1, waiting=2)
        for job in slow:
            client.send(op="cancel", job=job)
            client.expect("ok", op="cancel", job=job)
        for job in slow:
            wait(client, job)


# ---- limits


def test_what_is_left_of_max_wait_is_handed_on(lively):
    server = lively()
    with server.master.client() as operator:
        operator.send(op="pause")
        operator.expect("ok")
        job = server.put("live", "attempt", max_wait_ms=300 * SCALE)
        check(server.wait(job), "failed", reason="expired")
        assert "attempt" not in server.wait(job)


def test_an_expired_job_may_be_tried_again(lively):
    server = lively()
    with server.master.client() as operator, server.client() as client:
        operator.send(op="pause")
        operator.expect("ok")
        job = put(client, "live", "say ok", max_wait_ms=100, retries=100, retry_on=["expired"], **FAST)
        client.send(op="wait", id="w", job=job, notify=["retry"])
        client.expect("retry", id="w", reason="expired")
        operator.send(op="resume")
        operator.expect("ok")
        done = client.find(lambda event: event.get("id") == "w" and event.ends_submit())
        check(done, "done")


def test_limits_of_time_are_the_masters(lively):
    server = lively()
    check(server.wait(server.put("live", "wait\nfail", timeout_ms=50)), "failed", reason="timeout")
    check(server.wait(server.put("live", "wait\nfail", soft_timeout_ms=50)), "failed", reason="timeout")


def test_an_input_too_large_for_the_master_is_not_handed(lively):
    server = lively(master={"payload_max": 2048})
    check(server.wait(server.put("echo", "x" * 2049)), "failed", reason="too-large")
    assert server.result(server.put("echo", "x" * 2048)) == b"x" * 2048


def test_large_inputs_and_results(lively):
    """Over 64 KiB they are files of the store, and survive a kill."""
    server = lively().keep_address()
    payload = os.urandom(1 << 20)
    jobs = [server.put("echo", payload + bytes([n])) for n in range(4)]
    for n, job in enumerate(jobs):
        assert server.result(job) == payload + bytes([n])
    server.restart()
    for n, job in enumerate(jobs):
        assert server.result(job) == payload + bytes([n])


def test_progress_and_usage_are_told(lively):
    server = lively()
    with server.client() as client:
        client.submit(1, "live", "progress 0.5 half\nsay x", notify=["progress", "usage"])
        client.expect("progress", id=1, fraction=0.5, message="half")
        done = client.expect("done", id=1)
        assert done["usage"]["cpu_us"] >= 0


def test_requests_are_handed_through(lively):
    server = lively()
    server.linked()
    with server.client() as client:
        assert {worker["module"] for worker in client.workers()} <= {None, "live"}
        client.send(op="modules")
        assert "live" in {module["name"] for module in client.expect("modules").json()}


# ---- pauses


def test_a_paused_module_waits(lively):
    server = lively()
    with server.client() as client:
        client.send(op="pause", module="live")
        client.expect("ok", op="pause")
        assert "owner" not in server.log.wait("queue-paused", module="live"), "there are no tokens"
        job = put(client, "live", "attempt")
        assert server.result(server.put("echo", "other")) == b"other"
        client.send(op="wait", id="soon", job=job, timeout_ms=20)
        client.expect("error", id="soon", code="not-yet")
        client.send(op="resume", module="live")
        client.expect("ok", op="resume")
        check(wait(client, job), "done")


def test_a_pause_survives_a_restart(lively):
    server = lively().keep_address()
    with server.client() as client:
        client.send(op="pause")
        client.expect("ok", op="pause")
        job = put(client, "echo", "x")
    server.restart()
    with server.client() as client:
        client.send(op="wait", id="soon", job=job, timeout_ms=50)
        client.expect("error", id="soon", code="not-yet")
        client.send(op="resume")
        client.expect("ok", op="resume")
        check(wait(client, job), "done")
