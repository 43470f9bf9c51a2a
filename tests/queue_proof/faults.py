"""The pages shared with the shims: which call or allocation fails."""

import errno
import mmap
import os
import struct

from world import DISK, FAIL_MALLOC

CLASSES = ("write", "sync", "open", "name", "size", "read")  # as in disk.c
ERRORS = {
    "write": ("ENOSPC", "EIO"),
    "sync": ("EIO",),
    "open": ("ENOSPC", "EMFILE"),
    "name": ("EIO", "ENOSPC"),
    "size": ("ENOSPC", "EIO"),
    "read": ("EIO",),
}
ON = 1 << 62  # all from then on
A_WHILE = 40  # calls that fail one after the other; then the disk is well again, or has room


class Page:
    def __init__(self, path):
        with open(path, "w+b") as file:
            file.truncate(4096)
            self.map = mmap.mmap(file.fileno(), 4096)

    def get(self, index):
        return struct.unpack_from("=Q", self.map, 8 * index)[0]

    def set(self, index, value):
        struct.pack_into("=Q", self.map, 8 * index, value)


class Memory:
    """The page of fail_malloc.c: count, fail_at, fail_for, failed."""

    def __init__(self, path):
        self.page = Page(path)

    @property
    def count(self):
        return self.page.get(0)

    @property
    def failed(self):
        return self.page.get(3)

    def arm(self, number, how_many):
        self.page.set(2, how_many)
        self.page.set(1, self.count + number)

    def disarm(self):
        self.page.set(1, 0)


class Calls:
    """One class of the page of disk.c: count, fail_at, fail_for, error, failed."""

    def __init__(self, page, name):
        self.page, self.base = page, 5 * CLASSES.index(name)

    @property
    def count(self):
        return self.page.get(self.base)

    @property
    def failed(self):
        return self.page.get(self.base + 4)

    def arm(self, number, how_many, error):
        self.page.set(self.base + 2, how_many)
        self.page.set(self.base + 3, getattr(errno, error))
        self.page.set(self.base + 1, self.count + number)

    def disarm(self):
        self.page.set(self.base + 1, 0)


class Faults:
    """All of a process that is about to be started."""

    def __init__(self, directory, root):
        self.memory = Memory(os.path.join(directory, "memory.page"))
        page = Page(os.path.join(directory, "disk.page"))
        self.calls = {name: Calls(page, name) for name in CLASSES}
        self.env = {
            "LD_PRELOAD": f"{FAIL_MALLOC}:{DISK}",
            "FAIL_MALLOC_PAGE": os.path.join(directory, "memory.page"),
            "DISK_PAGE": os.path.join(directory, "disk.page"),
            "DISK_ROOT": root,
        }

    def counts(self):
        return {"memory": self.memory.count, **{name: calls.count for name, calls in self.calls.items()}}

    def failed(self):
        return self.memory.failed + sum(calls.failed for calls in self.calls.values())

    def disarm(self):
        self.memory.disarm()
        for calls in self.calls.values():
            calls.disarm()
