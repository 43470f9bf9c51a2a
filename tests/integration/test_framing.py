"""Protocol section 1: framing. A framing error ends the connection, and harms nothing else."""

import json
import os

import pytest

from harness import proc
from harness.client import Client, check, header, message
from harness.wait import DEADLINE

PAYLOAD_MAX = 16 * 1024 * 1024


def fatal(client, *codes):
    """Reads until the close. Returns the one fatal error, and the other events."""
    events = client.rest()
    fatals = [event for event in events if event.get("fatal")]
    assert len(fatals) == 1, f"{len(fatals)} fatal errors in {events!r}"
    check(fatals[0], "error")
    assert fatals[0]["code"] in codes, fatals[0]
    return fatals[0], [event for event in events if not event.get("fatal")]


def nested(depth):
    """A header nested to this depth; the root has depth 1."""
    return b'{"op":"ping","x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


BAD_JSON = {
    "empty line": b"",
    "blank line": b"   ",
    "cr alone": b"\r",
    "not json": b"hello",
    "http": b"GET / HTTP/1.1",
    "array": b'["op","ping"]',
    "string": b'"ping"',
    "number": b"5",
    "null": b"null",
    "true": b"true",
    "unclosed": b'{"op":"ping"',
    "trailing text": b'{"op":"ping"} x',
    "two objects": b'{"op":"ping"}{"op":"ping"}',
    "trailing comma": b'{"op":"ping",}',
    "duplicate key": b'{"op":"ping","op":"ping"}',
    "duplicate key, escaped": b'{"op":"ping","\\u006fp":"ping"}',
    "duplicate key, nested": b'{"op":"submit","id":1,"module":"echo","context":{"a":1,"a":2}}',
    "size twice": b'{"op":"submit","id":1,"module":"echo","size":1,"size":1}',
    "size twice, different": b'{"op":"submit","id":1,"module":"echo","size":0,"size":5}',
    "nul byte": b'{"op":"pi\x00ng"}',
    "nul byte at start": b'\x00{"op":"ping"}',
    "nul byte at end": b'{"op":"ping"}\x00',
    "nul byte between": b'{"op":"ping",\x00"id":1}',
    "escaped nul": b'{"op":"ping","id":"a\\u0000b"}',
    "escaped nul in a key": b'{"op":"ping","a\\u0000b":1}',
    "escaped nul in context": b'{"op":"submit","id":1,"module":"echo","context":["\\u0000"]}',
    "raw control character": b'{"op":"ping","id":"a\x01b"}',
    "raw tab in a string": b'{"op":"ping","id":"a\tb"}',
    "invalid utf-8": b'{"op":"ping","id":"\xff"}',
    "cut utf-8": b'{"op":"ping","id":"\xc3"}',
    "overlong utf-8": b'{"op":"ping","id":"\xc0\xaf"}',
    "surrogate in utf-8": b'{"op":"ping","id":"\xed\xa0\x80"}',
    "utf-8 above the last": b'{"op":"ping","id":"\xf5\x80\x80\x80"}',
    "lone surrogate": b'{"op":"ping","id":"\\ud800"}',
    "byte order mark": b'\xef\xbb\xbf{"op":"ping"}',
    "number without an exponent": b'{"op":"ping","x":1e}',
    "number of 30 digits with zero": b'{"op":"ping","x":0' + b"9" * 30 + b"}",
    "number with plus": b'{"op":"ping","id":+1}',
    "number with zero": b'{"op":"ping","id":01}',
    "hex": b'{"op":"ping","id":0x10}',
    "nan": b'{"op":"ping","id":NaN}',
    "single quotes": b"{'op':'ping'}",
    "comment": b'{"op":"ping"} // no',
    "depth 17": nested(17),
    "4,000 brackets": b"[" * 4000,
}


@pytest.mark.parametrize("line", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_bad_json(shared, line):
    client = shared.client()
    client.send_raw(line + b"\n" + header(op="ping", id="after"))
    _, others = fatal(client, "bad-json")
    assert not others, f"the input behind it was interpreted: {others!r}"


HINT = "(the message before it had size {}: is that the length of its payload?)"


@pytest.mark.parametrize("size, payload", [(0, "30"), (1, "30"), (2, "30\n\n"), (1, '{"op":"ping"}')])
def test_bad_json_behind_a_payload_points_at_its_size(shared, size, payload):
    client = shared.client()
    client.send_raw(header(op="submit", id=1, module="echo", size=size) + f"{payload}\n".encode())
    error, _ = fatal(client, "bad-json")
    assert error["message"].endswith(HINT.format(size)), error


def test_a_header_too_long_behind_a_payload_points_at_its_size(shared):
    client = shared.client()
    client.send_raw(header(op="submit", id=1, module="echo", size=1) + b"x" * 5000)
    error, _ = fatal(client, "header-too-long")
    assert error["message"].endswith(HINT.format(1)), error


def test_bad_json_elsewhere_points_at_no_size(shared):
    for before in (b"", header(op="ping")):
        client = shared.client()
        client.send_raw(before + b"30\n")
        error, _ = fatal(client, "bad-json")
        assert error["message"] == "'{' expected near '30' at byte 2; expected a JSON object"


def test_depth_16_is_well_framed(shared):
    """The error is about the unknown field, not about the depth."""
    client = shared.client()
    client.send_raw(nested(16) + b"\n")
    client.expect("error", code="bad-request")
    client.silent()


def test_depth_16_in_a_context(shared):
    context = current = []
    for _ in range(14):
        current.append([])
        current = current[0]
    client = shared.client()
    check(client.run("echo", "x", context=context), "done", context=context)


BAD_SIZE = {
    "-1": "-1",
    "1.5": "1.5",
    "1e3": "1e3",
    "1.0": "1.0",
    "-0": "-0",
    "a string": '"5"',
    "null": "null",
    "true": "true",
    "a list": "[5]",
    "1e309": "1e309",
    "-2^64": "-18446744073709551616",
}


@pytest.mark.parametrize("size", BAD_SIZE.values(), ids=BAD_SIZE.keys())
def test_bad_size(shared, size):
    client = shared.client()
    client.send_raw(f'{{"op":"submit","id":"s","module":"echo","size":{size}}}\n')
    client.send(op="ping")
    error, others = fatal(client, "bad-size")
    check(error, "error", op="submit", id="s")
    assert f"from 0 to payload_max, {PAYLOAD_MAX}, in digits" in error["message"]
    assert not others, others


NUMBERS = ["100000000000000000000", "9223372036854775808", "-9223372036854775809", "1e309", "-1e309", "1e-400"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_any_size_in_a_context(shared, number):
    """JSON.stringify writes such numbers. The context returns in the job's event, and in an error."""
    client = shared.client()
    client.send_raw(f'{{"op":"submit","id":1,"module":"echo","context":[{number}]}}\n')
    client.send_raw(f'{{"op":"submit","id":2,"modul":"echo","context":[{number}]}}\n')
    client.event("done", id=1, context=[json.loads(number)])
    client.event("error", id=2, code="bad-request", context=[json.loads(number)])
    client.silent()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", ["id", "timeout_ms", "target", "bogus"])
def test_a_number_out_of_a_fields_range(shared, field, number):
    client = shared.client()
    op = "cancel" if field == "target" else "submit"
    client.send_raw(f'{{"op":"{op}","{field}":{number}}}\n')
    error = client.expect("error", op=op, code="bad-request")
    assert "id" not in error and "fatal" not in error
    assert field in error["message"]
    assert field == "bogus" or number in error["message"]
    client.silent()


@pytest.mark.parametrize("size", [PAYLOAD_MAX + 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**400])
def test_payload_too_large(shared, size):
    client = shared.client()
    client.send_raw(header(op="submit", id="s", module="echo", size=size))
    error, _ = fatal(client, "payload-too-large")
    check(error, "error", op="submit", id="s")


def test_a_payload_of_exactly_payload_max(daemon):
    server = daemon(payload_max=200000)
    client = server.client()
    payload = os.urandom(200000)
    assert client.done("echo", payload) == payload
    client.send_raw(header(op="submit", id="s", module="echo", size=200001))
    fatal(client, "payload-too-large")


@pytest.mark.timeout(120)
def test_16_mib_there_and_back(daemon):
    client = daemon().client()
    payload = os.urandom(1 << 20) * 16
    result = client.done("echo", payload, timeout=4 * DEADLINE)
    assert len(result) == len(payload) and result == payload


def test_a_header_of_exactly_4096_bytes(shared):
    start = b'{"op":"ping","id":"longest"'
    client = shared.client()
    client.send_raw(start + b" " * (4096 - len(start) - 2) + b"}\n")
    client.expect("pong", id="longest")


def test_a_header_of_4097_bytes_is_too_long(shared):
    start = b'{"op":"ping","id":"longest"'
    client = shared.client()
    client.send_raw(start + b" " * (4097 - len(start) - 2) + b"}\n")
    fatal(client, "header-too-long")


def test_4096_bytes_without_lf_are_too_long(shared):
    """The error comes at once, before the rest of the line."""
    client = shared.client()
    client.send_raw(b"x" * 4096)
    fatal(client, "header-too-long")


@pytest.mark.parametrize(
    "line", [b"x" * (5 << 20), b"[" * 100000], ids=["5 MB line without LF", "100,000 ["]
)
def test_a_long_line(shared, line):
    """The error must arrive although the server ignores our further input."""
    client = shared.client()
    before = proc.rss_kb(shared.pid)
    try:
        client.send_raw(line)
    except (ConnectionError, TimeoutError) as error:
        raise AssertionError(f"closed before all was sent: {error!r}") from error
    client.shutdown()
    fatal(client, "header-too-long")
    assert proc.rss_kb(shared.pid) - before < 20000, "the line was kept in memory"


def test_cr_before_lf_is_dropped(shared):
    client = shared.client()
    client.send_raw(b'{"op":"ping","id":1}\r\n{"op":"submit","id":2,"module":"echo","size":2}\r\n\r\n')
    client.expect("pong", id=1)
    assert client.outcome(2).payload == b"\r\n"


def test_a_payload_may_be_any_bytes(shared):
    client = shared.client()
    payload = bytes(range(256)) + b'\n{"op":"ping"}\n\0\0\0'
    assert client.done("echo", payload) == payload


def test_a_payload_may_be_empty(shared):
    client = shared.client()
    event = client.run("echo", b"")
    check(event, "done", size=0)
    assert event.payload == b""


def test_no_size_means_no_payload(shared):
    client = shared.client()
    client.send_raw(header(op="submit", id="a", module="echo") + header(op="ping", id="b"))
    check(client.outcome("a"), "done", size=0)
    client.event("pong", id="b")


def test_byte_by_byte(shared):
    """The network may split the input anywhere."""
    client = shared.client(hello=False)
    for byte in (
        header(op="hello", protocol=1)
        + message("payload", op="submit", id="a", module="echo")
        + message(op="ping", id="b")
    ):
        client.send_raw(bytes([byte]))
    check(client.recv(), "hello")
    assert client.outcome("a").payload == b"payload"
    client.event("pong", id="b")


def test_an_incomplete_message_at_the_end_is_dropped_in_silence(daemon):
    server = daemon()
    for tail in (b'{"op":"pi', message("abcdef", op="submit", id="a", module="echo")[:-1]):
        client = server.client()
        client.send_raw(tail)
        client.shutdown()
        client.closed()
    what = [line["what"] for line in server.log.events("client-truncated", level="info")]
    assert what == [
        "a header without its LF: 9 bytes came",
        'payload of submit, id "a": 5 of 6 bytes came',
    ]
    stats = server.stats()
    assert stats["jobs"]["submitted"] == 0, stats


def test_a_complete_message_before_the_incomplete_one_counts(shared):
    client = shared.client()
    client.send_raw(message("x", op="submit", id="a", module="echo") + b'{"op":')
    client.shutdown()
    events = client.rest()
    assert [(e.name, e.get("id")) for e in events] == [("done", "a")]


def test_a_protocol_error_after_100_good_submits_does_not_cost_their_results(daemon):
    client = daemon(job_max=200).client()
    batch = b"".join(message(str(n), op="submit", id=n, module="echo") for n in range(100))
    client.send_raw(batch + b"garbage\n" + message("no", op="submit", id=100, module="echo"))
    error, others = fatal(client, "bad-json")
    results = {event["id"]: event.payload for event in others if event.name == "done"}
    assert results == {n: str(n).encode() for n in range(100)}
    assert len(others) == 100, "more than the 100 results"


def test_a_fatal_error_delivers_jobs_that_still_run(shared):
    client = shared.client()
    client.submit("slow", "sleep", json.dumps({"ms": 150, "value": "late"}))
    client.send_raw(b"garbage\n")
    _, others = fatal(client, "bad-json")
    assert len(others) == 1
    check(others[0], "done", id="slow")


def test_a_fatal_error_may_come_before_the_hello(shared):
    """In any order, there is one fatal error and then the close."""
    client = shared.client(hello=False)
    client.send_raw(header(op="hello", protocol=1) + b"garbage\n")
    _, others = fatal(client, "bad-json")
    assert [event.name for event in others] in (["hello"], []), others


def test_input_after_a_fatal_error_is_discarded_and_costs_no_last_words(shared):
    """Unread input at the close would cause a reset, and the client would lose the error."""
    client = shared.client()
    client.send_raw(b"garbage\n" + os.urandom(1 << 20))
    client.shutdown()
    fatal(client, "bad-json")


def test_linger_ends_a_client_that_does_not_close(daemon):
    """After its last event, the server discards input for linger-ms, and then closes."""
    server = daemon(linger_ms=200)
    client = server.client()
    client.send_raw(b"garbage\n")
    fatal(client, "bad-json")
    server.wait_stats(lambda s: s["clients"]["connected"] == 1, "the lingering client gone")


def test_a_broken_connection_costs_no_other(shared):
    other = shared.client()
    other.submit("slow", "sleep", json.dumps({"ms": 100}))
    for line in (b"garbage", b"", b"\x00"):
        client = shared.client()
        client.send_raw(line + b"\n")
        fatal(client, "bad-json")
    check(other.outcome("slow"), "done")


# ---- well framed but wrong: the payload is swallowed, the connection lives on

EVIL = header(op="submit", id="inner", module="echo") + b"garbage\n" + b"{" * 300

REFUSED = {
    "unknown op": ({"op": "nonsense", "id": 1}, "unknown-op"),
    "no op": ({"id": 1}, "bad-request"),
    "op of a wrong type": ({"op": 5, "id": 1}, "bad-request"),
    "unknown field": ({"op": "submit", "id": 1, "module": "echo", "colour": 1}, "bad-request"),
    "no id": ({"op": "submit", "module": "echo"}, "bad-request"),
    "no module": ({"op": "submit", "id": 1}, "bad-request"),
    "bad module": ({"op": "submit", "id": 1, "module": "../echo"}, "bad-request"),
    "a payload for ping": ({"op": "ping", "id": 1}, "bad-request"),
    "a payload for stats": ({"op": "stats", "id": 1}, "bad-request"),
    "a payload for set": ({"op": "set", "id": 1, "module": "echo"}, "bad-request"),
    "a payload for cancel": ({"op": "cancel", "id": 1, "job": "x-1"}, "bad-request"),
    "a payload for hello": ({"op": "hello", "id": 1, "protocol": 1}, "bad-request"),
}


@pytest.mark.parametrize("fields, code", REFUSED.values(), ids=REFUSED.keys())
def test_a_body_of_a_refused_request_is_swallowed(shared, fields, code):
    client = shared.client()
    client.send(EVIL, **fields)
    event = client.expect("error", code=code)
    assert event.get("fatal") is not True, event
    for key in ("id", "op"):
        if isinstance(fields.get(key), (str, int)) and fields.get("op") != 5:
            assert event.get(key) == fields.get(key), event
    client.silent()


def test_a_large_body_of_a_refused_request_is_swallowed(shared):
    client = shared.client()
    client.send(b"\n" * (3 << 20), op="submit", id=1, module="echo", colour="red")
    client.expect("error", code="bad-request", op="submit", id=1)
    client.silent()


def test_the_error_comes_after_the_last_byte(shared):
    client = shared.client()
    client.send_raw(header(op="submit", id=1, module="echo", colour="red", size=10) + b"12345")
    other = shared.client()
    other.silent()  # time for a whole exchange with another client
    client.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.sock.recv(1)
    client.send_raw(b"67890")
    client.expect("error", code="bad-request")
    client.silent()


def test_a_body_of_an_overload_is_swallowed(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=0)
    client = server.client()
    client.submit("busy", "sleep", json.dumps({"ms": 30000}))
    server.wait_jobs(running=1)
    client.submit("second", "echo", EVIL)
    check(client.outcome("second"), "overload")
    client.silent()
    client.send(op="kill", target="busy")
    check(client.outcome("busy"), "failed")


def test_server_headers_fit_whatever_was_asked(shared):
    """Long values come back cut, or not at all. The client class checks each header's length."""
    client = shared.client()
    client.send(op="submit", id="i" * 64, module="m" * 3000)
    client.expect("error", code="bad-request", id="i" * 64)
    client.send_raw(b'{"op":"' + b"\\n\\u0007" * 400 + b'"}\n')
    event = client.expect("error", code="unknown-op")
    assert not any(ord(c) < 32 for c in event["message"]), event
    client.send_raw(b'{"op":"ping","' + b"k" * 3900 + b'":1}\n')
    event = client.expect("error", code="bad-request")
    assert len(json.dumps(event["message"], ensure_ascii=False)) - 2 <= 512, event
    client.send(op="submit", id="\u00e9" * 32, module="echo", context=["\u00e9" * 160])
    check(client.outcome("\u00e9" * 32), "done", context=["\u00e9" * 160])


def test_order_of_the_checks(shared):
    """Framing, op, duplicate id, fields, module, admission."""
    client = shared.client()
    client.send_raw(b'{"op":"nonsense","colour":1,"size":-1}\n')
    fatal(client, "bad-size")
    client = shared.client()
    client.send(op="nonsense", colour=1, id=[])
    client.expect("error", code="unknown-op")
    client.submit("busy", "sleep", json.dumps({"ms": 30000}))
    client.submit("busy", "no-such-module", "", colour=1)
    client.expect("error", code="duplicate-id")
    client.submit("busy", "no-such-module")
    client.expect("error", code="duplicate-id")
    client.submit("free", "no-such-module", "", colour=1)
    client.expect("error", code="bad-request")
    client.submit("free", "no-such-module")
    client.expect("failed", id="free", reason="unknown-module")
    client.send(op="kill", target="busy")
    check(client.outcome("busy"), "failed", reason="cancelled")


def test_many_connections_with_garbage(shared):
    """The count of clients returns to its old value."""
    for n in range(60):
        with Client(shared.address, hello=False) as client:
            client.send_raw(os.urandom(20 + n * 37).replace(b"\n", b" ") + b"\n")
    shared.wait_stats(lambda s: s["clients"]["connected"] == 1, "all closed")
