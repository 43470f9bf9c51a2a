"""Bytes of the store flip on the disk: nothing wrong is ever told, and the queue never crashes, hangs or spins.

A flipped byte of a job's row is found at the start: the store is refused. One of a payload or a result fails its job
alone. In the structure SQLite finds most of them, at the start or later; in the log it takes the rest for a cut.
"""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from ledger import Ledger, drained
from load import Load
from world import HOW_LONG, Closed, Deadline, World, new_seed, wait_until

FLIPS = {"short": 25, "long": 2000}[HOW_LONG]
STEP = 20.0  # seconds
SYSEXITS = range(64, 79)
LOOKS = range(1, 400, 7)  # numbers of jobs


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Two stores with many jobs: one of a queue that ended, one of a queue that was killed, with its log."""
    directory = tmp_path_factory.mktemp("flips")
    with World(directory) as world:
        world.start()
        with Load(world.queue, Ledger(), 2, "flips", large=0.05):
            time.sleep(1)
        drained(world.queue)
        with world.queue.client() as client:
            client.send(op="pause", id=1)
            client.recv(STEP)
            for id in range(300):
                client.submit(f"w{id}", "witness", b"t ok 0 " + b"x" * 300, detach=True, context={"w": id})
            waiting = {client.recv(STEP)["job"]: id for id in range(300)}
            known = {f"q{number}": outcome(client, f"q{number}") for number in LOOKS}
        known.update((job, ("done", None, {"w": id}, b"t")) for job, id in waiting.items())
        shutil.copytree(world.store, directory / "killed")
        world.queue.stop()
        shutil.copytree(world.store, directory / "ended")
    return [str(directory / "killed"), str(directory / "ended")], known


def outcome(client, job):
    client.send(op="wait", id=job, job=job, timeout_ms=1)
    event = client.find(lambda event: event.get("id") == job, STEP)
    return (event.name, event.get("reason"), event.get("context"), event.payload or b"", event.get("message"))[: 5 if event.name == "failed" else 4]


def flip(store, chance):
    """Flips some bytes of one file; says which."""
    files = [os.path.join(where, name) for where, _, names in os.walk(store) for name in sorted(names)]
    files = [path for path in sorted(files) if os.path.getsize(path) and not path.endswith("reserve")]
    path = chance.choice(files + [p for p in files if os.path.basename(p).startswith("queue.db")] * len(files))
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        # Half of the time near the beginning, where the header and the roots of the trees are.
        places = [chance.randrange(min(size, 40_000) if chance.random() < 0.5 else size) for _ in range(chance.choice((1, 3, 50)))]
        for place in places:
            file.seek(place)
            old = file.read(1)[0]
            file.seek(place)
            file.write(bytes([old ^ (1 << chance.randrange(8))]))
    return f"{os.path.basename(path)} at {places[:3]}"


def look(client, known, what):
    """An outcome is the one that was told before, or says that it is damaged. Errors are fine: a job may be too new for
    what is left of the log."""
    for number in LOOKS:
        told = outcome(client, f"q{number}")
        if told[0] in ("done", "failed") and not (told[1] == "error" and told[-1].endswith("gone from the store, or damaged")):
            assert told == known[f"q{number}"], f"after {what}: q{number} is told as {told}"


def use(client, known, what):
    """Looks at everything and has a job done."""
    client.send(op="stats", id="s")
    client.recv(STEP)
    look(client, known, what)
    client.send(op="jobs", id="j")
    client.find(lambda event: event.get("id") == "j", STEP)
    client.send(op="resume", id="r")
    client.find(lambda event: event.get("id") == "r", STEP)
    look(client, known, what)
    client.submit("n", "echo", b"next")
    client.find(lambda event: event.get("id") == "n" and event.name != "accepted", STEP)


def check_command(world, what):
    done = subprocess.run([*world.queue.command, "--check"], capture_output=True, errors="replace", timeout=60, check=False)
    assert done.returncode in (0, 1, *SYSEXITS), f"--check after {what} ended with {done.returncode}: {done.stderr}"
    assert done.returncode == 0 or done.stderr or done.stdout, f"--check after {what} says nothing"


def survive(world, known, what):
    world.queue.launch()
    try:
        wait_until(lambda: world.queue.ended() or world.queue.answers(), f"the start after {what}", STEP)
        if not world.queue.ended():
            with world.queue.client() as client:
                use(client, known, what)
    except (Closed, OSError):
        wait_until(world.queue.ended, f"the end after {what}", STEP)
    except Deadline as late:
        raise AssertionError(f"after {what}: {late}\n{world.queue.log_tail()}") from None
    if not world.queue.ended():
        world.queue.signal(signal.SIGTERM)
    status = world.queue.stop()
    assert status == 0 or status in SYSEXITS, f"after {what} it ended with {status}:\n{world.queue.log_tail()}"
    assert status == 0 or "hint=" in world.queue.log(), f"after {what} nothing says what to do:\n{world.queue.log_tail()}"
    return status


def test_flipped_bytes(stores, tmp_path):
    seed = new_seed()
    chance, refused = random.Random(seed), 0
    paths, known = stores
    with World(tmp_path) as world:
        world.master.start()
        for _ in range(FLIPS):
            shutil.rmtree(world.store, ignore_errors=True)
            shutil.copytree(chance.choice(paths), world.store)
            what = f"seed {seed}: {flip(world.store, chance)}"
            check_command(world, what)
            refused += survive(world, known, what) != 0
    print(f"seed {seed}: {FLIPS} broken stores, {refused} refused or given up")
