"""Stores of earlier releases, one for each schema in stores/: every later queue opens them and loses nothing.

`PYTHONPATH=. python3 test_old_stores.py N` makes the one of schema N with the queue of this tree. It is made once, with
the release that has this schema first, and then never again.
"""

import json
import os
import shutil
import sqlite3
import sys
import tempfile

import pytest

from world import World

STORES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stores")
STEP = 20.0  # seconds


def wait(client, job, **fields):
    client.send(op="wait", id=job, job=job, **fields)
    return client.find(lambda event: event.get("id") == job, STEP, f"the end of {job}")


def outcome(event):
    return {
        "event": event.name,
        "reason": event.get("reason"),
        "context": event.get("context"),
        "result": (event.payload or b"").decode(),
    }


@pytest.mark.parametrize("version", sorted(os.listdir(STORES)) if os.path.isdir(STORES) else [])
def test_an_old_store_is_whole(version, tmp_path):
    with open(os.path.join(STORES, version, "expected.json")) as file:
        expected = json.load(file)
    with World(tmp_path) as world:
        # Times in the store are of the day when it was made: outcomes must not be over.
        world.queue.settings["result-ttl-ms"] = 2_592_000_000
        unpack(os.path.join(STORES, version), world.store)
        world.master.start()
        world.queue.start()
        with world.queue.client() as client:
            for job, known in expected["ended"].items():
                assert outcome(wait(client, job)) == known
            client.send(op="resume", id="resume")
            client.recv(STEP)
            for job, result in expected["waiting"].items():
                event = wait(client, job)
                assert (event.name, event.payload) == ("done", result.encode()), event
            client.submit("next", "witness", b"next ok 0", detach=True)
            event = client.recv(STEP)
            assert event["job"] == f"q{expected['next']}", event
        assert world.queue.stop() == 0, world.queue.log_tail()


# ---- making one

MADE = [
    # what, fields of the submit, whether it ends before the store is taken
    ("a ok 0", {}, True),
    ("b fail 0", {"context": {"a": [1, None]}}, True),
    ("c reply 10", {"key": "key", "ttl_ms": 2_592_000_000}, True),
    ("d ok 0", {"priority": 9, "retries": 3, "retry_on": ["error", "module"], "retry_delay_ms": 5}, False),
    ("e ok 0", {"timeout_ms": 60000, "soft_timeout_ms": 50000}, False),
    ("f ok 0", {"delay_ms": 1}, False),
    ("g ok 0 " + "x" * 70000, {}, False),
]


def pack(store, where):
    """The database as text, so that a change of it shows in the history, and the other files as they are."""
    with sqlite3.connect(os.path.join(store, "queue.db")) as db, open(os.path.join(where, "queue.sql"), "w") as file:
        for name in ("application_id", "user_version", "auto_vacuum"):
            file.write(f"PRAGMA {name} = {db.execute(f'PRAGMA {name}').fetchone()[0]};\n")
        # What is kept for a time is kept until the year 3000.
        db.execute("UPDATE job SET outcome_sum = outcome_sum - over + 32503680000000, over = 32503680000000 WHERE state = 3")
        file.writelines(f"{line}\n" for line in db.iterdump())
        db.rollback()
    shutil.copytree(os.path.join(store, "payloads"), os.path.join(where, "payloads"))


def unpack(where, store):
    os.mkdir(store, 0o700)
    with sqlite3.connect(os.path.join(store, "queue.db")) as db, open(os.path.join(where, "queue.sql")) as file:
        db.executescript(file.read())
    shutil.copytree(os.path.join(where, "payloads"), os.path.join(store, "payloads"))


def make(version):
    where = os.path.join(STORES, version)
    os.makedirs(where)
    expected = {"ended": {}, "waiting": {}}
    with tempfile.TemporaryDirectory() as directory, World(directory) as world:
        world.start()
        with world.queue.client() as client:
            for payload, fields, ends in MADE:
                if not ends:
                    client.send(op="pause", id="pause")
                    client.recv(STEP)
                client.submit("s", "witness", payload, detach=True, **fields)
                job = client.recv(STEP)["job"]
                if ends:
                    expected["ended"][job] = outcome(wait(client, job))
                else:
                    expected["waiting"][job] = payload.split()[0]
        expected["next"] = len(MADE) + 1
        world.queue.stop()
        pack(world.store, where)
    with open(os.path.join(where, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1)


if __name__ == "__main__":
    make(sys.argv[1])
