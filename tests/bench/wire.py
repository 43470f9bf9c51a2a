"""A client of taskmasterd in a few lines, for requests outside the measured speed (doc/protocol.md)."""

import json
import socket
import time

PATIENCE = 20.0  # seconds


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.ask(op="hello", protocol=1)

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, payload=b"", **header):
        if payload:
            header["size"] = len(payload)
        self.socket.sendall(json.dumps(header).encode() + b"\n" + payload)

    def next(self):
        """The next event: its header and its payload."""
        line = self.file.readline()
        if not line:
            raise ConnectionError("the server has closed")
        header = json.loads(line)
        return header, self.file.read(header.get("size", 0))

    def wait(self, event):
        while True:
            header, payload = self.next()
            if header["event"] == event:
                return header, payload
            if header["event"] in ("error", "overload"):
                raise RuntimeError(f"{header}")

    def ask(self, **header):
        self.send(**header)
        return self.next()

    def stats(self):
        return json.loads(self.ask(op="stats")[1])

    def workers(self):
        return json.loads(self.ask(op="workers")[1])

    def wait_idle(self, count):
        """Waits until so many workers are ready for a job."""
        deadline = time.monotonic() + PATIENCE
        while self.stats()["pool"]["idle"] < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {count} idle workers: {self.stats()['pool']}")
