"""One node of engine redis is a queue like any other: the tests of doc/queue.md hold with both engines.

The tests are those of the files named below, with this file's fixtures in the place of conftest's.
"""

import pytest
import test_queue_connections
import test_queue_hand
import test_queue_keys
import test_queue_requests
import test_queue_times
import test_queue_watch
from conftest import end_cluster
from harness.cluster import ANYBODY, QUEUE_SETTINGS, Cluster
from harness.queued import Queued
from harness.wait import SCALE

# Of one engine alone: numbers of jobs from 1 on, the store's own files, and counts to the job at each moment.
LEFT_OUT = {"test_an_owed_outcome_of_a_job_that_runs_again", "test_backup", "test_store_full", "test_queue_full"}

for file in (test_queue_connections, test_queue_hand, test_queue_keys, test_queue_requests, test_queue_times,
             test_queue_watch):
    for name, thing in vars(file).items():  # in their order
        if name.startswith("test_") and name not in LEFT_OUT or hasattr(thing, "_pytestfixturefunction"):
            assert name not in globals(), f"two tests are called {name}"
            globals()[name] = thing


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A Redis for all tests of a process. Each queue has a prefix of its own, and so a store of its own."""
    cluster = Cluster(tmp_path_factory.mktemp("store"))
    cluster.redis.start()
    cluster.prefixes = 0
    yield cluster
    end_cluster(cluster)


def settings(store, config):
    store.prefixes += 1
    return {
        **QUEUE_SETTINGS,
        **ANYBODY,
        "lease-ms": 3000 * SCALE,
        "redis-timeout-ms": 1000 * SCALE,
        "redis-servers": [store.redis.address],
        "redis-prefix": f"{store.prefixes}:",
        "poison-limit": None,
        "log-level": "debug",
        **config,
    }


@pytest.fixture
def queue(daemon, store):
    """As conftest's, with engine redis."""

    def make(master=None, **config):
        config = settings(store, config)
        if master is None:
            master = daemon()
        elif isinstance(master, str):
            config["master"] = master
            master = None
        return make_node(daemon, config, master).start()

    return make


class OneNode(Queued):
    """Each start waits for Redis."""

    def start(self):
        super().start()
        self.wait_stats(lambda stats: stats["store"]["has_room"], "a queue that has reached Redis")
        return self


def make_node(factory, config, master):
    server = OneNode(str(factory.directory), f"queue{len(factory.daemons)}", config, master)
    factory.daemons.append(server)
    return server


@pytest.fixture(scope="module")
def shared_pair(tmp_path_factory, store):
    from conftest import Factory

    factory = Factory(tmp_path_factory.mktemp("shared"))
    master = factory(pool_start=2, log_level="info")
    server = make_node(factory, settings(store, {"log-level": "info"}), master).start()
    server.linked()
    yield server
    factory.end()
