"""doc/http.md, section 11: health, readiness and history; section 2: the session."""

import signal
import threading
import time

from harness.cable import Cable
from harness.wait import DEADLINE, wait_until

TOKENS = {"looker": "looker-0123456789abcdef", "runner": "runner-0123456789abcdef"}


def health(http, path):
    response = http.get(path)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json["status"] == ("pass" if response.status == 200 else "fail"), response
    return response.status, response.json["checks"]


def test_all_is_well(shared_http):
    assert health(shared_http, "/healthz") == (200, {"gateway": "ok", "master": "ok"})
    assert health(shared_http, "/readyz") == (200, {"gateway": "ok", "queue": "ok", "master": "ok"})
    assert shared_http.ask("HEAD", "/healthz").status == 200


def test_a_paused_master(gateway):
    http = gateway()
    http.post("/v1/pools/default/pause")
    assert health(http, "/readyz") == (503, {"gateway": "ok", "master": "paused"})
    assert health(http, "/healthz")[0] == 200
    http.post("/v1/pools/default/resume")
    wait_until(lambda: health(http, "/readyz")[0] == 200, "the news of the end of the pause")


def test_strangers_do_not_keep_the_master_busy(daemon):
    """Whoever asks without a token is answered out of memory as a rule."""
    cable = Cable(daemon().address)
    http = daemon.make_gateway({"server": cable.address}).start()
    http.wait_connected()
    connection = http.connect()
    started = time.monotonic()
    for _ in range(300):
        assert connection.ask("GET", "/readyz").status == 200
    seconds = time.monotonic() - started
    asked = cable.asked.count(b'"op":"stats"')
    assert 1 <= asked <= 2 + seconds * 10, (asked, seconds)
    cable.close()


def test_a_draining_master(gateway):
    http = gateway()
    client = http.master.client()
    client.submit(1, "sleep", '{"ms":60000}', notify=["started"])
    client.event("started", id=1)
    http.post("/v1/drain")
    assert health(http, "/readyz") == (503, {"gateway": "ok", "master": "draining"})
    client.send(op="kill", target=1)
    client.outcome(1)
    http.log.wait("master-lost")


def test_no_worker(gateway, daemon):
    """Workers cannot be started, and a job waits."""
    http = gateway(master=daemon(pool_start=0, worker_path="/bin/false", start_timeout_ms=20000))
    assert health(http, "/readyz")[0] == 200
    client = http.master.client()
    client.submit(1, "echo", "x")
    wait_until(lambda: health(http, "/readyz") == (503, {"gateway": "ok", "master": "no worker in pool default"}),
               "the lack of a worker")
    client.send(op="cancel", target=1)
    client.outcome(1)


def test_an_unreachable_master(gateway):
    http = gateway()
    http.master.stop()
    wait_until(lambda: health(http, "/healthz")[0] == 503, "the loss of the master")
    status, checks = health(http, "/readyz")
    assert status == 503 and checks["master"].startswith("away: "), checks
    assert http.get("/metrics").text.splitlines()[-1] == "taskmasterd_up 0"


def test_an_unreachable_queue(gateway):
    http = gateway(queue=True)
    http.queue.stop()
    http.log.wait("queue-lost")
    status, checks = health(http, "/readyz")
    assert status == 503 and checks["master"] == "ok" and checks["queue"].startswith("away: "), checks
    assert health(http, "/healthz")[0] == 200
    metrics = http.get("/metrics").text
    assert "taskmasterd_up 1" in metrics and "taskqueued_up 0" in metrics


def test_a_master_that_stands(gateway):
    """Its loop does not go round: no answer comes, though its connections are fine. Others do not wait for it."""
    http = gateway()
    http.master.process.send_signal(signal.SIGSTOP)
    answers = {}

    def ask_for(path):
        answers[path] = http.ask("GET", path, timeout=3 * DEADLINE)

    asks = [threading.Thread(target=ask_for, args=[path]) for path in ("/v1/stats", "/metrics", "/readyz")]
    for ask in asks:
        ask.start()
    try:
        wait_until(lambda: health(http, "/healthz")[0] == 503, "the silence")
        assert "silent" in health(http, "/healthz")[1]["master"]
        for ask in asks:
            ask.join()
    finally:
        http.master.process.send_signal(signal.SIGCONT)
    assert answers["/readyz"].status == 503
    assert answers["/metrics"].text.splitlines()[-1] == "taskmasterd_up 0"
    assert answers["/v1/stats"].status == 503 and answers["/v1/stats"].json["code"] == "unavailable"
    wait_until(lambda: health(http, "/healthz")[0] == 200, "the master's health")


def test_history(gateway):
    """Two samples, and the difference between them."""
    http = gateway(queue=True)
    first = http.wait_get("/v1/history", lambda response: response.json["at_ms"], "a sample").json
    assert http.post("/v1/jobs?module=fib", "20").status == 200
    assert http.post("/v1/jobs?module=math", "1/0").status == 422
    last = first["at_ms"][-1]
    second = http.wait_get(f"/v1/history?since={last}", lambda response: response.json["at_ms"], "another sample").json
    assert second["interval_ms"] == 5000 and second["size"] == 720
    assert second["at_ms"] == [at for at in second["at_ms"] if at > last]
    series = second["master"]
    assert series["up"] == [1] and series["done"] == [1] and series["failed"] == [1], series
    assert series["run_p50_us"][0] > 0 and series["workers_max"] == [2] and series["rss"][0] > 100000
    assert second["pools"]["default"]["ended"] == [2]
    assert second["queue"]["up"] == [1] and second["queue"]["master_up"] == [1]
    assert all(len(values) == 1 for part in (series, second["queue"], second["pools"]["default"])
               for values in part.values())


def test_history_of_wrong_times(shared_http):
    for since in ("", "x", "-1", "1.5"):
        response = shared_http.get(f"/v1/history?since={since}")
        assert response.status == 400 and "since" in response.json["detail"], response
    assert shared_http.get("/v1/history?since=9007199254740992").json["at_ms"] == []


def test_session(gateway, shared_gateway, tmp_path):
    """With tokens, and without."""
    session = shared_gateway.get("/v1/session").json
    assert session["name"] is None and session["queue"] is True and session["needs_token"] is False
    assert session["rights"] == ["submit", "observe", "control", "serve", "admin"] and not session["read_only"]
    assert session["server"].startswith("taskmasterd/") and session["queue_server"].startswith("taskqueued/")
    access = tmp_path / "access"
    access.write_text(f"looker {TOKENS['looker']} observe\nrunner {TOKENS['runner']} module:fib module:wc\n")
    access.chmod(0o600)
    http = gateway(master=shared_gateway.master, access_file=str(access), allow_writes=None)
    assert http.get("/v1/session").status == 401
    looker = http.get("/v1/session", token=TOKENS["looker"]).json
    assert looker["name"] == "looker" and looker["rights"] == ["observe"] and looker["modules"] is None
    assert looker["needs_token"] and not looker["read_only"] and not looker["queue"] and looker["queue_server"] is None
    runner = http.get("/v1/session", token=TOKENS["runner"]).json
    assert runner["rights"] == ["submit"] and runner["modules"] == ["fib", "wc"]
