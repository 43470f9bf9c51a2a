"""doc/http.md, section 10: a watch as server-sent events."""

import signal
import threading

import pytest
from harness.client import check
from harness.wait import wait_until


def watch(http, query="", queue=False):
    stream = http.stream("GET", ("/v1/queue/watch" if queue else "/v1/watch") + query)
    assert stream.status == 200 and stream.headers["Content-Type"].startswith("text/event-stream")
    begun = stream.next()
    assert begun.name == "watch" and begun.json["state"] == "begun" and begun.json["boot"]
    return stream


def test_jobs(gateway):
    http = gateway()
    with watch(http, "?what=jobs&module=fib") as stream:
        http.post("/v1/jobs?module=echo", "x")
        job = http.post("/v1/jobs?module=fib", "20").headers["Taskmaster-Job"]
        for state in ("running", "done"):
            event = stream.next()
            assert event.name == "job", event
            assert event.json["job"] == job and event.json["state"] == state, event
            assert event.json["what"] == "job" and "event" not in event.json


def test_all(gateway):
    """Workers, pools and clients, too."""
    http = gateway()
    with watch(http) as stream:
        http.post("/v1/pools/default/pause")
        event = stream.find("pool")
        assert event.json["pool"] == "default" and event.json["state"] == "paused", event
        http.post("/v1/pools/default/resume")
        http.post("/v1/pools/default/recycle")
        assert stream.find("worker").json["worker"] >= 1
        http.master.client().close()
        assert stream.find("client").json["state"] == "connected"


def test_the_queue(gateway):
    http = gateway(queue=True)
    with watch(http, "?what=jobs", queue=True) as stream:
        http.post("/v1/jobs?module=fib", "20", {"Prefer": "wait=20"})
        states = [stream.next().json["state"] for _ in range(3)]
        assert states == ["waiting", "running", "done"]


@pytest.mark.parametrize("query", ["?what=", "?what=jobs,", "?what=jobs,nothing", "?what=JOBS", "?what=" + "jobs," * 30,
                                   "?pool=" + "x" * 33, "?module=", "?job=1"])
def test_wrong_parameters(shared_http, query):
    response = shared_http.get("/v1/watch" + query)
    assert response.status == 400 and response.json["code"] == "bad-request", response


def test_the_queue_has_no_pools(shared_http):
    for query in ("?what=pools", "?pool=default"):
        assert shared_http.get("/v1/queue/watch" + query).status == 400


def test_the_stream_ends_with_the_daemon(gateway):
    http = gateway()
    stream = watch(http, "?what=jobs")
    http.master.stop()
    assert stream.rest() == []
    assert http.get("/v1/watch").status == 503


def test_the_watch_ends_with_its_client(gateway):
    http = gateway()
    before = http.get("/v1/stats").json["clients"]["connected"]
    streams = [watch(http) for _ in range(3)]
    assert http.get("/v1/stats").json["clients"]["connected"] == before + 3
    for stream in streams:
        stream.close()
    wait_until(lambda: http.get("/v1/stats").json["clients"]["connected"] == before, "the end of the watches")


def test_a_reload_ends_the_watch_of_a_lost_right(gateway, tmp_path):
    """Whose token is gone, or may not observe any more, is told nothing else."""
    tokens = {name: f"{name}-0123456789abcdef" for name in ("stays", "gone", "less")}
    access = tmp_path / "access"
    access.write_text("".join(f"{name} {token} observe\n" for name, token in tokens.items()))
    access.chmod(0o600)
    http = gateway(access_file=str(access), allow_writes=None)
    streams = {name: http.stream("GET", "/v1/watch?what=jobs", token=token) for name, token in tokens.items()}
    for stream in streams.values():
        assert stream.next().name == "watch"
    access.write_text(f"stays {tokens['stays']} observe\nless {tokens['less']} submit\n")
    http.signal(signal.SIGHUP)
    http.log.wait("reload")
    check(http.master.client().run("fib", "10"), "done")
    assert streams["gone"].rest() == [] and streams["less"].rest() == []
    assert streams["stays"].next().json["module"] == "fib"
    for stream in streams.values():
        stream.close()


def test_a_reader_that_stands_is_told_of_what_it_missed(gateway, daemon):
    """Nobody else waits for it."""
    http = gateway(master=daemon(job_max=1000))
    with watch(http, "?what=jobs") as stream:
        client = http.master.client()
        for batch in range(40):
            for number in range(500):
                client.submit(number, "echo", "x")
            for number in range(500):
                check(client.outcome(number), "done")
        late, stop = set(), threading.Event()

        def go_on():
            while not stop.is_set():
                late.add(http.post("/v1/jobs?module=fib", "20").headers["Taskmaster-Job"])

        others = threading.Thread(target=go_on)
        others.start()
        try:
            seen = dropped = 0
            while seen + dropped < 40000 or event["job"] not in late:
                event = stream.next().json
                seen += 1
                dropped += event.get("dropped", 0)
        finally:
            stop.set()
            others.join()
        assert dropped > 0
