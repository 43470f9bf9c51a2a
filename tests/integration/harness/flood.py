"""Many clients in a process of its own. They keep their sockets full of large, refused headers.

    with Flood(server.address, 400): ...

The clients read every answer: only the server's own shares hold them up.
"""

import os
import select
import subprocess
import sys

if __package__:
    from .client import header, open_socket
    from .wait import DEADLINE
else:  # the process itself
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from harness.client import header, open_socket
    from harness.wait import DEADLINE

# Long, and expensive to parse.
KINDS = [header(op="ping", id=1, unknown=[1] * 2000), header(op="ping", id=1, unknown=["\u00e9"] + [1] * 1990)]
HEADERS = b"".join(KINDS) * 32
assert all(4000 < len(kind) <= 4096 for kind in KINDS)


class Flood:
    def __init__(self, address, count):
        self.command = [sys.executable, __file__, address, str(count)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"full\n", "the flood ended"
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(DEADLINE)


def flood(address, count):
    poll = select.epoll()
    poll.register(0, select.EPOLLIN)
    sockets, at, full = {}, {}, set()
    for _ in range(count):
        sock = open_socket(address)
        sock.sendall(header(op="hello", protocol=1))
        sock.setblocking(False)
        sockets[sock.fileno()], at[sock.fileno()] = sock, 0
        poll.register(sock, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    said = False
    while True:
        for fd, _ in poll.poll():
            if fd == 0:
                return
            try:
                while sockets[fd].recv(1 << 20):
                    pass
            except BlockingIOError:
                pass
            try:
                while True:
                    at[fd] = (at[fd] + sockets[fd].send(HEADERS[at[fd] :])) % len(HEADERS)
            except BlockingIOError:
                full.add(fd)
        if len(full) == count and not said:
            said = True
            print("full", flush=True)


if __name__ == "__main__":
    flood(sys.argv[1], int(sys.argv[2]))
