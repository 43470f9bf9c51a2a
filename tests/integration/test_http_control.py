"""doc/http.md, section 9: the operator's requests over HTTP."""

import json

import pytest
from harness.client import check
from harness.wait import wait_until


def problem(response, status, code):
    assert response.status == status and response.json["code"] == code, response
    return response.json["detail"]


def test_pause_and_resume(gateway):
    http = gateway()
    assert http.post("/v1/pools/default/pause").json == {"was": False}
    assert http.post("/v1/pools/default/pause").json == {"was": True}
    client = http.master.client()
    client.submit(1, "echo", "x")
    http.master.wait_jobs(waiting=1)
    assert http.get("/v1/pools").json["default"]["paused"] is True
    assert http.post("/v1/pools/default/resume").json == {"was": True}
    check(client.outcome(1), "done")


def test_resize(gateway):
    http = gateway()
    answer = http.ask("PATCH", "/v1/pools/default", '{"pool_max":3,"job_max":7}')
    assert answer.json == {"pool_start": 1, "pool_max": 3, "job_max": 7, "until": "reload"}
    assert http.get("/v1/pools").json["default"]["pool"]["max"] == 3


BODIES = [
    ("", "JSON object"),
    ("[]", "JSON object"),
    ("{}", "JSON object"),
    ('{"pool_max":3', "JSON object"),
    ('{"pool_max":3,"pool_max":4}', "JSON object"),
    ('{"pool":"other"}', "pool"),
    ('{"op":"drain"}', "op"),
    ('{"pool_max":"3"}', "pool_max"),
    ('{"pool_max":-1}', "pool_max"),
    ('{"pool_max":1.5}', "pool_max"),
    ('{"pool_max":0}', "pool_max"),
    ('{"pool_max":10001}', "pool_max"),
    ('{"pool_max":1,"pool_start":2}', "pool_start"),
    ('{"job_max":' + "9" * 18 + "}", "job_max"),
    ('{"' + "x" * 5000 + '":1}', "xxx"),
]


@pytest.mark.parametrize("body,word", BODIES)
def test_a_wrong_resize(shared_http, body, word):
    response = shared_http.ask("PATCH", "/v1/pools/default", body)
    assert word in problem(response, 400, "bad-request")


@pytest.mark.parametrize("name", ["nothing", "%22,%22op", "x" * 33, "%C3%A4"])
def test_an_unknown_pool(shared_http, name):
    response = shared_http.post(f"/v1/pools/{name}/pause")
    assert response.status in (400, 404) and response.json["code"] in ("unknown-pool", "bad-request"), response


def worker_ids(http):
    return {worker["id"] for worker in http.get("/v1/workers").json}


def test_recycle(gateway):
    """A pool, and one worker."""
    http = gateway()
    wait_until(lambda: http.get("/v1/workers").json[0]["state"] == "idle", "a worker")
    first = worker_ids(http)
    assert http.post("/v1/pools/default/recycle").json == {"workers": 1}
    wait_until(lambda: worker_ids(http) and not worker_ids(http) & first, "another worker")
    (second,) = worker_ids(http)
    assert http.post(f"/v1/workers/{second}/recycle").json == {"workers": 1}
    wait_until(lambda: worker_ids(http) and second not in worker_ids(http), "yet another worker")


def test_kill_of_a_worker(gateway):
    http = gateway()
    client = http.master.client()
    client.submit(1, "sleep", json.dumps({"ms": 60000}), notify=["started"])
    worker = client.event("started", id=1)["worker"]
    wait_until(lambda: http.get("/v1/workers").json[0]["begun"], "the job's beginning")
    assert http.delete(f"/v1/workers/{worker}").json["worker"] == worker
    check(client.outcome(1), "failed", reason="error", by="operator")
    assert http.get("/v1/stats").json["modules"]["sleep"]["crashes"] == {}


@pytest.mark.parametrize("worker", ["77", "x", "1x", "-1", "9999999999", "%22"])
def test_an_unknown_worker(shared_http, worker):
    problem(shared_http.delete(f"/v1/workers/{worker}"), 404, "unknown-worker")
    problem(shared_http.post(f"/v1/workers/{worker}/recycle"), 404, "unknown-worker")


def test_reload(gateway):
    """Good settings, and bad ones with the place of the fault."""
    http = gateway()
    http.master.write_config(job_max=7)
    answer = http.post("/v1/reload").json
    assert answer["changed"] == ["job-max"] and answer["renewed"] is True, answer
    http.master.write_config(job_max="seven")
    response = http.post("/v1/reload")
    problem(response, 422, "bad-config")
    assert response.json["key"] == "job-max" and response.json["line"] > 1, response


def test_drain(gateway):
    http = gateway()
    problem(http.post("/v1/drain?waiting=never"), 400, "bad-request")
    assert http.post("/v1/drain?waiting=run").json == {}
    http.log.wait("master-lost")
    assert http.master.process.wait() == 0


def test_the_queue(gateway):
    http = gateway(queue=True)
    assert http.post("/v1/queue/pause?module=echo").json == {"was": False}
    assert http.get("/v1/queue/stats").json["modules"]["echo"]["paused"] is True
    assert http.post("/v1/queue/resume?module=echo").json == {"was": True}
    assert http.post("/v1/queue/pause").json == {"was": False}
    assert http.post("/v1/queue/resume").json == {"was": True}
    http.queue.write_config(job_max=7)
    assert http.post("/v1/queue/reload").json["changed"] == ["job-max"]
    assert http.post("/v1/queue/drain").json == {}
    assert http.queue.process.wait() == 0


def test_a_read_only_gateway(gateway, shared_gateway):
    http = gateway(master=shared_gateway.master, allow_writes=False)
    for method, path in (("POST", "/v1/pools/default/pause"), ("PATCH", "/v1/pools/default"),
                         ("DELETE", "/v1/workers/1"), ("POST", "/v1/reload"), ("POST", "/v1/drain")):
        problem(http.ask(method, path, "{}"), 403, "denied")
    assert http.get("/v1/session").json["read_only"] is True
