"""Reading the parts of a job fast, without keeping their bytes."""

import json

from .client import Closed, Event, same
from .wait import DEADLINE


class Parts:
    """Iterates over the parts of one or more jobs of a client: each event has `head`, its first 8 bytes as a number
    (None if it is shorter). Other events end the iteration, unless `skip` holds for them; the last one is `end`."""

    def __init__(self, client, skip=lambda event: False):
        self.client, self.skip, self.end = client, skip, None
        self.scratch = bytearray(1 << 20)

    def __iter__(self):
        return self

    def __next__(self):
        while True:
            event = self._event()
            if event.name == "part":
                event.head = self._body(event["size"])
                return event
            if event.get("size") is not None:
                event.payload = self._whole(event["size"])
            if not self.skip(event):
                self.end = event
                raise StopIteration

    def _event(self):
        data = self.client.input
        while (at := data.find(b"\n")) < 0:
            self._fill()
        event = Event(json.loads(bytes(data[:at])))
        del data[: at + 1]
        return event

    def _fill(self):
        self.client.sock.settimeout(DEADLINE)
        got = self.client.sock.recv(1 << 16)
        if not got:
            raise Closed("closed amid a stream")
        self.client.input += got

    def _whole(self, size):
        while len(self.client.input) < size:
            self._fill()
        data = bytes(self.client.input[:size])
        del self.client.input[:size]
        return data

    def _body(self, size):
        head = self._whole(min(size, 8))
        left = size - len(head)
        at_hand = min(left, len(self.client.input))
        del self.client.input[:at_hand]
        left -= at_hand
        while left:
            got = self.client.sock.recv_into(self.scratch, min(left, len(self.scratch)))
            if not got:
                raise Closed("closed amid a part")
            left -= got
        return int.from_bytes(head, "little") if size >= 8 else None


def read_stream(client, id=1, begin=0):
    """Reads all parts of the only job of the client. Each has its number. Returns (count, bytes, terminal event)."""
    parts, count, total = Parts(client), begin, 0
    for part in parts:
        assert same(part["id"], id) and part["seq"] == count, f"part {count} is {part}"
        assert part.head in (None, count), f"part {count} has the bytes of {part.head}"
        count += 1
        total += part["size"]
    return count, total, parts.end


def read_streams(client, ids):
    """Likewise for several jobs, until all have ended: {id: (count, bytes, terminal event)}. Other events are dropped."""
    got, ends = {id: [0, 0] for id in ids}, {}

    def skip(event):
        if event.ends_submit():
            ends[event["id"]] = event
        return len(ends) < len(ids)

    for part in Parts(client, skip):
        count = got[part["id"]]
        assert part["id"] not in ends, f"{part} behind the end of its job"
        assert part["seq"] == count[0] and part.head in (None, count[0]), f"part {count[0]} is {part}"
        count[0] += 1
        count[1] += part["size"]
    return {id: (*got[id], ends[id]) for id in ids}
