"""Progress of running jobs: what the submitter hears of tm_progress()."""

import time

import pytest

from harness.client import check
from harness.wait import wait_until

def script(*lines):
    return "\n".join(lines)


def progress_of(client, id):
    """The job's reports, and its terminal event. All of them must come in this order."""
    reports = []
    while True:
        event = client.recv()
        if event.name != "progress":
            return reports, event
        check(event, "progress", id=id)
        reports.append(event)


def test_reports_reach_a_submitter_that_asks(live):
    server = live()
    client = server.client()
    client.submit(1, "live", script("progress 0.25 a quarter", "say x"), notify=["progress"])
    reports, end = progress_of(client, 1)
    check(end, "done", id=1)
    assert end.payload == b"x"
    assert reports == [
        {"event": "progress", "id": 1, "job": end["job"], "fraction": 0.25, "message": "a quarter"}
    ]


def test_nobody_else_hears_of_them(live):
    server = live()
    client = server.client()
    client.submit(1, "live", script("progress 0.25 a quarter"), notify=["started"])
    assert [client.recv().name, client.recv().name] == ["started", "done"]


def test_fractions_are_clamped_and_a_message_is_optional(live):
    server = live()
    client = server.client()
    for text, fraction in [("-1", 0), ("7", 1), ("nan", 0), ("inf", 1), ("0.1234567", 0.123457)]:
        client.submit(1, "live", f"progress {text}", notify=["progress"])
        reports, _ = progress_of(client, 1)
        assert [r["fraction"] for r in reports] == [fraction], reports
        assert "message" not in reports[0], reports


@pytest.mark.parametrize(
    "sent, told",
    [
        ("a" * 600, "a" * 512),
        ("a" * 511 + "é" + "a", "a" * 511),
        ("é" * 300, "é" * 256),
        (b'"quotes" \x01 \xff', '"quotes"   \ufffd'),
    ],
)
def test_a_message_is_cut_and_cleaned_as_that_of_a_failure(live, sent, told):
    client = live().client()
    sent = sent if isinstance(sent, bytes) else sent.encode()
    client.submit(1, "live", b"progress 0.5 " + sent + b"\nwait", notify=["progress"])
    assert client.event("progress", id=1)["message"] == told
    assert client.ask("status", target=1)["progress"]["message"] == told
    client.send(op="cancel", target=1)
    client.outcome(1)


def test_at_most_ten_a_second_and_the_latest(live):
    server = live()
    client = server.client()
    lines = [f"progress 0.{n:03} step {n}\nsleep 2" for n in range(300)]
    before = time.monotonic()
    client.submit(1, "live", script(*lines), notify=["progress"])
    reports, end = progress_of(client, 1)
    seconds = time.monotonic() - before
    check(end, "done")
    assert 2 < len(reports) <= seconds * 10 + 2, (len(reports), seconds)
    assert reports[-1]["message"] == "step 299", reports[-1]
    numbers = [int(r["message"].split()[1]) for r in reports]
    assert numbers == sorted(numbers)


def test_the_latest_before_a_crash(live):
    server = live(breaker_crashes=0, pool_max=1)
    client = server.client()
    for _ in range(3):
        client.submit(
            1,
            "live",
            script("progress 0.1 first", "progress 0.2 second", "progress 0.3 last", "crash"),
            notify=["progress"],
        )
        reports, end = progress_of(client, 1)
        check(end, "failed", reason="error", signal="SIGSEGV")
        told = [r["message"] for r in reports]  # the second one, too, if the worker had to wait
        assert told in (["first", "last"], ["first", "second", "last"]), told


def test_the_latest_before_a_kill(live):
    server = live()
    client = server.client()
    lines = ["progress 0.1 first", "progress 0.2 last", "log reported", "sleep 60000"]
    client.submit(1, "live", script(*lines), notify=["progress"])
    server.log.wait("worker-output", text="reported")
    client.event("progress", message="first")
    client.send(op="kill", id="k", target=1)
    client.event("ok", id="k")
    reports, end = progress_of(client, 1)
    check(end, "failed", reason="cancelled", by="submitter")
    assert [r["message"] for r in reports] == ["last"], reports


def test_jobs_that_come_together_keep_their_reports_apart(live):
    server = live(pool_start=1, pool_max=1, job_max=1000)
    client = server.client()
    for n in range(200):
        client.submit(n, "live", f"progress 0.5 first of {n}\nprogress 1 last of {n}",
                      notify=["progress"] if n % 2 else [])
    for n in range(200):
        reports, end = progress_of(client, n)
        check(end, "done", id=n)
        assert [r["message"] for r in reports] == (
            [f"first of {n}", f"last of {n}"] if n % 2 else []
        )


def test_a_client_that_does_not_read_gets_fewer(live):
    """Reports are dropped while more than 64 KiB wait. What must not be lost is there."""
    server = live()
    client = server.client(receive_buffer=4096)
    client.submit(1, "live", script("wait", "progress 0.5 unseen", "say end"),
                  notify=["progress", "started"])
    begun = client.begun(id=1)
    client.submit("big", "echo", b"x" * 12000000)
    wait_until(
        lambda: server.stats()["jobs"]["done"] >= 1, "a result that waits for its reader"
    )
    server.client().send(op="cancel", id="c", job=begun["job"])
    wait_until(lambda: server.stats()["jobs"]["done"] >= 2, "the first job done")
    check(client.recv(), "done", id="big")
    reports, end = progress_of(client, 1)
    check(end, "done", id=1)
    assert end.payload == b"end" and reports == [], reports


def test_a_stopped_job_still_reports(live):
    server = live()
    client = server.client()
    client.submit(1, "live", script("wait", "progress 0.9 stopping", "fail"),
                  notify=["progress", "started"])
    begun = client.begun(id=1)
    client.send(op="cancel", id="c", job=begun["job"])
    client.event("ok", id="c")
    client.expect("progress", message="stopping")
    check(client.recv(), "failed", reason="cancelled", step="stop-flag")
