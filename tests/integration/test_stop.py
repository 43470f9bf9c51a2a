"""Issue item 2: time limits, cancel and kill, and the steps of a stop."""

import json
import os
import signal
import time

import pytest

from harness import proc
from harness.client import check, message, start
from harness.fakes import FakeWorker
from harness.wait import SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


# ---- the three steps, by timeout, cancel and kill


@pytest.mark.parametrize(
    "module, payload, step, grace",
    [
        ("sleep", LONG_SLEEP, "stop-flag", 8000),
        ("crash", "stop-fail", "stop-flag", 8000),
        ("crash", "loop", "sigterm", 600),
        ("crash", "loop-term", "sigkill", 300),
    ],
)
@pytest.mark.parametrize("by", ["timeout", "cancel"])
def test_a_stop_names_the_step_that_worked(daemon, by, module, payload, step, grace):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=grace * SCALE)
    client = server.client()
    limit = {"timeout_ms": 150} if by == "timeout" else {}
    begun = start(client, module, payload, context="mine", **limit)
    if by == "cancel":
        client.send(op="cancel", id="c", target="a")
        client.event("ok", id="c", op="cancel", job=begun["job"])
    event = client.outcome("a")
    reason = {"timeout": "timeout", "cancel": "cancelled"}[by]
    check(event, "failed", reason=reason, step=step, order=begun["order"], context="mine")
    assert event["message"], event
    assert client.done("echo", "next", id="b") == b"next"
    exits = server.stats()["pool"]["exits"]
    assert exits == (0 if step == "stop-flag" else 1), "a stop by the flag keeps the worker"


@pytest.mark.parametrize("payload", ["loop", "loop-term"])
def test_kill_goes_straight_to_sigkill(daemon, payload):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=60000)
    client = server.client()
    begun = start(client, "crash", payload)
    pid = server.worker_pids("busy")[0]
    client.send(op="kill", id="k", target="a")
    ok = client.event("ok", id="k", op="kill", job=begun["job"])
    assert ok["state"] == "running", ok
    check(client.outcome("a"), "failed", reason="cancelled", step="sigkill")
    wait_until(lambda: not proc.alive(pid), "the killed worker gone")


def test_kill_after_cancel_escalates(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=60000)
    client = server.client()
    start(client, "crash", "loop-term")
    client.send(op="cancel", id=1, target="a")
    assert client.event("ok", id=1)["state"] == "running"
    client.send(op="cancel", id=2, target="a")
    assert client.event("ok", id=2)["state"] == "stopping"
    client.send(op="kill", id=3, target="a")
    assert client.event("ok", id=3)["state"] == "stopping"
    check(client.outcome("a"), "failed", reason="cancelled", step="sigkill")


@pytest.mark.parametrize("op, step", [("cancel", "sigterm"), ("kill", "sigkill")])
def test_the_first_reason_of_a_stop_wins(daemon, op, step):
    """A cancel or kill during a stop by the time limit is answered with ok. The job ends as `timeout`."""
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=4000 * SCALE)
    client = server.client()
    start(client, "crash", "stop-loop", timeout_ms=50)
    server.log.wait("worker-output", text="saw the stop flag")
    client.send(op=op, id="stop", target="a")
    assert client.event("ok", id="stop", op=op)["state"] == "stopping"
    check(client.outcome("a"), "failed", reason="timeout", step=step)
    assert client.done("echo", "next", id="b") == b"next"


@pytest.mark.parametrize("op, name", [("cancel", "SIGTERM"), ("kill", "SIGKILL")])
def test_a_worker_that_is_ended_for_its_job_is_not_lost(daemon, op, name):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "crash", "loop")
    assert server.begun_pids()  # otherwise no module takes part in the worker's end
    client.send(op=op, target="a")
    job = client.outcome("a")["job"]
    server.log.wait("worker-ended", job=job, module="crash", level="info", why=f"it was ended by {name}")
    assert not server.log.events("worker-lost")


def test_a_worker_that_is_stopped_by_sigstop_ends_with_sigkill(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=300)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    os.kill(server.worker_pids("busy")[0], signal.SIGSTOP)
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled", step="sigkill")
    assert client.done("echo", "next") == b"next"


def test_sigkill_goes_to_the_process_group(daemon):
    """Children of the worker die with it."""
    server = daemon(
        modules={"exec": {"config": {"commands": {"sleeper": ["/bin/sleep", "1000"]}}}},
        pool_start=1,
        pool_max=1,
    )
    client = server.client()
    start(client, "exec", "sleeper\n")
    worker = server.worker_pids("busy")[0]
    child = wait_until(lambda: proc.children(worker), "the command to run")[0]
    assert os.getpgid(worker) == worker, "each worker leads its own process group"
    client.send(op="kill", target="a")
    check(client.outcome("a"), "failed", reason="cancelled", step="sigkill")
    wait_until(lambda: not proc.alive(child), "the command gone with its worker")


# ---- time limits


def test_timeout_ms_runs_from_assignment(daemon):
    """The time in the line does not count."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("first", "sleep", '{"ms":400}')
    client.submit("second", "sleep", '{"ms":1}', timeout_ms=300)
    check(client.outcome("first"), "done")
    check(client.outcome("second"), "done")


@pytest.mark.parametrize(
    "job, module, overall",
    [
        (200, None, None),
        (None, 200, None),
        (None, None, 200),
        (200, 60000, 60000),
        (60000, 200, 60000),
        (60000, 60000, 200),
        (60000, None, 200),
        (60000, 200, None),
    ],
)
def test_the_least_limit_holds(daemon, job, module, overall):
    config = {"job_timeout_ms": overall}
    if module:
        config["modules"] = {"sleep": {"timeout-ms": module}}
    client = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE, **config).client()
    begin = time.monotonic()
    event = client.run("sleep", LONG_SLEEP, **({"timeout_ms": job} if job else {}))
    check(event, "failed", reason="timeout", step="stop-flag")
    assert time.monotonic() - begin >= 0.19, "before its time"


def test_a_module_timeout_is_of_that_module(daemon):
    client = daemon(modules={"crash": {"timeout-ms": 100}}).client()
    client.submit("limited", "crash", "loop")
    client.submit("free", "sleep", '{"ms":300}')
    check(client.outcome("limited"), "failed", reason="timeout")
    check(client.outcome("free"), "done")


def test_no_limit_by_default(daemon):
    client = daemon().client()
    check(client.run("sleep", '{"ms":500}'), "done")


def test_a_job_knows_that_it_is_to_stop_only_itself(daemon):
    """The stop flag of one job must not meet the next one in the same worker."""
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE)
    client = server.client()
    for n in range(10):
        check(client.run("sleep", LONG_SLEEP, id="a", timeout_ms=20), "failed", step="stop-flag")
        check(client.run("sleep", '{"ms":30}', id="b"), "done")
    assert server.stats()["pool"]["exits"] == 0


def test_a_late_step_does_not_hit_the_next_job(daemon):
    """A job stops by its flag. The times of its SIGTERM and SIGKILL fall into the next job."""
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=400)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    client.send(op="cancel", target="a")
    event = client.outcome("a")
    check(event, "failed", reason="cancelled")
    check(client.run("sleep", '{"ms":700}', id="b"), "done")


# ---- results at the last moment


@pytest.mark.parametrize("by", ["timeout", "cancel"])
def test_a_result_after_a_stop_is_done(daemon, by):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE)
    client = server.client()
    limit = {"timeout_ms": 100} if by == "timeout" else {}
    start(client, "crash", "stop-done", **limit)
    if by == "cancel":
        client.send(op="cancel", id="c", target="a")
        client.event("ok", id="c")
    event = client.outcome("a")
    check(event, "done")
    assert event.payload == b"late"
    client.silent()


@pytest.mark.parametrize("by", ["timeout", "cancel"])
def test_a_module_failure_after_a_stop_is_the_stops_reason(daemon, by):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE)
    client = server.client()
    start(client, "crash", "stop-fail", **({"timeout_ms": 100} if by == "timeout" else {}))
    if by == "cancel":
        client.send(op="cancel", target="a")
    reason = {"timeout": "timeout", "cancel": "cancelled"}[by]
    check(client.outcome("a"), "failed", reason=reason, step="stop-flag")


def test_a_module_failure_before_a_stop_is_its_own(daemon):
    client = daemon().client()
    check(client.run("math", "{}", timeout_ms=60000), "failed", reason="module")


def test_a_job_that_finishes_at_that_moment_is_done_once(daemon):
    """Limits and run times differ by a few milliseconds. Both outcomes are allowed, one for each job."""
    server = daemon(pool_start=2, pool_max=2, job_max=300, kill_grace_ms=8000 * SCALE)
    client = server.client()
    client.send_raw(
        b"".join(
            message('{"ms":10}', op="submit", id=n, module="sleep", timeout_ms=6 + n % 9)
            for n in range(150)
        )
    )
    ends = {}
    while len(ends) < 150:
        event = client.recv()
        assert event["id"] not in ends, f"{event!r} after {ends[event['id']]!r}"
        assert event.name == "done" or event["reason"] == "timeout", event
        ends[event["id"]] = event
    client.silent()
    assert server.stats()["pool"]["exits"] == 0


def test_cancel_at_the_moment_of_the_end(daemon):
    """Either ok, then the end; or the end, then unknown-job. An ok is never followed by a wrong end."""
    client = daemon(pool_start=1, pool_max=1).client()
    for n in range(60):
        client.submit(n, "echo", "x")
        client.send(op="cancel", id="c", target=n)
        answer = client.find(lambda e: e.get("id") == "c")
        if answer.name == "error":
            check(answer, "error", code="unknown-job")
        else:
            assert answer["state"] in ("waiting", "running"), answer
        end = client.outcome(n)
        assert end.name == "done" or end["reason"] == "cancelled", end
    client.silent()


# ---- cancel


def test_cancel_of_a_waiting_job(daemon):
    """The job leaves the line without order or step, and later jobs move up."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    for n in range(3):
        client.submit(n, "echo", str(n), notify=["accepted"], context={"n": n})
    job = [client.event("accepted", id=n)["job"] for n in range(3)][1]
    client.send(op="cancel", id="c", target=1)
    check(client.recv(), "ok", id="c", op="cancel", job=job, state="waiting")
    event = client.recv()
    check(event, "failed", id=1, job=job, reason="cancelled", context={"n": 1})
    assert "order" not in event and "step" not in event, event
    client.submit(3, "echo", notify=["accepted"])
    client.event("accepted", id=3, position=2)
    client.send(op="kill", id="k", target=2)
    check(client.event("ok", id="k"), "ok", op="kill", state="waiting")
    check(client.outcome(2), "failed", reason="cancelled")
    client.send(op="kill", target="a")
    client.outcome("a")
    assert client.outcome(0).payload == b"0"
    check(client.outcome(3), "done")
    jobs = server.stats()["jobs"]
    assert jobs["failed"]["cancelled"] == 3, jobs


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_ok_precedes_the_event_that_it_causes(daemon, op):
    """This holds even if everything is sent at once."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "runs")
    client.send_raw(
        message("", op="submit", id="waits", module="echo")
        + message(op=op, id=1, target="waits")
        + message(op=op, id=2, target="runs")
    )
    client.expect("ok", id=1, op=op, state="waiting")
    assert "order" not in client.expect("failed", id="waits", reason="cancelled")
    client.expect("ok", id=2, op=op, state="running")
    assert "order" in client.expect("failed", id="runs", reason="cancelled")


def test_job_ids_are_no_secret(daemon):
    """Job ids count up, so they can be guessed, and any client may cancel any job."""
    server = daemon(pool_start=1, pool_max=1)
    client, stranger = server.client(), server.client()
    mine = stranger.run("echo", "x")["job"]
    start(client, "sleep", LONG_SLEEP)
    boot, _, number = mine.rpartition("-")
    assert boot == stranger.hello_event["boot"]
    stranger.send(op="cancel", job=f"{boot}-{int(number) + 1}")
    stranger.expect("ok", op="cancel", state="running")
    check(client.outcome("a"), "failed", reason="cancelled")


def test_a_cancelled_place_in_the_line_is_free(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    for n in range(3):
        client.submit("w", "echo", notify=["accepted"])
        client.event("accepted", id="w")
        check(client.run("echo", id="no"), "overload")
        client.send(op="cancel", target="w")
        check(client.outcome("w"), "failed", reason="cancelled")
    client.send(op="kill", target="a")
    client.outcome("a")


def test_cancel_by_job_from_another_connection(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=8000 * SCALE)
    owner, other = server.client(), server.client()
    begun = start(owner, "sleep", LONG_SLEEP)
    other.send(op="cancel", id="c", job=begun["job"])
    other.expect("ok", id="c", op="cancel", job=begun["job"], state="running")
    check(owner.outcome("a"), "failed", reason="cancelled", step="stop-flag")
    other.silent()


def test_cancel_many_of_a_long_line(daemon):
    """A job leaves the line in O(1): 5,000 cancels from the far end take little time."""
    server = daemon(pool_start=1, pool_max=1, job_max=5000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    client.send_raw(b"".join(message("x", op="submit", id=n, module="echo") for n in range(5000)))
    server.wait_jobs(waiting=5000)
    begin = proc.cpu_seconds(server.pid)
    client.send_raw(b"".join(message(op="cancel", target=n) for n in reversed(range(5000))))
    for _ in range(5000):
        client.event("ok")
        check(client.event("failed"), "failed", reason="cancelled")
    assert proc.cpu_seconds(server.pid) - begin < 1.5 * SCALE
    client.send(op="kill", target="a")
    client.outcome("a")


def test_cancel_of_a_job_that_waits_for_a_starting_worker(daemon, tmp_path):
    fake = FakeWorker(tmp_path, start="never-connect")
    server = daemon(worker_path=fake.path, pool_start=0, pool_max=1, start_timeout_ms=60000)
    client = server.client()
    client.submit("a", "echo", "ok x", notify=["accepted"])
    client.event("accepted")
    client.send(op="cancel", id="c", target="a")
    check(client.event("ok", id="c"), "ok", state="waiting")
    check(client.outcome("a"), "failed", reason="cancelled")


# ---- link


@pytest.mark.parametrize("end", ["half-close", "close", "reset", "broken framing"])
def test_link_cancels_the_job_at_any_end_of_the_connection(daemon, end):
    server = daemon(pool_start=2, pool_max=2, kill_grace_ms=8000 * SCALE)
    server.wait_idle(2)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, id="linked", link=True)
    start(client, "sleep", '{"ms":700}', id="free", link=False)
    if end == "half-close":
        client.shutdown()
    elif end == "close":
        client.close()
    elif end == "reset":
        client.reset()
    else:
        client.send_raw("garbage\n")
    if end in ("half-close", "broken framing"):
        check(client.outcome("linked"), "failed", reason="cancelled", step="stop-flag")
        check(client.outcome("free"), "done")
    stats = server.wait_jobs(running=0)
    jobs = stats["jobs"]
    if end in ("half-close", "broken framing"):
        assert (jobs["done"], jobs["failed"]["cancelled"]) == (1, 1), jobs
    assert stats["pool"]["exits"] == 0, "both ended by themselves"


def test_link_cancels_a_waiting_job(daemon):
    server = daemon(pool_start=1, pool_max=1)
    holder, client = server.client(), server.client()
    start(holder, "sleep", LONG_SLEEP)
    client.submit("linked", "echo", link=True)
    client.submit("free", "echo", "x")
    client.shutdown()
    check(client.outcome("linked"), "failed", reason="cancelled")
    holder.send(op="kill", target="a")
    assert client.outcome("free").payload == b"x"
    client.closed()
