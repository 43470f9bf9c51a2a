"""Pools: each with workers and a line of its own; a reload adds, changes and removes them."""

import json
import os
import signal

import pytest

from harness.client import check, start
from harness.wait import BUILD, wait_until

LONG = json.dumps({"ms": 60000})
SHORT = json.dumps({"ms": 300, "value": 1})


def pools(**each):
    return {name: {k.replace("_", "-"): v for k, v in keys.items()} for name, keys in each.items()}


def modules(**each):
    return {name: {"pool": pool} for name, pool in each.items()}


@pytest.fixture
def server(daemon):
    def begin(**config):
        config.setdefault("pools", pools(slow={"pool_max": 2, "job_max": 3}))
        config.setdefault("modules", modules(sleep="slow"))
        return daemon(pool_start=1, pool_max=2, **config)

    return begin


def figures(server, pool):
    return server.stats()["pools"][pool]


def test_a_slow_module_takes_no_worker_of_another(server):
    server = server()
    client = server.client()
    for i in range(5):
        client.submit(i, "sleep", LONG, notify=["started", "accepted"])
    server.wait_jobs(running=2, waiting=3)
    for i in range(50):
        assert client.done("echo", str(i), id="e") == str(i).encode()
    refused = client.run("sleep", LONG, id="full")
    check(refused, "overload", reason="queue-full", pool="slow", queued=3, running=2)
    slow, default = figures(server, "slow"), figures(server, "default")
    assert slow["overload"]["queue-full"] == 1 and not any(default["overload"].values())
    assert slow["pool"]["busy"] == 2 and slow["queue"]["waiting"] == 3, slow
    assert default["pool"]["busy"] == 0 and default["queue"]["waiting"] == 0, default
    stats = server.stats()
    assert stats["pool"]["max"] == 4 and stats["queue"]["waiting"] == 3
    assert {w["pool"] for w in server.workers() if w["module"] == "sleep"} == {"slow"}
    for i in range(5):
        client.send(op="kill", target=i)
        client.outcome(i)


def test_started_names_the_pool(server):
    client = server().client()
    client.submit("a", "sleep", SHORT, notify=["started"])
    assert client.event("started")["pool"] == "slow"
    client.outcome("a")


def test_order_is_one_count(server):
    client = server().client()
    orders = [client.run(m, SHORT, id=m)["order"] for m in ("sleep", "echo", "sleep", "echo")]
    assert orders == [1, 2, 3, 4]


def test_pool_start_of_each(server):
    server = server(pools=pools(slow={"pool_max": 2}, ready={"pool_max": 3, "pool_start": 3}))
    server.wait_idle(4)
    assert figures(server, "ready")["pool"]["idle"] == 3
    assert figures(server, "slow")["pool"]["forks"] == 0


def test_fifty_modules_in_fifty_pools(daemon, tmp_path):
    """Each is a copy of echo under a name of its own."""
    names = [f"m{i:03}" for i in range(50)]
    with open(os.path.join(BUILD, "modules", "echo.so"), "rb") as file:
        echo = file.read()
    for name in names:
        (tmp_path / f"{name}.so").write_bytes(echo.replace(b"\0echo\0", b"\0%s\0" % name.encode()))
    server = daemon(
        module_dir=str(tmp_path),
        pool_start=0,
        pools={f"p{i}": {"pool-max": 1} for i in range(50)},
        modules={name: {"pool": f"p{i}"} for i, name in enumerate(names)},
    )
    client = server.client()
    for round in range(4):
        for name in names:
            client.submit(f"{name}.{round}", name, name)
    for round in range(4):
        for name in names:
            event = client.outcome(f"{name}.{round}")
            assert event["event"] == "done" and event.payload == name.encode(), event
    each = server.stats()["pools"]
    assert len(each) == 51
    assert all(pool["pool"]["forks"] == 1 for name, pool in each.items() if name != "default")


def test_a_reload_adds_and_removes(server):
    server = server()
    client = server.client()
    start(client, "sleep", LONG, "running")
    client.submit("waiting1", "sleep", LONG)
    client.submit("waiting2", "sleep", SHORT)
    server.wait_jobs(running=2, waiting=1)
    server.write_config(pools=pools(other={"pool_max": 1}), modules=modules(echo="other"))
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    assert figures(server, "slow")["removed"] is True
    assert figures(server, "other")["removed"] is False
    assert client.done("echo", "moved", id="e") == b"moved"
    assert client.run("sleep", SHORT, id="new")["event"] == "done"
    # The jobs of the removed pool stay there, and it has a worker for each.
    assert figures(server, "slow")["queue"]["waiting"] == 1
    client.send(op="kill", target="waiting1")
    check(client.outcome("waiting1"), "failed", reason="cancelled")
    assert client.outcome("waiting2")["event"] == "done"
    client.send(op="kill", target="running")
    client.outcome("running")
    wait_until(lambda: "slow" not in server.stats()["pools"], "the removed pool to go")
    server.log.wait("pool-removed")


def test_named_again_it_is_the_same_pool(server):
    server = server()
    client = server.client()
    start(client, "sleep", LONG, "a")
    server.write_config(pools={}, modules={})
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    server.write_config(pools=pools(slow={"pool_max": 5}), modules=modules(sleep="slow"))
    server.signal(signal.SIGHUP)
    server.log.wait("reload", 2)
    slow = figures(server, "slow")
    assert slow["removed"] is False and slow["pool"]["busy"] == 1 and slow["pool"]["max"] == 5
    client.send(op="kill", target="a")
    client.outcome("a")


def test_limits_of_a_pool(server):
    """The least of the top level's and the pool's."""
    server = server(
        job_timeout_ms=60000,
        pools=pools(
            slow={"pool_max": 1, "job_timeout_ms": 300},
            long={"pool_max": 1, "job_timeout_ms": 90000, "payload_total_max": 1000},
        ),
        modules=modules(sleep="slow", echo="long"),
    )
    client = server.client()
    check(client.run("sleep", LONG), "failed", reason="timeout")
    check(client.run("echo", "x" * 1001), "overload", reason="memory", pool="long")
    assert client.done("echo", "x" * 1000) == b"x" * 1000


def test_max_wait(server):
    server = server(pools=pools(slow={"pool_max": 1, "max_wait_ms": 200}), max_wait_ms=60000)
    client = server.client()
    start(client, "sleep", LONG, "running")
    client.submit("late", "sleep", LONG, context=["c"])
    event = client.outcome("late")
    check(event, "failed", reason="expired", context=["c"])
    assert "200 ms" in event["message"] and "order" not in event, event
    assert client.done("echo", "other") == b"other"
    client.send(op="kill", target="running")
    client.outcome("running")
    stats = server.stats()
    assert stats["jobs"]["failed"]["expired"] == 1


def test_a_held_client_is_held_in_each_pool(server):
    """Its jobs wait in both lines; another client passes in both."""
    server = server(
        client_output_max=200000, payload_max=100000, modules=modules(wc="slow", echo="default")
    )
    greedy, other = server.client(), server.client()
    for i in range(100):
        greedy.submit(i, "echo", "y" * 20000)
    for i in range(20):
        assert other.done("wc", "a b", id=i)
    for i in range(100):
        assert greedy.outcome(i)["event"] in ("done", "overload")


def test_drain_of_all_pools(server):
    server = server()
    client = server.client()
    start(client, "sleep", LONG, "a")
    start(client, "sleep", LONG, "b")
    server.begun_pids(client)
    client.submit("c", "sleep", SHORT)
    server.wait_jobs(running=2, waiting=1)
    server.signal(signal.SIGTERM)
    check(client.outcome("c"), "failed", reason="shutdown", by="operator")
    for id in ("a", "b"):  # they go on
        client.send(op="kill", target=id)
        check(client.outcome(id), "failed", reason="cancelled")
    assert server.wait_exit() == 0
