"""bye, and jobs linked to their connection (protocol, sections 8 and 10)."""

import json

import pytest
from harness.client import check, header, message

LONG_SLEEP = json.dumps({"ms": 600000})


def running(server, *links):
    """A client with one running job for each link."""
    client = server.client()
    for link in links:
        client.submit(str(link), "sleep", LONG_SLEEP, link=link, notify=["started"])
    for link in links:
        client.begun(id=str(link))
    return client


def test_they_are_features(shared):
    assert {"bye", "link", "link-on-failure"} <= set(shared.client().hello_event["features"])


def test_bye_without_jobs_closes(shared):
    client = shared.client()
    client.send(op="bye", id="last")
    client.expect("ok", op="bye", id="last")
    client.closed()


def test_nothing_behind_bye_is_read(daemon):
    server = daemon(pool_start=1)
    client = server.client()
    client.send_raw(
        header(op="bye") + header(op="ping") + message("x", op="submit", id=1, module="echo") + b"{no json\n"
    )
    client.expect("ok", op="bye")
    client.closed()
    assert server.stats()["jobs"]["submitted"] == 0


def test_the_events_of_all_jobs_come_before_the_close(shared):
    client = shared.client()
    for n in range(20):
        client.submit(n, "sleep", json.dumps({"ms": 20}), link="on-failure" if n % 2 else False)
    client.send(op="bye")
    client.event("ok", op="bye")
    assert [client.outcome(n).name for n in range(20)] == ["done"] * 20
    client.closed()


def test_bye_cancels_linked_jobs_and_not_those_linked_on_failure(daemon):
    server = daemon(pool_start=3, pool_max=3)
    client = running(server, True, False, "on-failure")
    jobs = {w["job"] for w in server.workers()}
    client.send(op="bye")
    client.expect("ok", op="bye")
    check(client.outcome("True"), "failed", reason="cancelled", by="link")
    server.wait_jobs(running=2)
    other = server.client()
    for job in jobs:
        other.send(op="kill", job=job)
    for id in ("False", "on-failure"):
        check(client.outcome(id), "failed", reason="cancelled", by="client")
    client.closed()


@pytest.mark.parametrize("end", ["shutdown", "broken"])
def test_an_end_of_input_without_bye_is_a_failure(daemon, end):
    server = daemon(pool_start=1, pool_max=1)
    client = running(server, "on-failure")
    client.submit("waits", "echo", link="on-failure", notify=["accepted"])
    client.event("accepted")
    if end == "shutdown":
        client.shutdown()
    else:
        client.send_raw("no json\n")
        client.expect("error", code="bad-json", fatal=True)
    check(client.outcome("waits"), "failed", reason="cancelled", by="link")
    check(client.outcome("on-failure"), "failed", reason="cancelled", by="link")


@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_death_of_a_client_is_a_failure(daemon, end):
    server = daemon(pool_start=1, pool_max=1)
    client = running(server, "on-failure")
    getattr(client, end)()
    server.wait_jobs(running=0)
    jobs = server.stats()["jobs"]
    assert jobs["orphaned"] + jobs["failed"]["cancelled"] == 1


def test_a_reset_behind_bye_cancels_nothing(daemon):
    """The job goes on as one without a link, and nobody hears of its end."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("a", "sleep", json.dumps({"ms": 300}), link="on-failure", notify=["started"])
    client.begun(id="a")
    client.send(op="bye")
    client.expect("ok", op="bye")
    client.reset()
    stats = server.wait_stats(lambda s: s["jobs"]["orphaned"] == 1, "the end of the job")
    assert stats["modules"]["sleep"] | {"done": 1, "failed": 0} == stats["modules"]["sleep"]


def test_bye_and_then_the_end_of_input(shared):
    client = shared.client()
    client.submit("a", "sleep", json.dumps({"ms": 100}), link="on-failure")
    client.send(op="bye")
    client.shutdown()
    client.event("ok", op="bye")
    check(client.outcome("a"), "done")
    client.closed()


def test_bye_before_hello(shared):
    client = shared.client(hello=False)
    client.send(op="bye")
    client.expect("error", code="hello-required", fatal=True)
