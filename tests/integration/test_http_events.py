"""The events of a job as server-sent events: doc/http.md, section 7."""

import base64
import json
import os
import signal
import time

import pytest
from harness.wait import BUILD, SANITIZED, wait_until
from test_http_jobs import begin, problem, running

MODULES = os.path.join(BUILD, "tests", "modules")
EVENTS = {"Accept": "text/event-stream"}
LONG = '{"ms":600000}'
KIB, MIB = 1 << 10, 1 << 20


def payload_of(event):
    data = event.json
    if "payload_base64" in data:
        return base64.b64decode(data["payload_base64"])
    return data.get("payload", "").encode()


def whole(events):
    """The parts, and the payload of the last event."""
    for seq, event in enumerate(events[:-1]):
        assert event.name == "part" and event.json["seq"] == seq, event
    assert events[-1].name == "done" and events[-1].id == "end", events[-1]
    return b"".join(payload_of(event) for event in events)


def submit(http, query, body=b"", headers=None, token=None):
    return http.stream("POST", "/v1/jobs?module=" + query, body, headers, token)


@pytest.fixture
def live(gateway, daemon):
    """A gateway, a queue and a master with the modules of the tests."""
    master = daemon(module_dir=MODULES, breaker_crashes=0, pool_max=4)
    queue = daemon.make_queue({}, master).start()
    queue.linked()
    return gateway(master, queue)


# ---- a job of one's own


def test_started_and_done(shared_http):
    with submit(shared_http, "fib", "30") as stream:
        assert stream.status == 200 and stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-cache" and stream.headers["X-Accel-Buffering"] == "no"
        started, done = stream.rest()
    job = stream.headers["Taskmaster-Job"]
    assert (started.name, started.id, started.json["job"]) == ("started", "1", job)
    assert started.json["pool"] == "default" and started.json["worker"] > 0 and started.json["order"] > 0
    assert (done.name, done.id, done.json["job"], done.json["payload"]) == ("done", "end", job, "832040")
    assert done.json["run_us"] > 0 and done.json["usage"]["worker_rss"] > 0
    assert not {"event", "id", "size"} & set(done.json)


@pytest.mark.parametrize(
    "payload", [b"", b"text\nwith \"lines\"\r\n", "caf\u00e9 \U0001f389".encode(), b"\xff\0\x80", b"nul \0"]
)
def test_payloads(shared_http, payload):
    with submit(shared_http, "echo", payload) as stream:
        (done,) = [event for event in stream.rest() if event.name == "done"]
    assert payload_of(done) == payload
    is_text = b"\0" not in payload and b"\xff" not in payload
    assert ("payload_base64" in done.json) != is_text


@pytest.mark.parametrize("text", ["a", "\u00e9", "\u20ac", "\U0001f389"])
def test_large_text_in_pieces(shared_http, text):
    """Pieces end between characters, wherever these lie."""
    result = ("x" + text * (200 * KIB // len(text.encode()))).encode()
    with submit(shared_http, "echo", result) as stream:
        events = stream.rest()[1:]
    assert whole(events) == result
    assert len(events) == -(-len(result) // (32 * KIB)) or len(events) == len(result) // (32 * KIB) + 2
    assert all("payload" in event.json and len(payload_of(event)) <= 32 * KIB for event in events)


def test_large_bytes_in_pieces(shared_http):
    result = os.urandom(1 * MIB)
    with submit(shared_http, "echo", result) as stream:
        assert whole(stream.rest()[1:]) == result


def test_parts(live):
    with submit(live, "parts", "100000 1000") as stream:
        events = stream.rest()[1:]
    assert len(events) == 101 and len(whole(events)) == 100000 + len("100")


def test_progress(live):
    with submit(live, "live", "progress 0.25 a quarter\nwait\nfail") as stream:
        assert stream.next().name == "started"
        progress = stream.next()
        assert progress.name == "progress"
        assert (progress.json["fraction"], progress.json["message"]) == (0.25, "a quarter")
        live.delete(f"/v1/jobs/{stream.headers['Taskmaster-Job']}")
        (failed,) = stream.rest()
    assert (failed.name, failed.id) == ("failed", "end")
    assert (failed.json["reason"], failed.json["by"]) == ("cancelled", "client") and failed.json["message"]


def test_failures(live):
    with submit(live, "live", "fail") as stream:
        failed = stream.rest()[-1]
    assert failed.name == "failed" and (failed.json["reason"], failed.json["code"]) == ("module", "asked")
    with submit(live, "live", "crash") as stream:
        failed = stream.rest()[-1]
    assert (failed.json["reason"], failed.json["signal"]) == ("error", "SIGSEGV")
    assert json.loads(failed.json["payload"])["module"] == "live"


def test_refusals_are_problems(shared_http):
    problem(shared_http.post("/v1/jobs?module=nope", "", EVENTS), 404, "unknown-module")
    problem(shared_http.post("/v1/jobs?module=fib&timeout_ms=0", "", EVENTS), 400, "bad-request")
    problem(shared_http.post("/v1/jobs", "", EVENTS), 400, "bad-request")


def test_client_goes(live):
    with submit(live, "live", "wait\nfail") as stream:
        stream.find("started")
        job = stream.headers["Taskmaster-Job"]
    client = live.master.client()
    wait_until(lambda: client.stats()["jobs"]["failed"].get("cancelled") == 1, f"the end of {job}")


def test_master_goes(live):
    """The stream ends without a last event."""
    with submit(live, "live", "wait") as stream:
        stream.find("started")
        live.master.process.send_signal(signal.SIGKILL)
        with pytest.raises(Exception):  # noqa: B017 - a reset, or an incomplete read
            assert stream.next() is not None
    live.master.process.wait()
    live.master.config["listen"] = live.master.address
    live.master.start()


def test_slow_reader_holds_the_job(live):
    """Some MiB go on their way; then the worker waits, and others are served."""
    total = 64 * MIB
    with submit(live, "parts", f"{total} 65536") as stream:
        stream.find("started")
        client = live.master.client()

        def told():
            return client.stats()["modules"]["parts"]["bytes_out"]

        last = [0, 0]

        def stands():
            last.append(told())
            return last[-1] > 0 and last[-1] == last[-2] == last[-3] and time.sleep(0.05) is None

        wait_until(stands, "a worker that waits", interval=0.1)
        assert last[-1] < total / 2, last[-1]
        assert live.post("/v1/jobs?module=live", "say here").text == "here"
        got = sum(len(payload_of(event)) for event in stream.rest())
    assert got == total + len(str(total // 65536))


@pytest.mark.skipif(SANITIZED, reason="the sanitizer keeps freed memory")
def test_slow_readers_cost_little(gateway, daemon):
    """20 stalled readers cost the gateway 1 MiB each at most, and delay nobody."""
    http = gateway(daemon(module_dir=MODULES, pool_start=21, pool_max=21))

    def rss():
        with open(f"/proc/{http.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    samples = [rss()]
    streams = [submit(http, "parts", f"{1 << 40} 65536") for _ in range(20)]
    for stream in streams:
        stream.find("started")

    def stands():
        samples.append(rss())
        return len(samples) > 20 and samples[-1] == samples[-10] and samples[-1] > samples[0] + 4 * MIB

    wait_until(stands, "memory that grows no more", interval=0.02)
    assert http.post("/v1/jobs?module=live", "say here").text == "here"
    assert samples[-1] - samples[0] < len(streams) * MIB, samples
    for stream in streams:
        stream.close()


def test_many_streams_at_once(gateway, daemon):
    """Each has a connection of its own to the master, which bounds those without a hello."""
    http = gateway(daemon(job_max=1000, log_level="info"))
    connections = [begin(http, "/v1/jobs?module=echo", str(n), EVENTS) for n in range(400)]
    for n, connection in enumerate(connections):
        response = connection.getresponse()
        assert response.status == 200 and f'"payload":"{n}"'.encode() in response.read()


# ---- kept jobs


def test_kept_job(live):
    body = "progress 0.5 half\nattempt\ntill 1\nfail"
    headers = {"Prefer": "respond-async"}
    with submit(live, "live&retries=3&retry_on=module&retry_delay_ms=1", body, headers) as stream:
        job = stream.headers["Taskmaster-Job"]
        assert stream.headers["Location"] == f"/v1/jobs/{job}"
        events = stream.rest()
    names = [event.name for event in events if event.name != "progress"]
    assert names == ["started", "retry", "started", "done"], events
    retry = next(event.json for event in events if event.name == "retry")
    assert (retry["attempt"], retry["reason"], retry["job"]) == (1, "module", job) and retry["delay_ms"] >= 0
    assert events[-1].json["attempt"] == 2 and events[-1].json["payload"] == f"{job} 2 "


def test_kept_job_outlives_its_client(live):
    with submit(live, "live", "until soft-timeout\nsay done", {"Idempotency-Key": "k"}) as stream:
        stream.find("started")
        job = stream.headers["Taskmaster-Job"]
    assert live.get(f"/v1/jobs/{job}").status == 202
    with live.stream("GET", f"/v1/jobs/{job}/events") as stream:
        assert stream.next().name == "started"
        live.delete(f"/v1/jobs/{job}")
        (failed,) = stream.rest()
    assert (failed.name, failed.json["reason"], failed.id) == ("failed", "cancelled", "end")


def test_events_of_an_ended_kept_job(live):
    job = live.post("/v1/jobs?module=live", "say hi", {"Prefer": "wait=60"}).headers["Taskmaster-Job"]
    with live.stream("GET", f"/v1/jobs/{job}/events") as stream:
        (done,) = stream.rest()
    assert (done.name, done.id, done.json["payload"]) == ("done", "end", "hi")
    response = live.get(f"/v1/jobs/{job}/events", {"Last-Event-ID": "end"})
    assert (response.status, response.body) == (204, b"")
    with live.stream("GET", f"/v1/jobs/{job}/events", headers={"Last-Event-ID": "1"}) as stream:
        assert stream.next().name == "done"


def test_queue_goes(live):
    """The stream ends without a last event; asked again, it goes on."""
    live.queue.keep_address()
    path = live.post("/v1/jobs?module=live", "sleep 400\nsay x", {"Prefer": "respond-async"}).headers["Location"]
    with live.stream("GET", path + "/events") as stream:
        live.queue.process.send_signal(signal.SIGKILL)
        live.queue.process.wait()
        with pytest.raises(Exception):  # noqa: B017 - a reset, or an incomplete read
            while stream.next().name == "started":
                pass
    live.queue.start()
    live.wait_connected("queue", 2)
    with live.stream("GET", path + "/events") as stream:
        assert stream.find("done").json["payload"] == "x"


@pytest.mark.parametrize("accept", ["text/event-stream;q=0", "text/event-stream; q=0.000, */*", "*/*"])
def test_events_that_are_not_taken(shared_http, accept):
    response = shared_http.post("/v1/jobs?module=fib", "10", {"Accept": accept})
    assert (response.status, response.text) == (200, "55"), response


def test_head(live):
    """The head of an answer alone, also of a stream, and the connection lives on."""
    path = live.post("/v1/jobs?module=live", "say hi", {"Prefer": "respond-async"}).headers["Location"]
    assert live.get(path + "?wait=60").text == "hi"
    connection = live.connect()
    response = connection.ask("HEAD", path)
    assert (response.status, response.headers["Content-Length"], response.body) == (200, "2", b"")
    response = connection.ask("HEAD", path + "/events")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
    assert connection.ask("GET", path).text == "hi"


def test_http_1_0(live):
    """Without chunks, the stream ends with the connection."""
    answer = live.raw(
        b"POST /v1/jobs?module=live HTTP/1.0\r\nAccept: text/event-stream\r\nContent-Length: 6\r\n\r\nsay hi"
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head and b"chunked" not in head and b"Connection: close" in head
    assert body.startswith(b"event: started\n") and b'"payload":"hi"}\n\n' in body


# ---- somebody else's job of the master


def test_events_of_another_job(live):
    connection = begin(live, "/v1/jobs?module=live", "progress 0.5 half\nwait")
    job = running(live.master)[0]["job"]
    with live.stream("GET", f"/v1/jobs/{job}/events") as stream:
        assert stream.status == 200 and stream.headers["Taskmaster-Job"] == job
        assert stream.next().name == "started"
        progress = stream.next()
        assert progress.name == "progress"
        assert progress.json == {"job": job, "fraction": 0.5, "message": "half"}
        live.delete(f"/v1/jobs/{job}?kill")
        (failed,) = stream.rest()
    assert (failed.name, failed.id, failed.json["reason"]) == ("failed", "end", "cancelled")
    assert connection.getresponse().status == 409


def test_events_of_another_waiting_job(gateway, daemon):
    master = daemon(pool_max=1)
    http = gateway(master)
    first = begin(http, "/v1/jobs?module=sleep", LONG)
    blocker = running(master)[0]["job"]
    second = begin(http, "/v1/jobs?module=fib", "30")
    client = master.client()

    def waiting():
        client.send(op="jobs", state="waiting")
        return client.event("jobs").json()

    job = wait_until(waiting, "a waiting job")[0]["job"]
    with http.stream("GET", f"/v1/jobs/{job}/events") as stream:
        assert stream.status == 200
        http.delete(f"/v1/jobs/{blocker}")
        assert stream.rest()[-1].name == "done"
    assert second.getresponse().read() == b"832040"
    assert first.getresponse().status == 409


def test_watchers_go(live):
    """Clients that look on take nothing along."""
    connection = begin(live, "/v1/jobs?module=live", "until cancel\nsay x")
    job = running(live.master)[0]["job"]
    for _ in range(5):
        with live.stream("GET", f"/v1/jobs/{job}/events") as stream:
            assert stream.next().name == "started"
    client = live.master.client()
    wait_until(lambda: client.stats()["clients"]["connected"] <= 10, "the ends of the streams")
    assert live.get(f"/v1/jobs/{job}").status == 202
    connection.close()
