"""max_wait_ms of a submit (protocol, section 5): a job not begun by then is `failed` `expired`."""

import json

from harness.client import check, conservation, message, start

LONG_SLEEP = json.dumps({"ms": 600000})


def test_it_is_a_feature(shared):
    assert "max-wait" in shared.client().hello_event["features"]


def test_a_waiting_job_expires_and_leaves_its_place(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    client.submit("late", "echo", "x", max_wait_ms=100, context=["c"])
    event = client.outcome("late")
    check(event, "failed", reason="expired", context=["c"])
    assert "100 ms" in event["message"] and "order" not in event, event
    client.submit("next", "echo", notify=["accepted"])
    client.event("accepted", id="next")


def test_a_job_that_begins_in_time_runs(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    client = server.client()
    client.submit(1, "sleep", json.dumps({"ms": 600}), max_wait_ms=300)
    check(client.outcome(1), "done")
    assert client.done("echo", "x", max_wait_ms=1000) == b"x"
    stats = server.stats()
    assert stats["jobs"]["failed"]["expired"] == 0


def test_the_shortest_first(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    limits = (400, 100, 200, 300)
    client.send_raw(b"".join(message("", op="submit", id=ms, module="echo", max_wait_ms=ms) for ms in limits))
    assert [client.expect("failed", reason="expired")["id"] for _ in range(4)] == [100, 200, 300, 400]


def test_the_least_of_its_own_and_the_pools(daemon):
    server = daemon(pool_start=1, pool_max=1, max_wait_ms=200)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    client.submit("own", "echo", max_wait_ms=50)
    client.submit("pool", "echo", max_wait_ms=600000)
    event = client.expect("failed", id="own", reason="expired")
    assert "max_wait_ms, 50 ms" in event["message"]
    event = client.expect("failed", id="pool", reason="expired")
    assert "max-wait-ms, 200 ms" in event["message"]


def test_in_a_paused_pool(daemon):
    server = daemon(pool_start=1)
    client = server.client()
    client.send(op="pause")
    client.expect("ok")
    client.submit(1, "echo", max_wait_ms=50)
    check(client.outcome(1), "failed", reason="expired")


def test_very_many(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=100000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    for n in range(20000):
        client.submit(n, "echo", max_wait_ms=500 + n % 7)
    for n in range(20000):
        client.expect("failed", reason="expired")
    conservation(server.stats())
