"""Puts a fake worker in the real one's place."""

import glob
import json
import os
import re

from . import fake_worker
from .wait import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
VERSION_H = os.path.join(ROOT, "include", "taskmaster", "version.h")


def define(header, name):
    """The value of a number in a header of the tree."""
    with open(os.path.join(ROOT, header)) as file:
        return int(re.search(rf"#define {name}\s+(0x[0-9a-f]+)u", file.read()).group(1), 16)


def release():
    with open(VERSION_H) as file:
        return re.search(r'TASKMASTER_VERSION "(.*)"', file.read()).group(1)


class FakeWorker:
    """A worker-path, and the notes of the workers started from it."""

    def __init__(self, directory, start="ok", times=None):
        for header, name, ours in (
            ("src/common/wire.h", "WIRE_MAGIC", fake_worker.MAGIC),
            ("src/common/worker_page.h", "WORKER_PAGE_MAGIC", fake_worker.PAGE_MAGIC),
        ):
            theirs = define(header, name)
            assert theirs == ours, f"{name} is {theirs:#x} now: bring fake_worker.py up to date"
        self.directory = os.path.join(str(directory), "fake")
        os.mkdir(self.directory)
        self.path = os.path.join(self.directory, "worker")
        counter = None
        if times is not None:
            counter = os.path.join(self.directory, "times")
            with open(counter, "w") as file:
                file.write(str(times))
        arguments = {
            "directory": self.directory,
            "release": release(),
            "start": start,
            "times": counter,
        }
        with open(self.path, "w") as file:
            file.write(
                "#!/usr/bin/python3 -IS\n"
                f"import sys\nsys.path.insert(0, {HERE!r})\nsys.dont_write_bytecode = True\n"
                f"import fake_worker\nfake_worker.main(**{arguments!r})\n"
            )
        os.chmod(self.path, 0o755)

    def notes(self):
        found = []
        for path in glob.glob(os.path.join(self.directory, "worker-*.json")):
            with open(path) as file:
                found.append(json.load(file))
        return found

    def wait_notes(self, count=1):
        return wait_until(
            lambda: len(self.notes()) >= count and self.notes(), f"{count} fake worker(s) started"
        )
