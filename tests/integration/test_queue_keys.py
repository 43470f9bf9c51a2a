"""Keys (doc/queue.md, section 6): a submit that is repeated joins its job."""

import json

import pytest
from harness.client import ask, check, message
from harness.queued import put, wait

HOUR = 3600000


def submit(client, key, payload="hi", id=1, module="echo", **fields):
    """A submit with a key, and the first event about it."""
    client.submit(id, module, payload, key=key, **fields)
    return client.find(lambda event: event.get("id") == id, what=f"the answer to {id}")


def accepted(client, key, **fields):
    event = submit(client, key, detach=True, **fields)
    check(event, "accepted")
    return event


def cancel(client, **fields):
    event = ask(client, "cancel", **fields)
    check(event, "ok")
    return event


@pytest.fixture
def key(request):
    """A key of this test alone."""
    return request.node.name


def test_a_detached_submit_joins(shared_queue, key):
    client = shared_queue.client()
    first = accepted(client, key, delay_ms=HOUR)
    assert "joined" not in first
    again = accepted(shared_queue.client(), key, id="other", context=5)
    check(again, "accepted", id="other", joined=True, job=first["job"], context=5)
    cancel(client, job=first["job"])


def test_events_come_to_all_who_joined(shared_queue, key):
    clients = [shared_queue.client() for _ in range(3)]
    job = accepted(clients[0], key, delay_ms=300)["job"]
    for n, client in enumerate(clients):
        client.submit(f"id{n}", "echo", "hi", key=key, context={"n": n}, notify=["accepted", "started"])
    for n, client in enumerate(clients):
        check(client.recv(), "accepted", id=f"id{n}", job=job, joined=True)
    for n, client in enumerate(clients):
        check(client.recv(), "started", id=f"id{n}", job=job)
        event = client.recv()
        check(event, "done", id=f"id{n}", job=job, context={"n": n}, size=2)
        assert event.payload == b"hi"


def test_a_join_of_an_ended_job_hears_of_the_end_at_once(shared_queue, key):
    client = shared_queue.client()
    first = submit(client, key)
    check(first, "done")
    again = submit(client, key, id=2, context=[2])
    check(again, "done", id=2, job=first["job"], context=[2])
    assert again.payload == b"hi"
    third = submit(client, key, id=3, notify=["accepted"])
    check(third, "accepted", id=3, joined=True, job=first["job"])
    check(client.outcome(3), "done", job=first["job"])
    check(accepted(client, key, id=4), "accepted", joined=True, job=first["job"])


def test_submits_in_one_write_join(shared_queue, key):
    """The first one is not stored yet when the others come."""
    client = shared_queue.client()
    request = b'{"op":"submit","id":%d,"module":"echo","key":"%s","notify":["accepted"],"size":2}\nhi'
    client.send_raw(b"".join(request % (n, key.encode()) for n in range(20)))
    jobs = {client.outcome(n)["job"] for n in range(20)}
    joined = [client.event("accepted", id=n).get("joined", False) for n in range(20)]
    assert len(jobs) == 1 and joined == [False] + [True] * 19


def test_another_payload_is_a_conflict(shared_queue, key):
    client = shared_queue.client()
    job = accepted(client, key, delay_ms=HOUR)["job"]
    for n, payload in enumerate(("ho", "", "hi ", "h")):
        event = submit(client, key, payload, id=n, context=n)
        check(event, "error", op="submit", code="key-conflict", id=n, job=job, context=n)
        check(submit(client, key, payload, id=n, detach=True), "error", code="key-conflict", job=job)
    cancel(client, job=job)


def test_another_module_has_keys_of_its_own(shared_queue, key):
    client = shared_queue.client()
    job = accepted(client, key, payload="10")["job"]
    other = accepted(client, key, payload="10", module="fib")
    assert other["job"] != job and "joined" not in other


def test_a_failed_job_is_not_joined(shared_queue, key):
    client = shared_queue.client()
    division = json.dumps({"op": "div", "x": 1, "y": 0})
    first = submit(client, key, division, module="math")
    check(first, "failed", reason="module")
    again = submit(client, key, division, module="math", notify=["accepted"])
    check(again, "accepted")
    assert again["job"] != first["job"] and "joined" not in again
    check(client.outcome(1), "failed")
    third = submit(client, key, "other", module="math")
    assert third["job"] not in (first["job"], again["job"])


def test_a_cancelled_job_is_not_joined(shared_queue, key):
    client = shared_queue.client()
    first = accepted(client, key, delay_ms=HOUR)["job"]
    cancel(client, job=first)
    again = accepted(client, key, delay_ms=HOUR)
    assert again["job"] != first and "joined" not in again
    event = ask(client, "retry", job=first)
    check(event, "error", code="key-conflict", job=again["job"])
    cancel(client, job=again["job"])
    check(ask(client, "retry", job=first), "ok", count=1)
    check(wait(client, first), "done")


def test_forget_frees_the_key(shared_queue, key):
    client = shared_queue.client()
    job = submit(client, key)["job"]
    check(ask(client, "forget", job=job), "ok")
    check(submit(client, key, "other"), "done")


def test_keys_survive_a_restart(queue):
    server = queue()
    with server.client() as client:
        living = accepted(client, "living", delay_ms=HOUR)["job"]
        ended = submit(client, "ended")["job"]
    server.restart()
    with server.client() as client:
        check(accepted(client, "living"), "accepted", joined=True, job=living)
        check(submit(client, "living", "else"), "error", code="key-conflict", job=living)
        event = submit(client, "ended")
        check(event, "done", job=ended)
        assert event.payload == b"hi"


# ---- who ends a joined job


def test_a_cancelled_submit_leaves_the_job_to_the_others(shared_queue, key):
    client, other = shared_queue.client(), shared_queue.client()
    check(submit(client, key, delay_ms=400, notify=["accepted"]), "accepted")
    check(submit(other, key, id="o", notify=["accepted"]), "accepted", joined=True)
    client.send(op="cancel", target=1)
    job = client.expect("ok", op="cancel", state="delayed")["job"]
    check(client.recv(), "failed", id=1, job=job, reason="cancelled", by="submitter")
    check(other.recv(), "done", id="o", job=job)


def test_the_last_cancelled_submit_ends_the_job(shared_queue, key):
    client, other = shared_queue.client(), shared_queue.client()
    check(submit(client, key, delay_ms=HOUR, notify=["accepted"]), "accepted")
    job = submit(other, key, id="o", notify=["accepted"])["job"]
    other.send(op="wait", id="w", job=job)
    cancel(client, target=1)
    check(client.outcome(1), "failed", reason="cancelled")
    cancel(other, target="o")
    ends = [other.recv(), other.recv()]
    assert {event["id"] for event in ends} == {"o", "w"}
    for event in ends:
        check(event, "failed", reason="cancelled", by="submitter", job=job)


def test_a_detached_submit_keeps_the_job_alive(shared_queue, key):
    client = shared_queue.client()
    job = accepted(client, key, delay_ms=300)["job"]
    check(submit(client, key, id="j", notify=["accepted"]), "accepted", joined=True)
    cancel(client, target="j")
    check(client.outcome("j"), "failed", reason="cancelled")
    check(wait(client, job), "done")


def test_a_later_detached_submit_keeps_the_job_alive_too(shared_queue, key):
    client, other = shared_queue.client(), shared_queue.client()
    job = submit(client, key, delay_ms=300, notify=["accepted"])["job"]
    check(accepted(other, key), "accepted", joined=True)
    cancel(client, target=1)
    check(client.outcome(1), "failed", reason="cancelled")
    check(wait(other, job), "done")


def test_requests_at_once_behind_a_submit_that_joins(shared_queue, key):
    """They come while the submit is being stored."""
    client = shared_queue.client()
    job = accepted(client, key, delay_ms=HOUR)["job"]
    other = shared_queue.client()
    other.submit(1, "echo", "hi", key=key)
    other.send(op="status", target=1)
    other.submit(2, "echo", "hi", key=key)
    other.send(op="cancel", target=2)
    assert other.event("status").json()["job"] == job
    check(other.event("ok"), "ok", op="cancel", job=job, state="delayed")
    check(other.outcome(2), "failed", reason="cancelled", by="submitter", job=job)
    other.submit(3, "echo", "hi", key=key, link=True)
    other.shutdown()
    check(other.outcome(3), "failed", reason="cancelled", by="link", job=job)
    assert ask(client, "status", job=job).json()["state"] == "delayed"
    cancel(client, job=job)
    check(other.outcome(1), "failed", reason="cancelled", by="client", job=job)


def test_cancel_at_once_behind_a_detached_submit(shared_queue, key):
    """It ends the job, but not one that is joined: the submit is over then."""
    client = shared_queue.client()
    cancelled = message(op="cancel", target=1)
    submit = {"op": "submit", "id": 1, "module": "echo", "key": key, "detach": True}
    client.send_raw(message("hi", delay_ms=HOUR, **submit) + cancelled)
    job = client.expect("accepted", id=1)["job"]
    check(client.recv(), "ok", op="cancel", job=job, state="delayed")
    check(wait(client, job), "failed", reason="cancelled")
    job = accepted(client, key, delay_ms=HOUR)["job"]
    client.send_raw(message("hi", **submit) + cancelled)
    client.expect("accepted", id=1, joined=True, job=job)
    check(client.recv(), "error", op="cancel", code="unknown-job")
    cancel(client, job=job)


def test_cancel_by_job_ends_it_for_all(shared_queue, key):
    clients = [shared_queue.client() for _ in range(3)]
    for client in clients:
        job = submit(client, key, delay_ms=HOUR, notify=["accepted"])["job"]
    cancel(clients[1], job=job)
    for client in clients:
        check(client.outcome(1), "failed", reason="cancelled", job=job)


def test_joins_are_counted_apart(queue):
    server = queue()
    client = server.client()
    for n in range(4):
        check(submit(client, "k", id=n), "done")
    stats = server.stats()["jobs"]
    assert stats["submitted"] == 1 and stats["joined"] == 3


def test_keys_of_many_jobs(shared_queue, key):
    client = shared_queue.client()
    for n in range(200):
        client.submit(n, "echo", str(n), key=f"{key}-{n}", detach=True)
    jobs = {n: client.event("accepted", id=n)["job"] for n in range(200)}
    for n in range(200):
        client.submit(n, "echo", str(n), key=f"{key}-{n}")
    for n in range(200):
        event = client.outcome(n)
        check(event, "done", job=jobs[n])
        assert event.payload == str(n).encode()


def test_the_longest_key(shared_queue):
    client = shared_queue.client()
    long = "ü" * 64
    job = put(client, "echo", "x", key=long)
    check(submit(client, long, "x"), "done", job=job)
    check(submit(client, long + "ü", "x"), "error", code="bad-request")
