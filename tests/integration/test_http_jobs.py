"""POST /v1/jobs and one job by its id, over HTTP: doc/http.md, sections 3, 4 and 6."""

import json
import os
import re
import signal
import socket

import pytest
from harness.manager import Manager
from harness.wait import BUILD, wait_until

MODULES = os.path.join(BUILD, "tests", "modules")
LONG = '{"ms":600000}'


def problem(response, status, word, **members):
    """Checks the form of a problem, its word (`code`, or the `reason` of a failed job) and some members."""
    assert response.status == status, response
    assert response.headers["Content-Type"] == "application/problem+json", response
    body = response.json
    assert body["type"] == f"/problems/{word}" and body["status"] == status, body
    assert body["title"] and body["detail"], body
    assert word in (body.get("code"), body.get("reason")), body
    for key, value in members.items():
        assert body.get(key) == value, (key, body)
    return body


def list_jobs(client):
    client.send(op="jobs", id="list")
    return client.event("jobs", id="list").json()


def running(master, count=1):
    """Waits for so many running jobs; returns their states."""
    client = master.client()

    def look():
        found = [job for job in list_jobs(client) if job["state"] == "running"]
        return found if len(found) == count else None

    return wait_until(look, f"{count} running jobs")


def monitored(master):
    """Waits until a client has a monitor."""
    client = master.client()
    wait_until(lambda: any(c["monitors"] for c in client.ask("clients")), "a monitor")


def begin(http, path, body=b"", headers=None, token=None):
    """Sends a request on a connection of its own, without reading the answer."""
    connection = http.connect()
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request("POST", path, body, headers)
    return connection


# ---- results


def test_result(shared_http):
    response = shared_http.post("/v1/jobs?module=fib", "30")
    assert (response.status, response.body) == (200, b"832040")
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Taskmaster-Job"].count("-") == 1
    assert int(response.headers["Taskmaster-Wait-Us"]) >= 0
    assert int(response.headers["Taskmaster-Run-Us"]) > 0


@pytest.mark.parametrize("size", [0, 1, 4096, 65536, 1 << 20])
def test_any_bytes(shared_http, size):
    payload = os.urandom(size)
    response = shared_http.post("/v1/jobs?module=echo", payload)
    assert response.status == 200 and response.body == payload


def test_chunked_payload(shared_http):
    connection = shared_http.connect()
    connection.request("POST", "/v1/jobs?module=echo", iter([b"in ", b"two"]), encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"in two")


def test_one_connection_many_jobs(shared_http):
    connection = shared_http.connect()
    for n in range(50):
        response = connection.ask("POST", "/v1/jobs?module=echo", str(n))
        assert (response.status, response.text) == (200, str(n))


def test_options_as_headers(shared_http):
    headers = {"Taskmaster-Module": "sleep", "taskmaster-timeout-ms": "20", "Taskmaster-Max-Wait-Ms": "60000"}
    problem(shared_http.post("/v1/jobs", LONG, headers), 504, "timeout", step="stop-flag")


def test_service(gateway, daemon):
    master = daemon()
    http = gateway(master)
    owner = master.client()
    owner.send(op="register", name="ends")
    owner.expect("ok")
    response = http.post("/v1/jobs?module=fib&service=ends", "30")
    assert response.status == 202 and response.json == {"job": response.headers["Taskmaster-Job"]}
    owner.expect("done", service="ends", job=response.json["job"])
    problem(http.post("/v1/jobs?module=fib&service=nobody", "30"), 404, "unknown-service")
    problem(
        http.post("/v1/jobs?module=fib&service=ends", "30", {"Accept": "text/event-stream"}), 400, "bad-request"
    )


# ---- wrong requests


@pytest.mark.parametrize(
    "query, headers, named",
    [
        ("", {}, "module"),
        ("?module=", {}, "module"),
        ("?module=a.b", {}, "module"),
        ("?module=fib&modul=fib", {}, "modul"),
        ("?module=fib&module=fib", {}, "module"),
        ("?module=fib", {"Taskmaster-Module": "fib"}, "module"),
        ("?module=fib", {"Taskmaster-Modul": "fib"}, "Taskmaster-Modul"),
        ("?module=fib&timeout_ms=0", {}, "timeout_ms"),
        ("?module=fib&timeout_ms=-1", {}, "timeout_ms"),
        ("?module=fib&timeout_ms=1e3", {}, "timeout_ms"),
        ("?module=fib&timeout_ms=01", {}, "timeout_ms"),
        ("?module=fib&timeout_ms=", {}, "timeout_ms"),
        ("?module=fib&timeout_ms=99999999999", {}, "timeout_ms"),
        ("?module=fib&soft_timeout_ms=x", {}, "soft_timeout_ms"),
        ("?module=fib", {"Taskmaster-Max-Wait-Ms": "soon"}, "max_wait_ms"),
        ("?module=fib&service=a%20b", {}, "service"),
        ("?module=fib&priority=5", {}, "priority"),
        ("?module=fib&retries=5", {}, "retries"),
        ("?module=fib&link=true", {}, "link"),
        ("?module=fib&for=me", {}, "for"),
        ("?module=%zz", {}, "module"),
        ("?module=fi%00b", {}, "module"),
        ("?module=" + "a" * 65, {}, "module"),
    ],
)
def test_wrong_options(shared_http, query, headers, named):
    body = problem(shared_http.post("/v1/jobs" + query, "30", headers), 400, "bad-request")
    assert named in body["detail"], body


def test_option_header_twice(shared_http):
    answer = shared_http.raw(
        b"POST /v1/jobs?module=fib HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
        b"Taskmaster-Timeout-Ms: 5000\r\nTaskmaster-Timeout-Ms: 6000\r\n\r\n30"
    )
    assert answer.startswith(b"HTTP/1.1 400 ") and b"timeout_ms is given twice" in answer, answer


@pytest.mark.parametrize(
    "method, path, allow",
    [
        ("PUT", "/v1/jobs/q1/retry", "POST"),
        ("PATCH", "/v1/jobs/q1", "GET, HEAD, DELETE"),
        ("GET", "/v1/jobs/q1/retry", "POST"),
        ("OPTIONS", "/v1/jobs/q1/forget", "POST"),
        ("BREW", "/v1/jobs/q1/events", "GET, HEAD"),
    ],
)
def test_wrong_methods(shared_http, method, path, allow):
    response = shared_http.ask(method, path)
    problem(response, 405, "method")
    assert response.headers["Allow"] == allow


@pytest.mark.parametrize("path", ["/v1", "/v1/job", "/v1/jobs/", "/v1/jobs/q1/", "/v1/jobs/q1/again", "/v2/jobs"])
def test_wrong_paths(shared_http, path):
    problem(shared_http.get(path), 404, "unknown-path")


def test_unknown_job(shared_http):
    for path in ("/v1/jobs/none-1", "/v1/jobs/q999", "/v1/jobs/%22", "/v1/jobs/a%20b", "/v1/jobs/none-1/events"):
        problem(shared_http.get(path), 404, "unknown-job")
        problem(shared_http.get(path + "?wait=5") if "events" not in path else shared_http.get(path), 404, "unknown-job")
    for path in ("/v1/jobs/none-1", "/v1/jobs/q999", "/v1/jobs/none-1?kill"):
        problem(shared_http.delete(path), 404, "unknown-job")
    for path in ("/v1/jobs/none-1/retry", "/v1/jobs/q999/retry", "/v1/jobs/none-1/forget", "/v1/jobs/q999/forget"):
        problem(shared_http.post(path), 404, "unknown-job")


def test_wrong_parameters_of_a_job(shared_http):
    for path in ("?wait=", "?wait=x", "?wait=-1", "?wait=1&wait=1", "?kill", "?x=1"):
        problem(shared_http.get("/v1/jobs/q1" + path), 400, "bad-request")
    problem(shared_http.delete("/v1/jobs/q1?wait=1"), 400, "bad-request")


def test_too_large_payload(gateway, daemon):
    http = gateway(daemon(payload_max=100000))
    assert http.post("/v1/jobs?module=wc", b"a" * 100000).status == 200
    problem(http.post("/v1/jobs?module=wc", b"a" * 100001), 413, "payload-too-large")
    connection = http.connect()
    pieces = iter([b"a" * 65536] * 4)
    connection.request("POST", "/v1/jobs?module=wc", pieces, encode_chunked=True)
    assert connection.getresponse().status == 413
    assert http.post("/v1/jobs?module=fib", "30").text == "832040"


# ---- jobs that fail


def test_table_of_words():
    """The manual has each word of the program in the row of its status."""
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "doc", "http.md"), encoding="utf-8") as file:
        rows = dict(re.findall(r"^\| (\d{3}) \| (.*?) \|", file.read(), re.M))
    with open(os.path.join(root, "gateway", "api", "fault.c"), encoding="utf-8") as file:
        words = re.findall(r'\{"([a-z-]+)", (\d+)\}', file.read())
    assert len(words) > 25
    for word, status in words:
        assert f"`{word}`" in rows[status], (word, status)


def test_unknown_module(shared_http):
    problem(shared_http.post("/v1/jobs?module=nope", ""), 404, "unknown-module", reason="unknown-module")


def test_module_failure(shared_http):
    body = problem(shared_http.post("/v1/jobs?module=math", '{"op":"div","x":1,"y":0}'), 422, "module")
    assert (body["reason"], body["code"]) == ("module", "div-by-zero") and body["job"]


def test_module_asks_for_another_try(gateway, daemon):
    response = gateway(daemon(module_dir=MODULES)).post("/v1/jobs?module=live", "retry 1500")
    problem(response, 422, "module", code="asked")
    assert response.headers["Retry-After"] == "2"


def test_reply_of_a_failure(gateway, daemon):
    http = gateway(daemon(module_dir=MODULES))
    problem(http.post("/v1/jobs?module=live", "say so far\nfail"), 422, "module", payload="so far")


def test_crash(gateway, daemon):
    master = daemon()
    body = problem(gateway(master).post("/v1/jobs?module=crash", "segv"), 502, "error", signal="SIGSEGV")
    client = master.client()
    client.send(op="crashes")
    crashes = client.event("crashes").json()
    assert len(body["fingerprint"]) == 8 and body["fingerprint"] in json.dumps(crashes)


def test_exit(shared_http):
    problem(shared_http.post("/v1/jobs?module=crash", "exit 3"), 502, "error", exit_status=3)


def test_too_large_result(gateway, daemon):
    http = gateway(daemon(payload_max=100000))
    problem(http.post("/v1/jobs?module=crash", "big 200000"), 502, "too-large")


def test_timeout(shared_http):
    body = problem(shared_http.post("/v1/jobs?module=sleep&timeout_ms=20", LONG), 504, "timeout")
    assert body["step"] == "stop-flag" and body["job"]


def test_expired_and_full(gateway, daemon):
    master = daemon(pool_max=1, job_max=1)
    http = gateway(master)
    busy = begin(http, "/v1/jobs?module=sleep", LONG)
    job = running(master)[0]["job"]
    problem(http.post("/v1/jobs?module=fib&max_wait_ms=10", "30"), 504, "expired")
    waiting = begin(http, "/v1/jobs?module=fib", "30")
    client = master.client()
    wait_until(lambda: len(list_jobs(client)) == 2, "a waiting job")
    response = http.post("/v1/jobs?module=fib", "30")
    body = problem(response, 503, "overload", reason="queue-full", pool="default", queued=1, running=1)
    assert body["detail"] == "as many jobs wait as may wait"
    assert int(response.headers["Retry-After"]) >= 1
    assert http.delete(f"/v1/jobs/{job}").json == {"job": job, "state": "running"}
    cancelled = busy.getresponse()
    body = json.loads(cancelled.read())
    assert cancelled.status == 409 and (body["reason"], body["by"]) == ("cancelled", "client"), body
    assert waiting.getresponse().read() == b"832040"


def test_no_memory(gateway, daemon):
    http = gateway(daemon(payload_max=100000, payload_total_max=100000, pool_max=1))
    busy = begin(http, "/v1/jobs?module=sleep", json.dumps({"ms": 600000, "value": "a" * 60000}))
    running(http.master)
    response = http.post("/v1/jobs?module=wc", b"a" * 60000)
    problem(response, 503, "overload", reason="memory")
    busy.close()


def test_quota(gateway, daemon):
    """The master counts for each connection of the gateway; there are a few."""
    master = daemon(client_job_max=1, pool_max=16)
    http = gateway(master)
    held = [begin(http, "/v1/jobs?module=sleep", LONG) for _ in range(16)]
    statuses = []
    for connection in held:
        connection.sock.settimeout(0.2)
        try:
            statuses.append(connection.getresponse().status)
        except TimeoutError:
            statuses.append(None)
    assert 429 in statuses and None in statuses, statuses


def test_open_breaker(gateway, daemon):
    http = gateway(daemon(breaker_crashes=2, breaker_pause_ms=30000))
    for _ in range(2):
        problem(http.post("/v1/jobs?module=crash", "segv"), 502, "error")
    response = http.post("/v1/jobs?module=crash", "segv")
    problem(response, 503, "unavailable", reason="unavailable")
    assert 1 <= int(response.headers["Retry-After"]) <= 30


def test_master_is_away(gateway, daemon):
    master = daemon()
    master.config["listen"] = master.address
    http = gateway(master)
    lost = begin(http, "/v1/jobs?module=sleep", LONG)
    running(master)
    master.kill()
    answer = lost.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 502 and body["code"] == "lost", body
    response = http.post("/v1/jobs?module=fib", "30")
    problem(response, 503, "unavailable", code="unavailable")
    assert int(response.headers["Retry-After"]) >= 1
    for path in ("/v1/jobs/k-1", "/v1/jobs/k-1?wait=1", "/v1/jobs/k-1/events"):
        problem(http.get(path), 503, "unavailable")
    master.start()
    http.wait_connected(count=2)
    assert http.post("/v1/jobs?module=fib", "30").text == "832040"


def test_shutdown(gateway, daemon):
    master = daemon(drain_timeout_ms=10000)
    http = gateway(master)
    busy = begin(http, "/v1/jobs?module=sleep", '{"ms":600000}')
    job = running(master)[0]["job"]
    master.signal(signal.SIGTERM)
    master.log.wait("drain")
    response = http.post("/v1/jobs?module=fib", "30")
    problem(response, 503, response.json.get("reason", "unavailable"))  # told by the master, or heard of before
    assert int(response.headers["Retry-After"]) >= 1
    http.delete(f"/v1/jobs/{job}")
    assert busy.getresponse().status == 409


# ---- clients that go


@pytest.mark.parametrize("how", ["close", "half-close", "reset"])
def test_client_goes(gateway, daemon, how):
    master = daemon()
    http = gateway(master)
    connection = begin(http, "/v1/jobs?module=sleep", LONG)
    running(master)
    if how == "half-close":
        connection.sock.shutdown(socket.SHUT_WR)
    if how == "reset":
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    if how != "half-close":
        connection.close()
    client = master.client()
    wait_until(lambda: client.stats()["jobs"]["failed"].get("cancelled") == 1, "a cancelled job")
    connection.close()
    assert http.post("/v1/jobs?module=fib", "30").text == "832040"


def test_many_clients_go(gateway, daemon):
    master = daemon(pool_max=4)
    http = gateway(master)
    connections = [begin(http, "/v1/jobs?module=sleep", LONG) for _ in range(40)]
    client = master.client()
    wait_until(lambda: len(list_jobs(client)) == 40, "forty jobs")
    for connection in connections:
        connection.close()
    wait_until(lambda: client.stats()["jobs"]["failed"].get("cancelled") == 40, "forty cancelled jobs")


def test_client_goes_in_the_body(shared_http):
    with shared_http.socket() as sock:
        sock.sendall(b"POST /v1/jobs?module=echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
    assert shared_http.post("/v1/jobs?module=echo", "abc").text == "abc"


# ---- a job of the master by its id


def test_status_wait_cancel(gateway, daemon):
    master = daemon()
    http = gateway(master)
    busy = begin(http, "/v1/jobs?module=sleep", LONG)
    job = running(master)[0]["job"]
    response = http.get(f"/v1/jobs/{job}")
    assert response.status == 202 and response.headers["Taskmaster-State"] == "running"
    assert response.json["job"] == job and response.json["module"] == "sleep"
    assert http.get(f"/v1/jobs/{job}?wait=1").status == 202
    waiting = http.connect()
    waiting.request("GET", f"/v1/jobs/{job}?wait=60")
    monitored(master)
    assert http.delete(f"/v1/jobs/{job}?kill").json == {"job": job, "state": "running"}
    assert busy.getresponse().status == 409
    answer = waiting.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 409 and (body["reason"], body["job"]) == ("cancelled", job), body
    problem(http.get(f"/v1/jobs/{job}"), 404, "unknown-job")


def test_wait_for_somebody_elses_job(gateway, daemon):
    master = daemon(module_dir=MODULES)
    http = gateway(master)
    busy = begin(http, "/v1/jobs?module=live", "wait")
    other = begin(http, "/v1/jobs?module=live&soft_timeout_ms=1000", "until soft-timeout\nsay done")
    soft = next(job["job"] for job in running(master, 2) if job["limits"]["soft_timeout_ms"])
    response = http.get(f"/v1/jobs/{soft}?wait=60")
    assert response.status == 200 and response.json == {"job": soft, "state": "done"}
    assert other.getresponse().read() == b"done"
    busy.close()


# ---- users


ACCESS = """\
alice alices-token-1234567 submit
bob bobs-token-123456789 submit module:fib
op operators-token-123 all
"""
ALICE, BOB, OP = "alices-token-1234567", "bobs-token-123456789", "operators-token-123"


@pytest.fixture
def users(gateway, daemon, tmp_path):
    """A gateway with users, whose own token has all rights at the daemons."""
    own, access, token = tmp_path / "own", tmp_path / "access", tmp_path / "token"
    own.write_text("web gateways-token-1234 all relay\n")
    access.write_text(ACCESS)
    token.write_text("gateways-token-1234\n")
    for path in (own, access, token):
        path.chmod(0o600)
    master = daemon.make({"access-file": str(own)})
    queue = daemon.make_queue({"access-file": str(own), "master-token-file": str(token)}, master)
    master.token = queue.token = "gateways-token-1234"
    master.start()
    queue.start()
    return gateway(
        master, queue, access_file=str(access), token_file=str(token), queue_token_file=str(token)
    )


def test_rights(users):
    problem(users.post("/v1/jobs?module=fib", "30"), 401, "unauthorized")
    assert users.post("/v1/jobs?module=fib", "30", token=BOB).text == "832040"
    body = problem(users.post("/v1/jobs?module=echo", "30", token=BOB), 403, "denied")
    assert "module:echo" in body["detail"]


def test_a_job_before_the_first_hello(daemon, tmp_path):
    """It waits for the daemon, is told under its user's name, and is not larger than the daemon takes."""
    own, access, token = tmp_path / "own", tmp_path / "access", tmp_path / "token"
    own.write_text("web gateways-token-1234 all relay\n")
    access.write_text(ACCESS)
    token.write_text("gateways-token-1234\n")
    for path in (own, access, token):
        path.chmod(0o600)
    manager = Manager(tmp_path)
    manager.listen()
    try:
        master = manager.manages(daemon.make({"access-file": str(own), "payload-max": 1024}))
        master.token = "gateways-token-1234"
        config = {"server": manager.address, "access-file": str(access), "token-file": str(token)}
        http = daemon.make_gateway(config, master).start()
        small = begin(http, "/v1/jobs?module=sleep", LONG, token=ALICE)
        large = begin(http, "/v1/jobs?module=sleep", "x" * 1025, token=ALICE)
        master.start()
        (found,) = running(master)
        assert found["owner"] == "alice"
        response = large.getresponse()
        assert response.status == 413
        small.close()
        large.close()
    finally:
        manager.close()


def test_own_jobs(users):
    busy = begin(users, "/v1/jobs?module=sleep", LONG, token=ALICE)
    (found,) = running(users.master)
    job = found["job"]
    assert found["owner"] == "alice"
    problem(users.get(f"/v1/jobs/{job}", token=BOB), 403, "denied")
    problem(users.delete(f"/v1/jobs/{job}", token=BOB), 403, "denied")
    problem(users.get(f"/v1/jobs/{job}/events", token=BOB), 403, "denied")
    for token in (ALICE, OP):
        assert users.get(f"/v1/jobs/{job}", token=token).status == 202
    assert users.delete(f"/v1/jobs/{job}", token=ALICE).status == 200
    assert busy.getresponse().status == 409


def test_own_kept_jobs(users):
    """Two users have the same key, and two jobs."""
    jobs = []
    for token in (ALICE, OP):
        response = users.post(
            "/v1/jobs?module=fib", "30", {"Idempotency-Key": "k/1", "Prefer": "wait=60"}, token=token
        )
        assert response.status == 200, response
        jobs.append(response.headers["Taskmaster-Job"])
    assert jobs[0] != jobs[1]
    problem(users.get(f"/v1/jobs/{jobs[1]}", token=ALICE), 403, "denied")
    problem(users.get(f"/v1/jobs/{jobs[0]}", token=BOB), 403, "denied")
    problem(users.post(f"/v1/jobs/{jobs[0]}/forget", token=BOB), 403, "denied")
    assert users.get(f"/v1/jobs/{jobs[0]}", token=ALICE).text == "832040"
    assert users.get(f"/v1/jobs/{jobs[0]}", token=OP).text == "832040"
    assert users.post(f"/v1/jobs/{jobs[0]}/forget", token=ALICE).json == {"job": jobs[0]}
    problem(users.get(f"/v1/jobs/{jobs[0]}", token=ALICE), 404, "unknown-job")


def test_own_kept_jobs_without_a_key(users):
    for _ in range(2):
        response = users.post("/v1/jobs?module=fib", "30", {"Prefer": "respond-async"}, token=ALICE)
        assert response.status == 202 and response.json["joined"] is False
    location = response.headers["Location"]
    assert users.get(f"{location}?wait=60", token=ALICE).text == "832040"
    problem(users.get(location, token=BOB), 403, "denied")


def test_length_of_keys(users):
    room = 128 - len("alice/")
    for key, status in (("k" * room, 202), ("k" * (room + 1), 400), ("", 400)):
        headers = {"Idempotency-Key": key}
        assert users.post("/v1/jobs?module=fib", "30", headers, token=ALICE).status == status, key


def test_read_only(gateway):
    http = gateway(allow_writes=False)
    problem(http.post("/v1/jobs?module=fib", "30"), 403, "denied")
    problem(http.delete("/v1/jobs/k-1"), 403, "denied")
    problem(http.get("/v1/jobs/k-1"), 404, "unknown-job")
