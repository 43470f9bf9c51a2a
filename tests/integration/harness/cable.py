"""A way to a daemon that can be cut: connections to `address` go on to the daemon's."""

import contextlib
import socket
import threading

from .client import open_socket


def _pump(source, target, note=lambda data: None):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            note(data)
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Cable:
    def __init__(self, address):
        self.target = address
        self.pairs = []
        self.asked = bytearray()  # what has gone to the daemon, of all connections
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            try:
                far = open_socket(self.target)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            self.pairs.append((near, far))
            for ends in ((near, far, self.asked.extend), (far, near)):
                threading.Thread(target=_pump, args=ends, daemon=True).start()

    def cut(self):
        """Ends all connections; new ones are possible."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listening.close()
        self.cut()
