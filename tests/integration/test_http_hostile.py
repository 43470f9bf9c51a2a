"""Malformed and hostile requests to taskmaster-http: each is refused with one answer, and the connection ends."""

import json
import re

import pytest

from harness.wait import wait_until

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /v1/stats HTTP/1.1\r\n"
POST = b"POST /v1/jobs?module=echo HTTP/1.1\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

REFUSED = {
    # two ways to tell the length: whoever is behind us would take the rest for another request
    "length and chunks": (POST + HOST + b"Content-Length: 3\r\n" + CHUNKED + b"\r\n0\r\n\r\n", 400),
    "chunks and length": (POST + HOST + CHUNKED + b"Content-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "two equal lengths": (POST + HOST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (POST + HOST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "length with a plus": (POST + HOST + b"Content-Length: +3\r\n\r\nabc", 400),
    "length with a minus": (POST + HOST + b"Content-Length: -3\r\n\r\nabc", 400),
    "length in hexadecimal": (POST + HOST + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "length with a letter": (POST + HOST + b"Content-Length: 3a\r\n\r\nabc", 400),
    "length with a blank": (POST + HOST + b"Content-Length: 1 0\r\n\r\n0123456789", 400),
    "no length": (POST + HOST + b"Content-Length:\r\n\r\n", 400),
    "length beyond numbers": (POST + HOST + b"Content-Length: 18446744073709551617\r\n\r\na", 413),
    "two codings": (POST + HOST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n", 400),
    "chunked twice": (POST + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501),
    "another coding": (POST + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "coding identity": (POST + HOST + b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 501),
    "a coding that looks like it": (POST + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "coding behind a vertical tab": (POST + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "coding before a colon with a blank": (POST + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks in HTTP/1.0": (b"POST /v1/jobs?module=echo HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n", 400),
    # chunks
    "chunk in 0x": (POST + HOST + CHUNKED + b"\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk with a plus": (POST + HOST + CHUNKED + b"\r\n+3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk with a minus": (POST + HOST + CHUNKED + b"\r\n-3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk without a size": (POST + HOST + CHUNKED + b"\r\n\r\nabc\r\n0\r\n\r\n", 400),
    "chunk behind a blank": (POST + HOST + CHUNKED + b"\r\n 3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk before a blank": (POST + HOST + CHUNKED + b"\r\n3 \r\nabc\r\n0\r\n\r\n", 400),
    "chunk's line ends with LF": (POST + HOST + CHUNKED + b"\r\n3\nabc\r\n0\r\n\r\n", 400),
    "chunk ends with LF": (POST + HOST + CHUNKED + b"\r\n3\r\nabc\n0\r\n\r\n", 400),
    "chunk longer than its size": (POST + HOST + CHUNKED + b"\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    "chunk beyond numbers": (POST + HOST + CHUNKED + b"\r\n10000000000000003\r\nabc\r\n0\r\n\r\n", 413),
    "chunk with a long extension": (POST + HOST + CHUNKED + b"\r\n3;a=" + b"b" * 300 + b"\r\nabc\r\n0\r\n\r\n", 400),
    "trailer that is none": (POST + HOST + CHUNKED + b"\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 400),
    "trailer with a coding": (POST + HOST + CHUNKED + b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    # lines
    "bare LF in the head": (b"GET /v1/stats HTTP/1.1\nHost: 127.0.0.1\n\n", 400),
    "bare LF behind a header": (GET + b"Host: 127.0.0.1\n\r\n", 400),
    "bare CR in a header": (GET + HOST + b"A: b\rC: d\r\n\r\n", 400),
    "folded header": (GET + HOST + b"A: b\r\n c\r\n\r\n", 400),
    "header before the first": (GET + b" " + HOST + b"\r\n", 400),
    "NUL in a header": (GET + HOST + b"A: b\0c\r\n\r\n", 400),
    "NUL in a name": (GET + HOST + b"A\0: b\r\n\r\n", 400),
    "NUL in the target": (b"GET /v1/stats\0 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "control character": (GET + HOST + b"A: \x1b[2J\r\n\r\n", 400),
    "blank in a name": (GET + HOST + b"A b: c\r\n\r\n", 400),
    "no name": (GET + HOST + b": c\r\n\r\n", 400),
    "no colon": (GET + HOST + b"abc\r\n\r\n", 400),
    # Host
    "Host with a blank": (GET + b"Host : 127.0.0.1\r\n\r\n", 400),
    "no Host": (GET + b"\r\n", 400),
    "empty Host": (GET + b"Host:\r\n\r\n", 400),
    "two Hosts": (GET + HOST + b"Host: 127.0.0.1\r\n\r\n", 400),
    "Host with a path": (GET + b"Host: 127.0.0.1/a\r\n\r\n", 400),
    "Host with a user": (GET + b"Host: a@127.0.0.1\r\n\r\n", 400),
    # the request line
    "no version": (b"GET /v1/stats\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /v1/stats HTTP/0.9\r\n\r\n", 505),
    "HTTP/1.2": (b"GET /v1/stats HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "two blanks": (b"GET  /v1/stats HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "blank in the target": (b"GET /v1/ stats HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "bytes beyond ASCII": (b"GET /v1/st\xc3\xa4ts HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "fragment": (b"GET /v1/stats#a HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "dots": (b"GET /v1/../v1/stats HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "escaped dots": (b"GET /v1/%2e%2e/stats HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "escaped slash": (b"GET /v1%2fstats HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "escaped NUL": (b"GET /v1/stats%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "broken escape": (b"GET /v1/stats%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "tunnel": (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another scheme": (b"GET ftp://127.0.0.1/v1/stats HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32), 400),
    "empty lines": (b"\r\n\r\n\r\n", 400),
    # bounds
    "head too long": (GET + HOST + b"A: " + b"b" * 9000 + b"\r\n\r\n", 431),
    "target too long": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n", 431),
    "too many headers": (GET + HOST + b"A: b\r\n" * 101 + b"\r\n", 431),
    "body over payload-max": (POST + HOST + b"Content-Length: 100000000\r\n\r\n", 413),
    "unknown Expect": (POST + HOST + b"Expect: a-pony\r\nContent-Length: 3\r\n\r\nabc", 417),
}


def split(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return lines[0], headers, body


@pytest.mark.parametrize("name", REFUSED)
def test_one_answer_then_closed(shared_http, name):
    """What follows the request is never read as another one."""
    request, status = REFUSED[name]
    line, headers, body = split(shared_http.raw(request + NEXT))
    assert re.fullmatch(rf"HTTP/1\.1 {status} [A-Z][A-Za-z .-]+", line), line
    assert headers["connection"] == "close"
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(body), body
    problem = json.loads(body)
    assert problem["status"] == status
    assert problem["type"] == f"/problems/{problem['code']}" and problem["detail"]


def test_well_formed_all_the_same(shared_http):
    """Rare, and right."""
    for request in (
        b"\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
        b"GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: x.invalid\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz? HTTP/1.1\r\nhOsT:127.0.0.1\t\r\nCONNECTION:Close\r\nA:\r\n\r\n",
    ):
        assert shared_http.raw(request).startswith(b"HTTP/1.1 200 OK\r\n"), request


def test_chunks_and_continue(shared_http):
    with shared_http.socket() as sock:
        sock.sendall(POST + HOST + CHUNKED + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b'3;a="b"\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n')
        answer = b""
        while piece := sock.recv(1000):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nabcde"), answer


# ---- many at once


def ask_often(http, count):
    """Requests one after the other on a fresh connection, all well."""
    connection = http.connect()
    for _ in range(count):
        assert connection.ask("POST", "/v1/jobs?module=echo", b"x").body == b"x"
    connection.close()


def test_half_sent_requests_delay_nobody(gateway):
    """Each is told so after its time, and others are served meanwhile, within far less time."""
    http = gateway(header_timeout_ms=4000, log_level="info")
    halves = [http.socket() for _ in range(500)]
    for sock in halves:
        sock.sendall(GET + b"Host: 127")
    ask_often(http, 20)
    for sock in halves:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)
        sock.setblocking(True)
        sock.settimeout(10)
    for sock in halves:
        line, headers, _ = split(sock.recv(4096))
        assert line == "HTTP/1.1 408 Request Timeout" and headers["connection"] == "close"
        sock.close()


def test_too_many_connections(gateway):
    http = gateway(connection_max=20)
    socks = [http.socket() for _ in range(20)]
    for sock in socks:  # each is accepted
        sock.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    line, headers, _ = split(http.raw(b""))
    assert line == "HTTP/1.1 503 Service Unavailable" and headers["retry-after"] == "1"
    socks[0].close()
    wait_until(lambda: http.raw(b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 "), "room for one more")
    for sock in socks:
        sock.close()
