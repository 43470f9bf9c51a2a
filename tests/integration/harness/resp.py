"""A client of Redis in Python's standard library: RESP 2, one connection, calls in order."""

import socket

from .wait import DEADLINE


class RedisError(Exception):
    """An answer that begins with '-'. `kind` is its first word: NOSCRIPT, OOM, ..."""

    @property
    def kind(self):
        return str(self).split(" ", 1)[0]


def encode(args):
    """The bytes of a call. Texts are sent as UTF-8, numbers in digits."""
    parts = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Redis:
    """`address` is (host, port), or the path of a unix socket. Answers are int, bytes, None, and lists of these; errors
    are raised, or within a list and by pipeline() are members of it."""

    def __init__(self, address, timeout=DEADLINE):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def send(self, *args):
        self.socket.sendall(encode(args))

    def receive(self):
        """One answer, or one message of a subscription. An error is returned, not raised."""
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"+":
            return text
        if kind == b"-":
            return RedisError(text.decode(errors="replace"))
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == b"-1" else self._body(int(text))
        if kind == b"*":
            return None if text == b"-1" else [self.receive() for _ in range(int(text))]
        raise ConnectionError(f"not an answer of Redis: {line!r}")

    def _body(self, size):
        body = self.stream.read(size + 2)
        if len(body) != size + 2:
            raise ConnectionError("Redis closed the connection within an answer")
        return body[:-2]

    def call(self, *args):
        self.send(*args)
        answer = self.receive()
        if isinstance(answer, RedisError):
            raise answer
        return answer

    def pipeline(self, calls):
        """Sends all, then reads all answers."""
        self.socket.sendall(b"".join(encode(args) for args in calls))
        return [self.receive() for _ in calls]

    def info(self, section="everything"):
        lines = self.call("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)
