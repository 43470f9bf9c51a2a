"""watch and monitor at taskqueued (doc/queue.md, section 8)."""

import json

import pytest
from harness.client import ask, check, refused
from harness.queued import put, wait

HOUR = 3600000
DIVISION = json.dumps({"op": "div", "x": 1, "y": 0})


def monitor(client, ref, /, **fields):
    client.send(**{"op": "monitor", "id": "m", "ref": ref, **fields})
    return client.find(lambda event: event.get("id") == "m", what="the answer to monitor")


def watching(client, what=("jobs",), **fields):
    check(ask(client, "watch", what=list(what), **fields), "ok", was=False)


# ---- monitor


def test_a_job_ends(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    job = put(client, "echo", "x", delay_ms=300)
    for asker, ref in ((client, "m1"), (other, 7), (other, "m2")):
        check(monitor(asker, ref, job=job), "ok", op="monitor")
    check(client.recv(), "down", ref="m1", job=job, reason="done")
    assert {other.recv()["ref"], other.recv()["ref"]} == {7, "m2"}
    client.silent()


def test_a_job_fails(shared_queue):
    client = shared_queue.client()
    jobs = [put(client, "math", DIVISION, delay_ms=200), put(client, "echo", delay_ms=HOUR)]
    for job in jobs:
        check(monitor(client, job, job=job), "ok")
    check(client.event("down", ref=jobs[0]), "down", reason="module")
    check(ask(client, "cancel", job=jobs[1]), "ok")
    check(client.event("down", ref=jobs[1]), "down", reason="cancelled")


def test_a_retried_job_is_not_down_before_its_end(shared_queue):
    client = shared_queue.client()
    job = put(client, "math", DIVISION, delay_ms=100, retries=1, retry_on=["module"], retry_delay_ms=100)
    check(monitor(client, 1, job=job), "ok")
    check(client.recv(), "down", ref=1, reason="module")
    assert ask(client, "status", job=job).json()["attempt"] == 2


def test_a_job_that_has_ended(shared_queue):
    client = shared_queue.client()
    job = put(client, "echo", "x")
    wait(client, job)
    check(monitor(client, 1, job=job), "ok")
    check(client.recv(), "down", ref=1, job=job, reason="done")
    check(ask(client, "forget", job=job), "ok")
    for unknown in (job, "nonsense", "q999999999"):
        check(monitor(client, 1, job=unknown), "ok")
        check(client.recv(), "down", ref=1, job=unknown, reason="unknown")
    refused(client, "demonitor", "unknown-ref", ref=1)


def test_demonitor(shared_queue):
    client = shared_queue.client()
    job = put(client, "echo", "x", delay_ms=HOUR)
    check(monitor(client, 1, job=job), "ok")
    check(monitor(client, 1, job=job), "error", code="duplicate-ref")
    check(ask(client, "demonitor", ref=1), "ok")
    check(ask(client, "cancel", job=job), "ok")
    client.silent()


def test_a_client_ends(shared_queue):
    client, other = shared_queue.client(), shared_queue.client(client="other/1")
    number = next(row["id"] for row in ask(client, "clients").json() if row["name"] == "other/1")
    check(monitor(client, "c", client=number), "ok")
    other.send(op="bye")
    other.expect("ok", op="bye")
    check(client.recv(), "down", ref="c", client=number, reason="bye")
    check(monitor(client, "c", client=number), "ok")
    check(client.recv(), "down", ref="c", client=number, reason="unknown")


@pytest.mark.parametrize("fields", [{}, {"job": "q1", "client": 1}, {"worker": 1}, {"pool": "default"}])
def test_wrong_monitors(shared_queue, fields):
    shared_queue.client().send(op="monitor", ref=1, **fields)
    check(shared_queue.clients[-1].recv(), "error", op="monitor", code="bad-request")


def test_a_monitor_after_a_restart(queue):
    server = queue()
    with server.client() as client:
        job = put(client, "echo", "x", delay_ms=1500)
    server.restart()
    with server.client() as client:
        check(monitor(client, 1, job=job), "ok")
        check(client.recv(), "down", ref=1, job=job, reason="done")


# ---- watch


def seen(client, job, states):
    """The states of the job, in their order."""
    found = [client.find(lambda event: event.name == "watch" and event.get("job") == job) for _ in states]
    assert [event["state"] for event in found] == states
    return found


def test_the_life_of_a_job(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    watching(client)
    job = put(other, "echo", "x", delay_ms=50)
    for event in seen(client, job, ["delayed", "running", "done"]):
        check(event, "watch", what="job", module="echo")
        assert event["at_ms"] > 1700000000000
    check(ask(client, "unwatch"), "ok", was=True)
    check(ask(client, "unwatch"), "ok", was=False)
    wait(other, put(other, "echo"))
    client.silent()


def test_a_failing_job(shared_queue):
    client = shared_queue.client()
    watching(client, module="math")
    client.submit(1, "math", DIVISION, retries=1, retry_on=["module"], retry_delay_ms=10)
    client.submit(2, "echo", "x")
    job = client.outcome(1)["job"]
    client.outcome(2)
    events = [event for event in client.kept if event.name == "watch"]
    assert {event["job"] for event in events} == {job}
    assert [event["state"] for event in events] == ["waiting", "running", "retry", "running", "failed"]
    check(events[2], "watch", reason="module")
    check(events[4], "watch", reason="module", attempt=2)


def test_clients_come_and_go(shared_queue):
    client = shared_queue.client()
    watching(client, ["clients"])
    other = shared_queue.client()
    states = [client.recv() for _ in range(2)]
    assert [event["state"] for event in states] == ["connected", "greeted"]
    other.close()
    check(client.recv(), "watch", what="client", state="closed", reason="closed", client=states[0]["client"])


def test_a_module_alone(shared_queue):
    client = shared_queue.client()
    watching(client, ["jobs", "clients"], module="echo")
    other = shared_queue.client()
    put(other, "fib", "1", delay_ms=HOUR)
    job = put(other, "echo", "x", delay_ms=HOUR)
    check(client.recv(), "watch", what="job", job=job, module="echo", state="delayed")


def test_wrong_watches(shared_queue):
    client = shared_queue.client()
    refused(client, "watch", "bad-request", what=[])
    refused(client, "watch", "bad-request", what=["workers"])
    refused(client, "watch", "bad-request", what=["jobs"], pool="default")


def test_a_flood_is_left_out(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    watching(client)
    for n in range(6000):
        other.submit(n, "flood", detach=True, delay_ms=HOUR)
    for n in range(6000):
        other.recv()
    check(ask(other, "cancel", select={"module": "flood"}), "ok", count=6000)
    told = dropped = 0
    client.send(op="unwatch", id="end")
    while (event := client.recv()).name == "watch":
        told += 1
        dropped += event.get("dropped", 0)
    assert told + dropped <= 12000
    assert told > 1000
