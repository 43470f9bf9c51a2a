"""Protocol sections 2 and 3: ids, fields, and all requests but submit."""

import json

import pytest

from harness.client import check, header, message

LONG_SLEEP = json.dumps({"ms": 60000})


def stop(client, *ids):
    for id in ids:
        client.send(op="kill", target=id)
        check(client.outcome(id), "failed", reason="cancelled")


# ---- ids

IDS = {
    "integer": "1",
    "string of it": '"1"',
    "zero": "0",
    "2^53-1": "9007199254740991",
    "one byte": '"a"',
    "64 bytes": '"' + "x" * 64 + '"',
    "64 bytes of utf-8": '"' + "\u00e9" * 32 + '"',
    "unicode": '"\u65e5\u672c\U0001f600"',
    "escaped unicode": '"\\ud83d\\ude00"',
    "quotes": '"\\"\\\\/"',
    "control characters": '"\\n\\u001b"',
}


@pytest.mark.parametrize("text", IDS.values(), ids=IDS.keys())
def test_id_is_echoed_as_the_same_json_value(shared, text):
    id = json.loads(text)
    client = shared.client()
    client.send_raw(f'{{"op":"ping","id":{text}}}\n')
    event = client.expect("pong")
    assert event["id"] == id and type(event["id"]) is type(id), event
    client.send_raw(f'{{"op":"submit","id":{text},"module":"echo"}}\n')
    event = client.expect("done")
    assert event["id"] == id and type(event["id"]) is type(id), event
    client.send_raw(f'{{"op":"nonsense","id":{text}}}\n')
    event = client.expect("error", op="nonsense")
    assert event["id"] == id and type(event["id"]) is type(id), event


BAD_IDS = {
    "empty": '""',
    "65 bytes": '"' + "x" * 65 + '"',
    "66 bytes of utf-8": '"' + "\u00e9" * 33 + '"',
    "2^53": "9007199254740992",
    "negative": "-1",
    "negative zero": "-0",
    "fraction": "1.5",
    "1.0": "1.0",
    "1e3": "1e3",
    "null": "null",
    "true": "true",
    "list": "[]",
    "object": "{}",
}


@pytest.mark.parametrize("op", ["ping", "submit"])
@pytest.mark.parametrize("text", BAD_IDS.values(), ids=BAD_IDS.keys())
def test_bad_id(shared, op, text):
    client = shared.client()
    module = ',"module":"echo"' if op == "submit" else ""
    client.send_raw(f'{{"op":"{op}","id":{text}{module}}}\n')
    event = client.expect("error", code="bad-request", op=op)
    assert "id" in event["message"], event
    client.silent()


def test_1_and_the_string_1_are_two_ids(shared):
    client = shared.client()
    client.submit(1, "sleep", LONG_SLEEP)
    client.submit("1", "sleep", LONG_SLEEP)
    stop(client, "1")
    assert not any(event.ends_submit() for event in client.kept)
    stop(client, 1)


def test_duplicate_id(shared):
    """The second submit creates no job. The first job goes on, and the error does not end it."""
    client = shared.client()
    client.submit("a", "sleep", json.dumps({"ms": 150, "value": "first"}))
    client.submit("a", "echo", "second", context="its own")
    event = client.expect("error", code="duplicate-id", op="submit", id="a", context="its own")
    assert "job" not in event and not event.get("fatal"), event
    event = client.expect("done", id="a")
    assert event.json() == "first"


def wrong_submits():
    """Wrong submits, each with the id of an unfinished job: "a"."""
    yield "unknown field", header(op="submit", id="a", module="echo", colour=1)
    yield "wrong type", header(op="submit", id="a", module=5)
    yield "no module", header(op="submit", id="a")
    yield "context too long", header(op="submit", id="a", module="echo", context="x" * 1100)
    yield "number", b'{"op":"submit","id":"a","module":"echo","timeout_ms":1e400}\n'
    yield "id spelt otherwise", b'{"op":"submit","id":"\\u0061","modul":"echo"}\n'
    yield "op spelt otherwise", b'{"op":"\\u0073ubmit","id":"a","modul":"echo"}\n'
    yield "payload", header(op="submit", id="a", colour=1, size=5) + b'{"op"'


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in wrong_submits()])
def test_a_wrong_submit_with_a_living_jobs_id_does_not_look_like_that_jobs_end(shared, text):
    client = shared.client()
    client.submit("a", "sleep", LONG_SLEEP)
    client.send_raw(text)
    error = client.expect("error", code="duplicate-id", op="submit", id="a")
    assert not error.get("fatal")
    client.silent()
    stop(client, "a")


FATAL_SUBMITS = {
    "bad-size": b'{"op":"submit","id":"a","module":"echo","context":1,"size":-1}\n',
    "payload-too-large": b'{"op":"submit","id":"a","module":"echo","context":1,"size":1e20}\n'.replace(b"1e20", b"9" * 20),
}


@pytest.mark.parametrize("code", FATAL_SUBMITS)
def test_a_fatal_error_does_not_look_like_a_living_jobs_end(shared, code):
    """The error has all known fields except the id. If no unfinished job has the id, the error has the id, too."""
    client = shared.client()
    sleep = message(json.dumps({"ms": 150, "value": "first"}), op="submit", id="a", module="sleep")
    client.send_raw(sleep + FATAL_SUBMITS[code])  # in one write, so that the job is unfinished when the second header is read
    error = client.expect("error", code=code, op="submit", context=1, fatal=True)
    assert "id" not in error, error
    assert client.expect("done", id="a").json() == "first"
    client.closed()
    other = shared.client()
    other.send_raw(FATAL_SUBMITS[code])
    other.expect("error", code=code, op="submit", id="a", context=1, fatal=True)


def test_an_error_to_another_request_has_its_own_op(shared):
    """The request's id may equal a job's. The op tells them apart; an error without an op is about no submit."""
    client = shared.client()
    client.submit("a", "sleep", LONG_SLEEP)
    client.send(op="cancel", id="a", job="no-such")
    client.expect("error", code="unknown-job", op="cancel", id="a")
    client.send(op="sub", id="a")
    client.expect("error", code="unknown-op", op="sub", id="a")
    client.send(id="a")
    assert "op" not in client.expect("error", code="bad-request", id="a")
    stop(client, "a")


def test_an_id_is_free_again_after_the_terminal_event(shared):
    client = shared.client()
    for n in range(3):
        assert client.done("echo", str(n), id="same") == str(n).encode()
    check(client.run("no-such-module", id="same"), "failed")
    assert client.done("echo", "x", id="same") == b"x"


def test_an_id_is_of_one_connection(shared):
    first, second = shared.client(), shared.client()
    first.submit("a", "sleep", LONG_SLEEP)
    assert second.done("echo", "mine", id="a") == b"mine"
    stop(first, "a")


# ---- fields of submit

BAD_SUBMITS = {
    "module missing": ({"module": None}, "module"),
    "module a number": ({"module": 5}, "module"),
    "module empty": ({"module": ""}, "module"),
    "module with a slash": ({"module": "a/b"}, "module"),
    "module with dots": ({"module": ".."}, "module"),
    "module with a dot": ({"module": "echo.so"}, "module"),
    "module with a space": ({"module": "echo "}, "module"),
    "module in utf-8": ({"module": "\u00e9cho"}, "module"),
    "module of 65": ({"module": "m" * 65}, "module"),
    "context of 1,025 bytes": ({"context": "c" * 1023}, "context"),
    "notify a string": ({"notify": "accepted"}, "notify"),
    "notify of numbers": ({"notify": [1]}, "notify"),
    "notify of an unknown word": ({"notify": ["accepted", "finished"]}, "notify"),
    "timeout_ms a string": ({"timeout_ms": "5"}, "timeout_ms"),
    "timeout_ms negative": ({"timeout_ms": -1}, "timeout_ms"),
    "timeout_ms a fraction": ({"timeout_ms": 1.5}, "timeout_ms"),
    "timeout_ms huge": ({"timeout_ms": 2**62}, "timeout_ms"),
    "link a number": ({"link": 1}, "link"),
    "link a string": ({"link": "true"}, "link"),
    "hyphenated timeout-ms": ({"timeout-ms": 5}, "timeout-ms"),
    "an unknown field": ({"colour": "red"}, "colour"),
    "a field of another op": ({"target": "a"}, "target"),
}


@pytest.mark.parametrize("fields, named", BAD_SUBMITS.values(), ids=BAD_SUBMITS.keys())
def test_bad_submit_names_the_field(shared, fields, named):
    request = {"op": "submit", "id": "s", "module": "echo", "context": "mine", **fields}
    request = {key: value for key, value in request.items() if value is not None}
    client = shared.client()
    client.send("x", **request)
    event = client.expect("error", code="bad-request", op="submit", id="s")
    assert named in event["message"], event
    assert not event.get("fatal"), event
    if request["context"] == "mine":
        check(event, "error", context="mine")
    client.silent()


def test_a_range_is_named(shared):
    client = shared.client()
    client.submit("s", "echo", timeout_ms=-1)
    assert any(c.isdigit() for c in client.expect("error")["message"])


LATER_FIELDS = {
    "key": "k",
    "retries": 1,
}


@pytest.mark.parametrize("field", LATER_FIELDS)
def test_a_later_submit_field_is_a_bad_request_by_name(shared, field):
    client = shared.client()
    client.submit("s", "echo", "x", **{field: LATER_FIELDS[field]})
    event = client.expect("error", code="bad-request", op="submit", id="s")
    assert field in event["message"], event
    client.silent()


LATER_OPS = ["wait"]


@pytest.mark.parametrize(
    "op", LATER_OPS + ["nonsense", "PING", "", "submit ", 'a\n\x07\x7f"\\\u0085\u00e9b', "\x01" * 64]
)
def test_a_later_or_unknown_op_is_unknown_op(shared, op):
    client = shared.client()
    client.send(op=op, id=1)
    client.expect("error", code="unknown-op", op=op, id=1)
    client.silent()


def test_an_op_that_is_too_long_is_not_echoed(shared):
    client = shared.client()
    for op in ("x" * 64, "x" * 65, "x" * 3000):
        client.send(op=op, id=1)
        event = client.expect("error", code="unknown-op", id=1)
        assert event.get("op") == (op if len(op) == 64 else None), event


@pytest.mark.parametrize("op", ["ping", "stats", "workers", "set", "cancel", "kill"])
def test_an_unknown_field_is_refused_by_name(shared, op):
    client = shared.client()
    client.send(op=op, id=1, colour="red")
    event = client.expect("error", code="bad-request", op=op, id=1)
    assert "colour" in event["message"], event
    client.silent()


CONTEXTS = [
    None,
    True,
    0,
    -5,
    1.5,
    "",
    "text",
    [],
    {},
    {"a": [1, {"b": None}], "\u00e9": "\u65e5"},
    2**53,
    "c" * 1022,
]


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda value: repr(value)[:20])
def test_context_comes_back(shared, context):
    client = shared.client()
    check(client.run("echo", "x", context=context), "done", context=context)
    check(client.run("no-such-module", "x", context=context), "failed", context=context)


def test_no_context_no_field(shared):
    assert "context" not in shared.client().run("echo", "x")


def test_context_is_counted_as_compact_text(shared):
    """Blanks in the text do not count."""
    client = shared.client()
    context = [1] * 500  # 1,001 bytes compact, 1,500 with a blank after each comma
    line = json.dumps({"op": "submit", "id": 1, "module": "echo", "context": context})
    client.send_raw(line + "\n")
    check(client.outcome(1), "done", context=context)


def test_context_is_counted_in_bytes_of_utf_8(shared):
    """1,004 bytes as sent. The server's own escapes do not count."""
    client = shared.client()
    context = ["\u00e9" * 500]
    line = json.dumps(
        {"op": "submit", "id": 1, "module": "echo", "context": context}, ensure_ascii=False
    )
    client.send_raw(line + "\n")
    check(client.outcome(1), "done", context=context)


# ---- set, ping


def test_set_module(shared):
    client = shared.client()
    client.send("x", op="submit", id=1)
    client.expect("error", code="bad-request", op="submit", id=1)
    client.send(op="set", id=2, module="echo")
    client.expect("ok", op="set", id=2)
    client.send("mine", op="submit", id=3)
    assert client.outcome(3).payload == b"mine"
    client.send(op="set", module="fib")
    client.expect("ok", op="set")
    client.send("10", op="submit", id=4)
    assert client.outcome(4).payload == b"55"
    # A module in the submit wins, and the default stays.
    assert client.done("echo", "x") == b"x"
    client.send("11", op="submit", id=5)
    assert client.outcome(5).payload == b"89"


@pytest.mark.parametrize("fields", [{}, {"module": 5}, {"module": "a/b"}, {"module": ""}])
def test_a_bad_set_changes_nothing(shared, fields):
    client = shared.client(module="echo")
    client.send(op="set", id=1, **fields)
    assert "module" in client.expect("error", code="bad-request", op="set", id=1)["message"]
    client.send("x", op="submit", id=2)
    assert client.outcome(2).payload == b"x"


def test_ping_without_id(shared):
    client = shared.client()
    client.send(op="ping")
    assert "id" not in client.expect("pong")


def test_answers_come_in_the_order_of_their_requests(shared):
    client = shared.client()
    ops = ["ping", "stats", "set", "nonsense", "workers", "ping", "cancel", "stats"] * 5
    data = b""
    for id, op in enumerate(ops):
        fields = {"set": {"module": "echo"}, "cancel": {"job": "none-1"}}.get(op, {})
        data += header(op=op, id=id, **fields)
    client.send_raw(data)
    assert [client.recv()["id"] for _ in ops] == list(range(len(ops)))


# ---- stats and workers


def test_stats_holds_what_section_9_says(daemon):
    server = daemon(pool_start=2, pool_max=3, job_max=50, client_max=20)
    server.wait_idle(2)
    client = server.client(client="me")
    client.done("echo", "x")
    check(client.run("math", '{"op":"div","x":1,"y":0}'), "failed")
    client.run("no-such-module")
    client.submit("busy", "sleep", LONG_SLEEP)
    server.wait_jobs(running=1)
    stats = client.stats()
    assert stats["server"].startswith("taskmasterd")
    assert stats["boot"] == client.hello_event["boot"]
    assert 0 <= stats["uptime_ms"] < 60000
    assert stats["draining"] is False
    pool = stats["pool"]
    assert (pool["start"], pool["max"]) == (2, 3)
    assert (pool["starting"], pool["idle"], pool["busy"], pool["stopping"]) == (0, 1, 1, 0)
    assert pool["forks"] == 2 and pool["exits"] == 0
    queue = stats["queue"]
    assert (queue["waiting"], queue["max"], queue["oldest_ms"]) == (0, 50, 0)
    assert queue["bytes"] >= 0 and queue["bytes_max"] > 0
    jobs = stats["jobs"]
    assert (jobs["submitted"], jobs["done"], jobs["running"]) == (4, 1, 1)
    assert (jobs["dropped"], jobs["orphaned"]) == (0, 0)
    assert jobs["failed"]["module"] == 1 and jobs["failed"]["unknown-module"] == 1
    assert sum(jobs["overload"].values()) == 0
    assert stats["clients"]["connected"] == 1 and stats["clients"]["max"] == 20
    assert stats["modules"]["echo"]["done"] == 1
    assert stats["modules"]["math"]["failed"] == 1
    assert stats["modules"]["sleep"]["running"] == 1
    assert stats["modules"]["sleep"]["waiting"] == 0
    stop(client, "busy")


def test_oldest_ms_and_bytes_of_the_queue(daemon):
    from harness.wait import wait_until

    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("busy", "sleep", LONG_SLEEP)
    client.submit("waits", "echo", b"x" * 100000)
    stats = server.wait_jobs(running=1, waiting=1)
    assert stats["queue"]["bytes"] >= 100000
    assert stats["modules"]["echo"]["waiting"] == 1
    wait_until(lambda: client.stats()["queue"]["oldest_ms"] >= 50, "the oldest to age")
    stop(client, "busy")
    check(client.outcome("waits"), "done")


def test_workers_holds_what_section_9_says(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    client = server.client()
    client.done("echo", "x")
    client.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    started = client.begun(id="busy")
    workers = client.workers()
    assert len(workers) == 2
    for worker in workers:
        missing = {"id", "pid", "state", "since_ms", "jobs_done", "rss_kb"} - set(worker)
        assert not missing, f"{missing} not in {worker}"
        assert worker["rss_kb"] > 100 and worker["since_ms"] >= 0, worker
        assert worker["pid"] in [line["pid"] for line in server.log.events("worker-ready")]
    busy = [worker for worker in workers if worker["state"] == "busy"]
    assert len(busy) == 1
    assert busy[0]["job"] == started["job"] and busy[0]["module"] == "sleep"
    assert busy[0]["id"] == started["worker"]
    assert [worker["state"] for worker in workers].count("idle") == 1
    assert sum(worker["jobs_done"] for worker in workers) == 1
    stop(client, "busy")


# ---- cancel and kill: their fields (test_stop.py has their effects)


@pytest.mark.parametrize("op", ["cancel", "kill"])
@pytest.mark.parametrize(
    "fields",
    [{}, {"job": 5}, {"target": True}, {"target": ""}, {"target": 1.5}, {"job": ""}],
    ids=["none", "job a number", "target true", "target empty", "target a fraction", "job empty"],
)
def test_bad_cancel(shared, op, fields):
    client = shared.client()
    client.send(op=op, id=1, **fields)
    event = client.expect("error", op=op, id=1)
    if fields == {"job": ""}:
        assert event["code"] in ("bad-request", "unknown-job"), event
    else:
        check(event, "error", code="bad-request")
    client.silent()


@pytest.mark.parametrize("op", ["cancel", "kill"])
@pytest.mark.parametrize("fields", [{"job": "k3f9-17"}, {"job": "%s%n\n"}, {"target": "none"}, {"target": 9}])
def test_unknown_job(shared, op, fields):
    client = shared.client()
    client.send(op=op, id=1, **fields)
    event = client.expect("error", code="unknown-job", op=op, id=1)
    named = next(iter(fields.values()))
    assert str(named).strip() in event["message"], event
    client.silent()


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_a_job_that_has_ended_is_unknown(shared, op):
    client = shared.client()
    job = client.run("echo", id="a")["job"]
    for fields in ({"job": job}, {"target": "a"}):
        client.send(op=op, id=1, **fields)
        client.expect("error", code="unknown-job", op=op, id=1)


def test_a_target_is_of_this_connection(shared):
    first, second = shared.client(), shared.client()
    first.submit("a", "sleep", LONG_SLEEP)
    first.silent()
    second.send(op="cancel", id=1, target="a")
    second.expect("error", code="unknown-job")
    stop(first, "a")


def test_targets_1_and_string_1(shared):
    client = shared.client()
    client.submit(1, "sleep", LONG_SLEEP)
    client.send(op="cancel", id="c", target="1")
    client.expect("error", code="unknown-job", id="c")
    stop(client, 1)


def test_many_requests_in_one_write(shared):
    client = shared.client()
    client.send_raw(
        b"".join(header(op="ping", id=n) for n in range(2000))
        + message("x", op="submit", id="last", module="echo")
    )
    assert [client.event("pong")["id"] for _ in range(2000)] == list(range(2000))
    check(client.outcome("last"), "done")
