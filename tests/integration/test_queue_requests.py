"""The requests of taskqueued (doc/queue.md, sections 2 to 5 and 8): their fields, answers and errors."""

import json
import uuid

import pytest
from harness.client import ask, check, refused
from harness.queued import put, wait

HOUR = 3600000
DAY = 24 * HOUR
YEAR = 365 * DAY


def answer(client, **fields):
    """A submit without a payload, and the first event about it."""
    fields = {"op": "submit", "id": "s", "module": "echo", **fields}
    client.send(**fields)
    return client.find(lambda event: event.get("id") == fields["id"], what=f"the answer to {fields}")


def delayed(client, module="echo", payload="x", **fields):
    """A detached job that does not begin while the tests run."""
    return put(client, module, payload, delay_ms=HOUR, **fields)


def ended(client, module="echo", payload="x", **fields):
    job = put(client, module, payload, **fields)
    wait(client, job)
    return job


def status(client, **fields):
    return ask(client, "status", **fields).json()


def own_module():
    """A module of this test alone. It need not exist."""
    return "only-" + uuid.uuid4().hex[:8]


# ---- hello


def test_hello(shared_queue):
    hello = shared_queue.client().hello_event
    check(hello, "hello", protocol=1, key_max=128, job_max=1000000, context_max=1024, payload_max=16777216)
    assert hello["server"].startswith("taskqueued/")
    for feature in ("detach", "wait", "key", "retries", "delay", "priority", "ttl", "forget", "retry", "backup"):
        assert feature in hello["features"], feature
    for feature in ("detach", "notify-retry", "notify-usage", "link-on-failure", "retry-select", "cancel-select"):
        assert feature in hello["features"], feature
    for other in ("service", "origin", "attempt", "for", "notify-part", "resize", "crashes", "register"):
        assert other not in hello["features"], other


# ---- the fields of submit


@pytest.mark.parametrize(
    "fields",
    [
        {"delay_ms": 0},
        {"at": "1999-12-31T23:59:59Z"},
        {"at": "2020-01-31 08:15:00.5+01:00"},
        {"max_wait_ms": YEAR},
        {"priority": 0},
        {"priority": 9},
        {"retries": 100, "retry_on": [], "retry_delay_ms": 0},
        {"retry_on": ["error", "timeout", "module", "expired"], "retry_delay_ms": DAY},
        {"ttl_ms": 30 * DAY},
        {"timeout_ms": 60000, "soft_timeout_ms": 60000},
        {"notify": []},
        {"context": {"n": [1, 2.50]}},
        {"link": "on-failure"},
    ],
    ids=json.dumps,
)
def test_a_field(shared_queue, fields):
    event = answer(shared_queue.client(), **fields)
    check(event, "done", size=0)
    assert event.get("context") == fields.get("context")


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("delay_ms", YEAR + 1, "0 to 31536000000"),
        ("delay_ms", -1, "0 to 31536000000"),
        ("delay_ms", "5", "an integer"),
        ("at", "tomorrow", "with its zone"),
        ("at", "2026-01-31T08:15:00", "with its zone"),
        ("at", 1790000000, "with its zone"),
        ("max_wait_ms", 0, "1 to 31536000000"),
        ("max_wait_ms", YEAR + 1, "1 to 31536000000"),
        ("priority", 10, "0 to 9"),
        ("retries", 101, "0 to 100"),
        ("retry_on", ["cancelled"], "a list of"),
        ("retry_on", "error", "a list of"),
        ("retry_delay_ms", DAY + 1, "0 to 86400000"),
        ("key", "", "1 to 128 bytes"),
        ("key", "k" * 129, "1 to 128 bytes"),
        ("key", 7, "1 to 128 bytes"),
        ("ttl_ms", 0, "1 to 2592000000"),
        ("ttl_ms", 30 * DAY + 1, "1 to 2592000000"),
        ("notify", ["part"], "a list of"),
        ("detach", False, "true"),
        ("service", "x", "service"),
        ("origin", "x", "origin"),
        ("attempt", 1, "attempt"),
        ("for", "x", "for"),
    ],
)
def test_a_wrong_field(shared_queue, name, value, words):
    client = shared_queue.client()
    event = answer(client, context=7, **{name: value})
    check(event, "error", op="submit", code="bad-request", context=7)
    assert name in event["message"] and words in event["message"], event
    client.silent()


@pytest.mark.parametrize(
    "fields", [{"link": True}, {"notify": []}, {"notify": ["accepted"]}, {"link": "on-failure"}], ids=json.dumps
)
def test_detach_is_not_with_link_or_notify(shared_queue, fields):
    check(answer(shared_queue.client(), detach=True, **fields), "error", code="bad-request")


def test_delay_ms_is_not_with_at(shared_queue):
    event = answer(shared_queue.client(), delay_ms=5, at="2020-01-01T00:00:00Z")
    check(event, "error", code="bad-request")
    assert "delay_ms" in event["message"] and "at" in event["message"]


def test_a_submit_needs_a_module_and_an_id(shared_queue):
    client = shared_queue.client()
    client.send(op="submit", id=1)
    check(client.recv(), "error", code="bad-request", id=1)
    client.send(op="submit", module="echo")
    check(client.recv(), "error", code="bad-request")
    client.send(op="set", module="echo")
    check(client.recv(), "ok", op="set")
    client.send("hi", op="submit", id=1)
    assert client.outcome(1).payload == b"hi"


# ---- submit and wait


def test_the_events_of_a_submit(shared_queue):
    client = shared_queue.client()
    client.submit(1, "echo", "hi", notify=["accepted", "started", "usage"], context="mine")
    accepted, started, done = client.recv(), client.recv(), client.recv()
    check(accepted, "accepted", id=1)
    assert accepted["job"].startswith("q") and "context" not in accepted and "joined" not in accepted
    check(started, "started", id=1, job=accepted["job"], pool="default")
    assert started["worker"] >= 0 and started["order"] > 0
    check(done, "done", id=1, job=accepted["job"], size=2, context="mine", order=started["order"])
    assert done.payload == b"hi" and done["usage"]["worker_rss"] > 0 and "attempt" not in done
    client.silent()


def test_a_submit_hears_of_its_end_alone(shared_queue):
    client = shared_queue.client()
    client.submit(1, "echo", "hi")
    check(client.recv(), "done", id=1)


def test_job_ids_are_in_order(shared_queue):
    client = shared_queue.client()
    numbers = [int(ended(client)[1:]) for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_detach_and_wait(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    job = put(client, "echo", "hi", context={"a": 1})
    for asker in (client, other, other):
        event = wait(asker, job)
        check(event, "done", id=f"wait {job}", job=job, size=2, context={"a": 1})
        assert event.payload == b"hi"


def test_a_large_result(shared_queue):
    client = shared_queue.client()
    payload = bytes(range(256)) * 8192
    client.submit(1, "echo", payload)
    assert client.outcome(1).payload == payload
    assert wait(client, put(client, "echo", payload)).payload == payload


def test_many_at_once(shared_queue):
    client = shared_queue.client()
    for n in range(300):
        client.submit(n, "echo", str(n))
    for n in range(300):
        assert client.outcome(n).payload == str(n).encode()


def test_a_failure(shared_queue):
    client = shared_queue.client()
    division = json.dumps({"op": "div", "x": 1, "y": 0})
    client.submit(1, "math", division, context=[1])
    event = client.outcome(1)
    check(event, "failed", reason="module", code="div-by-zero", context=[1])
    again = wait(client, event["job"])
    check(again, "failed", reason="module", code="div-by-zero", message=event["message"], context=[1])


def test_duplicate_ids(shared_queue):
    client = shared_queue.client()
    client.submit("d", "echo", delay_ms=HOUR, notify=["accepted"])
    job = client.event("accepted")["job"]
    check(answer(client, id="d"), "error", op="submit", code="duplicate-id")
    check(answer(client, id="d", priority=77), "error", op="submit", code="duplicate-id")
    client.send(op="wait", id="d", job=job)
    check(client.recv(), "error", op="wait", code="duplicate-id", id="d")
    client.send(op="wait", id="w", job=job)
    client.send(op="wait", id="w", job=job)
    check(client.recv(), "error", op="wait", code="duplicate-id", id="w")
    check(answer(client, id="w"), "error", op="submit", code="duplicate-id")
    check(ask(client, "cancel", job=job), "ok", state="delayed")
    ends = {client.recv()["id"], client.recv()["id"]}
    assert ends == {"d", "w"}
    check(answer(client, id="d"), "done")


def test_a_wait_that_is_over(shared_queue):
    client = shared_queue.client()
    job = delayed(client)
    for timeout in (0, 20):
        client.send(op="wait", id="w", job=job, timeout_ms=timeout)
        check(client.recv(), "error", op="wait", id="w", code="not-yet")
    check(ask(client, "cancel", job=job), "ok")


def test_a_wait_for_nothing_takes_what_is_there(shared_queue):
    client = shared_queue.client()
    job = ended(client, payload="there")
    client.send(op="wait", id="w", job=job, timeout_ms=0)
    assert client.expect("done", id="w", job=job).payload == b"there"


@pytest.mark.parametrize("job", ["q999999999", "q0", "k3f9-17", "q1x", "nonsense"])
def test_a_wait_for_an_unknown_job(shared_queue, job):
    client = shared_queue.client()
    client.send(op="wait", id="w", job=job)
    check(client.recv(), "error", op="wait", id="w", code="unknown-job")
    client.silent()


@pytest.mark.parametrize(
    "fields",
    [
        {"job": "q1"},
        {"id": 1},
        {"id": 1, "job": ""},
        {"id": 1, "job": 17},
        {"id": 1, "job": "q1", "timeout_ms": -1},
        {"id": 1, "job": "q1", "notify": ["part"]},
        {"id": 1, "job": "q1", "context": 1},
    ],
    ids=json.dumps,
)
def test_a_wrong_wait(shared_queue, fields):
    client = shared_queue.client()
    client.send(op="wait", **fields)
    check(client.recv(), "error", op="wait", code="bad-request")


def test_a_wait_is_told_what_it_asks_for(shared_queue):
    client, other = shared_queue.client(), shared_queue.client()
    division = json.dumps({"op": "div", "x": 1, "y": 0})
    job = put(client, "math", division, delay_ms=300, retries=1, retry_on=["module"], retry_delay_ms=50)
    client.send(op="wait", id="all", job=job, notify=["started", "progress", "retry"])
    other.send(op="wait", id="end", job=job)
    names = [client.recv().name for _ in range(4)]
    assert names == ["started", "retry", "started", "failed"]
    check(other.recv(), "failed", id="end", attempt=2, reason="module")


def test_a_retry_event(shared_queue):
    client = shared_queue.client()
    client.submit(
        1, "math", json.dumps({"op": "div", "x": 1, "y": 0}), retries=2, retry_on=["module"], retry_delay_ms=20,
        notify=["retry"],
    )
    for attempt in (1, 2):
        event = client.recv()
        check(event, "retry", id=1, attempt=attempt, reason="module")
        least = 20 * 2 ** (attempt - 1) * 0.8
        assert least - 1 <= event["delay_ms"] <= least * 1.5 + 1 and event["message"]
    check(client.recv(), "failed", id=1, attempt=3, reason="module")


# ---- forget, retry


def test_forget(shared_queue):
    client = shared_queue.client()
    job = ended(client)
    check(ask(client, "forget", job=job), "ok", op="forget")
    refused(client, "forget", "unknown-job", job=job)
    refused(client, "status", "unknown-job", job=job)
    check(wait(client, job), "error", code="unknown-job")
    living = delayed(client)
    refused(client, "forget", "not-yet", job=living)
    check(ask(client, "cancel", job=living), "ok")
    check(ask(client, "forget", job=living), "ok")


def test_retry(shared_queue):
    client = shared_queue.client()
    division = json.dumps({"op": "div", "x": 1, "y": 0})
    job = ended(client, "math", division)
    check(ask(client, "retry", job=job), "ok", op="retry", count=1)
    check(wait(client, job), "failed", attempt=2, reason="module")
    refused(client, "retry", "not-failed", job=ended(client))
    living = delayed(client)
    refused(client, "retry", "not-yet", job=living)
    refused(client, "retry", "unknown-job", job="q999999999")
    refused(client, "retry", "bad-request")
    refused(client, "retry", "bad-request", job=job, select={"module": "math"})
    check(ask(client, "cancel", job=living), "ok")


def test_retry_of_a_cancelled_job_runs_it(shared_queue):
    client = shared_queue.client()
    job = delayed(client, payload="late")
    check(ask(client, "cancel", job=job), "ok", state="delayed")
    check(ask(client, "retry", job=job), "ok", count=1)
    assert wait(client, job).payload == b"late"


# ---- cancel, kill


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_cancel_of_a_waiting_job(shared_queue, op):
    client = shared_queue.client()
    client.submit(1, "echo", delay_ms=HOUR, notify=["accepted"], context="c")
    job = client.event("accepted")["job"]
    client.send(op=op, id="c", target=1)
    check(client.recv(), "ok", op=op, id="c", job=job, state="delayed")
    event = client.recv()
    check(event, "failed", id=1, job=job, reason="cancelled", by="submitter", context="c")
    assert "order" not in event and event["message"]
    refused(client, op, "unknown-job", target=1)
    refused(client, op, "unknown-job", job=job)
    assert status(client, job=job)["outcome"]["reason"] == "cancelled"


def test_cancel_by_another_client(shared_queue):
    client, other = shared_queue.client(), shared_queue.client(client="deploy/1")
    client.submit(1, "echo", delay_ms=HOUR, notify=["accepted"])
    job = client.event("accepted")["job"]
    check(ask(other, "cancel", job=job), "ok", job=job)
    check(client.recv(), "failed", id=1, reason="cancelled", by="client", by_name="deploy/1")


def test_cancel_of_a_running_job(shared_queue):
    client = shared_queue.client()
    client.submit(1, "sleep", json.dumps({"ms": 600000}), notify=["started"])
    job = client.event("started")["job"]
    event = ask(client, "cancel", target=1)
    check(event, "ok", job=job, state="running")
    check(client.outcome(1), "failed", reason="cancelled")
    assert status(client, job=job)["state"] == "failed"


def test_wrong_cancels(shared_queue):
    client = shared_queue.client()
    refused(client, "cancel", "bad-request")
    refused(client, "cancel", "bad-request", job="q1", target=1)
    refused(client, "cancel", "bad-request", select={})
    refused(client, "cancel", "bad-request", select={"pool": "default"})
    refused(client, "cancel", "unknown-job", job="nonsense")
    refused(client, "cancel", "unknown-job", target="nobody")
    refused(client, "kill", "bad-request", worker=1)


def test_cancel_of_a_selection(shared_queue):
    client = shared_queue.client()
    module = own_module()
    jobs = [delayed(client, module) for _ in range(250)]
    other = delayed(client)
    client.submit("mine", module, delay_ms=HOUR, notify=["accepted"])
    client.event("accepted", id="mine")
    check(ask(client, "cancel", select={"module": module, "state": "waiting"}), "ok", count=0)
    check(ask(client, "cancel", select={"module": module}), "ok", op="cancel", count=251)
    check(client.outcome("mine"), "failed", reason="cancelled", by="submitter")
    assert status(client, job=jobs[0])["state"] == "failed"
    assert status(client, job=other)["state"] == "delayed"
    check(ask(client, "cancel", select={"module": module}), "ok", count=0)
    check(ask(client, "retry", select={"module": module, "reason": "timeout"}), "ok", count=0)
    check(ask(client, "cancel", job=other), "ok")


def test_a_selection_has_the_jobs_of_its_state(shared_queue):
    client = shared_queue.client()
    module = own_module()
    check(ask(client, "pause", module=module), "ok")
    waiting, late = put(client, module, "x"), delayed(client, module)
    for state, count in (("running", 0), ("handed", 0), ("stopping", 0), ("waiting", 1)):
        check(ask(client, "cancel", select={"module": module, "state": state}), "ok", count=count)
    check(wait(client, waiting), "failed", reason="cancelled")
    assert status(client, job=late)["state"] == "delayed"
    check(ask(client, "kill", select={"module": module, "state": "delayed"}), "ok", count=1)
    check(ask(client, "resume", module=module), "ok")


def test_a_selection_of_running_jobs(shared_queue):
    client = shared_queue.client()
    client.submit(1, "sleep", json.dumps({"ms": 600000}), notify=["started"])
    client.event("started", id=1)
    check(ask(client, "kill", select={"module": "sleep", "state": "running"}), "ok", op="kill", count=1)
    check(client.outcome(1), "failed", reason="cancelled", by="submitter")


def test_retry_of_a_selection(queue):
    server = queue()
    client = server.client()
    division = json.dumps({"op": "div", "x": 1, "y": 0})
    jobs = [put(client, "math", division) for _ in range(5)]
    for job in jobs:
        check(wait(client, job), "failed")
    ended(client)
    check(ask(client, "retry", select={"module": "math", "reason": "module"}), "ok", op="retry", count=5)
    for job in jobs:
        check(wait(client, job), "failed", attempt=2)


# ---- status, jobs, peek


def test_status(shared_queue):
    client = shared_queue.client()
    job = delayed(client, payload="abc", id="mine", priority=7, retries=2, max_wait_ms=5, timeout_ms=9)
    about = status(client, job=job)
    assert 0 < about.pop("delay_ms") <= HOUR and 0 <= about.pop("age_ms") < 60000
    assert HOUR < about.pop("expires_ms") + 60000
    assert about == {
        "job": job,
        "id": "mine",
        "module": "echo",
        "state": "delayed",
        "attempt": 0,
        "failures": 0,
        "losses": 0,
        "owner": None,
        "key": None,
        "detached": True,
        "priority": 7,
        "retries": 2,
        "limits": {"timeout_ms": 9, "soft_timeout_ms": None, "max_wait_ms": 5},
        "size": 3,
        "outcome": None,
    }
    check(ask(client, "cancel", job=job), "ok")


def test_status_of_an_ended_job(shared_queue):
    client = shared_queue.client()
    about = status(client, job=ended(client, payload="abc", key="status"))
    assert about["state"] == "done" and about["key"] == "status" and about["attempt"] == 1
    outcome = about["outcome"]
    assert outcome["reason"] is None and outcome["size"] == 3
    assert 0 <= outcome["age_ms"] < 60000 and DAY - 60000 < outcome["kept_ms"] <= DAY


def test_status_by_target(shared_queue):
    client = shared_queue.client()
    client.submit("t", "echo", delay_ms=HOUR)
    about = status(client, target="t")
    assert about["id"] == "t" and not about["detached"]
    check(ask(client, "cancel", target="t"), "ok", job=about["job"])
    check(client.outcome("t"), "failed")
    refused(client, "status", "unknown-job", target="t")
    refused(client, "status", "bad-request")


def pages(client, **fields):
    """All pages of the list of jobs."""
    found = []
    while True:
        event = ask(client, "jobs", **fields)
        check(event, "jobs")
        found.append([job["job"] for job in event.json()])
        if not event["more"]:
            return found
        fields["after"] = event["after"]


def test_jobs(shared_queue):
    client = shared_queue.client()
    module = own_module()
    jobs = [delayed(client, module) for _ in range(7)]
    assert pages(client, module=module) == [jobs]
    found = pages(client, module=module, limit=3)
    assert [job for page in found for job in page] == jobs and len(found[0]) == 3
    check(ask(client, "cancel", job=jobs[2]), "ok")
    assert pages(client, module=module, state="delayed") == [jobs[:2] + jobs[3:]]
    assert pages(client, module=module, state="failed") == [[jobs[2]]]
    assert pages(client, module=module, reason="cancelled") == [[jobs[2]]]
    assert pages(client, module=module, state="done") == [[]]
    assert pages(client, module=module, owner="nobody") == [[]]
    refused(client, "jobs", "unknown-place", after="q17")
    refused(client, "jobs", "bad-request", limit=1001)
    check(ask(client, "cancel", select={"module": module}), "ok", count=6)


def test_a_place_is_good_for_ever(shared_queue):
    client = shared_queue.client()
    module = own_module()
    jobs = [delayed(client, module) for _ in range(3)]
    first = ask(client, "jobs", module=module, limit=1)
    for _ in range(2):
        event = ask(shared_queue.client(), "jobs", module=module, after=first["after"])
        assert [job["job"] for job in event.json()] == jobs[1:]
    check(ask(client, "cancel", select={"module": module}), "ok", count=3)


def test_peek(shared_queue):
    client = shared_queue.client()
    job = delayed(client, payload="look")
    event = ask(client, "peek", job=job)
    check(event, "peek", job=job, module="echo", size=4)
    assert event.payload == b"look"
    check(ask(client, "cancel", job=job), "ok")
    assert ask(client, "peek", job=job).payload == b"look"
    refused(client, "peek", "not-waiting", job=ended(client))
    refused(client, "peek", "unknown-job", job="q999999999")
    empty = delayed(client, payload="")
    check(ask(client, "peek", job=empty), "peek", size=0)
    check(ask(client, "cancel", job=empty), "ok")


# ---- pause, resume


def test_pause_of_a_module(shared_queue):
    client = shared_queue.client()
    check(ask(client, "pause", module="echo"), "ok", op="pause", was=False)
    check(ask(client, "pause", module="echo"), "ok", was=True)
    job = put(client, "echo", "x")
    client.send(op="wait", id="w", job=job, timeout_ms=50)
    check(client.recv(), "error", code="not-yet")
    assert status(client, job=job)["state"] == "waiting"
    check(client.run("fib", "10", id="f"), "done")
    check(ask(client, "resume", module="echo"), "ok", op="resume", was=True)
    check(ask(client, "resume", module="echo"), "ok", was=False)
    check(wait(client, job), "done")


def test_pause_of_everything(shared_queue):
    client = shared_queue.client()
    check(ask(client, "pause"), "ok", was=False)
    jobs = [put(client, module, "10") for module in ("echo", "fib")]
    for job in jobs:
        assert status(client, job=job)["state"] == "waiting"
    check(ask(client, "resume", module="echo"), "ok", was=False)
    assert status(client, job=jobs[0])["state"] == "waiting"
    check(ask(client, "resume"), "ok", was=True)
    for job in jobs:
        check(wait(client, job), "done")


def test_a_pause_lasts_over_restarts(queue):
    server = queue()
    with server.client() as client:
        check(ask(client, "pause", module="echo"), "ok")
        job = put(client, "echo", "x")
    server.restart()
    with server.client() as client:
        assert status(client, job=job)["state"] == "waiting"
        check(ask(client, "pause", module="echo"), "ok", was=True)
        check(ask(client, "resume", module="echo"), "ok", was=True)
        check(wait(client, job), "done")


# ---- backup


def test_backup(queue, daemon, tmp_path):
    server = queue()
    client, other = server.client(), server.client()
    path = str(tmp_path / "copy")
    large = b"l" * 200000
    job, late = put(client, "echo", large), delayed(client, payload=large)
    check(wait(client, job), "done")
    client.send(op="backup", id="b", path=path)
    client.send(op="ping", id="p")
    others = [put(other, "echo", str(n)) for n in range(100)]
    assert {client.recv()["id"], client.recv()["id"]} == {"b", "p"}
    refused(client, "backup", "backup-failed", path=path)
    refused(client, "backup", "backup-failed", path=str(tmp_path / "no" / "such" / "place"))
    for other_job in others:
        check(wait(other, other_job), "done")
    server.log.wait("backup-done", path=path)
    copy = daemon.make_queue({"store-path": path}, server.master).start()
    with copy.client() as reader:
        assert wait(reader, job).payload == large
        assert ask(reader, "peek", job=late).payload == large
        check(ask(reader, "cancel", job=late), "ok")
        assert int(put(reader, "echo")[1:]) > int(late[1:])
    assert status(client, job=late)["state"] == "delayed"


# ---- the order of answers


def test_answers_come_in_the_order_of_their_requests(shared_queue):
    client = shared_queue.client()
    jobs = [delayed(client) for _ in range(3)]
    for n, job in enumerate(jobs):
        client.send(op="status", id=f"s{n}", job=job)
        client.send(op="ping", id=f"p{n}")
        client.send(op="cancel", id=f"c{n}", job=job)
        client.send(op="peek", id=f"k{n}", job="q999999999")
        client.send(op="wait", id=f"w{n}", job="nonsense")
    client.send(op="bye", id="bye")
    found = [event["id"] for event in client.rest()]
    assert found == [f"{kind}{n}" for n in range(3) for kind in "spckw"] + ["bye"]


def test_an_answer_comes_after_the_end_of_input(shared_queue):
    client = shared_queue.client()
    job = delayed(client)
    client.send(op="cancel", id=1, job=job)
    client.send(op="status", id=2, job=job)
    client.shutdown()
    assert [event["id"] for event in client.rest()] == [1, 2]


def test_the_fields_of_other_operations(shared_queue):
    client = shared_queue.client()
    for op in ("resize", "recycle", "register", "services", "crashes"):
        refused(client, op, "unknown-op")
    refused(client, "pause", "bad-request", pool="default")
    refused(client, "backup", "bad-request", "absolute", path="relative")
    refused(client, "backup", "bad-request")
