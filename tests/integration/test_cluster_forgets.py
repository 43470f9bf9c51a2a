"""A Redis that forgets its last writes in a crash, as with appendfsync everysec at a power cut, or a replica that was behind.
What it has forgotten is lost (doc/cluster.md). What it has left goes on: each job that it knows ends once, and none stays
held by a node that has given it back."""

import os

from harness import history
from harness.wait import SCALE, wait_until

FORGOTTEN = (40, 250, 600)  # transactions at the end of the append-only file
JOBS = 400


def cut(server, transactions):
    """The file ends so many transactions sooner."""
    path = server.append_only_files[-1]
    ends = history.ends(path)
    os.truncate(path, ends[-min(transactions, len(ends) - 1) - 1])


def submit(clients, label):
    """Detached ones, to all nodes, without waiting for the answers."""
    for number in range(JOBS):
        clients[number % len(clients)].submit(
            f"{label}-{number}",
            "sleep" if number % 4 == 0 else "echo",
            '{"ms":3}',
            detach=True,
            delay_ms=number % 7 * 40,
        )


def numbers(server, *keys):
    with server.client() as client:
        return [client.call("ZCARD", f"taskqueued:{key}") for key in keys]


def all_have_ended(server):
    jobs, ended = numbers(server, "all", "over")
    return jobs == ended


def test_what_redis_still_knows_goes_on(cluster):
    nodes = cluster.start(2)
    for round_, forgotten in enumerate(FORGOTTEN):
        clients = [node.client() for node in nodes]
        submit(clients, f"r{round_}")
        wait_until(lambda: numbers(cluster.redis, "over")[0] > 50, "some ends")
        cluster.redis.kill()
        cut(cluster.redis, forgotten)
        cluster.redis.start()
        for client in clients:
            client.close()
        for node in nodes:
            node.ready()
    wait_until(lambda: all_have_ended(cluster.redis), "no job that stays behind", 20.0 * SCALE, 0.05)
    assert [node["held"] for node in nodes[0].nodes()] == [0, 0]
    assert not history.read(cluster.redis).problems
