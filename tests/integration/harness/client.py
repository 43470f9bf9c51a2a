"""A raw client: sends anything, right or wrong, and reads every event."""

import json
import socket
import struct
import time

from .wait import DEADLINE, Deadline, wait_until

TERMINAL = ("done", "failed", "overload")


class Closed(AssertionError):
    """The server closed the connection where an event was expected."""


class Event(dict):
    """An event's header; its payload, bytes or None, stands beside it."""

    payload = None

    @property
    def name(self):
        return self.get("event")

    def json(self):
        assert self.payload is not None, f"no payload in {self}"
        return json.loads(self.payload)

    def __repr__(self):
        text = dict.__repr__(self)
        if self.payload is not None:
            text += f" + {len(self.payload)} bytes {self.payload[:120]!r}"
        return text

    def ends_submit(self):
        return self.name in TERMINAL or (
            self.name == "error" and self.get("op") == "submit"
        )


def header(**fields):
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def message(payload=None, **fields):
    """One request as bytes, with the payload's size in the header."""
    if payload is None:
        return header(**fields)
    if isinstance(payload, str):
        payload = payload.encode()
    return header(**fields, size=len(payload)) + payload


def open_socket(address, timeout=DEADLINE, receive_buffer=None):
    """Connects to an address, written as in the configuration."""
    if address.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        target = address[5:]
    else:
        host, _, port = address.rpartition(":")
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        sock = socket.socket(family)
        target = (host.strip("[]"), int(port))
    try:
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout)
        sock.connect(target)
        if not address.startswith("unix:"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


class Client:
    def __init__(self, address, hello=True, receive_buffer=None, **fields):
        self.sock = open_socket(address, receive_buffer=receive_buffer)
        self.input = bytearray()
        self.kept = []  # events read while waiting for another one
        self.draining = 0  # events of this name
        self.skips_draining = True  # as clients do that do not know it
        self.hello_event = None
        if hello:
            self.hello_event = self.hello(**fields)

    # ---- sending

    def send_raw(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.sock.settimeout(DEADLINE)
        self.sock.sendall(data)

    def send(self, payload=None, **fields):
        self.send_raw(message(payload, **fields))

    def hello(self, **fields):
        self.send(op="hello", protocol=fields.pop("protocol", 1), **fields)
        return self.expect("hello")

    def submit(self, id, module, payload="", **fields):
        self.send(payload, op="submit", id=id, module=module, **fields)

    def shutdown(self):
        """Ends our sending side: the server reads end of input."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with a RST."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.sock.close()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # ---- receiving

    def _fill(self, end, what):
        """Reads some bytes; False at end of input."""
        left = end - time.monotonic()
        if left <= 0:
            raise Deadline(f"nothing came in time: {what}; kept: {self.kept!r}")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(1 << 18)
        except (TimeoutError, socket.timeout):
            raise Deadline(
                f"nothing came in time: {what}; kept: {self.kept!r}"
            ) from None
        self.input += data
        return bool(data)

    def _next(self, timeout, what):
        """The next event off the wire but `draining`, or None at end of input."""
        end = time.monotonic() + timeout
        while True:
            event = self._next_of_all(end, what)
            if event is None or event.name != "draining":
                return event
            assert event == {"event": "draining"}, event
            self.draining += 1
            if not self.skips_draining:
                return event

    def _next_of_all(self, end, what):
        while (at := self.input.find(b"\n")) < 0:
            assert len(self.input) <= 4096, f"server header too long: {self.input!r}"
            if not self._fill(end, what):
                assert not self.input, f"an incomplete event at the end: {self.input!r}"
                return None
        line = bytes(self.input[:at])
        assert at + 1 <= 4096, f"server header of {at + 1} bytes: {line!r}"
        event = Event(json.loads(line))
        assert isinstance(event.name, str), f"no event in {line!r}"
        del self.input[: at + 1]
        size = event.get("size")
        if size is not None:
            while len(self.input) < size:
                if not self._fill(end, what):
                    raise Closed(f"closed inside the payload of {event}")
            event.payload = bytes(self.input[:size])
            del self.input[:size]
        return event

    def recv(self, timeout=DEADLINE, what="an event"):
        """The next event, kept ones first."""
        if self.kept:
            return self.kept.pop(0)
        event = self._next(timeout, what)
        if event is None:
            raise Closed(f"closed while waiting for {what}")
        return event

    def expect(self, name, timeout=DEADLINE, **fields):
        """The next event. Its name must be this one, and it must have at least these fields."""
        event = self.recv(timeout, f"{name} {fields}")
        check(event, name, **fields)
        return event

    def find(self, wanted, timeout=DEADLINE, what="the event"):
        """The first event for which wanted() holds. Events before it are kept."""
        for index, event in enumerate(self.kept):
            if wanted(event):
                return self.kept.pop(index)
        end = time.monotonic() + timeout
        while True:
            event = self._next(max(end - time.monotonic(), 0), what)
            if event is None:
                raise Closed(f"closed while waiting for {what}; kept: {self.kept!r}")
            if wanted(event):
                return event
            self.kept.append(event)

    def event(self, name, timeout=DEADLINE, **fields):
        """The first event of this name with at least these fields. Events before it are kept."""
        return self.find(
            lambda event: event.name == name
            and all(same(event.get(k), v) for k, v in fields.items()),
            timeout,
            f"{name} {fields}",
        )

    def outcome(self, id, timeout=DEADLINE):
        """The terminal event of the submit with this id. All other events are kept."""
        return self.find(
            lambda event: event.ends_submit() and same(event.get("id"), id),
            timeout,
            f"the outcome of {id!r}",
        )

    def begun(self, observer=None, **fields):
        """The `started` event of a job, once its worker has begun it. Until then a cancel, a kill or the end of the
        server ends the job as a waiting one. All other events are kept. `observer` asks for the workers, or else this
        client."""
        started = self.event("started", **fields)

        def has_begun():
            return not any(w["job"] == started["job"] and not w["begun"] for w in (observer or self).workers())

        wait_until(has_begun, f"{started} to begin")
        return started

    def run(self, module, payload="", id="run", timeout=DEADLINE, **fields):
        """Submits a job and returns its terminal event."""
        self.submit(id, module, payload, **fields)
        return self.outcome(id, timeout)

    def done(self, module, payload="", **fields):
        """Runs a job, which must succeed, and returns its result."""
        event = self.run(module, payload, **fields)
        check(event, "done")
        return event.payload

    def rest(self, timeout=DEADLINE):
        """All events until the server closes."""
        events, self.kept = self.kept, []
        end = time.monotonic() + timeout
        while True:
            event = self._next(max(end - time.monotonic(), 0), "end of input")
            if event is None:
                return events
            events.append(event)

    def closed(self, timeout=DEADLINE):
        """The server must close without another word."""
        events = self.rest(timeout)
        assert not events, f"more before the close: {events!r}"

    def gone(self, timeout=DEADLINE):
        """The server must end the connection, by a close or a reset. Earlier events are dropped."""
        end = time.monotonic() + timeout
        try:
            while self._fill(end, "the end of the connection"):
                self.input.clear()
        except ConnectionError:
            pass

    def silent(self, *names):
        """A ping's answer is the next event: proof of silence before."""
        self.send(op="ping", id="silence")
        event = self.expect("pong")
        assert event.get("id") == "silence"

    # ---- what the server says about itself

    def ask(self, op, **fields):
        """A request with one answer of the same name and a JSON payload."""
        self.send(op=op, id=f"ask-{op}", **fields)
        return self.event(op, id=f"ask-{op}").json()

    def stats(self):
        return self.ask("stats")

    def workers(self):
        return self.ask("workers")


def same(a, b):
    """Equal as JSON: 1 and "1" and true are three values."""
    return type(a) is type(b) and a == b if isinstance(b, bool) else a == b


def check(event, name, **fields):
    assert event.name == name, f"expected {name}, got {event!r}"
    for key, value in fields.items():
        assert key in event, f"no {key} in {event!r}"
        assert same(event[key], value), f"{key} is not {value!r} in {event!r}"


def conservation(stats):
    """Every submitted job is in exactly one place (protocol, section 9)."""
    jobs, waiting = stats["jobs"], stats["queue"]["waiting"]
    parts = {
        "done": jobs["done"],
        "failed": sum(jobs["failed"].values()),
        "overload": sum(jobs["overload"].values()),
        "dropped": jobs["dropped"],
        "orphaned": jobs["orphaned"],
        "waiting": waiting,
        "running": jobs["running"],
    }
    total = sum(parts.values())
    assert jobs["submitted"] == total, f"{jobs['submitted']} submitted, but {parts} make {total}"
    return stats


def ask(client, op, /, **fields):
    """A request; its answer, whatever comes before."""
    client.send(op=op, id=f"ask {op}", **fields)
    return client.find(lambda event: event.get("id") == f"ask {op}", what=f"the answer to {op}")


def refused(client, op, code, *words, **fields):
    """A request, and its error with these words."""
    event = ask(client, op, **fields)
    check(event, "error", op=op, code=code)
    for word in words:
        assert word in event["message"], event
    assert "fatal" not in event
    return event


def start(client, module, payload, id="a", **fields):
    """Submit a job and wait until its worker has begun it; return its `started` event."""
    client.submit(id, module, payload, notify=["started"], **fields)
    return client.begun(id=id)
