"""What clients, operators and tools are told while a node is without its Redis (doc/queue.md, doc/cluster.md, section 7)."""

import json
import subprocess

import pytest
from conftest import Factory, end_cluster
from harness.client import ask, check, refused
from harness.cluster import Cluster
from harness.daemon import COMMAND, environment
from harness.queued import put, wait
from harness.wait import DEADLINE, wait_until

TRY_AGAIN = 75  # the command's exit status


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """A node that has lost its Redis, and the id of a job that it had kept."""
    cluster = Cluster(tmp_path_factory.mktemp("away"), redis={"appendfsync": "always"})
    (node,) = cluster.start(1)
    with node.client() as client:
        cluster.job = put(client, "echo", "x", delay_ms=3600000)
    cluster.redis.kill()
    wait_until(lambda: not node.queue.stats()["store"]["up"], "the store away")
    yield cluster
    cluster.redis.start()
    node.ready()
    end_cluster(cluster)


@pytest.fixture
def client(away):
    with away.nodes[0].client() as connected:
        yield connected


@pytest.mark.parametrize(
    "op, fields",
    [
        ("status", {"job": True}),
        ("peek", {"job": True}),
        ("cancel", {"job": True}),
        ("kill", {"job": True}),
        ("forget", {"job": True}),
        ("retry", {"job": True}),
        ("monitor", {"job": True, "ref": "r"}),
        ("wait", {"job": True}),
        ("jobs", {}),
        ("nodes", {}),
        ("pause", {"module": "none"}),
        ("resume", {}),
        ("cancel", {"select": {"module": "echo"}}),
        ("retry", {"select": {"module": "echo"}}),
    ],
)
def test_a_request_that_needs_the_store(away, client, op, fields):
    fields = {key: away.job if value is True else value for key, value in fields.items()}
    refused(client, op, "storage", **fields)


def test_a_submit(client):
    client.submit(1, "echo", "x")
    check(client.outcome(1), "overload", reason="storage")
    client.submit(2, "echo", "x", detach=True)
    check(client.outcome(2), "overload", reason="storage")


def test_what_needs_no_store(client):
    assert client.hello_event["server"].startswith("taskqueued/")
    client.send(op="ping", id="p")
    client.event("pong", id="p")
    assert "echo" in str(ask(client, "modules").json())


def test_stats_tell_why(away):
    store = away.nodes[0].queue.stats()["store"]
    assert store["engine"] == "redis" and not store["has_room"] and store["why"], store


def command(away, *words):
    node = away.nodes[0]
    env = environment(TASKMASTER_QUEUE=node.address, TASKMASTER_SERVER=node.master.address)
    return subprocess.run([COMMAND, *words], capture_output=True, text=True, timeout=DEADLINE, env=env)


def test_the_command(away):
    done = command(away, "nodes")
    assert done.returncode != 0 and "storage" in done.stderr, done
    done = command(away, "wait", "q1")
    assert done.returncode == TRY_AGAIN and "storage" in done.stderr, done
    done = command(away, "doctor", "--queue", "--json")
    found = [finding["check"] for finding in json.loads(done.stdout)["findings"]]
    assert "redis-away" in found and "store-full" not in found, done.stdout


def test_over_http(away, tmp_path_factory):
    node = away.nodes[0]
    factory = Factory(tmp_path_factory.mktemp("gateway"))
    gateway = factory.make_gateway({"allow-writes": True}, node.master, node.queue).start()
    try:
        answer = gateway.post("/v1/jobs?module=echo", "x", {"Prefer": "respond-async"})
        assert (answer.status, answer.json["code"], answer.json["reason"]) == (503, "overload", "storage"), answer
        answer = gateway.get("/v1/queue/nodes")
        assert (answer.status, answer.json["code"]) == (503, "storage"), answer
        assert "\ntaskqueued_redis_up 0\n" in gateway.get("/metrics").text
    finally:
        factory.end()


@pytest.fixture
def sure(tmp_path):
    """Its Redis forgets nothing, however it ends."""
    cluster = Cluster(tmp_path, redis={"appendfsync": "always"})
    yield cluster
    end_cluster(cluster)


def test_an_open_wait_lasts_over_the_outage(sure):
    (node,) = sure.start(1)
    with node.client() as client:
        job = put(client, "echo", "x", delay_ms=1500)
        client.send(op="wait", id="w", job=job)
        sure.redis.restart()
        check(client.event("done", id="w"), "done", job=job)
        assert wait(client, job).name == "done"
