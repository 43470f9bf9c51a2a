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
import time

PAGE_FD, LIFE_FD = 3, 4
MAGIC, PAGE_MAGIC = 0x746D770C, 0x746D700A
CLAIMS_AT, CLAIM_COUNT = 4096, 64
CLAIM = struct.Struct("=Q")
IN_SLOT, OFFERED, BEGUN = 0, 1, 2
PINGED_AT = CLAIMS_AT + 8 * CLAIM_COUNT + 8
RESULTS_AT, RESULT_MAX = 8192, 500
RESULT_HEAD = struct.Struct("=QI")  # run_us, size
HELLO, WELCOME, READY, RUN, DONE, FAILED, ANSWERED, PING, PONG, PROGRESS, PART = range(1, 12)
KIND_NONE, KIND_MODULE, KIND_UNAVAILABLE, KIND_TOO_LARGE, KIND_UNFIT = range(5)

# magic, type, job, size, limit_us, cpu_us, rss, text_len, kind, slot, payload_max, wants, retry_ms, leaving, name
HEAD = struct.Struct("=IIQQQQQIIIIIII68s")
HELLO_BODY = struct.Struct("=I32s")
REPORT = struct.Struct("=QQQd")  # count, job, at_us, fraction; the message follows
# magic, worker, token, sockaddr_storage, addr_len, (hole), nofile_soft, stop_job; the stop reason and the limits follow
PAGE = struct.Struct("=II32s128sI4xQQ")


def head(type, job=0, size=0, name=b"", text_len=0, kind=0, magic=MAGIC):
    return HEAD.pack(magic, type, job, size, 0, 0, 0, text_len, kind, 0, 0, 0, 0, 0, name)


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

    def take_ping(self):
        CLAIM.pack_into(self.view, PINGED_AT, int(time.monotonic() * 1e6))

    def leave(self, slot, job, result, size=None):
        """Leaves a small result in the job's slot. The caller tells the master, or does not."""
        at = RESULTS_AT + (RESULT_HEAD.size + RESULT_MAX) * slot
        RESULT_HEAD.pack_into(self.view, at, 7, len(result) if size is None else size)
        self.view[at + RESULT_HEAD.size : at + RESULT_HEAD.size + len(result)] = result
        CLAIM.pack_into(self.view, CLAIMS_AT + CLAIM.size * slot, job << 2 | IN_SLOT)

    def fill_with_noise(self):
        """Overwrites every claim and every slot."""
        size = len(self.view)
        self.view[CLAIMS_AT:size] = os.urandom(size - CLAIMS_AT)


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
        """(type, job, name, payload), or None at the end. Reclaimed jobs are skipped, and pings answered."""
        while True:
            raw = self.read(HEAD.size)
            if raw is None:
                return None
            magic, type, job, size, _, _, _, text_len, kind, slot, _, _, _, _, name = HEAD.unpack(raw)
            assert magic == MAGIC, hex(magic)
            if text_len:
                self.read(text_len)
            payload = self.read(size) if size else b""
            self.slot = slot
            if type == PING:
                self.page.take_ping()
                if kind:
                    self.send(head(PONG))
                continue
            if type != RUN or not self.page or self.page.claim(slot, job):
                return type, job, name.rstrip(b"\0"), payload


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def hang():
    while True:
        signal.pause()


class Job:
    """A job that this worker has claimed. `text` is the rest of its payload, `earlier` the number of the job before."""

    def __init__(self, link, number, text, earlier):
        self.link, self.number, self.text, self.earlier = link, number, text, earlier

    def done(self, result):
        return head(DONE, self.number, len(result)) + result

    def failed(self, code, text=b""):
        return head(FAILED, self.number, kind=KIND_MODULE, name=code, text_len=len(text)) + text

    def part(self, data, **fields):
        return head(PART, self.number, len(data), **fields) + data

    def report(self, fraction, text):
        data = REPORT.pack(1, self.number, 0, fraction) + text
        return head(PROGRESS, self.number, len(data)) + data

    def leave(self, result, size=None):
        self.link.page.leave(self.link.slot, self.number, result, size)


# The worst code and message of a module: the master must make a valid event of them.
WILD_CODE = b"Bad Code\x01\xff"
WILD_TEXT = b'"\\\x00\x01\x1b\xff\xfe\xed\xa0\x80\n' * 100

# The bytes of each answer, by the first word of the payload.
ANSWERS = {
    b"ok": lambda job: job.done(job.text),
    b"pid": lambda job: job.done(str(os.getpid()).encode()),
    b"whole": lambda job: job.done(job.text),
    b"large": lambda job: job.done(b"x" * int(job.text)),
    b"half": lambda job: head(DONE, job.number, 1000) + b"x" * 500,
    b"half-head": lambda job: job.done(job.text)[:50],
    b"failed": lambda job: job.failed(b"own-code", b"text"),
    b"wild-words": lambda job: job.failed(WILD_CODE, WILD_TEXT),
    # Against the protocol: wrong jobs, ...
    b"other-job": lambda job: head(DONE, job.number + 1000, 2) + b"no",
    b"earlier-job": lambda job: head(DONE, job.earlier, 2) + b"no",
    b"job-zero": lambda job: head(DONE, 0, 2) + b"no",
    b"twice": lambda job: job.done(job.text) * 2,
    b"done-and-failed": lambda job: job.done(job.text) + job.failed(b"own-code"),
    # ... wrong messages, ...
    b"ready-again": lambda job: head(READY),
    b"hello-again": lambda job: head(HELLO, size=HELLO_BODY.size) + bytes(HELLO_BODY.size),
    b"master-message": lambda job: head(RUN, job.number, 2, name=b"echo") + b"no",
    b"unknown-type": lambda job: head(99, job.number),
    b"bad-magic": lambda job: head(DONE, job.number, 2, magic=0x12345678) + b"no",
    b"noise": lambda job: b"GET / HTTP/1.0\r\n\r\n" * 40,
    # ... and wrong fields.
    b"bad-kind": lambda job: head(FAILED, job.number, kind=77, name=b"code"),
    b"kind-none": lambda job: head(FAILED, job.number, kind=KIND_NONE, name=b"code"),
    b"text-too-long": lambda job: head(FAILED, job.number, kind=KIND_MODULE, name=b"code", text_len=1 << 30),
    b"text-in-done": lambda job: head(DONE, job.number, 2, text_len=4) + b"textno",
    b"size-too-large": lambda job: head(DONE, job.number, 1 << 62),
    b"name-without-end": lambda job: job.failed(b"c" * 72),
    # Parts and reports: whole ones, ...
    b"parts": lambda job: job.part(b"one") + job.part(b"") + job.part(b"three") + job.done(job.text),
    b"wild-report": lambda job: job.report(float("nan"), WILD_TEXT[:512]) + job.report(1e300, b"") + job.done(b""),
    b"part-and-half": lambda job: job.part(b"one") + job.part(b"x" * 9000)[:5000],
    b"part-and-half-head": lambda job: job.part(b"one") + job.part(b"")[:50],
    # ... and wrong ones.
    b"part-of-another-job": lambda job: head(PART, job.number + 1000, 2) + b"no",
    b"part-too-large": lambda job: head(PART, job.number, 1 << 62),
    b"part-with-text": lambda job: head(PART, job.number, 2, text_len=4) + b"textno",
    b"part-behind-done": lambda job: job.done(job.text) + job.part(b"no"),
    b"parts-of-an-unfit-worker": lambda job: job.part(b"one") + head(FAILED, job.number, kind=KIND_UNFIT),
    b"report-of-another-job": lambda job: head(PROGRESS, job.number + 1, REPORT.size) + bytes(REPORT.size),
    b"report-too-short": lambda job: head(PROGRESS, job.number, REPORT.size - 1) + bytes(REPORT.size - 1),
    b"report-too-long": lambda job: head(PROGRESS, job.number, 1 << 20),
    # The shared memory. `untold` sends nothing.
    b"slot": lambda job: job.leave(job.text) or head(ANSWERED),
    b"slot-untold": lambda job: job.leave(job.text) or b"",
    b"slot-too-large": lambda job: job.leave(b"no", size=1 << 31) or head(ANSWERED),
    b"slot-untold-too-large": lambda job: job.leave(b"no", size=RESULT_MAX + 1) or b"",
    b"slot-and-message": lambda job: job.leave(job.text) or head(ANSWERED) + head(DONE, job.number, 2) + b"no",
    b"slots-full-of-noise": lambda job: job.link.page.fill_with_noise() or head(ANSWERED) + job.done(job.text),
    # No answer.
    b"print": lambda job: os.write(2, job.text) and b"",
    b"close": lambda job: job.link.sock.close() or b"",
    b"half-close": lambda job: job.link.sock.shutdown(socket.SHUT_WR) or b"",
}

# The end of the worker, by the word behind `-then-`.
ENDS = {b"": lambda: None, b"die": die, b"hang": hang, b"exit": lambda: os._exit(3)}


def do_job(job, command):
    """Answers a job. `command` is a key of ANSWERS, with `-then-` and a key of ENDS behind it or not."""
    word, _, end = command.partition(b"-then-")
    if word not in ANSWERS or end not in ENDS:
        job.link.send(job.failed(b"no-command", b"fake worker: unknown command"))
        return
    answer = ANSWERS[word](job)
    if answer:
        job.link.send(answer)
    ENDS[end]()


def serve(link):
    earlier = 0
    while True:
        message = link.receive()
        if message is None:
            os._exit(0)
        type, job, _, payload = message
        assert type == RUN, type
        command, _, text = payload.partition(b" ")
        do_job(Job(link, job, text, earlier), command)
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
