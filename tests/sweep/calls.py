"""Every system call of the master fails with its usual errors, each of the first 50 times."""

import os
import re
from collections import Counter

from daemon import STEP, Daemon
from scenarios import everything

FIRST = 50

# The master's calls, and their errors. Under an injected error, the call is not made. So close() is missing, because a
# real one closes the descriptor even with an error; and brk(), because it fails in its own way and is covered by
# malloc().
ERRORS = {
    "accept4": "EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EINTR EAGAIN EPROTO EPERM",
    "bind": "EADDRINUSE EACCES",
    "clone": "EAGAIN ENOMEM",
    "clone3": "EAGAIN ENOMEM ENOSYS",
    "connect": "ECONNREFUSED EINTR",
    "epoll_create1": "EMFILE ENOMEM",
    "epoll_ctl": "ENOMEM ENOSPC EPERM",
    "epoll_wait": "EINTR",
    "faccessat2": "EACCES ENOENT",
    "fcntl": "EINVAL EPERM",
    "flock": "EAGAIN EINTR ENOLCK",
    "fstat": "EIO",
    "ftruncate": "EINTR EFBIG",
    "getdents64": "EIO",
    "getrandom": "EAGAIN EINTR ENOSYS",
    "getsockname": "ENOBUFS",
    "getsockopt": "ENOBUFS ENOPROTOOPT",
    "ioctl": "ENOTTY",
    "kill": "EPERM ESRCH",
    "listen": "EADDRINUSE",
    "lstat": "EACCES",
    "memfd_create": "EMFILE ENFILE ENOMEM",
    "mmap": "ENOMEM",
    "mprotect": "ENOMEM",
    "munmap": "EINVAL",
    "newfstatat": "ENOENT EACCES",
    "openat": "EMFILE ENFILE ENOENT EACCES EINTR",
    "pipe2": "EMFILE ENFILE",
    "prlimit64": "EPERM",
    "read": "EINTR EIO ECONNRESET EAGAIN",
    "readlink": "EACCES",
    "readv": "EINTR ECONNRESET EAGAIN",
    "recvfrom": "EINTR",
    "rt_sigaction": "EINVAL",
    "sendmsg": "EINTR EPIPE ECONNRESET EAGAIN ENOBUFS",
    "sendto": "EINTR EAGAIN",
    "setsockopt": "ENOPROTOOPT ENOBUFS",
    "shutdown": "ENOTCONN ENOBUFS",
    "socket": "EMFILE ENFILE ENOBUFS EACCES",
    "socketpair": "EMFILE ENFILE",
    "unlink": "EACCES",
    "vfork": "EAGAIN ENOMEM",
    "wait4": "EINTR",
    "waitid": "EINTR",
    "write": "EINTR EPIPE ENOSPC EAGAIN EIO",
    "writev": "EINTR EPIPE ENOSPC EAGAIN EIO",
}

# These only mean "once more": they may cost no client anything.
HARMLESS = {"EINTR", "EAGAIN"}
REPEATED = {"read", "readv", "recvfrom", "sendmsg", "sendto", "accept4", "epoll_wait", "waitid", "wait4"}

# Calls of the workers. Each worker meets the fault, even on its second try, so that none starts.
WORKER_ERRORS = {
    "execve": "ENOENT EACCES ENOMEM EAGAIN ETXTBSY",
    "connect": "ECONNREFUSED EADDRNOTAVAIL ETIMEDOUT",
}


def strace(directory, *options):
    """The tracer is a grandchild in its own session: our child is the daemon."""
    return ["strace", "-DDD", "-qq", "-o", os.path.join(directory, "trace"), *options]


class Case:
    """`number` counts from main() on. The dynamic linker made `before` calls of this kind."""

    def __init__(self, call, error, number, before):
        self.call, self.error, self.number = call, error, number + before
        self.name = f"calls:{call}:{error}:{number}"

    def run(self):
        daemon = Daemon()
        inject = f"inject={self.call}:error={self.error}:when={self.number}"
        daemon.command[:0] = strace(daemon.directory, "-e", f"trace={self.call}", "-e", inject)
        try:
            if daemon.start():
                everything(daemon)
            daemon.outcome.hit = self.was_hit(daemon)
            if self.call in REPEATED and self.error in HARMLESS and daemon.lost:
                daemon.problem("a harmless error cost a connection")
            if not daemon.ended():
                daemon.judge_alive()
                daemon.judge_rest()
            daemon.stop()
            daemon.outcome.hit = self.was_hit(daemon)
            if daemon.lost and not daemon.outcome.hit:
                daemon.problem("a connection was lost without a fault")
            daemon.judge_orphans()
        finally:
            daemon.close()
        return daemon.outcome

    def was_hit(self, daemon):
        try:
            with open(daemon.path("trace")) as file:
                return "(INJECTED)" in file.read()
        except OSError:
            return False


class WorkerCase:
    """No worker can start: jobs fail, everything else goes on."""

    def __init__(self, call, error):
        self.call, self.error = call, error
        self.name = f"calls:workers-{call}:{error}:1"

    def run(self):
        daemon = Daemon({"start-timeout-ms": 700})
        # strace counts for each process separately, and does not touch the daemon's own execve.
        inject = f"inject={self.call}:error={self.error}:when=1+"
        daemon.command[:0] = strace(
            daemon.directory, "-f", "-e", f"trace={self.call}", "-e", inject
        )
        try:
            if daemon.start():
                with daemon.talking("a job without a worker"):
                    with daemon.client() as client:
                        event = client.run("echo", b"", timeout=STEP)
                        if event.name != "failed" or event["reason"] != "unavailable":
                            daemon.problem(f"without a worker a job ended in {event!r}")
                        client.ask("stats")
                daemon.judge_rest()
            daemon.outcome.hit = True
            daemon.stop()
            daemon.judge_orphans()
        finally:
            daemon.close()
        return daemon.outcome


def count_calls():
    """The number of each call in a run without a fault: before main(), and after."""
    daemon = Daemon()
    daemon.command[:0] = strace(daemon.directory)
    try:
        if daemon.start():
            everything(daemon)
            daemon.judge_alive()
        daemon.stop()
        if daemon.outcome.problems or daemon.lost:
            raise SystemExit(f"without a fault: {daemon.outcome.problems}\n{daemon.log()}")
        with open(daemon.path("trace"), errors="replace") as file:
            names = re.findall(r"^(\w+)\(", file.read(), re.MULTILINE)
    finally:
        daemon.close()
    main = names.index("munmap") + 1  # the dynamic linker's last call: it unmaps ld.so.cache
    return Counter(names[:main]), Counter(names[main:])


def cases():
    before, after = count_calls()
    found = [
        Case(call, error, number, before[call])
        for call, errors in ERRORS.items()
        for error in errors.split()
        for number in range(1, min(FIRST, after[call]) + 1)
    ]
    found += [
        WorkerCase(call, error)
        for call, errors in WORKER_ERRORS.items()
        for error in errors.split()
    ]
    return found
