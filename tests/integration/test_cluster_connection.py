"""The connection to Redis as an operator meets it: what the log tells of a server that cannot be used, and that all goes on
by itself once the fault is mended."""

import http.server
import os
import signal
import threading
import time

import pytest

from harness.wait import wait_until

RESTING = 1.0  # seconds
CPU_MOST = 0.05  # of them


def refused(node, **fields):
    """The line of the log, which comes once."""
    line = node.queue.log.wait("redis-refused", **fields)
    assert line["expected"]
    return line


def launch(cluster, **settings):
    return cluster.make(master=False, queue=settings).launch()


@pytest.mark.parametrize(
    "found, wrong, right",
    [
        ("appendonly no", {"appendonly": "no"}, {"appendonly": "yes"}),
        ("maxmemory-policy allkeys-lru", {"maxmemory-policy": "allkeys-lru"}, {"maxmemory-policy": "noeviction"}),
    ],
)
def test_a_redis_that_may_lose_jobs(cluster, found, wrong, right):
    cluster.redis.settings.update(wrong)
    cluster.redis.start()
    node = launch(cluster)
    assert "CONFIG SET" in refused(node, found=found)["hint"]
    cluster.redis.configure(**right)
    node.ready()
    assert len(node.logged("redis-refused")) == 1


def test_unsafe_is_said_once_a_connection(cluster):
    cluster.redis.settings.update({"appendonly": "no"})
    cluster.redis.start()
    node = launch(cluster, **{"redis-unsafe": True}).ready()
    assert len(node.logged("redis-unsafe")) == 1


def test_a_replica_is_refused_until_it_is_promoted(cluster):
    cluster.redis.start()
    cluster.redis.call("REPLICAOF", "127.0.0.1", "1")
    node = launch(cluster)
    refused(node, found="a replica")
    cluster.redis.promote()
    node.ready()


def test_a_wrong_password_is_mended_by_a_reload(cluster):
    cluster.redis.start()
    with open(cluster.password_file) as file:
        right = file.read()
    write(cluster.password_file, "of-nobody\n")
    node = launch(cluster)
    line = refused(node)
    assert line["found"].startswith("WRONGPASS") and "redis-password-file" in line["hint"]
    assert "of-nobody" not in node.queue.log.text()
    write(cluster.password_file, right)
    node.queue.signal(signal.SIGHUP)
    node.ready()


def write(path, text):
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def test_another_service_is_behind_the_port(cluster):
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        try:
            node = cluster.make(master=False, servers=[f"127.0.0.1:{web.server_port}"]).launch()
            assert refused(node)["found"].startswith("a server that says ")
        finally:
            web.shutdown()
            thread.join()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_nothing_spins_without_redis(cluster):
    node = cluster.make(master=False, servers=["127.0.0.1:1", "127.0.0.1:2"]).launch()
    wait_until(lambda: len(node.logged("redis-unreachable")) == 2, "both servers to be told")
    before = cpu_seconds(node.queue.pid)
    time.sleep(RESTING)  # the time that is measured
    assert cpu_seconds(node.queue.pid) - before <= CPU_MOST
    assert len(node.logged("redis-unreachable")) == 2
