"""The module kv: its operations, and its state in one worker."""

import json
import os
import re

import pytest

from harness.client import check
from harness.wait import wait_until

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


@pytest.fixture
def kv(daemon):
    server = daemon(
        pools={"kv": {"pool-start": 1, "pool-max": 1}}, modules={"kv": {"pool": "kv"}}, pool_max=2
    )
    return server


def ask(client, op, **fields):
    answer = json.loads(client.done("kv", json.dumps({"op": op, **fields})))
    assert answer.pop("generation") > 0
    return answer


def test_each_operation(kv):
    client = kv.client()
    assert ask(client, "get", key="a") == {"found": False}
    assert ask(client, "delete", key="a") == {"found": False}
    assert ask(client, "put", key="a", value={"x": [1, None]}) == {"found": False}
    assert ask(client, "get", key="a") == {"found": True, "value": {"x": [1, None]}}
    assert ask(client, "put", key="a", value=None) == {"found": True}
    assert ask(client, "get", key="a") == {"found": True, "value": None}
    assert ask(client, "put", key="", value="") == {"found": False}
    assert ask(client, "list") == {"keys": ["a", ""]}
    assert ask(client, "delete", key="a") == {"found": True}
    assert ask(client, "list") == {"keys": [""]}


def test_any_text_is_a_value(kv):
    """Also one with a NUL, but not as a key: jansson's objects have none."""
    client = kv.client()
    for value in ("a\0b", "\0", "\u2028 \"\n\\", {"x": "\0"}, [[]], 0.5, -1, True):
        ask(client, "put", key="a", value=value)
        assert ask(client, "get", key="a") == {"found": True, "value": value}
        assert ask(client, "cas", key="a", old=value, value=value)["swapped"]
    check(client.run("kv", '{"op":"put","key":"a\\u0000b","value":1}'), "failed", code="bad-input")
    assert ask(client, "list") == {"keys": ["a"]}


def test_races_of_two_clients(kv):
    """Each swap from n to n + 1 succeeds for one client alone, and no increment is lost."""
    clients = [kv.client(), kv.client()]
    ask(clients[0], "put", key="n", value=0)
    for n in range(50):
        swap = json.dumps({"op": "cas", "key": "n", "old": n, "value": n + 1})
        for client in clients:
            client.submit(f"s{n}", "kv", swap)
            client.submit(f"i{n}", "kv", '{"op":"incr","key":"m"}')
        answers = [client.outcome(f"s{n}").payload for client in clients]
        assert sorted(json.loads(answer)["swapped"] for answer in answers) == [False, True]
    for client in clients:
        client.outcome("i49")
    assert ask(clients[0], "get", key="n") == {"found": True, "value": 50}
    assert ask(clients[0], "get", key="m") == {"found": True, "value": 100}


def test_incr_begins_at_0(kv):
    client = kv.client()
    assert ask(client, "incr", key="n") == {"found": False, "value": 1}
    assert ask(client, "incr", key="n", value=41) == {"found": True, "value": 42}
    assert ask(client, "incr", key="n", value=-50) == {"found": True, "value": -8}
    assert ask(client, "get", key="n") == {"found": True, "value": -8}
    ask(client, "put", key="n", value=9223372036854775807)
    check(client.run("kv", '{"op":"incr","key":"n"}'), "failed", reason="module", code="overflow")
    ask(client, "put", key="n", value=1.5)
    check(client.run("kv", '{"op":"incr","key":"n"}'), "failed", code="not-a-number")
    assert ask(client, "get", key="n") == {"found": True, "value": 1.5}


def test_cas_compares_with_old(kv):
    client = kv.client()
    assert ask(client, "cas", key="a", old=1, value=2) == {"found": False, "swapped": False}
    assert ask(client, "cas", key="a", value=[1]) == {"found": False, "swapped": True}
    assert ask(client, "cas", key="a", value=2) == {"found": True, "swapped": False, "value": [1]}
    assert ask(client, "cas", key="a", old=[2], value=3) == {
        "found": True,
        "swapped": False,
        "value": [1],
    }
    assert ask(client, "cas", key="a", old=[1], value=3) == {"found": True, "swapped": True}
    assert ask(client, "get", key="a") == {"found": True, "value": 3}


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"op":"put","key":"a"}',
        '{"op":"cas","key":"a","old":1}',
        '{"op":"get"}',
        '{"op":"get","key":7}',
        '{"op":"nonsense","key":"a"}',
        '{"op":"get","key":"a","more":1}',
        '{"op":"get","key":"a\\u0000b"}',
        '{"op":"incr","key":"a","value":"1"}',
        '{"op":"get","key":"a","key":"b"}',
    ],
)
def test_bad_input(kv, payload):
    client = kv.client()
    check(client.run("kv", payload), "failed", reason="module", code="bad-input")
    assert ask(client, "list") == {"keys": []}


def test_many_clients_count_together(kv):
    clients = [kv.client() for _ in range(8)]
    for client in clients:
        for n in range(10):
            client.submit(n, "kv", '{"op":"incr","key":"n"}')
    values = [json.loads(c.outcome(n).payload)["value"] for c in clients for n in range(10)]
    assert sorted(values) == list(range(1, 81))


def test_the_generation_changes_with_the_worker(kv):
    client = kv.client()
    first = json.loads(client.done("kv", '{"op":"incr","key":"n"}'))
    assert json.loads(client.done("kv", '{"op":"incr","key":"n"}')) == {
        **first,
        "found": True,
        "value": 2,
    }
    worker = next(w for w in client.workers() if w["pool"] == "kv")
    client.send(op="kill", id="k", worker=worker["id"])
    client.event("ok", id="k")
    wait_until(
        lambda: any(
            w["pool"] == "kv" and w["id"] != worker["id"] and w["state"] == "idle"
            for w in client.workers()
        ),
        "another worker of kv",
    )
    second = json.loads(client.done("kv", '{"op":"incr","key":"n"}'))
    assert second["value"] == 1 and second["generation"] > first["generation"], (first, second)


def test_a_pool_of_several_workers_is_refused(daemon):
    server = daemon(pool_start=1, pool_max=2)
    event = server.client().run("kv", '{"op":"list"}')
    check(event, "failed", reason="unavailable")
    assert "pool-max 1" in event["message"] and "may have 2" in event["message"], event


def test_the_manual_has_its_pool(daemon):
    with open(os.path.join(ROOT, "doc", "taskmasterd.conf.5")) as file:
        examples = re.findall(r"\.Bd -literal -offset indent\n(\{.*?\n\})\n\.Ed", file.read(), re.DOTALL)
    (conf,) = [conf for conf in map(json.loads, examples) if "kv" in conf["modules"]]
    pool = conf["pools"][conf["modules"]["kv"]["pool"]]
    assert pool["pool-max"] == 1 and pool["pool-start"] == 1, pool
    server = daemon.make(conf).start()
    check(server.client().run("kv", '{"op":"list"}'), "done")
