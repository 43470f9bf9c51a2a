"""One taskmaster-http, with the daemons that it is a client of, and a client of it."""

import http.client
import json
import os
import socket

from .daemon import BUILD, Daemon
from .wait import DEADLINE, wait_until

GATEWAY = os.path.join(BUILD, "taskmaster-http")

DEFAULTS = {
    "listen": "127.0.0.1:0",
    "log-format": "json",
    "log-level": "debug",
    "drain-timeout-ms": 1500,
    "access-log": True,
    "allow-writes": True,
}


class Response:
    """A response, whole: its body is bytes, `json` what they say."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:400]!r}>"


class Connection(http.client.HTTPConnection):
    """A keep-alive connection to "HOST:PORT" or "unix:PATH"."""

    def __init__(self, address, timeout=DEADLINE):
        super().__init__("localhost" if address.startswith("unix:") else address, timeout=timeout)
        self.address = address

    def connect(self):
        if not self.address.startswith("unix:"):
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.address.removeprefix("unix:"))

    def ask(self, method, path, body=None, headers=None, token=None):
        """Sends a request, and reads the whole response."""
        response = self.begin(method, path, body, headers, token)
        return Response(response, response.read())

    def begin(self, method, path, body=None, headers=None, token=None):
        """Sends a request, and reads the head of the response."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, str):
            body = body.encode()
        self.request(method, path, body, headers)
        return self.getresponse()


class Event:
    def __init__(self, fields):
        self.name = fields.get("event", "message")
        self.data = fields.get("data", "")
        self.id = fields.get("id")
        self.retry = fields.get("retry")

    @property
    def json(self):
        return json.loads(self.data)

    def __repr__(self):
        return f"<event {self.name} {self.data[:400]}>"


class Stream:
    """Server-sent events, read one by one. `comments` counts the comments so far."""

    def __init__(self, connection, method, path, body=None, headers=None, token=None):
        self.connection = connection
        headers = {"Accept": "text/event-stream", **(headers or {})}
        self.response = connection.begin(method, path, body, headers, token)
        self.status = self.response.status
        self.headers = self.response.headers
        self.comments = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.response.close()
        self.connection.close()

    def next(self):
        """The next event; None at the end of the stream."""
        fields = {}
        while True:
            line = self.response.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if not line and fields:
                return Event(fields)
            if line.startswith(":"):
                self.comments += 1
            elif line:
                key, _, value = line.partition(":")
                value = value.removeprefix(" ")
                fields[key] = fields[key] + "\n" + value if key == "data" and key in fields else value

    def find(self, name):
        """Skips events up to one of this name."""
        while True:
            event = self.next()
            assert event is not None, f"the stream ended without {name}"
            if event.name == name:
                return event

    def rest(self):
        """All events up to the end of the stream."""
        events = []
        while (event := self.next()) is not None:
            events.append(event)
        return events


class Http(Daemon):
    """`master` and `queue` are the daemons that it is a client of; they are started and ended apart."""

    program = GATEWAY
    defaults = DEFAULTS
    role = "http"

    def __init__(self, directory, name, config, master=None, queue=None, **popen):
        super().__init__(directory, name, config, **popen)
        self.master = master
        self.queue = queue
        self.check_stats = False
        self.connections = self.clients  # closed before the end

    def write_config(self, **changes):
        if self.master and "server" not in self.config:
            self.config["server"] = self.master.address
        if self.queue and "queue-server" not in self.config:
            self.config["queue-server"] = self.queue.address
        super().write_config(**changes)

    def start(self):
        """Waits for the daemons' answers, too: if they are there, the first request finds them."""
        before = {noun: len(self.log.events(f"{noun}-connected")) for noun in ("master", "queue")}
        super().start()
        for noun, daemon in (("master", self.master), ("queue", self.queue)):
            if daemon and daemon.process and daemon.process.poll() is None:
                self.wait_connected(noun, before[noun] + 1)
        return self

    def wait_connected(self, noun="master", count=1):
        self.log.wait(f"{noun}-connected", count)
        return self

    # ---- talking to it

    def connect(self, timeout=DEADLINE, address=None):
        connection = Connection(address or self.address, timeout)
        self.connections.append(connection)
        return connection

    def ask(self, method, path, body=None, headers=None, token=None, timeout=DEADLINE):
        """One request on a connection of its own."""
        connection = self.connect(timeout)
        try:
            return connection.ask(method, path, body, headers, token)
        finally:
            connection.close()

    def get(self, path, headers=None, token=None):
        return self.ask("GET", path, None, headers, token)

    def post(self, path, body=b"", headers=None, token=None):
        return self.ask("POST", path, body, headers, token)

    def delete(self, path, headers=None, token=None):
        return self.ask("DELETE", path, None, headers, token)

    def stream(self, method, path, body=None, headers=None, token=None):
        return Stream(self.connect(), method, path, body, headers, token)

    def raw(self, data, shut=False, timeout=DEADLINE):
        """Sends bytes, and returns everything up to the end of the connection."""
        with self.socket(timeout) as sock:
            sock.sendall(data)
            if shut:
                sock.shutdown(socket.SHUT_WR)
            received = b""
            while piece := sock.recv(65536):
                received += piece
            return received

    def socket(self, timeout=DEADLINE):
        """A bare connection."""
        host, _, port = self.address.rpartition(":")
        if self.address.startswith("unix:"):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(timeout)
            sock.connect(self.address.removeprefix("unix:"))
            return sock
        return socket.create_connection((host.strip("[]"), int(port)), timeout)

    def wait_get(self, path, condition, what, token=None):
        """Asks again and again until condition(response) holds, and returns the response."""
        box = {}

        def sample():
            box["response"] = self.get(path, token=token)
            return condition(box["response"])

        wait_until(sample, what)
        return box["response"]
