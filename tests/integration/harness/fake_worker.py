"""A worker with misbehaviour on request. It speaks src/common/wire.h from Python.

The master starts it in the real worker's place (worker-path), through a small script (fakes.py). `start` says how it
comes up; then the payload of each job says how to answer. The structs are those of src/common/wire.h and
src/common/worker_page.h.

The script runs `python3 -IS`: the standard library only, and few modules of it.
"""

import mmap
import os
import signal
import socket
import struct

PAGE_FD, LIFE_FD = 3, 4
MAGIC, PAGE_MAGIC = 0x746D7706, 0x746D7003
CLAIMS_AT, CLAIM_COUNT = 4096, 64
CLAIM = struct.Struct("=Q")
IN_SLOT, OFFERED, BEGUN = 0, 1, 2
RESULTS_AT, RESULT_MAX = 8192, 500
RESULT_SIZE = struct.Struct("=I")
HELLO, WELCOME, READY, RUN, DONE, FAILED, ANSWERED = range(1, 8)
KIND_NONE, KIND_MODULE, KIND_UNAVAILABLE, KIND_TOO_LARGE, KIND_UNFIT = range(5)

# magic, type, job, size, limit_us, text_len, kind, slot, payload_max, name
HEAD = struct.Struct("=IIQQQIIII72s")
HELLO_BODY = struct.Struct("=I32s")
# magic, worker, token, sockaddr_storage, addr_len, (hole), nofile_soft, stop_job
PAGE = struct.Struct("=II32s128sI4xQQ")


def head(type, job=0, size=0, name=b"", text_len=0, kind=0, magic=MAGIC):
    return HEAD.pack(magic, type, job, size, 0, text_len, kind, 0, 0, name)


def hello(worker, token, release, **fields):
    body = HELLO_BODY.pack(worker, token)
    return head(HELLO, size=len(body), name=release, **fields) + body


def descriptors():
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass
    return found


INHERITED = descriptors()  # before we open any of our own


class Page:
    def __init__(self):
        self.view = mmap.mmap(PAGE_FD, 0, mmap.MAP_SHARED)
        fields = PAGE.unpack(self.view[: PAGE.size])
        self.magic, self.worker, self.token, self.addr, self.addr_len = fields[:5]
        assert self.magic == PAGE_MAGIC, hex(self.magic)
        port, host = struct.unpack("!H4s", self.addr[2:8])
        self.target = (socket.inet_ntoa(host), port)

    def claim(self, slot, job):
        """Begins a job, unless the master has reclaimed it. From here on the job is lost with this worker. A real
        worker must do this in one atomic step; no test here is about that moment."""
        at = CLAIMS_AT + CLAIM.size * slot
        if CLAIM.unpack_from(self.view, at)[0] != job << 2 | OFFERED:
            return False
        CLAIM.pack_into(self.view, at, job << 2 | BEGUN)
        return True


    def leave(self, slot, job, result, size=None):
        """Leaves a small result in the job's slot. The caller tells the master, or does not."""
        at = RESULTS_AT + (RESULT_SIZE.size + RESULT_MAX) * slot
        RESULT_SIZE.pack_into(self.view, at, len(result) if size is None else size)
        self.view[at + RESULT_SIZE.size : at + RESULT_SIZE.size + len(result)] = result
        CLAIM.pack_into(self.view, CLAIMS_AT + CLAIM.size * slot, job << 2 | IN_SLOT)


class Link:
    def __init__(self, target, page=None):
        self.sock = socket.create_connection(target)
        self.page = page

    def send(self, data):
        self.sock.sendall(data)

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                return None
            data += piece
        return data

    def receive(self):
        """(type, job, name, payload), or None at the end. Reclaimed jobs are skipped."""
        while True:
            raw = self.read(HEAD.size)
            if raw is None:
                return None
            magic, type, job, size, _, text_len, _, slot, _, name = HEAD.unpack(raw)
            assert magic == MAGIC, hex(magic)
            if text_len:
                self.read(text_len)
            payload = self.read(size) if size else b""
            self.slot = slot
            if type != RUN or not self.page or self.page.claim(slot, job):
                return type, job, name.rstrip(b"\0"), payload


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def hang():
    while True:
        signal.pause()


def do_job(link, job, words, earlier):
    """Answers one job in the way named by its payload."""
    what, rest = words[0], b" ".join(words[1:])
    answer = head(DONE, job, len(rest)) + rest
    if what == b"ok":
        link.send(answer)
    elif what == b"pid":
        text = str(os.getpid()).encode()
        link.send(head(DONE, job, len(text)) + text)
    elif what == b"slot":
        link.page.leave(link.slot, job, rest)
        link.send(head(ANSWERED))
    elif what == b"slot-then-die":
        link.page.leave(link.slot, job, rest)
        link.send(head(ANSWERED))
        die()
    elif what == b"slot-untold-then-die":
        link.page.leave(link.slot, job, rest)
        die()
    elif what == b"slot-too-large":
        link.page.leave(link.slot, job, b"no", size=1 << 31)
        link.send(head(ANSWERED))
    elif what == b"slot-untold-too-large-then-die":
        link.page.leave(link.slot, job, b"no", size=RESULT_MAX + 1)
        die()
    elif what == b"slot-and-message":
        link.page.leave(link.slot, job, rest)
        link.send(head(ANSWERED) + head(DONE, job, 2) + b"no")
    elif what == b"slots-full-of-noise":
        size = len(link.page.view)
        link.page.view[CLAIMS_AT:size] = os.urandom(size - CLAIMS_AT)
        link.send(head(ANSWERED) + answer)
    elif what == b"print-then-die":
        os.write(2, rest)
        die()
    elif what == b"half-then-die":
        link.send(head(DONE, job, 1000) + b"x" * 500)
        die()
    elif what == b"half-head-then-die":
        link.send(answer[:50])
        die()
    elif what == b"whole-then-die":
        link.send(answer)
        die()
    elif what == b"whole-then-exit":
        link.send(answer)
        os._exit(3)
    elif what == b"large-then-die":
        size = int(rest)
        link.send(head(DONE, job, size) + b"x" * size)
        die()
    elif what == b"failed-then-die":
        link.send(head(FAILED, job, kind=KIND_MODULE, name=b"own-code", text_len=4) + b"text")
        die()
    elif what == b"half-then-hang":
        link.send(head(DONE, job, 1000) + b"x" * 500)
        hang()
    elif what == b"close-then-hang":
        link.sock.close()
        hang()
    elif what == b"half-close-then-hang":
        link.sock.shutdown(socket.SHUT_WR)
        hang()
    elif what == b"other-job":
        link.send(head(DONE, job + 1000, 2) + b"no")
    elif what == b"earlier-job":
        link.send(head(DONE, earlier, 2) + b"no")
    elif what == b"job-zero":
        link.send(head(DONE, 0, 2) + b"no")
    elif what == b"twice":
        link.send(answer + answer)
    elif what == b"done-and-failed":
        link.send(answer + head(FAILED, job, kind=KIND_MODULE, name=b"own-code"))
    elif what == b"ready-again":
        link.send(head(READY))
    elif what == b"hello-again":
        link.send(head(HELLO, size=HELLO_BODY.size) + bytes(HELLO_BODY.size))
    elif what == b"master-message":
        link.send(head(RUN, job, 2, name=b"echo") + b"no")
    elif what == b"unknown-type":
        link.send(head(99, job))
    elif what == b"bad-magic":
        link.send(head(DONE, job, 2, magic=0x12345678) + b"no")
    elif what == b"noise":
        link.send(b"GET / HTTP/1.0\r\n\r\n" * 40)
    elif what == b"bad-kind":
        link.send(head(FAILED, job, kind=77, name=b"code"))
    elif what == b"kind-none":
        link.send(head(FAILED, job, kind=KIND_NONE, name=b"code"))
    elif what == b"text-too-long":
        link.send(head(FAILED, job, kind=KIND_MODULE, name=b"code", text_len=1 << 30))
    elif what == b"text-in-done":
        link.send(head(DONE, job, 2, text_len=4) + b"textno")
    elif what == b"size-too-large":
        link.send(head(DONE, job, 1 << 62))
    elif what == b"name-without-end":
        link.send(head(FAILED, job, kind=KIND_MODULE, name=b"c" * 72))
    elif what == b"wild-words":
        # The worst code and message of a module: the master must make a valid event of them.
        text = b'"\\\x00\x01\x1b\xff\xfe\xed\xa0\x80\n' * 100
        code = b"Bad Code\x01\xff"
        link.send(
            head(FAILED, job, kind=KIND_MODULE, name=code, text_len=len(text)) + text
        )
    else:
        text = b"fake worker: unknown command"
        link.send(head(FAILED, job, kind=KIND_MODULE, name=b"no-command", text_len=len(text)) + text)


def serve(link):
    earlier = 0
    while True:
        message = link.receive()
        if message is None:
            os._exit(0)
        type, job, _, payload = message
        assert type == RUN, type
        do_job(link, job, payload.split(b" ") or [b""], earlier)
        earlier = job


def note(directory, page):
    """Writes the facts about this process to a file of its own, for the test."""
    path = os.path.join(directory, f"worker-{os.getpid()}")
    with open("/proc/self/cmdline", "rb") as file:
        argv = file.read()
    with open("/proc/self/environ", "rb") as file:
        environ = file.read()
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    notes = {
        "pid": os.getpid(),
        "pgrp": os.getpgrp(),
        "worker": page.worker,
        "token": page.token.hex(),
        "target": list(page.target),
        "argv": argv.hex(),
        "environ": environ.hex(),
        "descriptors": INHERITED,
        "signals": {key: status[key] for key in ("SigBlk", "SigIgn", "SigCgt")},
    }
    import json

    with open(path + ".tmp", "w") as file:
        json.dump(notes, file)
    os.rename(path + ".tmp", path + ".json")


def take(counter):
    """Counts down a number in a file, shared by all workers. True if it was above 0."""
    import fcntl

    with open(counter, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        left = int(file.read() or 0)
        if left <= 0:
            return False
        file.seek(0)
        file.truncate()
        file.write(str(left - 1))
        return True


def main(directory, release, start="ok", times=None):
    """Comes up as `start` says, then serves. If `times` is a path, only the first so many workers do; the others start
    well."""
    release = release.encode()
    if times is not None and not take(times):
        start = "ok"
    if start == "die-at-once":
        os._exit(9)
    if start == "killed-at-once":
        die()
    page = Page()
    note(directory, page)
    if start == "never-connect":
        hang()
    link = Link(page.target, page)
    if start == "connect-then-die":
        die()
    if start == "connect-then-hang":
        hang()
    if start == "wrong-token":
        token = bytes([page.token[0] ^ 1]) + page.token[1:]
        link.send(hello(page.worker, token, release))
        link.receive()
        hang()
    if start == "other-id":
        link.send(hello(page.worker + 1, page.token, release))
        link.receive()
        hang()
    if start == "wrong-release":
        link.send(hello(page.worker, page.token, b"0.0.0-other"))
        link.receive()
        hang()
    if start == "half-hello-then-hang":
        link.send(hello(page.worker, page.token, release)[:-8])
        hang()
    if start == "ready-first":
        link.send(head(READY))
        link.receive()
        hang()
    link.send(hello(page.worker, page.token, release))
    message = link.receive()
    assert message is not None and message[0] == WELCOME, message
    assert message[2] == release, message[2]
    if start == "never-ready":
        hang()
    if start == "hello-then-die":
        die()
    if start == "ready-after-the-end":
        open(os.path.join(directory, "welcome"), "x").close()
        assert link.receive() is None
        link.send(head(READY))
        os._exit(0)
    if start == "answer-before-run":
        link.send(head(READY) + head(DONE, 1, 2) + b"no")
        serve(link)
    link.send(head(READY))
    if start == "ready-then-hang":
        hang()  # and never read a job
    serve(link)
