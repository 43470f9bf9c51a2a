"""The runs of the module `witness` (tests/modules/witness.c) at all nodes, and whether any two of a job overlap.

Each node has a side file, so a line tells its node. A run that has no `end` was killed: with its node at a time noted by
SideFile.died(), or in a living node by its master.
"""

import collections
import time


class Run:
    def __init__(self, node, token, job, attempt, pid, began):
        self.node, self.token, self.job, self.attempt, self.pid, self.began = node, token, job, attempt, pid, began
        self.ended = None  # nanoseconds of the monotonic clock, as `began`
        self.died = None  # of one without an end: when its node was surely dead, if it was killed

    def __repr__(self):
        end = f"ended {self.ended}" if self.ended else f"died {self.died}" if self.died else "has no end"
        return f"{self.job} ({self.token}) attempt {self.attempt} at {self.node}: began {self.began}, {end}"


class SideFile:
    """Written by all workers of a node, through all its lives."""

    def __init__(self, path, node):
        self.path, self.node = path, node
        self.deaths = []  # (bytes in the file, time), in their order
        open(path, "wb").close()

    def died(self):
        """The node was killed, and its workers are gone."""
        with open(self.path, "rb") as file:
            self.deaths.append((file.seek(0, 2), time.monotonic_ns()))

    def runs(self):
        with open(self.path, "rb") as file:
            data = file.read()
        found, at = [], 0
        for size, moment in [*self.deaths, (len(data), None)]:
            found += self._life(data[at:size].decode(), moment)
            at = max(at, size)
        return found

    def _life(self, text, died):
        """The runs of one life of the node."""
        found, current = [], {}
        for line in text.splitlines():
            token, job, attempt, pid, what, now = line.split()
            if what == "begin":
                run = current[pid] = Run(self.node, token, job, int(attempt), int(pid), int(now))
                found.append(run)
            else:
                run = current.pop(pid)
                assert (run.token, run.attempt) == (token, int(attempt)), f"{run} has the end {line}"
                run.ended = int(now)
        for run in found:
            if run.ended is None:
                run.died = died
        return found


def read(files):
    return [run for file in files for run in file.runs()]


def by_job(runs):
    """{job: its runs by their beginnings}"""
    jobs = collections.defaultdict(list)
    for run in sorted(runs, key=lambda run: run.began):
        jobs[run.job].append(run)
    return jobs


def overlaps(runs):
    """Pairs of runs of one job, of which the second began before the end of the first. A killed run without a known time
    of death has none."""
    found = []
    for ordered in by_job(runs).values():
        for first, second in zip(ordered, ordered[1:]):
            end = first.ended or first.died
            if end and second.began < end:
                found.append((first, second))
    return found


def complete(runs):
    """The tokens of jobs that ran to their end at least once."""
    return {run.token for run in runs if run.ended}
