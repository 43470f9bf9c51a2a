"""Detached jobs (protocol, section 5): `accepted` ends the submit, and the job is nobody's."""

import json

import pytest
from harness.client import check, conservation

LONG_SLEEP = json.dumps({"ms": 600000})


def detach(client, module="echo", payload="x", id="d", **fields):
    """Submits, and returns the event behind the submit."""
    client.submit(id, module, payload, detach=True, **fields)
    return client.find(lambda event: event.get("id") == id, what="the answer to the submit")


def ask(server, op, **fields):
    with server.client() as client:
        client.send(op=op, **fields)
        return client.expect("ok", op=op)


def begun(server, count=1):
    server.wait_stats(lambda s: s["jobs"]["running"] == count, f"{count} running jobs")


def test_accepted_is_always_sent_with_the_context_and_is_the_last_event(shared):
    client = shared.client()
    event = detach(client, context={"n": [1, 2.50]})
    check(event, "accepted", position=0, context={"n": [1, 2.5]})
    assert event["job"].startswith(client.hello_event["boot"] + "-")
    client.silent()


def test_the_id_is_free_at_once(shared):
    client = shared.client()
    jobs = {detach(client, id=1)["job"] for _ in range(3)}
    assert len(jobs) == 3
    assert client.done("echo", "mine", id=1) == b"mine"


def test_the_id_of_an_unfinished_job_is_taken(shared):
    client = shared.client()
    client.submit("d", "sleep", LONG_SLEEP)
    check(detach(client, context=7), "error", code="duplicate-id", op="submit", context=7)
    client.send(op="kill", target="d")
    check(client.outcome("d"), "failed", reason="cancelled")


@pytest.mark.parametrize("field", [{"link": True}, {"link": False}, {"notify": []}, {"notify": ["started"]}])
def test_not_with_link_or_notify(shared, field):
    event = detach(shared.client(), **field)
    check(event, "error", code="bad-request", op="submit")
    assert "detach" in event["message"] and list(field)[0] in event["message"]


def test_it_is_a_feature(shared):
    assert "detach" in shared.client().hello_event["features"]


def test_a_refused_submit_is_answered_as_ever(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1)
    client = server.client()
    check(detach(client, "no-such"), "failed", reason="unknown-module")
    check(detach(client, "sleep", LONG_SLEEP), "accepted")
    begun(server)
    check(detach(client, id=2), "accepted", position=0)
    check(detach(client, id=3, context=3), "overload", reason="queue-full", context=3)
    jobs = server.stats()["jobs"]
    assert jobs["overload"]["queue-full"] == 1 and jobs["failed"]["unknown-module"] == 1


@pytest.mark.parametrize("end", ["close", "reset", "shutdown"])
def test_the_end_of_the_connection_leaves_the_job_alone(daemon, end):
    server = daemon(pool_start=1, pool_max=1)
    ask(server, "pause")
    client = server.client()
    for n in range(5):
        check(detach(client, id=n), "accepted", position=n)
    getattr(client, end)()
    server.wait_stats(lambda s: s["clients"]["connected"] == 1, "the client gone")
    ask(server, "resume")
    stats = server.wait_stats(lambda s: s["jobs"]["done"] == 5, "the jobs done")
    assert stats["jobs"]["dropped"] == stats["jobs"]["orphaned"] == 0
    assert stats["modules"]["echo"]["done"] == 5
    conservation(stats)


def test_a_running_job_counts_as_failed_and_not_as_orphaned(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    job = detach(client, "sleep", LONG_SLEEP)["job"]
    begun(server)
    client.reset()
    other = server.client()
    other.send(op="kill", job=job)
    check(other.expect("ok"), "ok", job=job, state="running")
    stats = server.wait_stats(lambda s: s["jobs"]["failed"]["cancelled"] == 1, "the end of the job")
    assert stats["jobs"]["dropped"] == stats["jobs"]["orphaned"] == 0


def test_it_is_not_cancelled_by_target(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    job = detach(client, "sleep", LONG_SLEEP)["job"]
    client.send(op="cancel", target="d")
    client.expect("error", code="unknown-job")
    client.send(op="cancel", job=job)
    client.expect("ok", job=job)
    client.silent()


def test_it_is_its_owners(daemon, tmp_path):
    path = tmp_path / "access"
    path.touch(0o600)
    path.write_text("".join(f"{name} secret-token-of-{name} submit observe\n" for name in ("alice", "bob")))
    server = daemon.make({"access_file": str(path), "pool_start": 1})
    server.token = "secret-token-of-alice"
    server.start()
    client = server.client(token="secret-token-of-alice")
    job = detach(client, "sleep", LONG_SLEEP)["job"]
    client.close()
    other = server.client(token="secret-token-of-bob")
    other.send(op="cancel", job=job)
    other.expect("error", code="denied")
    again = server.client(token="secret-token-of-alice")
    again.send(op="cancel", job=job)
    again.expect("ok", job=job)


def test_client_job_max_counts_it_for_its_token_until_its_end(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=100, client_job_max=3)
    client = server.client()
    jobs = [detach(client, "sleep", LONG_SLEEP, id=n)["job"] for n in range(2)]
    client.submit("own", "sleep", LONG_SLEEP, notify=["accepted"])
    client.event("accepted", id="own")
    check(detach(client), "overload", reason="client-quota")
    client.reset()
    server.wait_stats(lambda s: s["jobs"]["dropped"] == 1, "the job of the connection dropped")
    client = server.client()
    client.submit("own", "sleep", LONG_SLEEP, notify=["accepted"])
    client.event("accepted", id="own")
    check(client.run("echo"), "overload", reason="client-quota")
    client.send(op="kill", job=jobs[1])
    client.expect("ok", state="waiting")
    check(detach(client), "accepted")
    check(detach(client, id="e"), "overload", reason="client-quota")


@pytest.mark.parametrize("waiting", ["fail", "run"])
def test_a_drain_ends_it_unseen(daemon, waiting):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=300, kill_grace_ms=200)
    client = server.client()
    check(detach(client, "sleep", LONG_SLEEP), "accepted")
    begun(server)
    check(detach(client, id=2), "accepted")
    client.send(op="drain", waiting=waiting)
    client.expect("ok", op="drain")
    check(detach(client, id=3), "failed", reason="shutdown")
    client.closed()
    assert server.wait_exit() == 0


def test_max_wait_ms_ends_it_unseen(daemon):
    server = daemon(pool_start=1, pool_max=1, max_wait_ms=100)
    ask(server, "pause")
    client = server.client()
    check(detach(client), "accepted")
    server.wait_stats(lambda s: s["jobs"]["failed"]["expired"] == 1, "the job expired")
    client.silent()


def test_many(daemon):
    """None is lost, and none is told of, though their clients come and go."""
    server = daemon(pool_start=2, pool_max=2, job_max=100000)
    for n in range(20):
        client = server.client()
        for id in range(200):
            client.submit(id, "echo", "x" * 100, detach=True)
        client.shutdown()
        assert [event.name for event in client.rest()] == ["accepted"] * 200
    stats = server.wait_stats(lambda s: s["jobs"]["done"] == 4000, "all jobs done")
    conservation(stats)
