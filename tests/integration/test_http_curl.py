"""curl as a client: the forms that its users know."""

import json
import subprocess

from harness.wait import DEADLINE


def curl(http, *args, stdin=None, status=0):
    """Runs curl on the gateway; a PATH in the arguments becomes a URL. Returns the output."""
    url = f"http://{http.address}"
    words = [url + word if word.startswith("/") else word for word in args]
    done = subprocess.run(["curl", "-sS", "--max-time", str(int(DEADLINE)), *words], input=stdin, capture_output=True,
                          timeout=DEADLINE * 2)
    assert done.returncode == status, (args, done)
    return done.stdout


def test_a_job(shared_http):
    assert curl(shared_http, "/v1/jobs?module=fib", "-d", "30") == b"832040"


def test_a_body_of_unknown_length(shared_http):
    """chunked, as `-T -` sends it."""
    body = b"hello, world\n" * 1000
    answer = curl(shared_http, "-X", "POST", "-T", "-", "/v1/jobs?module=wc", stdin=body)
    assert json.loads(answer) == {"lines": 1000, "words": 2000, "bytes": len(body)}


def test_a_large_body(shared_http):
    """Over a megabyte curl asks first: Expect: 100-continue."""
    body = b"x" * 5_000_000
    verbose = curl(shared_http, "-v", "--stderr", "-", "--data-binary", "@-", "/v1/jobs?module=wc", stdin=body)
    assert b"< HTTP/1.1 100 Continue" in verbose and b'"bytes":5000000' in verbose


def test_a_body_that_is_too_large_is_not_sent(shared_http):
    """The refusal comes in the place of 100."""
    body = b"x" * 20_000_000
    verbose = curl(shared_http, "-v", "--stderr", "-", "--data-binary", "@-", "/v1/jobs?module=wc", stdin=body)
    assert b"< HTTP/1.1 413" in verbose and b"100 Continue" not in verbose, verbose[-2000:]


def test_fail_with_body(shared_http):
    answer = curl(shared_http, "--fail-with-body", "/v1/jobs?module=nothing", "-d", "1", status=22)
    assert json.loads(answer)["reason"] == "unknown-module"


def test_several_requests_on_a_connection(shared_http):
    verbose = curl(shared_http, "-v", "--stderr", "-", "/healthz", "/readyz", "/v1/pools")
    assert verbose.count(b"HTTP/1.1 200 OK") == 3 and verbose.count(b"Re-using existing connection") == 2


def test_http_1_0_and_head(shared_http):
    assert json.loads(curl(shared_http, "-0", "/healthz"))["status"] == "pass"
    head = curl(shared_http, "-I", "/metrics")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"text/plain; version=0.0.4" in head and head.endswith(b"\r\n\r\n")


def test_events(shared_http):
    """Line by line, as they come."""
    text = curl(shared_http, "-N", "-H", "Accept: text/event-stream", "/v1/jobs?module=fib", "-d", "30").decode()
    assert text.startswith("event: ") and "event: done" in text, text


def test_a_watch(shared_http):
    """It is read line by line, until curl is told to end."""
    command = ["curl", "-sSN", f"http://{shared_http.address}/v1/watch?what=jobs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "event: watch\n"
        curl(shared_http, "/v1/jobs?module=fib", "-d", "10")
        while not process.stdout.readline().startswith("event: job"):
            pass
        assert '"module":"fib"' in process.stdout.readline()
        process.terminate()


def test_a_unix_socket(gateway, shared_gateway, tmp_path):
    path = tmp_path / "socket"
    gateway(master=shared_gateway.master, listen=f"unix:{path}")
    done = subprocess.run(["curl", "-sS", "--unix-socket", str(path), "http://localhost/healthz"], capture_output=True,
                          timeout=DEADLINE)
    assert json.loads(done.stdout)["status"] == "pass", done
