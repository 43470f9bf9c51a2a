"""The ends of connections with open submits and waits (doc/queue.md, section 10), and slow readers."""

import json
import time

import pytest
from harness.client import ask, check, message
from harness.queued import put, wait
from harness.wait import wait_until

HOUR = 3600000


def followed(client, id=1, module="echo", payload="hi", **fields):
    """A submit that is open; its job."""
    client.submit(id, module, payload, notify=["accepted"], **fields)
    return client.event("accepted", id=id)["job"]


def status(server, job):
    with server.client() as client:
        return ask(client, "status", job=job).json()


def state_becomes(server, job, state):
    wait_until(lambda: status(server, job)["state"] == state, f"{job} to be {state}")


@pytest.mark.parametrize("end", ["close", "reset", "shutdown"])
def test_a_submit_outlives_its_connection(shared_queue, end):
    client = shared_queue.client()
    job = followed(client, delay_ms=300)
    getattr(client, end)()
    event = shared_queue.wait(job)
    check(event, "done", job=job)
    assert event.payload == b"hi"


def test_half_close(shared_queue):
    client = shared_queue.client()
    ended = put(client, "echo", "e")
    late = put(client, "echo", "l", delay_ms=300)
    for n in range(50):
        client.submit(n, "echo", str(n))
    client.send(op="wait", id="ended", job=ended)
    client.send(op="wait", id="late", job=late)
    client.shutdown()
    events = client.rest()
    assert {event["id"] for event in events} == {*range(50), "ended", "late"}
    assert all(event.name == "done" for event in events)


def test_bye_waits_for_the_events(shared_queue):
    client = shared_queue.client()
    client.submit(1, "echo", "hi", delay_ms=200)
    client.send(op="bye", id="b")
    assert [event["id"] for event in client.rest()] == ["b", 1]


# ---- link


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("link", [True, "on-failure"])
def test_link_cancels_at_the_end(shared_queue, link, end):
    client = shared_queue.client()
    job = followed(client, delay_ms=HOUR, link=link)
    getattr(client, end)()
    check(shared_queue.wait(job), "failed", reason="cancelled", by="link")


@pytest.mark.parametrize("link", [True, "on-failure"])
def test_link_and_half_close(shared_queue, link):
    client = shared_queue.client()
    job = followed(client, delay_ms=HOUR, link=link, context="c")
    client.shutdown()
    check(client.recv(), "failed", id=1, job=job, reason="cancelled", by="link", context="c")
    client.closed()


def test_bye_and_link(shared_queue):
    client = shared_queue.client()
    job = followed(client, "stays", delay_ms=300, link="on-failure")
    other = followed(client, "goes", delay_ms=HOUR, link=True)
    client.send(op="bye")
    client.event("ok", op="bye")
    events = {event["id"]: event for event in client.rest()}
    check(events["stays"], "done", job=job)
    check(events["goes"], "failed", job=other, reason="cancelled", by="link")


def test_link_of_many(shared_queue):
    client = shared_queue.client()
    jobs = [followed(client, n, delay_ms=HOUR, link=True) for n in range(200)]
    client.close()
    for job in jobs:
        check(shared_queue.wait(job), "failed", reason="cancelled")


def test_link_of_a_running_job(shared_queue):
    client = shared_queue.client()
    client.submit(1, "sleep", json.dumps({"ms": 600000}), link=True, notify=["started"])
    job = client.event("started")["job"]
    client.close()
    check(shared_queue.wait(job), "failed", reason="cancelled")


def test_link_counts_for_the_last_one(shared_queue):
    clients = [shared_queue.client() for _ in range(2)]
    for client in clients:
        job = followed(client, delay_ms=HOUR, link=True, key="linked")
    clients[0].close()
    clients[1].silent()
    assert status(shared_queue, job)["state"] == "delayed"
    clients[1].close()
    check(shared_queue.wait(job), "failed", reason="cancelled", by="link")


def test_a_joined_submit_with_link_ends_alone(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    job = followed(client, delay_ms=500, link=True, key="alone")
    followed(other, delay_ms=HOUR, key="alone")
    client.shutdown()
    check(client.recv(), "failed", id=1, job=job, reason="cancelled", by="link")
    client.closed()
    check(other.outcome(1), "done", job=job)


# ---- acknowledgement


def kept_ms(server, job):
    return status(server, job)["outcome"]["kept_ms"]


def test_an_outcome_is_kept_for_ack_ms_once_it_is_told(queue):
    server = queue(ack_ms=50000, result_ttl_ms=HOUR)
    client = server.client()
    client.submit(1, "echo", "hi")
    job = client.outcome(1)["job"]
    wait_until(lambda: 0 < kept_ms(server, job) <= 50000, "the outcome to be acknowledged")
    untold = put(client, "echo", "hi")
    state_becomes(server, untold, "done")
    assert kept_ms(server, untold) > 50000
    check(wait(client, untold), "done")
    wait_until(lambda: kept_ms(server, untold) <= 50000, "the outcome to be acknowledged")


def test_an_outcome_goes_after_ack_ms(queue):
    server = queue(ack_ms=200)
    client = server.client()
    client.submit(1, "echo", "hi")
    job = client.outcome(1)["job"]

    def is_gone():
        return ask(client, "status", job=job).name == "error"

    wait_until(is_gone, "the outcome to go")
    keyed = client.run("echo", "hi", id=2, key="k")["job"]
    wait_until(lambda: server.stats()["jobs"]["ended"] == 1, "the other outcome alone")
    assert not is_gone() if keyed == job else status(server, keyed)["outcome"]["kept_ms"] > 200


def test_an_outcome_that_was_not_read_is_kept(queue):
    """The client takes nothing: the kernel has not got the last byte of the event."""
    server = queue(ack_ms=200, output_timeout_ms=1000)
    client = server.client(receive_buffer=4096)
    payload = b"x" * (8 << 20)
    job = followed(client, payload=payload)
    state_becomes(server, job, "done")
    server.log.wait("client-dropped")
    assert kept_ms(server, job) > 200
    assert server.wait(job).payload == payload


def test_a_slow_reader_gets_everything(queue):
    """Outcomes wait in the store while the client does not read."""
    server = queue(output_total_max=16 << 20, payload_total_max=256 << 20)
    client = server.client(receive_buffer=4096)
    payload = b"x" * (1 << 20)
    count = 40
    for n in range(count):
        followed(client, n, payload=payload)
    wait_until(lambda: server.stats()["jobs"]["ended"] == count, "all jobs to end")
    assert server.stats()["output"]["bytes"] < 16 << 20
    for n in range(count):
        event = client.find(lambda event: event.name == "done", what=f"outcome {n}")
        assert event.payload == payload
    assert not server.log.events("client-dropped")


def test_an_owed_outcome_of_a_job_that_runs_again(queue):
    """The store has no outcome any more when the client reads: the submit hears of the next one."""
    server = queue(output_total_max=16 << 20, payload_total_max=256 << 20)
    client, other = server.client(receive_buffer=4096), server.client()
    count = 14

    def ended(number):
        wait_until(lambda: other.stats()["jobs"]["ended"] == number, f"{number} outcomes")

    check(ask(other, "pause"), "ok")
    for n in range(count):
        client.submit(n, "echo", b"x" * (1 << 20))
    client.submit(count, "math", json.dumps({"op": "div", "x": 1, "y": 0}))
    wait_until(lambda: other.stats()["jobs"]["waiting"] == count + 1, "the submits")
    check(ask(other, "pause", module="math"), "ok")
    check(ask(other, "resume"), "ok")
    ended(count)
    check(ask(other, "resume", module="math"), "ok")
    ended(count + 1)
    check(ask(other, "pause", module="math"), "ok")
    check(ask(other, "retry", job=f"q{count + 1}"), "ok")
    assert {client.event("done")["id"] for _ in range(count)} == {*range(count)}
    check(ask(other, "resume", module="math"), "ok")
    check(client.event("failed"), "failed", id=count, attempt=2)


def test_results_that_are_not_read_keep_no_submit_out(queue):
    """They are output. The results of many waits come from the store a few at a time."""
    server = queue(payload_total_max=16 << 20)
    client, other = server.client(receive_buffer=4096), server.client()
    payload = b"x" * (1 << 20)
    jobs = [put(other, "echo", payload) for _ in range(40)]
    for job in jobs:
        check(wait(other, job), "done")
    client.send_raw(b"".join(message(op="wait", id=job, job=job) for job in jobs))
    wait_until(lambda: server.stats()["output"]["bytes"] > 4 << 20, "results to wait for the client")
    assert server.stats()["payloads"]["bytes"] == 0
    check(other.run("echo", payload), "done")
    for _ in jobs:
        event = client.recv()
        check(event, "done")
        assert event["id"] == event["job"] and event.payload == payload


def test_many_waits_of_one_connection(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    job = put(client, "echo", "hi", delay_ms=700)
    for n in range(2000):
        other.send(op="wait", id=n, job=job)
    other.silent()
    for _ in range(2000):
        other.expect("done", job=job)
    started = time.monotonic()
    for n in range(2000):
        other.send(op="wait", id=n, job=job, timeout_ms=60000)
    other.close()
    client.silent()
    assert time.monotonic() - started < 20


def test_clients_shows_open_submits(shared_queue):
    client = shared_queue.client(client="shown/1")
    followed(client, delay_ms=HOUR)
    rows = ask(client, "clients").json()
    assert [row["jobs"] for row in rows if row["name"] == "shown/1"] == [1]
    check(ask(client, "cancel", target=1), "ok")
