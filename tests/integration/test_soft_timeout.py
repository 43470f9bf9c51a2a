"""The soft time limit: the stop flag and nothing else; and what a module knows of a stop."""

import pytest

from harness.client import check, start


def script(*lines):
    return "\n".join(lines)


def test_a_result_after_the_soft_limit_is_done(live):
    client = live().client()
    event = client.run("live", script("wait", "reason"), soft_timeout_ms=50)
    check(event, "done")
    assert event.payload == b"soft-timeout" and event["run_us"] >= 50000, event


def test_a_failure_after_the_soft_limit_is_a_timeout(live):
    client = live().client()
    event = client.run("live", script("wait", "say so far", "fail"), soft_timeout_ms=50)
    check(event, "failed", reason="timeout", step="stop-flag")
    assert "soft" in event["message"] and "code" not in event, event


def test_the_state_stays_running_and_a_cancel_wins(live):
    server = live(kill_grace_ms=60000)
    client = server.client()
    lines = ["until soft-timeout", "log told", "until cancel", "fail"]
    start(client, "live", script(*lines), id=1, soft_timeout_ms=50)
    server.log.wait("worker-output", text="told")
    client.send(op="cancel", id="c", target=1)
    assert client.event("ok", id="c")["state"] == "running"
    check(client.outcome(1), "failed", reason="cancelled", by="submitter", step="stop-flag")


def test_the_hard_limit_wins_later(live):
    server = live(kill_grace_ms=400)
    client = server.client()
    lines = ["wait", "log told", "sleep 60000"]
    event = client.run("live", script(*lines), soft_timeout_ms=50, timeout_ms=300)
    check(event, "failed", reason="timeout", step="sigterm")
    assert event["message"].startswith("the job ran into its time limit"), event
    server.log.wait("worker-output", text="told")


def test_a_crash_after_the_soft_limit_is_a_crash(live):
    client = live(breaker_crashes=0).client()
    event = client.run("live", script("wait", "crash"), soft_timeout_ms=50)
    check(event, "failed", reason="error", signal="SIGSEGV")
    assert "step" not in event, event


@pytest.mark.parametrize("soft, hard", [(100, 100), (200, 100)])
def test_nothing_if_not_under_the_hard_limit(live, soft, hard):
    client = live().client()
    event = client.run("live", script("wait", "reason"), soft_timeout_ms=soft, timeout_ms=hard)
    check(event, "done")
    assert event.payload == b"timeout", event


def test_the_modules_own_limit_and_the_least_of_both(live):
    server = live(modules={"live": {"soft-timeout-ms": 50}})
    client = server.client()
    assert client.done("live", script("wait", "reason")) == b"soft-timeout"
    event = client.run("live", script("wait"), soft_timeout_ms=60000)
    check(event, "done")
    assert event["run_us"] < 30000000, event


def test_a_job_knows_why_it_is_stopped(live):
    server = live(kill_grace_ms=60000, drain_timeout_ms=1)
    client = server.client()
    start(client, "live", script("wait", "reason"), id=1)
    client.send(op="cancel", id="c", target=1)
    assert client.outcome(1).payload == b"cancel"
    assert client.done("live", script("wait", "reason"), timeout_ms=20) == b"timeout"
    assert client.done("live", "reason") == b""
    start(client, "live", script("wait", "reason"), id=2, link=True)
    client.shutdown()
    assert client.outcome(2).payload == b"link"
    other = server.client()
    start(other, "live", script("wait", "reason"), id=3)
    other.send(op="drain")
    assert other.outcome(3).payload == b"shutdown"
