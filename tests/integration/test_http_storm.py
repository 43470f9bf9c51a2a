"""Many clients at once, that do anything and go at any moment. Then nothing is left of them: no job, no connection, no
exchange. With sanitizers this finds what outlives its owner."""

import json
import os
import random
import threading
import time
from http.client import HTTPException

import pytest
from harness.wait import BUILD, wait_until

MODULES = os.path.join(BUILD, "tests", "modules")
EVENTS = {"Accept": "text/event-stream"}
STATUSES = {200, 202, 204, 404, 409, 422, 502, 503, 504}
SECONDS = 2


class Guest(threading.Thread):
    """One client; `seed` makes its deeds."""

    def __init__(self, http, seed, jobs):
        super().__init__()
        self.http = http
        self.random = random.Random(seed)
        self.jobs = jobs  # of everybody
        self.faults = []
        self.answers = {}

    def run(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and not self.faults:
            deed = self.random.choice(self.deeds)
            try:
                deed(self)
            except (OSError, HTTPException) as fault:
                if not self.http.may_break:  # amid an answer, with its daemon
                    self.faults.append(f"{deed.__name__}: {fault!r}")

    def ask(self, method, path, body=None, headers=None, goes=None):
        """Sends a request, and reads the answer, unless it `goes` first: after so many bytes, or at once."""
        connection = self.http.connect()
        try:
            connection.request(method, path, body, headers or {})
            if goes is not None:
                time.sleep(goes)  # any moment will do
                return
            response = connection.getresponse()
            body = response.read()
            self.note(response, body)
        finally:
            connection.close()

    def note(self, response, body):
        self.answers[response.status] = self.answers.get(response.status, 0) + 1
        if response.status not in STATUSES:
            self.faults.append(f"{response.status}: {body[:300]!r}")
        if response.headers["Content-Type"] == "application/problem+json":
            json.loads(body)
        if job := response.headers["Taskmaster-Job"]:
            self.jobs.append(job)
            del self.jobs[:-50]

    def goes(self):
        return self.random.choice([None, 0, 0.001, 0.005, 0.02])

    def known_job(self):
        return self.random.choice(self.jobs or ["none-1", "q999"])

    def runs(self):
        text = "x" * self.random.choice([0, 5, 5000, 200000])
        self.ask("POST", "/v1/jobs?module=live", f"sleep {self.random.randrange(20)}\nsay {text[:900]}", {}, self.goes())

    def streams(self):
        size = self.random.choice([0, 1000, 100000, 3000000])
        self.ask("POST", "/v1/jobs?module=parts", f"{size} {self.random.choice([100, 65536])}", EVENTS, self.goes())

    def reads_slowly(self):
        connection = self.http.connect()
        try:
            connection.request("POST", "/v1/jobs?module=parts", "40000000 65536", EVENTS)
            connection.getresponse().read(self.random.randrange(1, 100000))
        finally:
            connection.close()

    def fails(self):
        body = self.random.choice(["fail", "crash", "retry 1", "wait\nfail"])
        self.ask("POST", "/v1/jobs?module=live&timeout_ms=20", body, self.random.choice([{}, EVENTS]))

    def keeps(self):
        headers = {"Prefer": self.random.choice(["respond-async", "wait=1"])}
        if self.random.random() < 0.5:
            headers["Idempotency-Key"] = f"k{self.random.randrange(20)}"
        if self.random.random() < 0.3:
            headers.update(EVENTS)
        body = f"sleep {self.random.randrange(30)}\ntill 1\nfail"
        self.ask("POST", "/v1/jobs?module=live&retries=1&retry_on=module&retry_delay_ms=1", body, headers, self.goes())

    def looks(self):
        query = self.random.choice(["", "?wait=1"])
        self.ask("GET", f"/v1/jobs/{self.known_job()}{query}", None, {}, self.goes())

    def follows(self):
        self.ask("GET", f"/v1/jobs/{self.known_job()}/events", None, {}, self.goes())

    def ends(self):
        self.ask("DELETE", f"/v1/jobs/{self.known_job()}{self.random.choice(['', '?kill'])}", None, {}, self.goes())
        self.ask("POST", f"/v1/jobs/{self.known_job()}/{self.random.choice(['retry', 'forget'])}", None, {}, self.goes())

    def breaks_off(self):
        with self.http.socket() as sock:
            sock.sendall(b"POST /v1/jobs?module=live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsay")

    deeds = [runs, runs, streams, reads_slowly, fails, keeps, keeps, looks, follows, ends, breaks_off]


def storm(http, meanwhile=None):
    jobs = []
    guests = [Guest(http, seed, jobs) for seed in range(8)]
    for guest in guests:
        guest.start()
    if meanwhile:
        meanwhile()
    for guest in guests:
        guest.join()
    assert not [fault for guest in guests for fault in guest.faults]
    assert sum(guest.answers.get(200, 0) for guest in guests) > 0, [guest.answers for guest in guests]


def nothing_is_left(http):
    client = http.master.client()

    def idle():
        stats = client.stats()
        return stats["jobs"]["running"] == stats["queue"]["waiting"] == 0 and stats["clients"]["connected"] <= 7

    wait_until(idle, "the end of all jobs and streams")
    queue = http.queue.client()
    wait_until(lambda: queue.stats()["jobs"]["running"] == 0, "the end of all kept jobs")
    assert http.post("/v1/jobs?module=live", "say fine").text == "fine"


@pytest.fixture
def busy(gateway, daemon):
    master = daemon(module_dir=MODULES, breaker_crashes=0, pool_start=4, pool_max=8, log_level="info")
    queue = daemon.make_queue({"log-level": "info"}, master).start()
    queue.linked()
    http = gateway(master, queue, log_level="info")
    http.may_break = False
    return http


def test_storm(busy):
    storm(busy)
    nothing_is_left(busy)


def test_storm_with_deaths(busy):
    """The daemons are killed meanwhile, and come back."""
    busy.master.config["listen"] = busy.master.address
    busy.queue.keep_address()
    busy.may_break = True

    def meanwhile():
        for victim in (busy.master, busy.queue, busy.master):
            time.sleep(SECONDS / 5)  # not to wait for anything
            victim.kill()
            victim.start()

    storm(busy, meanwhile)
    wait_until(lambda: busy.post("/v1/jobs?module=live", "say up").status == 200, "a master that is back")
    busy.queue.linked()
    nothing_is_left(busy)
