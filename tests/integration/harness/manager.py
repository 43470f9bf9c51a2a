"""A service manager: it holds listening sockets over restarts of a daemon, and hears the daemon's messages."""

import os
import socket
import sys

from .wait import DEADLINE, wait_until

ACTIVATE = os.path.join(os.path.dirname(__file__), "activate.py")


class Manager:
    def __init__(self, directory):
        self.path = os.path.join(str(directory), "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        self.notify.setblocking(False)
        self.sockets = []
        self.names = []
        self.messages = []  # each a list of lines
        self.environment = {}

    def close(self):
        for sock in [self.notify, *self.sockets]:
            sock.close()

    # ---- sockets

    def listen(self, name="clients", host="127.0.0.1"):
        """Listens on a free port. Returns the address."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, 0))
        return self._hold(sock, name, "%s:%d" % sock.getsockname())

    def listen_unix(self, path, name="clients"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(path)
        return self._hold(sock, name, f"unix:{path}")

    @property
    def address(self):
        return "%s:%d" % self.sockets[0].getsockname()

    def _hold(self, sock, name, address):
        sock.listen(4096)
        self.sockets.append(sock)
        self.names.append(name)
        return address

    # ---- the daemon

    def manages(self, daemon):
        """From now on the daemon is started by us."""
        fds = [sock.fileno() for sock in self.sockets]
        daemon.config["listen"] = None
        daemon.write_config()
        daemon.command_line = [sys.executable, "-IS", ACTIVATE, ",".join(map(str, fds)), *daemon.command()]
        daemon.popen["pass_fds"] = fds
        daemon.env = {"NOTIFY_SOCKET": self.path, **self.environment}
        if fds:
            daemon.env["LISTEN_FDS"] = str(len(fds))
        if any(self.names):
            daemon.env["LISTEN_FDNAMES"] = ":".join(self.names)
        return daemon

    # ---- its messages

    def read(self):
        """All messages so far."""
        while True:
            try:
                self.messages.append(self.notify.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return self.messages

    def heard(self, line):
        return [message for message in self.read() if line in message]

    def wait(self, line, count=1, timeout=DEADLINE):
        """Waits for the count-th message with this line, and returns it."""
        wait_until(lambda: len(self.heard(line)) >= count, f"{count} message(s) with {line}: {self.messages}", timeout)
        return self.heard(line)[count - 1]

    def statuses(self):
        return [line[7:] for message in self.read() for line in message if line.startswith("STATUS=")]
