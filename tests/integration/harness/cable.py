"""A way to a daemon that can be cut, and held: connections to `address` go on to the daemon's."""

import contextlib
import socket
import threading

from .client import open_socket


def _pump(source, target, flow, note=lambda data: None):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            flow.wait()
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
        self.flow = threading.Event()
        self.flow.set()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            self.flow.wait()
            try:
                far = open_socket(self.target)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            self.pairs.append((near, far))
            for ends in ((near, far, self.flow, self.asked.extend), (far, near, self.flow)):
                threading.Thread(target=_pump, args=ends, daemon=True).start()

    def hold(self):
        """Nothing goes on, and all connections stay: for both sides the other one is silent."""
        self.flow.clear()

    def release(self):
        self.flow.set()

    def cut(self):
        """Ends all connections, and what they hold; new ones are possible."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listening.close()
        self.cut()
        self.release()
