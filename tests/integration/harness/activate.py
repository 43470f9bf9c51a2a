"""Hands descriptors over as a service manager does: activate.py FD,FD... PROGRAM ARGUMENT...

They become 3, 4, ..., and LISTEN_PID and WATCHDOG_PID are the program's process id unless they are set already.
"""

import fcntl
import os
import sys


def main():
    # Out of the way first: a target may be another's source.
    sources = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, 100) for fd in sys.argv[1].split(",") if fd]
    for number, source in enumerate(sources):
        os.dup2(source, 3 + number)
    for name in ("LISTEN_PID", "WATCHDOG_PID"):
        os.environ.setdefault(name, str(os.getpid()))
    os.execv(sys.argv[2], sys.argv[2:])


main()
