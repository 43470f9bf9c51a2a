"""doc/http.md, section 8: the lists of both daemons, their parameters and their pages."""

import json
import re

import pytest
from harness.client import check

LISTS = {
    "/v1/stats": ("master", "stats"),
    "/v1/workers": ("master", "workers"),
    "/v1/modules": ("master", "modules"),
    "/v1/crashes": ("master", "crashes"),
    "/v1/services": ("master", "services"),
    "/v1/jobs": ("master", "jobs"),
    "/v1/clients": ("master", "clients"),
    "/v1/queue/stats": ("queue", "stats"),
    "/v1/queue/jobs": ("queue", "jobs"),
    "/v1/queue/clients": ("queue", "clients"),
    "/v1/queue/nodes": ("queue", "nodes"),
}


def ask(server, op, **fields):
    client = server.client()
    client.send(op=op, id=1, **fields)
    answer = client.event(op, id=1).json()
    client.close()
    return answer


def shape(value):
    """The members, and what they are; numbers differ from moment to moment."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_the_protocols_json(shared_http, path):
    noun, op = LISTS[path]
    server = getattr(shared_http, noun)
    server.client(client="watcher/1")
    response = shared_http.get(path)
    assert response.status == 200 and response.headers["Content-Type"] == "application/json", response
    assert response.headers["Cache-Control"] == "no-store"
    expected = ask(server, op)
    assert shape(response.json) == shape(expected)


def test_pools(shared_http):
    pools = shared_http.get("/v1/pools").json
    assert shape(pools) == shape(ask(shared_http.master, "stats")["pools"])


def test_head(shared_http):
    response = shared_http.ask("HEAD", "/v1/workers")
    assert response.status == 200 and response.body == b"" and int(response.headers["Content-Length"]) > 2


BAD = [
    ("/v1/jobs?limit=0", "limit"),
    ("/v1/jobs?limit=1001", "limit"),
    ("/v1/jobs?limit=", "limit"),
    ("/v1/jobs?limit=1x", "limit"),
    ("/v1/jobs?state=delayed", "state"),
    ("/v1/jobs?module=", "module"),
    ("/v1/jobs?module=" + "x" * 65, "module"),
    ("/v1/jobs?pool=" + "x" * 33, "pool"),
    ("/v1/jobs?owner=" + "%C3%A4" * 40, "owner"),
    ("/v1/jobs?client=-1", "client"),
    ("/v1/jobs?after=" + "1" * 43, "after"),
    ("/v1/jobs?module=a&module=b", "module"),
    ("/v1/jobs?nonsense=1", "nonsense"),
    ("/v1/jobs?module=%zz", "module"),
    ("/v1/stats?module=fib", "module"),
    ("/v1/queue/jobs?state=busy", "state"),
    ("/v1/queue/jobs?pool=default", "pool"),
    ("/v1/queue/jobs?reason=" + "x" * 33, "reason"),
    ("/v1/clients?limit=no", "limit"),
    ("/v1/crashes?pool=default", "pool"),
]


@pytest.mark.parametrize("path,name", BAD)
def test_a_wrong_parameter_is_named(shared_http, path, name):
    response = shared_http.get(path)
    assert response.status == 400, response
    assert response.json["code"] == "bad-request" and name in response.json["detail"], response


def test_words_of_the_daemon_about_a_parameter(shared_http):
    """What only the daemon knows is its error."""
    response = shared_http.get("/v1/jobs?module=no.module")
    assert response.status == 400 and "module" in response.json["detail"], response
    response = shared_http.get("/v1/jobs?after=77-0")
    assert response.status == 404 and response.json["code"] == "unknown-place", response


def pages(http, path):
    """All items of a list, page by page, and the number of pages."""
    items, count = [], 0
    while path:
        response = http.get(path)
        assert response.status == 200, response
        items += response.json
        count += 1
        link = response.headers["Link"]
        path = re.fullmatch(r'<(.*)>; rel="next"', link).group(1) if link else None
    return items, count


def test_jobs_page_by_page(gateway):
    http = gateway()
    client = http.master.client()
    for number in range(7):
        client.submit(number, "sleep", json.dumps({"ms": 60000}))
    client.submit("other", "echo", "x" * 10)
    http.master.wait_jobs(waiting=6, running=2)
    jobs, count = pages(http, "/v1/jobs?limit=3&module=sleep")
    assert [job["id"] for job in jobs] == list(range(7)) and 3 <= count <= 4
    waiting, _ = pages(http, "/v1/jobs?state=waiting&limit=1000")
    assert [job["id"] for job in waiting] == [2, 3, 4, 5, 6, "other"]
    own, _ = pages(http, f"/v1/jobs?client={jobs[0]['client']['id']}")
    assert len(own) == 8
    assert http.get("/v1/jobs?client=4294967295").json == []
    for number in range(7):
        client.send(op="kill", target=number)
    assert http.get("/v1/jobs?pool=nothing").status == 404
    for number in range(7):
        client.outcome(number)
    check(client.outcome("other"), "done")


def test_kept_jobs_page_by_page(gateway):
    http = gateway(queue=True)
    for number in range(5):
        http.post("/v1/jobs?module=math", "1/0", {"Prefer": "wait=20"})
    http.post("/v1/jobs?module=echo", "1", {"Prefer": "respond-async"})
    failed, count = pages(http, "/v1/queue/jobs?state=failed&limit=2&reason=module")
    assert len(failed) == 5 and count >= 3
    assert {job["outcome"]["reason"] for job in failed} == {"module"}
    assert http.get("/v1/queue/jobs?reason=timeout").json == []


def test_crashes_of_a_module(gateway):
    http = gateway()
    check(http.master.client().run("crash", "segv"), "failed")
    assert [crash["module"] for crash in http.get("/v1/crashes?module=crash").json] == ["crash"]
    assert http.get("/v1/crashes?module=fib").json == []


def test_without_a_queue(gateway):
    http = gateway()
    for path in LISTS:
        if path.startswith("/v1/queue"):
            response = http.get(path)
            assert response.status == 501 and response.json["code"] == "no-queue", response


def test_without_a_master(gateway):
    http = gateway()
    http.master.stop()
    http.log.wait("master-lost")
    response = http.get("/v1/workers")
    assert response.status == 503 and response.json["code"] == "unavailable", response
    assert int(response.headers["Retry-After"]) >= 1
