"""kill -9 of the queue, of its master, of workers, and of all of them, under load."""

import os
import random
import signal
import time

from ledger import Ledger, drained
from load import Load
from world import HOW_LONG, World, new_seed, proc

BURSTS = {"short": 5, "long": 100}[HOW_LONG]
KILLS = 10  # of a burst


def kill_worker(world, chance):
    workers = proc.children(world.master.process.pid)
    if workers:
        try:
            os.kill(chance.choice(workers), signal.SIGKILL)
        except ProcessLookupError:
            pass


def kill_queue(world, _):
    world.queue.kill()
    world.queue.start()


def kill_master(world, _):
    world.master.kill()
    world.master.start()


def kill_all(world, _):
    workers = proc.children(world.master.process.pid)
    for pid in (world.queue.process.pid, world.master.process.pid, *workers):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    world.queue.process.wait()
    world.master.process.wait()
    world.queue.start()  # before the master is there
    world.master.start()


def end_queue(world, _):
    assert world.queue.stop() == 0, world.queue.log_tail()
    world.queue.start()


def end_master(world, _):
    world.master.stop()
    world.master.start()


DISASTERS = {kill_queue: 40, kill_master: 15, kill_worker: 25, kill_all: 10, end_queue: 5, end_master: 5}


def burst(world, chance):
    for _ in range(KILLS):
        disaster = chance.choices(list(DISASTERS), DISASTERS.values())[0]
        disaster(world, chance)
        time.sleep(chance.uniform(0, 0.05))  # a disaster's pace, nothing is waited for


def test_kills_lose_nothing(tmp_path):
    start = new_seed()
    chance, ledger = random.Random(start), Ledger()
    with World(tmp_path) as world:
        world.start()
        for number in range(BURSTS):
            with Load(world.queue, ledger, 4, f"{start}-{number}"):
                burst(world, chance)
            drained(world.queue)
        ledger.settle(world.queue)
        problems = ledger.judge(world.runs())
        assert world.queue.stop() == 0, world.queue.log_tail()
    assert not problems, f"seed {start}: {len(problems)}:\n" + "\n".join(map(str, problems[:20]))
    print(f"seed {start}: {BURSTS * KILLS} disasters, {ledger.count()}")
