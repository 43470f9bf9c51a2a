"""The work about a view into a long line: pages of its jobs, and the end of all of them, with pings in between."""

import threading
import time

from processes import Group, percentile
from systems import Taskmaster
from wire import Client
from works import say

PAGES = 40
BATCH = 10_000  # submits in one write
PACE = 0.0005  # seconds between two pings, so that the pings themselves are no load

SHAPES = {
    "100 jobs": {"limit": 100},
    "1,000 jobs": {"limit": 1000},
    "no match": {"owner": "nobody"},  # as many looks as one answer has
}


class Pings(threading.Thread):
    """One ping after the other, on a connection of its own."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = Client(port)
        self.ms = []
        self.on = True

    def run(self):
        while self.on:
            start = time.perf_counter()
            self.client.ask(op="ping")
            self.ms.append((time.perf_counter() - start) * 1000)
            time.sleep(PACE)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.on = False
        self.join()
        self.client.close()


def fill(client, count):
    """A job that runs, and so many that wait behind it; none has an event before its end."""
    client.send(b'{"ms":6000000}', op="submit", id="runs", module="sleep", notify=["started"])
    client.wait("started")
    for first in range(0, count, BATCH):
        ids = range(first, min(first + BATCH, count))
        text = "".join('{"op":"submit","id":%d,"module":"echo","size":1}\nx' % n for n in ids)
        client.socket.sendall(text.encode())
    client.ask(op="ping")  # its answer comes once the server has read all before it


def read_pages(client, shape):
    """Milliseconds of each page, from the request to its last byte."""
    ms, after = [], {}
    while len(ms) < PAGES:
        start = time.perf_counter()
        header, _ = client.ask(op="jobs", **shape, **after)
        ms.append((time.perf_counter() - start) * 1000)
        after = {"after": header["after"]} if header["more"] else {}
    return ms


def figures(ms, pings):
    return {
        "page_p50_ms": percentile(ms, 50),
        "page_max_ms": max(ms),
        "ping_max_ms": max(pings),
    }


def drain(client, count):
    """Reads the ends of the jobs: a line each, and none is looked at."""
    while count > 0:
        count -= client.socket.recv(1 << 20).count(b"\n")


def view(plan):
    say(f"a view of {plan.line} waiting jobs, {PAGES} pages of each kind")
    found = {"count": plan.line, "pages": {}}
    with Group() as group:
        daemon = Taskmaster(group, "view", pool_start=1, pool_max=1, job_max=plan.line + 1000, payload_total_max=1 << 36)
        submitter, client = Client(daemon.port), Client(daemon.port)
        fill(submitter, plan.line)
        assert client.stats()["queue"]["waiting"] == plan.line
        for title, shape in SHAPES.items():
            with Pings(daemon.port) as pings:
                ms = read_pages(client, shape)
            found["pages"][title] = line = figures(ms, pings.ms)
            say(
                f"  {title:12} page p50 {line['page_p50_ms']:6.2f} ms, slowest {line['page_max_ms']:6.2f} ms"
                f"  slowest ping {line['ping_max_ms']:6.2f} ms"
            )
        with Pings(daemon.port) as pings:
            reader = threading.Thread(target=drain, args=(submitter, plan.line), daemon=True)
            reader.start()
            start = time.perf_counter()
            header, _ = client.ask(op="cancel", select={"state": "waiting"})
            found["cancel_s"] = time.perf_counter() - start
            reader.join()
        assert header["count"] == plan.line, header
        found["cancel_ping_max_ms"] = max(pings.ms)
        say(f"  cancel of all: {found['cancel_s']:.2f} s, slowest ping {found['cancel_ping_max_ms']:.2f} ms")
        client.ask(op="kill", select={"module": "sleep"})
    return found


WORKS = {"view": view}
