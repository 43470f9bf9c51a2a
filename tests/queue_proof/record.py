"""The record of disk.so: what a process did to its files, and what it sent, in order."""

import struct

START, OPEN, WRITE, SIZE, GROW, SYNC_BEGIN, SYNC_END, RENAME, UNLINK, MKDIR, SENT, CLOSE = range(12)

HEAD = struct.Struct("=IiQQ")


class Record:
    __slots__ = ("kind", "fd", "offset", "data", "at")

    def __init__(self, kind, fd, offset, data, at):
        self.kind, self.fd, self.offset, self.data = kind, fd, offset, data
        self.at = at  # its number


def read(path):
    """All whole records. A process killed while it wrote leaves half of one: the next process's START is behind it,
    so records are of one process only, or of processes that ended in order."""
    with open(path, "rb") as file:
        data = file.read()
    records, at = [], 0
    while at + HEAD.size <= len(data):
        kind, fd, offset, size = HEAD.unpack_from(data, at)
        at += HEAD.size
        if at + size > len(data):
            break
        records.append(Record(kind, fd, offset, data[at : at + size], len(records)))
        at += size
    return records
