"""What a queue has promised, and when: read from the bytes that it sent (record.py)."""

import json

import record as rec

ACCEPTED, TOLD, HANDED = "accepted", "told", "handed"


class Promise:
    __slots__ = ("at", "kind", "job", "value")

    def __init__(self, at, kind, job, value=None):
        self.at, self.kind, self.job, self.value = at, kind, job, value

    def __repr__(self):
        return f"{self.kind} {self.job} {self.value} at record {self.at}"


class Stream:
    """The bytes sent over one connection, cut into messages."""

    def __init__(self):
        self.bytes = bytearray()

    def take(self, data):
        self.bytes += data
        while (end := self.bytes.find(b"\n")) >= 0:
            header = json.loads(self.bytes[:end])
            size = header.get("size", 0)
            if len(self.bytes) < end + 1 + size:
                return
            payload = bytes(self.bytes[end + 1 : end + 1 + size])
            del self.bytes[: end + 1 + size]
            yield header, payload


def promise_of(at, header, payload):
    event, job = header.get("event"), header.get("job")
    if event == "accepted":
        return Promise(at, ACCEPTED, job)
    if event in ("done", "failed"):
        return Promise(at, TOLD, job, (event, header.get("reason"), payload))
    if header.get("op") == "submit":  # to the master
        return Promise(at, HANDED, header["origin"], header.get("attempt", 1))
    return None


def read(records):
    """All promises in order. An event counts from its last byte on."""
    streams, found = {}, []
    for record in records:
        if record.kind in (rec.CLOSE, rec.START):
            streams.pop(record.fd, None)
            if record.kind == rec.START:
                streams.clear()
        elif record.kind == rec.SENT:
            for header, payload in streams.setdefault(record.fd, Stream()).take(record.data):
                promise = promise_of(record.at, header, payload)
                if promise:
                    found.append(promise)
    return found
