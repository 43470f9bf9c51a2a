"""A disk of 6 MB fills up: submits are refused, kept jobs go on, and when they are done there is room again.

The disk is a tmpfs in a mount namespace of the queue's own, as root or in a user namespace. tmpfs wants store-sync off,
and fills like any other.
"""

import contextlib
import os
import signal
import subprocess

import pytest

from ledger import Ledger, drained
from scenarios import STEP, Talk
from world import World, wait_until

SIZE = "6m"
ENOUGH = 5000  # jobs; they would take 20 MB
FILLING = 4000  # bytes of each


def namespace():
    """The command that gives its command a mount namespace; None if nobody may have one."""
    for options in (["-m"], ["-rm"]):
        command = ["unshare", *options]
        if subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0:
            return command
    return None


@pytest.fixture
def world(tmp_path):
    command = namespace()
    if not command:
        pytest.skip("needs a mount namespace")
    with World(tmp_path, {"store-sync": "off", "job-max": 100_000}) as world:
        disk = str(tmp_path / "disk")
        os.mkdir(disk)
        world.queue.settings["store-path"] = os.path.join(disk, "store")
        script = f'mount -t tmpfs -o size={SIZE} none {disk} && exec "$@"'
        world.queue.command = [*command, "sh", "-c", script, "sh", *world.queue.command]
        world.start()
        # The queue's disk, seen from here.
        world.disk = f"/proc/{world.queue.process.pid}/root{disk}"
        yield world


def fill(talk, ledger):
    """Submits until there is no room. Returns how many jobs were accepted."""
    for number in range(ENOUGH):
        if not talk.put("reply", 1000, FILLING):
            return number
    raise AssertionError(f"{ENOUGH} jobs of {FILLING} bytes in {SIZE}")


def take_all(path):
    """Fills the disk to its last byte."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1024)):
            pass


def refused(talk):
    """The refusal of a submit."""
    _, id = talk.submit("ok", 0, FILLING, detach=True)
    return talk.client.find(lambda event: event.get("id") == id, STEP)


def test_a_full_disk_drains_again(world):
    ledger = Ledger()
    with world.queue.client() as client:
        talk = Talk(world, ledger, client)
        for _ in range(3):
            talk.ask("pause", module="witness")
            assert fill(talk, ledger) > 20
            event = refused(talk)
            assert event.name == "overload" and event["reason"] == "storage", event
            talk.ask("resume", module="witness")
            drained(world.queue)
            kept = [job for job in ledger.jobs if job.is_kept]
            for job in kept:
                talk.wait(job)
                assert talk.ask("forget", job=job.id).name == "ok"
                job.is_kept = False
    problems = ledger.judge(world.runs())
    assert not problems, problems[:10]
    assert world.queue.stop() == 0, world.queue.log_tail()


def test_others_fill_the_disk(world):
    """Every byte is taken by somebody else, while jobs are waiting and running."""
    ledger = Ledger()
    with world.queue.client() as client:
        talk = Talk(world, ledger, client)
        talk.ask("pause", module="witness")
        jobs = [talk.put("reply", 1000, 500) for _ in range(20)]
        assert all(jobs), "some small jobs have room"
        take_all(os.path.join(world.disk, "other"))
        talk.ask("resume", module="witness")
        # Some of the results may have to wait for room. Nothing hangs, and nothing ends the queue.
        talk.ask("ping")
        assert refused(talk).name == "overload"
        os.unlink(os.path.join(world.disk, "other"))
        for job in jobs:
            assert talk.wait(job).name == "done"
        wait_until(lambda: talk.put(), "a submit that is accepted again", STEP, 0.1)
    drained(world.queue)
    ledger.settle(world.queue)
    problems = ledger.judge(world.runs())
    assert not problems, problems[:10]
    world.queue.signal(signal.SIGTERM)
    assert world.queue.stop() == 0, world.queue.log_tail()
