"""Jobs that taskqueued keeps, over HTTP: doc/http.md, sections 5 and 6."""

import json
import os
import signal
import time

import pytest
from harness.wait import BUILD, DEADLINE, wait_until
from test_http_jobs import problem

MODULES = os.path.join(BUILD, "tests", "modules")
LONG = '{"ms":600000}'
ASYNC = {"Prefer": "respond-async"}


def put(http, query="?module=fib", body="30", headers=ASYNC):
    """Submits a job, which must be accepted, and returns its path."""
    response = http.post("/v1/jobs" + query, body, headers)
    assert response.status == 202, response
    assert response.headers["Location"] == f"/v1/jobs/{response.json['job']}"
    assert response.headers["Taskmaster-Job"] == response.json["job"]
    return response.headers["Location"]


# ---- submits


def test_accepted(shared_http):
    response = shared_http.post("/v1/jobs?module=fib", "30", ASYNC)
    assert response.status == 202 and response.headers["Preference-Applied"] == "respond-async"
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {"job": response.headers["Taskmaster-Job"], "joined": False}
    assert shared_http.get(response.headers["Location"] + "?wait=60").text == "832040"


@pytest.mark.parametrize("headers", [{"Prefer": "wait=60"}, {"Prefer": "respond-async, wait=60"}])
def test_wait_for_the_result(shared_http, headers):
    response = shared_http.post("/v1/jobs?module=fib", "30", headers)
    assert (response.status, response.text) == (200, "832040")
    assert response.headers["Taskmaster-Job"][0] == "q" and int(response.headers["Taskmaster-Run-Us"]) > 0
    assert response.headers["Location"] is None


def test_wait_is_over(shared_http):
    response = shared_http.post("/v1/jobs?module=sleep", '{"ms":1300,"value":7}', {"Prefer": "wait=1"})
    assert response.status == 202 and response.headers["Preference-Applied"] is None, response
    assert shared_http.get(response.headers["Location"] + "?wait=60").text == "7"


def test_a_wait_does_not_delay_the_end_of_the_gateway(gateway):
    http = gateway(queue=True, drain_timeout_ms=60000)
    path = put(http, "?module=sleep", LONG)
    watched, submitted = http.connect(), http.connect()
    watched.request("GET", path + "?wait=600")
    submitted.request("POST", "/v1/jobs?module=sleep", LONG, {"Prefer": "wait=600"})
    wait_until(lambda: len(http.get("/v1/queue/jobs").json) == 2, "the second job")
    http.signal(signal.SIGTERM)
    for connection in (watched, submitted):
        response = connection.getresponse()
        assert response.status == 202, response.read()
        response.read()
    assert http.wait_exit() == 0


def test_wait_for_a_failure(shared_http):
    problem(shared_http.post("/v1/jobs?module=math", "x", {"Prefer": "wait=60"}), 422, "module", code="bad-input")


def test_all_options(shared_http):
    query = "?module=fib&priority=9&retries=2&retry_on=error,module&retry_delay_ms=5&ttl_ms=60000&max_wait_ms=60000"
    path = put(shared_http, query + "&delay_ms=1&timeout_ms=5000&soft_timeout_ms=4000")
    assert shared_http.get(path + "?wait=60").text == "832040"
    path = put(shared_http, "?module=fib&at=2199-01-01T00:00:00Z")
    status = shared_http.get(path)
    assert status.status == 202 and status.headers["Taskmaster-State"] == "delayed", status
    assert shared_http.delete(path).json["state"] == "delayed"


@pytest.mark.parametrize(
    "query, headers, named",
    [
        ("?module=fib&priority=10", {}, "priority"),
        ("?module=fib&retry_on=boredom", {}, "retry_on"),
        ("?module=fib&at=tomorrow", {}, "at"),
        ("?module=fib&delay_ms=1&at=2030-01-01T00:00:00Z", {}, "at"),
        ("?module=fib&service=ends", {}, "service"),
        ("?module=fib", {"Idempotency-Key": ""}, "Idempotency-Key"),
        ("?module=fib", {"Idempotency-Key": "k" * 129}, "Idempotency-Key"),
        ("?module=fib", {"Idempotency-Key": "caf\xe9"}, "Idempotency-Key"),
    ],
)
def test_wrong_options(shared_http, query, headers, named):
    body = problem(shared_http.post("/v1/jobs" + query, "30", {**ASYNC, **headers}), 400, "bad-request")
    assert named in body["detail"], body


def test_key_twice(shared_http):
    answer = shared_http.raw(
        b"POST /v1/jobs?module=fib HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
        b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n30"
    )
    assert answer.startswith(b"HTTP/1.1 400 ") and b"Idempotency-Key is given twice" in answer, answer


def test_keys(shared_http):
    headers = {"Idempotency-Key": "order-7"}
    first = shared_http.post("/v1/jobs?module=fib", "30", headers)
    again = shared_http.post("/v1/jobs?module=fib", "30", headers)
    assert (first.status, again.status) == (202, 202)
    assert (first.json["joined"], again.json["joined"]) == (False, True)
    assert first.json["job"] == again.json["job"]
    waited = shared_http.post("/v1/jobs?module=fib", "30", {**headers, "Prefer": "wait=60"})
    assert waited.text == "832040" and waited.headers["Taskmaster-Job"] == first.json["job"]
    problem(shared_http.post("/v1/jobs?module=fib", "31", headers), 422, "key-conflict", job=first.json["job"])


def test_no_queue(gateway):
    http = gateway()
    for headers in (ASYNC, {"Prefer": "wait=1"}, {"Idempotency-Key": "k"}):
        problem(http.post("/v1/jobs?module=fib", "30", headers), 501, "no-queue")
    for path in ("/v1/jobs/q1", "/v1/jobs/q1?wait=1", "/v1/jobs/q1/events"):
        problem(http.get(path), 501, "no-queue")
    problem(http.delete("/v1/jobs/q1"), 501, "no-queue")
    problem(http.post("/v1/jobs/q1/retry"), 501, "no-queue")
    # Nothing has run, and other preferences mean nothing here.
    assert http.master.client().stats()["jobs"]["submitted"] == 0
    assert http.post("/v1/jobs?module=fib", "30", {"Prefer": "return=minimal"}).text == "832040"


# ---- one job


def test_outcome_again_and_again(shared_http):
    path = put(shared_http)
    assert shared_http.get(path + "?wait=60").text == "832040"
    for _ in range(3):
        response = shared_http.get(path)
        assert (response.status, response.text) == (200, "832040")
    problem(shared_http.post(path + "/retry"), 409, "not-failed")
    problem(shared_http.delete(path), 404, "unknown-job")
    assert shared_http.post(path + "/forget").json == {"job": path.rpartition("/")[2]}
    problem(shared_http.get(path), 404, "unknown-job")


def test_status(shared_http):
    path = put(shared_http, "?module=sleep", LONG)
    running = shared_http.wait_get(path, lambda r: r.headers["Taskmaster-State"] == "running", "a running job")
    assert running.status == 202 and running.json["module"] == "sleep" and running.json["outcome"] is None
    assert shared_http.get(path + "?wait=0").status == 202
    assert shared_http.get(path + "?wait=1").status == 202
    problem(shared_http.post(path + "/retry"), 409, "not-yet")
    problem(shared_http.post(path + "/forget"), 409, "not-yet")
    assert shared_http.delete(path).json["state"] == "running"
    problem(shared_http.get(path + "?wait=60"), 409, "cancelled", by="client")
    problem(shared_http.get(path), 409, "cancelled")


def test_retry(gateway, daemon):
    master = daemon(module_dir=MODULES, breaker_crashes=0)
    queue = daemon.make_queue({}, master).start()
    queue.linked()
    http = gateway(master, queue)
    path = put(http, "?module=live", "till 1\nfail")
    body = problem(http.get(path + "?wait=60"), 422, "module")
    assert body["code"] == "asked", body
    assert http.post(path + "/retry").json == {"job": path.rpartition("/")[2], "count": 1}
    response = http.get(path + "?wait=60")
    assert response.status == 200 and response.headers["Taskmaster-Attempt"] == "2", response
    path = put(http, "?module=live&retries=10&retry_delay_ms=1", "crash")
    body = problem(http.get(path + "?wait=60"), 422, "poison")
    assert body["reason"] == "poison", body


def test_no_room(gateway, daemon):
    master = daemon()
    queue = daemon.make_queue({"job-max": 1}, master).start()
    queue.keep_address()
    http = gateway(master, queue)
    path = put(http, "?module=sleep", LONG)
    response = http.post("/v1/jobs?module=fib", "30", ASYNC)
    problem(response, 503, "overload", reason="queue-full")
    assert int(response.headers["Retry-After"]) >= 1
    queue.restart(job_max=100, owner_job_max=1)
    http.wait_connected("queue", 2)
    problem(http.post("/v1/jobs?module=fib", "30", ASYNC), 429, "overload", reason="client-quota")
    assert http.delete(path).status == 200


# ---- ends of connections and of daemons


@pytest.mark.parametrize("n", range(5))
def test_client_goes(shared_http, n):
    """A kept job stays, whenever its client goes."""
    connection = shared_http.connect()
    key = {"Idempotency-Key": f"stays {n}", "Prefer": "wait=60"}
    connection.request("POST", "/v1/jobs?module=sleep", '{"ms":50,"value":1}', key)
    time.sleep(n / 1000)  # not to wait for anything: five moments of its way
    connection.close()
    assert shared_http.post("/v1/jobs?module=sleep", '{"ms":50,"value":1}', key).text == "1"


def test_queue_is_away(gateway, daemon):
    http = gateway(queue=True)
    http.queue.keep_address()
    path = put(http, "?module=sleep", '{"ms":300,"value":5}')
    waiting = http.connect()
    waiting.request("POST", "/v1/jobs?module=sleep", LONG, {"Prefer": "wait=60", "Idempotency-Key": "k"})
    stats = http.queue.client()
    wait_until(lambda: stats.stats()["jobs"]["submitted"] == 2, "two submits")
    http.queue.process.send_signal(signal.SIGKILL)
    http.queue.process.wait()
    answer = waiting.getresponse()
    body = json.loads(answer.read())
    # The job is kept if its answer had come; otherwise the submit is lost, and may be repeated.
    assert answer.status in (202, 502, 503), body
    response = http.post("/v1/jobs?module=fib", "30", ASYNC)
    problem(response, 503, "unavailable")
    problem(http.get(path), 503, "unavailable")
    http.queue.start()
    http.wait_connected("queue", 2)
    assert http.get(path + "?wait=60").text == "5"
    again = http.post("/v1/jobs?module=sleep", LONG, {"Idempotency-Key": "k"})
    assert http.delete(again.headers["Location"]).status == 200


def test_queue_stands(gateway):
    """Whoever waits for an outcome is answered all the same."""
    http = gateway(queue=True)
    path = put(http, "?module=sleep", LONG)
    waiting = http.connect()
    waiting.request("POST", "/v1/jobs?module=sleep", LONG, {"Prefer": "wait=1"})
    stats = http.queue.client()
    wait_until(lambda: stats.stats()["jobs"]["running"] == 2, "two jobs that have begun, so were told")
    http.queue.signal(signal.SIGSTOP)
    asking = http.connect()
    asking.request("GET", path + "?wait=1")
    answer = waiting.getresponse()
    assert answer.status == 202 and answer.headers["Location"], answer.read()
    answer = asking.getresponse()
    assert answer.status == 503 and json.loads(answer.read())["detail"] == "the queue does not answer"
    http.queue.signal(signal.SIGCONT)
    assert http.get(path).status == 202


def test_gateway_goes(gateway, daemon):
    http = gateway(queue=True)
    path = put(http, "?module=sleep", '{"ms":300,"value":5}')
    http.process.send_signal(signal.SIGKILL)
    http.process.wait()
    http.start()
    http.wait_connected("queue", 2)
    assert http.get(path + "?wait=60").text == "5"


def test_gateway_ends_with_a_submit_on_its_way(gateway, daemon):
    """Its client has gone, and the queue does not answer."""
    http = gateway(queue=True)
    http.queue.signal(signal.SIGSTOP)
    connection = http.connect()
    connection.request("POST", "/v1/jobs?module=fib", "30", ASYNC)
    http.get("/v1/stats")  # the one before is read by now
    connection.close()
    http.signal(signal.SIGTERM)
    assert http.process.wait(DEADLINE) == 0
    http.queue.signal(signal.SIGCONT)
