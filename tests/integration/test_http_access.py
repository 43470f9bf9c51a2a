"""Who may ask taskmaster-http for what: Host, Origin, tokens, rights (doc/http.md, section 2)."""

import os
import signal

import pytest

TOKENS = {
    "all": "token-of-somebody-with-all",
    "look": "token-of-somebody-who-looks",
    "fib": "token-of-somebody-with-fib",
}

FILE = f"""
# users
ann {TOKENS["all"]} all
bob {TOKENS["look"]} observe
cy  {TOKENS["fib"]} module:fib
"""


@pytest.fixture(scope="module")
def guarded(shared_gateway, tmp_path_factory):
    """A gateway with users, on the shared daemons."""
    from conftest import Factory

    directory = tmp_path_factory.mktemp("guarded")
    path = directory / "access"
    path.write_text(FILE)
    os.chmod(path, 0o600)
    factory = Factory(directory)
    config = {"access-file": str(path), "hosts": "jobs.example.org", "allow-writes": None}
    yield factory.make_gateway(config, shared_gateway.master, shared_gateway.queue).start()
    factory.end()


def fib(http, **more):
    return http.post("/v1/jobs?module=fib", "10", **more)


def code(response):
    return response.status, response.json["code"]


# ---- Host and Origin


def own_hosts(http):
    port = http.port
    return [f"127.0.0.1:{port}", "127.0.0.1", "LocalHost", f"localhost:{port}", "[::1]:80", os.uname().nodename]


def test_hosts_of_ours(shared_http):
    for host in own_hosts(shared_http):
        assert shared_http.get("/", {"Host": host}).status == 200, host


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.1.2.3", "[::2]", "jobs.example.org"])
def test_hosts_of_others(shared_http, host):
    for path in ("/", "/v1/stats", "/nothing"):
        assert code(shared_http.get(path, {"Host": host})) == (421, "misdirected")
    assert code(fib(shared_http, headers={"Host": host})) == (421, "misdirected")


def test_a_host_of_the_settings(guarded):
    for host in ("jobs.example.org", "JOBS.example.org:443"):
        assert guarded.get("/", {"Host": host}).status == 200


def test_no_host_at_all(shared_http):
    assert shared_http.raw(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_origins(shared_http, guarded):
    own = shared_http.address
    for origin in (f"http://{own}", f"https://{own}"):
        assert fib(shared_http, headers={"Origin": origin}).status == 200
    for origin in ("null", "http://evil.example", "http://localhost:3000", f"http://{own}.evil.example", f"http://x@{own}"):
        assert code(fib(shared_http, headers={"Origin": origin})) == (403, "denied")
        assert shared_http.get("/v1/stats", {"Origin": origin}).status == 200
    both = f"POST /v1/jobs?module=fib HTTP/1.0\r\nHost: {own}\r\nOrigin: http://{own}\r\nOrigin: null\r\n\r\n"
    assert shared_http.raw(both.encode()).startswith(b"HTTP/1.1 403")
    headers = {"Origin": "https://jobs.example.org"}
    assert fib(guarded, headers=headers, token=TOKENS["all"]).status == 200


# ---- tokens


def test_a_token_is_asked_for(guarded):
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        response = guarded.get("/v1/stats", headers)
        assert code(response) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="taskmaster"'
    response = guarded.get("/v1/stats", token="wrong")
    assert code(response) == (401, "unauthorized")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert fib(guarded).status == 401


def test_a_token_given_twice(guarded):
    lines = "".join(f"Authorization: Bearer {TOKENS['all']}\r\n" for _ in range(2))
    answer = guarded.raw(f"GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n{lines}Connection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400"), answer


def test_open_paths(guarded):
    for path in ("/", "/healthz", "/readyz"):
        for token in (None, "wrong", TOKENS["fib"]):
            assert guarded.get(path, token=token).status == 200, path


def test_rights(guarded):
    assert guarded.get("/v1/stats", token=TOKENS["look"]).status == 200
    denied = fib(guarded, token=TOKENS["look"])
    assert code(denied) == (403, "denied") and '"submit"' in denied.json["detail"]
    denied = guarded.get("/v1/stats", token=TOKENS["fib"])
    assert code(denied) == (403, "denied") and '"observe"' in denied.json["detail"]
    assert fib(guarded, headers={"Authorization": f"bearer  {TOKENS['fib']}"}).text == "55"
    denied = guarded.post("/v1/jobs?module=echo", "x", token=TOKENS["fib"])
    assert code(denied) == (403, "denied") and '"module:echo"' in denied.json["detail"]


def test_the_session(guarded):
    session = guarded.get("/v1/session", token=TOKENS["fib"]).json
    assert (session["name"], session["rights"], session["modules"]) == ("cy", ["submit"], ["fib"])


def test_the_access_log_has_the_name(guarded):
    assert fib(guarded, token=TOKENS["fib"]).status == 200
    guarded.log.wait("request", user="cy")
    assert "token-of" not in guarded.log.text()


# ---- without an access-file


def test_read_only(gateway, shared_gateway):
    http = gateway(master=shared_gateway.master, allow_writes=None)
    denied = fib(http)
    assert code(denied) == (403, "denied") and "allow-writes" in denied.json["detail"]
    assert http.delete("/v1/jobs/x-1").status == 403
    assert http.get("/v1/stats").status == 200
    session = http.get("/v1/session").json
    assert session["read_only"] and not session["needs_token"]


# ---- a reload


def test_other_users(gateway, shared_gateway, tmp_path):
    path = tmp_path / "access"
    path.write_text(FILE)
    os.chmod(path, 0o600)
    http = gateway(master=shared_gateway.master, access_file=str(path))
    job = http.stream("POST", "/v1/jobs?module=sleep", '{"ms":60000}', token=TOKENS["all"])
    watch = http.stream("GET", "/v1/watch", token=TOKENS["look"])
    with job, watch:
        assert (job.status, watch.status) == (200, 200)
        path.write_text(f"dee token-of-somebody-else observe\nbob {TOKENS['look']} observe submit\n")
        http.signal(signal.SIGHUP)
        assert http.log.wait("reload")["changed"] == "access-file"
        assert http.get("/v1/stats", token=TOKENS["all"]).status == 401
        assert http.get("/v1/stats", token="token-of-somebody-else").status == 200
        assert "done" not in [event.name for event in job.rest()]
        http.log.wait("request", user="ann", end="client-gone")
        assert not http.log.events("request", user="bob")
