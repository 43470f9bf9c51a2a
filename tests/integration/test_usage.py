"""What a job has used, and the failures that ask for another try."""

import pytest

from harness import proc
from harness.client import check


def script(*lines):
    return "\n".join(lines)


def usage_of(client, payload, module="live", **fields):
    event = client.run(module, payload, notify=["usage"], **fields)
    assert set(event["usage"]) == {"cpu_us", "worker_rss"}, event
    return event, event["usage"]["cpu_us"], event["usage"]["worker_rss"]


def test_nobody_asks(live):
    client = live().client()
    assert "usage" not in client.run("live", "burn 5")


def test_the_time_of_one_thread(live):
    client = live(pool_max=1).client()
    client.run("live", "burn 300")  # the time before a job does not count
    event, cpu_us, rss = usage_of(client, "burn 50")
    check(event, "done")
    assert 48000 <= cpu_us < 250000, event
    (worker,) = client.workers()
    assert rss == pytest.approx(proc.rss_kb(worker["pid"]) * 1024, rel=0.2), event
    event, cpu_us, _ = usage_of(client, "sleep 50")
    assert cpu_us < 45000, event


def test_the_time_of_all_threads(live):
    event, cpu_us, _ = usage_of(live().client(), "threads 60")
    assert cpu_us >= 115000, event


def test_the_time_of_a_command(live):
    loop = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"
    server = live(modules={"exec": {"config": {"commands": {"loop": ["/bin/sh", "-c", loop]}}}})
    event, cpu_us, _ = usage_of(server.client(), "loop\n", module="exec")
    check(event, "done")
    assert cpu_us > 3000, event


def test_failed_jobs(live):
    client = live(breaker_crashes=0, kill_grace_ms=300).client()
    event, cpu_us, _ = usage_of(client, script("burn 20", "fail"))
    check(event, "failed", reason="module")
    assert cpu_us >= 18000, event
    event, cpu_us, _ = usage_of(client, script("burn 20", "wait", "fail"), timeout_ms=200)
    check(event, "failed", reason="timeout", step="stop-flag")
    assert cpu_us >= 18000, event


@pytest.mark.parametrize("end", ["crash", "sleep 60000"])
def test_a_lost_worker(live, end):
    """The kernel has its time, less the time before the job."""
    client = live(breaker_crashes=0, kill_grace_ms=100, pool_max=1).client()
    client.run("live", "burn 400")
    event, cpu_us, rss = usage_of(client, script("burn 50", end), timeout_ms=1000)
    check(event, "failed", reason="error" if end == "crash" else "timeout")
    assert 48000 <= cpu_us < 350000 and rss > 500000, event


def test_a_job_that_did_not_run(live):
    client = live().client()
    for n, module in enumerate(["nothing", "exec"]):  # unknown; it refuses without settings
        event = client.run(module, "x", id=n, notify=["usage"])
        assert event.name == "failed" and "usage" not in event, event


def test_another_try(live):
    commands = {"busy": ["/bin/sh", "-c", "echo later >&2; exit 75"], "bad": ["/bin/false"]}
    client = live(modules={"exec": {"config": {"commands": commands}}}).client()
    event = client.run("live", script("say so far", "retry 1500"))
    check(event, "failed", reason="module", code="asked", message="as asked", retry_after_ms=1500)
    assert event.payload == b"so far"
    check(client.run("live", "retry 0"), "failed", retry_after_ms=1)
    assert "retry_after_ms" not in client.run("live", "fail")
    event = client.run("exec", "busy\n")
    check(event, "failed", reason="module", code="exit-status", retry_after_ms=1000)
    assert event.payload == b"later\n"
    assert "retry_after_ms" not in client.run("exec", "bad\n")


def test_a_stopped_job_asks_for_no_other_try(live):
    event = live().client().run("live", script("wait", "retry 1500"), timeout_ms=50)
    check(event, "failed", reason="timeout")
    assert "retry_after_ms" not in event, event
