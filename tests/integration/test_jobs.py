"""Protocol sections 4 and 5: a job's events, their fields, and the order of assignment."""

import json
import threading

import pytest

from harness.client import check, conservation, message
from harness.wait import DEADLINE

LONG_SLEEP = json.dumps({"ms": 60000})


def test_done_has_all_its_fields(shared):
    client = shared.client()
    event = client.run("sleep", json.dumps({"ms": 60, "value": [1]}), id="a", context={"n": 1})
    check(event, "done", id="a", context={"n": 1}, size=len(event.payload))
    assert event.json() == [1]
    assert isinstance(event["job"], str) and event["job"], event
    assert event["job"].startswith(client.hello_event["boot"] + "-"), event
    assert isinstance(event["order"], int) and event["order"] >= 1, event
    assert isinstance(event["wait_us"], int) and event["wait_us"] >= 0, event
    assert isinstance(event["run_us"], int) and 55000 <= event["run_us"] < DEADLINE * 1e6, event


def test_wait_us_is_the_time_in_the_line(daemon):
    client = daemon(pool_start=1, pool_max=1).client()
    client.submit("first", "sleep", json.dumps({"ms": 120}))
    client.submit("second", "echo")
    first, second = client.outcome("first"), client.outcome("second")
    assert second["wait_us"] >= 100000, (first, second)
    assert first["wait_us"] + first["run_us"] >= 115000, (first, second)


def test_all_events_in_their_order(daemon):
    server = daemon(pool_start=1)
    server.wait_idle(1)
    client = server.client()
    client.submit("a", "echo", "x", notify=["accepted", "started"], context=5)
    events = [client.recv(), client.recv(), client.recv()]
    assert [event.name for event in events] == ["accepted", "started", "done"]
    assert all(event["id"] == "a" for event in events)
    assert len({event["job"] for event in events}) == 1
    accepted, started, done = events
    check(accepted, "accepted", position=0)
    assert started["worker"] == server.workers()[0]["id"]
    assert started["order"] == done["order"]
    client.silent()


def test_only_the_notifications_that_were_asked_for(shared):
    client = shared.client()
    for notify, names in (
        ([], []),
        (["accepted"], ["accepted"]),
        (["started"], ["started"]),
        (["started", "accepted"], ["accepted", "started"]),
    ):
        client.submit("a", "echo", notify=notify)
        for name in names + ["done"]:
            client.expect(name, id="a")
        client.silent()


FAILURES = {
    "the module's own": ("fail own-code-2", "own-code-2", "as it was asked to"),
    "64 bytes": ("fail " + "c" * 64, "c" * 64, "as it was asked to"),
    "65 bytes": ("fail " + "c" * 65, "bad-code", "as it was asked to"),
    "capitals": ("fail Own-Code", "bad-code", "as it was asked to"),
    "a blank": ("fail own code", "bad-code", "as it was asked to"),
    "empty": ("fail", "bad-code", "as it was asked to"),
    "none": ("return 3", "run-failed", None),
}


@pytest.mark.parametrize("payload, code, words", FAILURES.values(), ids=FAILURES.keys())
def test_the_code_of_a_modules_failure(shared, payload, code, words):
    event = shared.client().run("crash", payload)
    check(event, "failed", reason="module", code=code)
    assert words is None or event["message"] == words, event


def test_position_is_the_number_of_jobs_ahead(daemon):
    client = daemon(pool_start=1, pool_max=1).client()
    client.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    client.begun()
    for n in range(4):
        client.submit(n, "echo", notify=["accepted"])
        client.expect("accepted", id=n, position=n)
    client.send(op="kill", target="busy")
    check(client.outcome("busy"), "failed")
    for n in range(4):
        check(client.outcome(n), "done")


def test_unknown_module(shared):
    """The failure has no `accepted` before it, and no `order`, because the job was never assigned."""
    client = shared.client()
    client.submit("a", "no-such-module", "x", notify=["accepted", "started"], context=1)
    event = client.expect("failed", id="a", reason="unknown-module", context=1)
    assert "order" not in event, event
    assert event["message"] == (
        'no module "no-such-module": there is no no-such-module.so in module-dir'
    ), event
    client.silent()


def test_the_longest_name_of_an_unknown_module(shared):
    event = shared.client().run("x" * 64, "x")
    check(event, "failed", reason="unknown-module")
    assert "x" * 64 + ".so in module-dir" in event["message"], event


def test_a_disabled_module_is_unknown(daemon):
    client = daemon(modules={"echo": {"enabled": False}}).client()
    event = client.run("echo")
    check(event, "failed", reason="unknown-module")
    assert event["message"] == 'module "echo" is disabled', event
    assert client.done("fib", "10") == b"55"


def test_a_module_failure(shared):
    event = shared.client().run("math", '{"op":"div","x":1,"y":0}', id="a", context=[2])
    check(event, "failed", id="a", reason="module", code="div-by-zero", context=[2])
    assert event["message"] and event["order"] >= 1 and event["job"], event


def test_a_result_over_payload_max_is_too_large(daemon):
    server = daemon(payload_max=100000, pool_start=1, pool_max=1)
    client = server.client()
    assert len(client.done("crash", "big 100000")) == 100000
    check(client.run("crash", "big 100001"), "failed", reason="too-large")
    check(client.run("crash", "big 5000000"), "failed", reason="too-large")
    assert client.done("echo", "next") == b"next"
    assert server.stats()["pool"]["exits"] == 0, "a too large result costs no worker"


def test_order_counts_assignments_from_1(daemon):
    client = daemon(pool_start=1, pool_max=1).client()
    assert [client.run("echo", id=n)["order"] for n in range(5)] == [1, 2, 3, 4, 5]


def test_first_in_first_out_over_all_connections(daemon):
    """The order is that of each submit's last byte, as read by the server."""
    server = daemon(pool_start=1, pool_max=1, job_max=100)
    holder = server.client()
    holder.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    holder.begun()
    clients = [server.client() for _ in range(5)]
    for n in range(50):
        client = clients[n * 7 % 5]
        client.submit(n, "echo", str(n), notify=["accepted"])
        client.event("accepted", id=n, position=n)
    holder.send(op="kill", target="busy")
    orders = [clients[n * 7 % 5].outcome(n)["order"] for n in range(50)]
    assert orders == list(range(2, 52))


def test_a_slow_submit_takes_its_place_by_its_last_byte(daemon):
    server = daemon(pool_start=1, pool_max=1)
    holder, slow, fast = server.client(), server.client(), server.client()
    holder.submit("busy", "sleep", LONG_SLEEP, notify=["started"])
    holder.begun()
    data = message("payload", op="submit", id="slow", module="echo", notify=["accepted"])
    slow.send_raw(data[:-1])
    fast.submit("fast", "echo", notify=["accepted"])
    fast.event("accepted", position=0)
    slow.send_raw(data[-1:])
    slow.event("accepted", position=1)
    holder.send(op="kill", target="busy")
    assert fast.outcome("fast")["order"] < slow.outcome("slow")["order"]


def test_replies_overtake_one_another(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    client = server.client()
    client.submit("slow", "sleep", json.dumps({"ms": 300}))
    client.submit("fast", "echo")
    client.expect("done", id="fast")
    client.expect("done", id="slow")


@pytest.mark.parametrize("workers", [1, 4])
def test_1000_jobs_pipelined_in_one_write(daemon, workers):
    """There are 1,000 results; with one worker, in order."""
    server = daemon(pool_start=workers, pool_max=workers, job_max=1000)
    client = server.client()
    data = b"".join(message(f"job {n}", op="submit", id=n, module="echo") for n in range(1000))
    client.send_raw(data)
    events = [client.recv() for _ in range(1000)]
    assert all(event.name == "done" for event in events)
    assert {event["id"]: event.payload for event in events} == {
        n: f"job {n}".encode() for n in range(1000)
    }
    # The order of assignment is the order of arrival, whatever the order of the ends.
    assert all(event["order"] == event["id"] + 1 for event in events)
    if workers == 1:
        assert [event["id"] for event in events] == list(range(1000))
    client.silent()


def test_1000_jobs_of_many_sizes(daemon):
    """Payloads below and above 64 KiB are handled differently. None may be mixed up."""
    server = daemon(pool_start=2, pool_max=2, job_max=400, client_output_max=1 << 28)
    client = server.client()
    sizes = [(n * 7919) % 100000 if n % 10 else n * 500 for n in range(300)]
    expected = {n: bytes([n % 251]) * size for n, size in enumerate(sizes)}
    data = [message(payload, op="submit", id=n, module="echo") for n, payload in expected.items()]
    writer = threading.Thread(target=lambda: [client.send_raw(piece) for piece in data])
    writer.start()
    while expected:
        event = client.recv()
        check(event, "done")
        assert event.payload == expected.pop(event["id"]), event
    writer.join()


def test_overall_the_seeds_example_fib_5_to_35(daemon):
    """31 results through a pool of four, in any order."""
    client = daemon(pool_start=4, pool_max=4).client(module="fib")
    fib = [0, 1]
    while len(fib) < 36:
        fib.append(fib[-1] + fib[-2])
    for n in range(5, 36):
        client.send(str(n), op="submit", id=n)
    for n in range(5, 36):
        event = client.outcome(n, timeout=4 * DEADLINE)
        check(event, "done")
        assert int(event.payload) == fib[n]


def test_the_sums_hold_at_every_sample(daemon):
    """The sums hold in constant samples, while jobs end in every possible way."""
    server = daemon(
        pool_start=2, pool_max=3, job_max=10, client_job_max=12, kill_grace_ms=100, client_max=50
    )
    finished = threading.Event()
    faults = []

    def sample(client, count=0):
        while not finished.is_set():
            try:
                conservation(client.stats())
            except Exception as error:  # noqa: BLE001: carried over to the main thread
                faults.append(error)
                return

    sampler = threading.Thread(target=sample, args=(server.client(),))
    sampler.start()
    try:
        works = [
            ("echo", "x", {}),
            ("sleep", '{"ms":20}', {}),
            ("math", '{"op":"div","x":1,"y":0}', {}),
            ("no-such-module", "", {}),
            ("crash", "kill", {}),
            ("crash", "exit 3", {}),
            ("sleep", '{"ms":9000}', {"timeout_ms": 30}),
            ("crash", "loop", {"timeout_ms": 20}),
        ]
        for round in range(6):
            steady, rude = server.client(), server.client()
            for n in range(24):
                module, payload, fields = works[(n + round) % len(works)]
                steady.submit(n, module, payload, **fields)
                rude.submit(n, "sleep", '{"ms":10}')
            steady.send(op="cancel", target=1)
            if round % 2:
                rude.outcome(0)
            rude.reset()
            for n in range(24):
                assert steady.outcome(n).ends_submit()
    finally:
        finished.set()
        sampler.join()
    if faults:
        raise faults[0]
    stats = server.wait_jobs(running=0, waiting=0)
    jobs = stats["jobs"]
    assert jobs["done"] and sum(jobs["failed"].values()) and sum(jobs["overload"].values())


def test_every_submit_has_exactly_one_end(daemon):
    """Results, deadlines and cancels meet at the same moment."""
    server = daemon(pool_start=2, pool_max=2, job_max=200, kill_grace_ms=200)
    client = server.client()
    ends = {}
    for n in range(60):
        client.submit(n, "sleep", '{"ms":15}', **({"timeout_ms": 15} if n % 3 else {}))
        if n % 5 == 0:
            client.send(op="cancel", target=n)
        if n % 7 == 0:
            client.send(op="kill", target=n - 1)
    while len(ends) < 60:
        event = client.recv()
        if event.ends_submit():
            assert event["id"] not in ends, f"a second end: {event!r} after {ends[event['id']]!r}"
            ends[event["id"]] = event
            if event.name == "failed":
                assert event["reason"] in ("timeout", "cancelled"), event
    client.send(op="ping", id="end")
    event = client.find(lambda e: e.name == "pong" or e.ends_submit())
    assert event.name == "pong", f"a second end: {event!r}"
