"""A disk under power cuts, played from a record (record.py).

What is on a real disk after a cut is whatever was synced before, and any part of the rest. So a cut keeps each write
since the last sync by chance, sector by sector. Changes of names are kept up to a point: file systems write them in
order. The weather of a cut is how likely a write is kept. Sectors are whole: SQLite relies on that, too.
"""

import os

import record as rec

SECTOR = 512
WEATHERS = (0.0, 0.05, 0.3, 0.5, 0.7, 0.95, 1.0)


class File:
    """`data` is on the disk for certain. `pending` are the later changes, (number, kind, offset, bytes)."""

    def __init__(self):
        self.data = bytearray()
        self.pending = []

    def settle(self, number):
        """All changes before this one are on the disk."""
        left = [change for change in self.pending if change[0] >= number]
        for change in self.pending:
            if change[0] < number:
                apply(self.data, *change[1:])
        self.pending = left


def apply(data, kind, offset, piece):
    if kind == rec.SIZE and offset < len(data):
        del data[offset:]
    elif kind in (rec.SIZE, rec.GROW) and offset > len(data):
        data.extend(bytes(offset - len(data)))
    elif kind == rec.WRITE:
        if offset > len(data):
            data.extend(bytes(offset - len(data)))
        data[offset : offset + len(piece)] = piece


def apply_by_chance(data, change, weather, random):
    _, kind, offset, piece = change
    if kind != rec.WRITE:
        if random.random() < weather:
            apply(data, kind, offset, piece)
        return
    begin = 0
    while begin < len(piece):
        end = min(len(piece), begin + SECTOR - (offset + begin) % SECTOR)
        if random.random() < weather:
            apply(data, kind, offset + begin, piece[begin:end])
        begin = end


class Disk:
    """A tree of files: paths are relative to `root`."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.names = {}  # as the process sees them; a directory is None
        self.settled = {}  # on the disk for certain
        self.changes = []  # of names, since: (number, directory, call)
        self.fds = {}
        self.syncs = {}  # fd: number of the sync's beginning

    def path(self, data):
        return os.path.relpath(data.decode(), self.root)

    def play(self, record):
        call = self.PLAYS.get(record.kind)
        if call:
            call(self, record)

    def start(self, record):
        self.fds.clear()
        self.syncs.clear()

    def change_names(self, number, path, call):
        call(self.names)
        self.changes.append((number, os.path.dirname(path) or ".", call))

    def open(self, record):
        path = self.path(record.data)
        if os.path.isdir(record.data) or path == ".":
            self.fds[record.fd] = path
            return
        if record.offset or path not in self.names:
            file = File()
            self.change_names(record.at, path, lambda names: names.__setitem__(path, file))
        self.fds[record.fd] = self.names[path]

    def write(self, record):
        file = self.fds.get(record.fd)
        if isinstance(file, File):
            file.pending.append((record.at, record.kind, record.offset, record.data))

    def sync_begin(self, record):
        self.syncs[record.fd] = record.at

    def sync_end(self, record):
        began = self.syncs.pop(record.fd, None)
        target = self.fds.get(record.fd)
        if record.offset or began is None or target is None:
            return
        if isinstance(target, File):
            target.settle(began)
            return
        left = []
        for number, directory, call in self.changes:
            if number < began and directory == target:
                call(self.settled)
            else:
                left.append((number, directory, call))
        self.changes = left

    def rename(self, record):
        old, new = (self.path(part) for part in record.data.split(b"\0"))
        self.change_names(record.at, new, lambda names: names.__setitem__(new, names.pop(old, None) or File()))

    def unlink(self, record):
        path = self.path(record.data)
        self.change_names(record.at, path, lambda names: names.pop(path, None))

    def mkdir(self, record):
        path = self.path(record.data)
        self.change_names(record.at, path, lambda names: names.__setitem__(path, None))

    def close(self, record):
        self.fds.pop(record.fd, None)

    PLAYS = {
        rec.START: start,
        rec.OPEN: open,
        rec.WRITE: write,
        rec.SIZE: write,
        rec.GROW: write,
        rec.SYNC_BEGIN: sync_begin,
        rec.SYNC_END: sync_end,
        rec.RENAME: rename,
        rec.UNLINK: unlink,
        rec.MKDIR: mkdir,
        rec.CLOSE: close,
    }

    def cut(self, random):
        """The files after a cut at this moment, {path: bytes}, and the directories."""
        weather = random.choice(WEATHERS)
        names = dict(self.settled)
        kept = random.randint(0, len(self.changes)) if weather < 1.0 else len(self.changes)
        for _, _, call in self.changes[:kept]:
            call(names)
        files, directories = {}, []
        for path, file in names.items():
            if file is None:
                directories.append(path)
                continue
            data = bytearray(file.data)
            for change in file.pending:
                apply_by_chance(data, change, weather, random)
            files[path] = data
        return files, directories


def lay_out(files, directories, root):
    """Writes a cut's files below `root`."""
    for path in directories:
        os.makedirs(os.path.join(root, path), mode=0o700, exist_ok=True)
    for path, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), mode=0o700, exist_ok=True)
        with open(os.path.join(root, path), "wb") as file:
            file.write(data)
