"""The scripts of queue/redis/lua: each with each status, each repeated, in calls at random against a model, in a full
Redis, and by clients at once. queue/redis/lua/README.md is what they are to do."""

import itertools
import os
import random
import threading

import pytest
from harness.redis import SERVER, RedisServer
from harness.resp import RedisError
from harness.store import (
    CONFLICT,
    FAR,
    FULL,
    JOINED,
    LOST,
    MOVED,
    OK,
    QUOTA,
    UNKNOWN,
    Store,
    faults,
    number,
    row,
)
from harness.wait import wait_until

pytestmark = pytest.mark.skipif(not SERVER, reason="there is no redis-server here")
PREFIXES = itertools.count()
STEPS = 20000 if os.environ.get("LONG_TESTS") else 400  # of each walk

# What stays of a store without jobs: the format, numbers that grow, the nodes.
RESTING = {"format", "epoch", "nodes", "seen", "calm", "totals", "state"}


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"), appendfsync="no", enable_debug_command="local").start()
    yield server
    assert not server.stop()


@pytest.fixture
def store(redis):
    """An empty one, which is whole in the end."""
    with redis.client() as client:
        store = Store(client, f"q{next(PREFIXES)}:")
        yield store
        assert faults(store) == []
        client.call("FLUSHALL")


@pytest.fixture
def node(store):
    return store.join("a")


def state_of(store, seq):
    return store.job(seq).get("s", b"").decode()


def rows(reply):
    return [row(values) for values in reply[-1]]


def numbers(reply):
    return [found["seq"] for found in rows(reply)]


def refused(store):
    return int(store.redis("HGET", "totals", "refused") or 0)


# --- nodes ---


def test_join_and_leave(store):
    b, a = store.join("b"), store.join("a")
    assert store.clock() - 10000 < b.epoch < a.epoch
    assert (store.redis("GET", "format"), int(store.redis("GET", "epoch"))) == (b"1", a.epoch)
    _, now, listed = a.nodes()
    assert [(epoch, name, version) for epoch, name, version, *_ in listed] == [
        (b"%d" % a.epoch, b"a", b"1.2.3"),
        (b"%d" % b.epoch, b"b", b"1.2.3"),
    ]
    assert all(now - 10000 <= int(seen) <= now < int(end) and held == 0 for *_, seen, end, held in listed)
    assert b.leave() == [OK]
    assert b.tick()[0] == LOST and b.leave() == [OK]
    assert not any(key.endswith(f":{b.epoch}") for key in store.keys())


def test_nodes_are_in_order(store):
    joined = [store.join(name).epoch for name in ("b", "c", "a", "b", "a")]
    assert [int(entry[0]) for entry in store.call("nodes", 0, "0:1")[2]] == [joined[i] for i in (2, 4, 0, 3, 1)]


def test_another_format_is_left_alone(store):
    store.redis("SET", "format", "2")
    assert store.call("join", 0, "0:1", "a", "1", 1000)[1:3] == [0, 0]
    assert store.keys() == ["format"]
    store.redis("DEL", "format")


def test_numbers_of_nodes_are_of_the_living_alone(store):
    a, b = store.join("a"), store.join("b")
    b.leave()
    store.redis("SET", "epoch", a.epoch + 1023)
    assert store.join("c").epoch == a.epoch + 1025


def test_no_epoch_comes_again_after_a_crash(store):
    a = store.join("a")
    for key in ("epoch", "nodes", "state", "seen", f"node:{a.epoch}"):
        store.redis("DEL", key)
    wait_until(lambda: store.clock() > a.epoch, "the next millisecond")
    assert store.join("b").epoch > a.epoch and a.tick()[0] == LOST


def test_a_clock_that_goes_back_makes_no_long_lease(store):
    a, b = store.join("a", 10000), store.join("b", 10000)
    store.redis("ZADD", "nodes", 4 * FAR, a.epoch)
    b.tick()
    assert int(store.redis("ZSCORE", "nodes", a.epoch)) == 4 * FAR
    store.redis("SET", "seen", store.clock() + 3600000)
    end = b.tick()[2]
    assert int(store.redis("ZSCORE", "nodes", a.epoch)) == end


def test_tick_renews_and_tells(store, node):
    node.put(1, "d", due=7, expires=9)
    node.put(2, owner="you")
    node.put(3, "h", module="other")
    node.put(4, "h", module="other")
    node.ended(4, over=8)
    node.pause("sleep")
    reply = node.tick(wants_counts=1)
    _, now, end, due, expire, over, orphans, paused, mods, nodes, *sums, news, all_, counts, owners = reply
    assert end == now + node.lease == int(store.redis("ZSCORE", "nodes", node.epoch))
    assert (due, expire, over, orphans) == (7, 9, 8, 0)
    assert (paused, mods, nodes, sums, news) == ([b"sleep"], [b"echo"], 1, [0, 0, 0], [])
    assert all_ == [1, 1, 1, 1]
    pairs = dict(zip(counts[::2], counts[1::2], strict=True))
    assert pairs == {b"decho": b"1", b"wecho": b"1", b"hother": b"1", b"eother": b"1"}
    assert dict(zip(owners[::2], owners[1::2], strict=True)) == {b"me": b"2", b"you": b"1"}
    store.redis("HSET", f"node:{node.epoch}", "seen", 5)
    assert node.tick()[14:] == [[], [], []]
    assert int(node.nodes()[2][0][4]) >= now


def test_counts_of_very_many_modules_are_some_of_them(store, node):
    fields = [item for n in range(12000) for item in (f"wm{n}", 1)]
    store.redis("HSET", "state", *fields)
    counts = node.tick(wants_counts=1)[15]
    assert 2 * 9900 < len(counts) <= 2 * 10000
    store.redis("HDEL", "state", *fields[::2])


def test_after_an_outage_nobody_is_dead_for_a_lease(store):
    a, b = store.join("a", 60000), store.join("b", 60000)
    a.put(1, "h")
    a.die()
    store.redis("SET", "seen", store.clock() - 31000)
    assert b.tick()[6] == 0 and b.adopt() == [OK, []]
    assert a.tick()[0] == OK, "its lease was over, but nobody has taken it for dead"
    a.die()
    store.redis("SET", "calm", store.clock())
    assert b.tick()[6] == 1 and numbers(b.adopt()) == [1]


def test_adopt_may_be_the_first_call_after_an_outage(store):
    a, b = store.join("a", 60000), store.join("b", 60000)
    a.put(1, "h")
    a.die()
    store.redis("SET", "seen", store.clock() - 31000)
    assert b.adopt() == [OK, []] and a.tick()[0] == OK


def test_there_is_a_number_for_each_node(store):
    nodes = [store.join(f"n{n}") for n in range(1024)]
    assert {node.epoch % 1024 for node in nodes} == set(range(1024))
    assert store.call("join", 0, "0:1", "late", "1.2.3", 1000) == [FULL]
    nodes[0].leave()
    store.join("late")


def test_a_short_silence_is_no_outage(store):
    a, b = store.join("a", 60000), store.join("b", 60000)
    store.redis("SET", "seen", store.clock() - 25000)
    a.die()
    assert b.tick()[6] == 1
    store.join("c", 60000)
    assert store.redis("GET", "calm") is None
    store.redis("SET", "seen", store.clock() - 31000)
    store.join("d", 60000)
    assert int(store.redis("GET", "calm")) > store.clock()


def test_a_dead_node_holds_nothing(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    a.put(2, "h")
    a.watch()
    a.die()
    assert numbers(b.adopt(1)) == [1]
    assert [entry[5] for entry in b.nodes()[2]].count(b"0") == 1, "a dead one, with a job left"
    assert b.tick()[6] == 1
    assert a.tick()[0] == a.claim()[0] == a.ended(1)[0] == a.back(2)[0] == a.adopt()[0] == LOST
    assert a.cancel(2, held=1)[0] == a.tell(2, "started")[0] == a.expire()[0] == a.watch()[0] == LOST
    assert a.call("news", 1, 0) == [LOST]
    assert refused(store) == 1
    assert numbers(b.adopt()) == [2] and b.adopt() == [OK, []]
    assert len(b.nodes()[2]) == 1
    assert int(store.redis("HGET", "totals", "taken_over")) == 2
    assert b.ended(1) == [OK]


def test_leave_with_jobs_lets_the_lease_run_out(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    assert a.leave() == [OK] and b.adopt() == [OK, []] and a.ended(1) == [OK] and a.leave() == [OK]
    assert len(b.nodes()[2]) == 1


def test_adopt_again_answers_as_at_first(store):
    a, b = store.join("a"), store.join("b")
    for seq in (1, 2, 3):
        a.put(seq, "h")
    a.die()
    first = b.adopt(2)
    assert numbers(first) == [1, 2] and b.again() == first
    assert int(store.redis("HGET", "totals", "taken_over")) == 2
    assert numbers(b.adopt()) == [3]


# --- put ---


def test_put_waits_delays_or_hands(store, node):
    assert node.put(1) == [OK, b"w"] and node.again() == [OK, b"w"]
    assert node.put(2, "d", due=FAR) == [OK, b"d"] and node.again() == [OK, b"d"]
    assert node.put(3, "h", module="other") == [OK, b"h"] and node.again() == [OK, b"h"]
    assert [state_of(store, seq) for seq in (1, 2, 3)] == ["w", "d", "h"]
    assert [row(node.load(seq)[1])["a"] for seq in (1, 2, 3)] == [0, 0, 1]


def test_put_takes_no_number_of_another_job(store, node):
    node.put(1, "h")
    with pytest.raises(RedisError, match="^ERR the number 0*1 is that of another job"):
        node.put(1, "h", wish=b"other")


def test_put_hands_nothing_that_others_wait_for(store, node):
    assert node.put(1, "h") == [OK, b"h"] and node.put(2) == [OK, b"w"]
    assert node.put(3, "h") == [OK, b"w"], "another one of the module waits"
    assert node.put(4, "h", module="other") == [OK, b"h"]
    node.pause("other")
    assert node.put(5, "h", module="other") == [OK, b"w"]
    node.pause("")
    assert node.put(6, "h", module="third") == [OK, b"w"]
    node.leave()
    assert node.put(7, "h", module="fourth") == [OK, b"w"]


def test_put_keeps_the_bounds(store, node):
    assert node.put(1, job_max=1) == [OK, b"w"]
    assert node.put(2, job_max=1) == [FULL] and node.put(3, owner_max=1) == [QUOTA]
    assert node.put(4, owner="you", owner_max=1) == [OK, b"w"] and node.again() == [OK, b"w"]
    assert node.claim()[0] == OK and node.ended(1) == [OK] and node.ended(4) == [OK]
    assert node.put(5, job_max=1, owner_max=1) == [OK, b"w"], "ended ones do not count"
    assert node.put(5, job_max=1, owner_max=1) == [OK, b"w"], "the job is there: no bound can refuse it any more"


def test_put_with_a_key(store, node):
    key = {"hash": "k", "digest": "d" * 32}
    assert node.put(1, **key) == [OK, b"w"] and node.again() == [OK, b"w"]
    assert node.put(2, **key) == [JOINED, number(1)] and "D" not in store.job(1)
    assert node.put(3, detached=1, **key) == [JOINED, number(1)] and store.job(1)["D"] == b"1"
    assert node.put(4, hash="k", digest="e" * 32) == [CONFLICT, number(1)]
    node.claim()
    assert node.ended(1, is_done=1) == [OK] and node.put(5, **key) == [JOINED, number(1)], "a done one is joined"
    assert node.forget(1) == [OK] and node.put(6, **key) == [OK, b"w"]
    node.claim()
    assert node.ended(6, is_done=0) == [OK] and node.put(7, **key) == [OK, b"w"], "a failed one is not"
    assert node.retry(6) == [CONFLICT, number(7)]
    assert node.forget(6) == [OK] and node.put(8, **key) == [JOINED, number(7)], "the key is that of the later job"


def test_a_failed_one_has_its_key_again(store, node):
    key = {"hash": "k", "digest": "d" * 32}
    node.put(1, "h", **key)
    node.ended(1, is_done=0)
    node.put(2, "h", **key)
    node.ended(2, is_done=0)
    assert node.retry(1) == [OK]
    assert node.put(3, **key) == [JOINED, number(1)] and node.retry(2) == [CONFLICT, number(1)]


def test_put_with_any_bytes(store, node):
    body = bytes(range(256)) * 300
    assert node.put(1, wish=body[:5000], input=body, module="ü\n", owner="") == [OK, b"w"]
    found = rows(node.claim(module="ü\n"))[0]
    assert (found["in"], found["n"], found["i"]) == (body[:5000] + body, 5000, len(body))


# --- claim ---


def test_claim_takes_by_priority_then_by_number(store, node):
    for seq, priority in ((3, 5), (1, 0), (4, 9), (2, 5), (10**19, 5)):
        node.put(seq, priority=priority)
    status, is_whole, _ = reply = node.claim(most=2)
    assert (status, is_whole, numbers(reply)) == (OK, 0, [4, 2]) and node.again() == reply
    held = (b"h", 1, b"%d" % node.epoch, b"wishinput")
    assert [(found["s"], found["a"], found["h"], found["in"]) for found in rows(reply)] == [held] * 2
    reply = node.claim()
    assert (reply[1], numbers(reply)) == (1, [3, 10**19, 1])
    assert node.claim() == [OK, 1, []] and node.claim(module="none") == [OK, 1, []]


def test_claim_bounds_bytes_but_takes_one(store, node):
    for seq in (1, 2, 3):
        node.put(seq, input=b"x" * 100)
    assert numbers(node.claim(most_bytes=10)) == [1]
    assert numbers(node.claim(most_bytes=200)) == [2, 3]
    node.put(4)
    assert node.claim(most=0) == [OK, 0, []]


def test_claim_leaves_paused_ones(store, node):
    node.put(1)
    node.pause("echo")
    assert node.claim() == [OK, 0, []]
    node.pause("echo", 0)
    node.pause("")
    assert node.claim() == [OK, 0, []]
    node.pause("", 0)
    assert numbers(node.claim()) == [1]


# --- back, ended, again, forget, mark ---


def test_back(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h", expires=FAR)
    assert a.back(1, attempt=0, expires=FAR) == [OK, 0] and a.again() == [OK, 0]
    assert store.job(1)["a"] == b"0" and numbers(b.claim()) == [1]
    assert a.again() == [OK, 0], "the job is elsewhere by now, and stays there"
    assert store.job(1)["h"] == b"%d" % b.epoch
    assert b.back(1, "d", attempt=1, failures=2, losses=3, due=FAR) == [OK, 0]
    found = row(b.load(1)[1])
    assert [found[name] for name in "safluxc"] == [b"d", 1, 2, 3, FAR, 0, 0]


def test_back_tells_of_a_wish_to_stop(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    assert b.cancel(1) == [OK]
    assert a.back(1) == [OK, 1] and rows(b.claim())[0]["c"] == 1


def test_ended(store, node):
    node.put(1, "h", input=b"i" * 2000)
    node.put(2, "h")
    assert node.ended(1, result=b"r" * 10) == [OK] and node.again() == [OK]
    assert node.ended(2, is_done=0, attempt=3, reason="error") == [OK]
    done, failed = (row(node.load(seq)[1]) for seq in (1, 2))
    assert (done["s"], done["in"], done["out"]) == (b"e", b"wish", b"out" + b"r" * 10)
    assert (done["y"], done["r"], done["v"]) == (3, 10, FAR)
    assert (failed["a"], failed["in"], failed["out"]) == (3, b"wishinput", b"outresult")
    assert store.redis("GET", f"in:{1:020}") == b"wish", "the input is gone"
    assert node.ended(1) == [LOST] and node.ended(1, held=0) == [MOVED] and node.ended(3, held=0) == [UNKNOWN]


def test_ended_of_a_waiting_one(store, node):
    node.put(1, expires=FAR)
    node.put(2, "d", due=FAR, expires=FAR)
    node.put(3, "h", module="other")
    for seq in (1, 2):
        assert node.ended(seq, held=0, is_done=0) == [OK] and node.again() == [OK]
    assert node.ended(3, held=0) == [MOVED]


def test_many_end_in_one_call(store):
    a, b = store.join("a"), store.join("b")
    a.watch()
    for seq in (1, 2, 3, 4):
        b.put(seq, "h", module="m" if seq == 4 else "echo", owner="you" if seq == 2 else "me")
    a.put(5)
    a.load(2, wants=1)
    a.news()
    ends = [(seq, int(seq != 5), seq % 2, FAR, f"o{seq}", f"r{seq}", 1, 0, 0, "why") for seq in (1, 9, 4, 2, 5, 7)]
    assert b.all_ended(*ends) == [OK, OK, OK, OK, OK, OK] and b.again() == [OK] * 6, "9 and 7 are gone: repeats"
    assert [rows([row_])[0]["out"] for row_ in [[a.load(seq)[1]] for seq in (1, 2, 4, 5)]] == [b"o1r1", b"o2r2", b"o4r4", b"o5r5"]
    assert a.news() == [
        f"watch\ndone\n{1:020}\n1\necho\nwhy",
        f"watch\nfailed\n{4:020}\n1\nm\nwhy",
        f"changed\n{2:020}",
        f"watch\nfailed\n{2:020}\n1\necho\nwhy",
        f"watch\ndone\n{5:020}\n1\necho\nwhy",
    ]
    assert a.all_ended((3, 1, 1, FAR, "", "", 1, 0, 0, ""), (3, 0, 1, FAR, "", "", 1, 0, 0, "")) == [LOST, MOVED]
    assert store.redis("SMEMBERS", "mods") == []


def test_ended_again_after_it_is_gone(store, node):
    node.put(1, "h")
    node.ended(1)
    last = node.last
    node.forget(1)
    node.last = last
    assert node.again() == [OK]


def test_held(store):
    a, b = store.join("a"), store.join("b")
    a.put(2, "h")
    a.put(1, "h")
    b.put(3, "h")
    assert numbers(a.held()) == [2, 1] and numbers(b.held()) == [3]
    assert rows(b.held())[0]["in"] == b"wish"
    a.die()
    b.adopt()
    assert a.held() == [LOST] and sorted(numbers(b.held())) == [1, 2, 3]


def test_a_late_outcome_is_refused(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    a.die()
    b.adopt()
    assert a.ended(1, outcome=b"late") == [LOST] and refused(store) == 1
    assert b.ended(1, outcome=b"first") == [OK] and a.ended(1, outcome=b"late") == [LOST]
    assert row(a.load(1)[1])["out"] == b"firstresult" and b.tick()[11] == 2


def test_an_over_lease_alone_refuses_nothing(store, node):
    node.put(1, "h")
    node.die()
    assert node.ended(1) == [OK]


def test_again(store, node):
    node.put(1, "h")
    assert node.retry(1) == [MOVED] and node.retry(2) == [UNKNOWN]
    node.cancel(1, held=1)
    node.ended(1, is_done=0, attempt=4)
    assert node.retry(1, attempt=4, expires=FAR) == [OK] and node.again() == [OK]
    found = row(node.load(1)[1])
    assert [found[name] for name in "saflcxyr"] == [b"w", 4, 0, 0, 0, FAR, 0, 0] and not found["out"]
    node.claim()
    node.ended(1)
    assert node.retry(1) == [MOVED], "it is done"


def test_forget(store, node):
    node.put(1, "h")
    assert node.forget(1) == [MOVED]
    node.ended(1)
    assert node.forget(1) == [OK] and node.forget(1) == [UNKNOWN] and node.load(1) == [UNKNOWN]


def test_cancel(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    a.put(2, module="other")
    assert b.cancel(1, kill=1, by="Jane Doe") == [OK] and a.news() == [f"stop\n{1:020}\nkill\nJane Doe"]
    assert row(b.load(1)[1])["c"] == 1
    assert b.cancel(2) == [MOVED] and b.cancel(3) == [UNKNOWN] and b.cancel(1, held=1) == [LOST]
    assert a.cancel(1, held=1) == [OK] and a.news() == []
    a.die()
    assert b.cancel(1) == [OK], "the next holder sees it"


def test_an_outcome_is_kept_for_less(store, node):
    node.put(1, "h")
    node.put(2, "h", hash="k")
    assert node.shorten(1, 5, 3, 5) == [MOVED, UNKNOWN]
    node.ended(1)
    node.ended(2)
    assert node.shorten(1, FAR + 1) == [OK] and row(node.load(1)[1])["v"] == FAR
    assert node.shorten(2, 5, 1, 5, 4, 5) == [OK, OK, UNKNOWN] and row(node.load(1)[1])["v"] == 5
    assert row(node.load(2)[1])["v"] == FAR, "a key is kept for as long as was asked"
    assert node.sweep() == [OK, 1, FAR]


# --- times ---


def test_ripen(store, node):
    for seq, due in ((1, 30), (2, 10), (3, 20), (4, FAR)):
        node.put(seq, "d", due=due, expires=FAR)
    assert node.ripen(2) == [OK, 2, 30] and node.ripen() == [OK, 1, FAR] and node.ripen() == [OK, 0, FAR]
    assert numbers(node.claim()) == [1, 2, 3]


def test_expire(store, node):
    node.put(1, expires=10)
    node.put(2, "d", due=FAR, expires=20)
    node.put(3, expires=FAR)
    reply = node.expire(1)
    assert (reply[1], numbers(reply)) == (0, [1]) and node.again() == reply
    assert (rows(reply)[0]["s"], rows(reply)[0]["a"], rows(reply)[0]["in"]) == (b"h", 0, b"wish")
    assert node.expire()[1:] and numbers(node.again()) == [2] and node.expire() == [OK, 1, []]
    assert node.ended(1, is_done=0) == [OK] and node.back(2, "d", due=FAR) == [OK, 0]


def test_sweep(store, node):
    for seq in range(1, 8):
        node.put(seq, "h", module=f"m{seq % 3}", hash=f"k{seq % 2}" if seq < 3 else "", digest="x")
        node.ended(seq, over=seq if seq < 7 else FAR)
    assert node.sweep(4) == [OK, 4, 5] and node.sweep() == [OK, 2, FAR] and node.sweep() == [OK, 0, FAR]
    assert node.load(6) == [UNKNOWN] and node.load(7)[0] == OK
    node.forget(7)
    assert set(store.keys()) - RESTING == {f"node:{node.epoch}"}


# --- lists ---


def test_list(store, node):
    for seq in range(1, 7):
        node.put(seq, "w" if seq % 2 else "h", module="odd" if seq % 2 else "even", owner=f"o{seq % 3}")
    node.ended(2)
    assert numbers(node.list()) == [1, 2, 3, 4, 5, 6] and node.list()[1] == 1
    reply = node.list(behind=1, most=2)
    assert (reply[1], reply[2], numbers(reply)) == (0, number(3), [2, 3])
    assert numbers(node.list(behind=3, until=5)) == [4, 5]
    assert numbers(node.list(module="odd", owner="o1")) == [1]
    assert numbers(node.list(states="we")) == [1, 2, 3, 5]
    assert numbers(node.list(states="h")) == [4, 6] and numbers(node.list(behind=4, states="h")) == [6]
    reply = node.list(states="e", looked=1)
    assert (reply[1], reply[2], numbers(reply)) == (0, number(1), [])
    assert rows(node.list(states="e"))[0]["out"] == b"out"
    assert numbers(node.list(most=6)) == [1, 2, 3, 4, 5, 6] and node.again()[1] == 1


def test_a_list_of_handed_ones_is_whole_and_in_order(store):
    a, b = store.join("a"), store.join("b")
    for seq in range(1, 21):
        (a if seq % 3 else b).put(seq, "h")
    b.die()
    seen, behind = [], 0
    while True:
        reply = a.list(behind=behind, states="h", most=7)
        seen += numbers(reply)
        behind = int(reply[2])
        if reply[1]:
            break
    assert seen == list(range(1, 21))


def test_load_leaves_out_what_is_large(store, node):
    node.put(1, "h", input=b"i" * 50)
    node.ended(1, is_done=0, result=b"r" * 70)
    found = row(node.load(1, only_small=60)[1])
    assert (found["in"], found["out"]) == (b"wish" + b"i" * 50, b"out")
    found = row(node.load(1, with_input=0)[1])
    assert (found["in"], found["out"]) == (b"wish", b"out" + b"r" * 70)


# --- a Redis that evicts ---


def test_an_evicted_job_stops_no_script(store, node):
    """With redis-unsafe. What is left of the job may stay."""
    for seq in (1, 2, 3):
        node.put(seq, module="echo")
    node.put(4, module="old", expires=1)
    node.put(5, module="old", expires=1)
    node.put(6, "d", module="late", due=1)
    node.put(7, "d", module="late", due=1)
    for seq in (1, 4, 6):
        store.redis("DEL", f"job:{seq:020}")
    assert numbers(node.list()) == [2, 3, 5, 7]
    assert numbers(node.expire()) == [5]
    assert node.ripen()[1] == 2 and state_of(store, 7) == "w"
    assert numbers(node.claim("echo")) == [2, 3] and node.claim("echo")[1] == 1
    assert node.ended(2, over=1) == [OK] and node.ended(3, over=1) == [OK]
    store.redis("DEL", f"job:{2:020}")
    assert node.sweep()[1] == 2 and state_of(store, 3) == ""
    store.redis("DEL", f"job:{5:020}")
    assert numbers(node.call("held")) == []
    store.client.call("FLUSHALL")


# --- news ---


def test_an_old_question_for_news_is_made_again(store):
    """The connection was lost before the answers of two came: a tick, and one for more news."""
    a, b = store.join("a"), store.join("b")
    for seq in range(1, 10):
        a.put(seq, wants=1)
        b.claim()
        b.ended(seq)
    assert len(a.call("news", 2, 0)[1]) == 2
    assert len(a.call("news", 2, 2)[1]) == 2, "the third one on"
    assert a.call("news", 100, 0)[1] == [], "its entries are told by the one behind it"
    assert len(a.call("news", 100, 2)[1]) == 7


def test_followers_hear(store):
    a, b, c = store.join("a"), store.join("b"), store.join("c")
    a.put(1, "h", wants=15)
    assert a.news() == [] and "F" not in store.job(1), "its holder"
    assert b.load(1, wants=15)[0] == c.load(1, wants=1)[0] == OK
    assert a.news() == [f"followed\n{1:020}\n15"] * 2
    a.tell(1, "started", ',"x":1')
    a.tell(1, "progress", ',"y":\n2')
    a.back(1, retry=("error", "no\nluck", 100, 1))
    assert b.news() == [
        f'started\n{1:020}\n,"x":1',
        f'progress\n{1:020}\n,"y":\n2',
        f"retry\n{1:020}\n1\n100\nerror\nno\nluck",
    ]
    assert c.news() == []
    assert numbers(b.claim()) == [1] and a.load(1, wants=4)[0] == OK
    assert b.news() == [f"followed\n{1:020}\n5"], "what all others want"
    assert c.load(1, wants=32)[0] == OK and a.load(1, wants=32)[0] == OK
    assert b.news() == [f"followed\n{1:020}\n4", f"followed\n{1:020}\n32"]
    c.load(1, wants=2)
    b.ended(1)
    assert a.news() == [] and c.news() == [f"changed\n{1:020}"] and b.news()[1:] == []
    assert "F" not in store.job(1)


def test_followers_hear_a_repeat_once(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    b.load(1, wants=7)
    b.watch()
    for what in ("started", "progress"):
        assert a.tell(1, what) == [OK] and a.again() == [OK]
    assert [text.partition("\n")[0] for text in b.news()] == ["started", "watch", "progress"]


def test_followers_hear_what_they_want(store):
    a, b, c = store.join("a"), store.join("b"), store.join("c")
    a.put(1, "h")
    b.load(1, wants=2)
    c.load(1, wants=4)
    a.tell(1, "started")
    a.tell(1, "progress")
    a.back(1, retry=("error", "", 0, 1))
    assert b.news() == [f"started\n{1:020}\n"] and c.news() == [f"progress\n{1:020}\n"]
    a.claim()
    a.ended(1)
    assert b.news() == c.news() == [f"changed\n{1:020}"]


def test_put_and_again_follow(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, wants=3)
    b.claim()
    b.ended(1, is_done=0)
    assert a.news() == [f"changed\n{1:020}"]
    b.retry(1, wants=1)
    a.claim()
    a.back(1, wants=8)
    assert store.job(1)["F"] == b"%d:1 %d:8 " % (b.epoch, a.epoch)
    b.leave()
    a.claim()
    a.ended(1)
    assert not any(key.startswith("news:") for key in store.keys()), "the dead hear nothing"


def test_no_news_are_lost_with_an_answer(store):
    a, b = store.join("a"), store.join("b")
    for seq in range(1, 8):
        a.put(seq, "h", module=f"m{seq}")
        b.load(seq, wants=1)
        a.ended(seq)
    first = b.call("news", 3, b.read)
    assert len(first[1]) == 3 and b.again() == first
    b.read += 3
    assert len(b.tick(news=2)[13]) == 2 and len(b.news(1)) == 2
    assert store.redis("LLEN", f"news:{b.epoch}") == 0


def test_news_of_a_silent_node_are_bounded(store):
    a, b = store.join("a"), store.join("b")
    a.put(1, "h")
    b.load(1, wants=15)
    store.redis("RPUSH", f"news:{b.epoch}", *["x"] * 9999)
    for _ in range(3):
        a.tell(1, "progress")
    assert store.redis("LLEN", f"news:{b.epoch}") == 10000
    a.ended(1)
    assert store.redis("LINDEX", f"news:{b.epoch}", -1) == b"changed\n%020d" % 1


def test_watchers_hear_of_all_jobs_elsewhere(store):
    a, b = store.join("a"), store.join("b")
    assert b.watch() == b.again() == [OK]
    assert a.tick()[12] == 1 and b.tick()[12] == 0
    a.put(1, "h")
    a.tell(1, "started", attempt=1)
    a.back(1, attempt=1, retry=("error", "m", 0, 1))
    a.claim()
    a.ended(1, is_done=0, attempt=2, reason="timeout")
    b.put(2, "h")
    heard = [line.split("\n") for line in b.news()]
    assert heard == [
        ["watch", state, f"{1:020}", attempt, "echo", reason]
        for state, attempt, reason in (
            ("accepted", "0", ""),
            ("started", "1", ""),
            ("retry", "1", "error"),
            ("failed", "2", "timeout"),
        )
    ]
    b.watch(0)
    assert a.tick()[12] == 0


def test_channels(store, redis):
    a, b = store.join("a"), store.join("b")
    with redis.client() as heard:
        for channel in ("work", f"node:{a.epoch}", "paused"):
            assert heard.call("SUBSCRIBE", store.prefix + channel)

        def messages(*calls):
            for call in calls:
                call()
            store.client.call("PUBLISH", store.prefix + "work", "end")
            found = []
            while (message := heard.receive())[2] != b"end":
                found.append((message[1].decode()[len(store.prefix) :], message[2].decode()))
            return found

        work = ("work", "echo")
        assert messages(lambda: a.put(1), lambda: a.put(2)) == [work], "the second finds one that waits"
        assert messages(a.claim, lambda: a.back(1), lambda: a.back(2)) == [work]
        assert messages(a.claim, lambda: a.ended(1, is_done=0), lambda: a.retry(1)) == [work]
        assert messages(lambda: a.ended(1, held=0), lambda: a.put(3, "d", due=1), a.ripen) == [work]
        assert messages(a.pause, lambda: a.pause("", 0)) == [("paused", ""), ("paused", ""), work]
        assert messages(a.watch, a.watch, lambda: a.watch(0)) == [("paused", ""), ("paused", "")]
        assert messages(a.claim, lambda: b.cancel(2), lambda: b.cancel(3)) == [(f"node:{a.epoch}", "")]
        assert messages(a.news, lambda: b.cancel(2)) == [(f"node:{a.epoch}", "")]


# --- the look at the whole store ---


def test_check_finds_nothing_in_a_whole_store(store, node):
    for seq in range(1, 31):
        node.put(seq, "whd"[seq % 3], due=FAR, expires=FAR * (seq % 2), module=f"m{seq % 4}", hash=f"k{seq}")
    for seq in (1, 4, 7, 10):
        node.ended(seq, is_done=seq % 2)
    assert node.check(7) == node.check() == (30, [])


BREAKS = {
    "job q1: it is waiting, and not among those": ("ZREM", "wait:m", number(1)),
    "job q1: its input has 2 bytes, expected 9": ("SET", f"in:{1:020}", "xy"),
    "job q1: its key leads to no job": ("DEL", "key:k1"),
    "job q1: its key leads to job q2": ("SET", "key:k1", number(2)),
    "job q1: its limit of waiting is not noted": ("DEL", "expire"),
    "job q1: it is in the list of all jobs, and nothing of it is there": ("DEL", f"job:{1:020}"),
    "job q2: it is delayed, and not among those": ("DEL", "due"),
    "job q3: it is handed, and not among those": ("HSET", f"job:{3:020}", "h", 7),
    "job q4: its outcome has 0 bytes, expected 9": ("DEL", f"out:{4:020}"),
    "job q4: it is ended, and not among those": ("ZREM", "over", number(4)),
    "waiting jobs of module m: 2, but the counts say 1": ("ZADD", "wait:m", 1, number(9)),
    "delayed jobs: 1, but the counts say 5": ("HSET", "state", "dm", 5),
    "handed jobs: 1, but the counts say 0": ("HDEL", "state", "hm"),
    "ended jobs: 2, but the counts say 1": ("ZADD", "over", 1, number(9)),
    "jobs of all owners: 3, but the counts say 2": ("HSET", "state", "ome", 2),
    "members: 1, but the counts say 2": ("HSET", "state", "n9", 1),
    "module m has waiting jobs, and is not among those that have": ("DEL", "mods"),
    "key PREFIXjob:00000000000000000009: there is no such job": ("HSET", f"job:{9:020}", "s", "w"),
    "key PREFIXout:00000000000000000009: there is no such job": ("SET", f"out:{9:020}", "x"),
    "key PREFIXkey:k9: it leads to no job": ("SET", "key:k9", number(9)),
    "key PREFIXheld:9: there is no such node": ("ZADD", "held:9", 1, number(3)),
    "key PREFIXnews:9: there is no such node": ("RPUSH", "news:9", "x"),
    "1 jobs wait, 1 are delayed, 1 handed, 1 ended: and all are 5": ("ZADD", "all", 0, number(9)),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_check_finds(redis, fault):
    with redis.client() as client:
        store = Store(client, f"[q{next(PREFIXES)}*]:")
        node = store.join("a")
        node.put(3, "h", module="m")
        node.put(4, "h", module="m")
        node.ended(4)
        node.put(1, module="m", expires=FAR, hash="k1")
        node.put(2, "d", due=FAR, module="m")
        assert node.check(1) == (4, [])
        store.redis(*BREAKS[fault])
        assert fault.replace("PREFIX", store.prefix) in node.check(1)[1]
        client.call("FLUSHALL")


def test_memory(store, node, redis):
    status, used, bound = node.call("memory")
    assert (status, bound) == (OK, 0) and used > 100000
    redis.call("CONFIG", "SET", "maxmemory", 1 << 40)
    assert node.call("memory")[2] == 1 << 40
    redis.call("CONFIG", "SET", "maxmemory", 0)


# --- a full Redis ---


def test_a_full_redis_takes_no_jobs_and_ends_all(store, redis):
    a, b = store.join("a"), store.join("b")
    for seq in range(1, 9):
        a.put(seq, "w" if seq % 2 else "h", expires=1 if seq == 1 else 0, module="odd" if seq % 2 else "even")
    a.put(9, "d", due=1)
    redis.call("CONFIG", "SET", "maxmemory", 1)
    try:
        with pytest.raises(RedisError, match="^OOM"):
            a.put(10)
        assert state_of(store, 10) == ""
        assert store.join("c").tick()[0] == b.load(2, wants=3)[0] == b.watch()[0] == OK
        assert numbers(a.expire()) == [1] and a.ripen()[1] == 1
        assert numbers(a.claim("odd")) == [3, 5, 7] and numbers(a.claim()) == [9]
        assert a.tell(2, "started") == [OK] and b.cancel(2) == [OK] and a.pause() == a.pause("", 0) == [OK]
        assert a.ended(2, is_done=0) == [OK] and b.retry(2) == [OK] and len(b.list()[3]) == 9
        seconds = int(redis.call("TIME")[0])
        a.call("tick", -seconds * 1000, 0, 0, 0)  # its lease ends in 1970
        assert len(b.adopt()[1]) == 8 and b.back(1) == [OK, 0]
        assert len(b.claim("even")[2]) == len(b.claim("odd")[2]) == 1
        for seq in range(1, 10):
            assert b.ended(seq, over=1) == [OK]
        assert b.forget(1) == [OK] and b.sweep()[1] == 8 and len(b.news()) and b.nodes()[0] == OK
    finally:
        redis.call("CONFIG", "SET", "maxmemory", 0)
    assert not [key for key in store.keys() if key.split(":")[0] in ("job", "in", "out", "wait", "held")]


# --- calls at random, against a model ---


class Walk:
    """Nodes that call scripts at random. The model: each job's state and holder. After each call the reply is what the
    model says, and the store is whole; and the call that is made again changes nothing more."""

    MODULES = ("echo", "sleep", "math")

    def __init__(self, store, seed):
        self.store, self.random = store, random.Random(seed)
        self.jobs = {}  # number: {"s": state, "h": holder, "M": module, "q": failed, "k": key, "p": priority, ...}
        self.nodes = [store.join(f"n{n}") for n in range(3)]
        self.gone = []  # dead ones
        self.number = 0
        self.paused = set()
        self.digest = None

    def step(self):
        node = self.random.choice(self.nodes)
        name = self.random.choices(list(self.CALLS), self.CALLS.values())[0]
        getattr(self, name)(node)
        problems = faults(self.store)
        assert problems == [], (name, problems)
        if self.random.random() < 0.05:
            assert node.check(7) == (len(self.jobs), [])
        states = {seq: job["s"] for seq, job in self.jobs.items()}
        assert {seq: state_of(self.store, seq) for seq in states} == states, name

    def repeat(self, node, reply):
        """The same call again: the same answer, and nothing changes."""
        if self.random.random() < 0.4:
            before = self.store.client.call("DEBUG", "DIGEST")
            assert node.again() == reply, node.last
            assert self.store.client.call("DEBUG", "DIGEST") == before, node.last

    def pick(self, state, **where):
        found = [
            seq
            for seq, job in self.jobs.items()
            if job["s"] == state and all(job.get(name) == value for name, value in where.items())
        ]
        return self.random.choice(found) if found else None

    def any(self):
        return self.random.choice([*self.jobs, self.number + 1000])

    def is_paused(self, module):
        return module in self.paused or "" in self.paused

    # ---- calls

    def put(self, node):
        if len(self.jobs) >= 80:  # a list has 100
            return
        self.number += self.random.randint(1, 3)
        seq, state = self.number, self.random.choice("wwdhh")
        module, priority = self.random.choice(self.MODULES), self.random.randint(0, 9)
        expires = self.random.choice((0, 0, 1, FAR))
        key, digest = self.random.choice((None, None, "k1", "k2")), self.random.choice("de")
        unfinished = sum(job["s"] != "e" for job in self.jobs.values())
        job_max = self.random.choice((0, 40))
        others = [n for n, job in self.jobs.items() if key and job["k"] == key and not job["q"]]
        waits = any(job["s"] == "w" and job["M"] == module for job in self.jobs.values())
        if state == "h" and (waits or self.is_paused(module)):
            expected = "w"
        else:
            expected = state
        given = {"hash": key or "", "digest": digest, "due": self.random.choice((1, FAR)) if state == "d" else 0}
        reply = node.put(
            seq,
            state,
            module=module,
            priority=priority,
            expires=expires,
            wants=self.random.choice((0, 1, 15)),
            job_max=job_max,
            owner=self.random.choice(("", "me")),
            input=b"i" * self.random.choice((0, 10, 2000)),
            **given,
        )
        if others:
            assert reply == [JOINED if self.jobs[others[0]]["g"] == digest else CONFLICT, number(others[0])]
        elif job_max and unfinished >= job_max:
            assert reply == [FULL]
        else:
            assert reply == [OK, expected.encode()]
            self.jobs[seq] = {"s": expected, "h": node.epoch, "M": module, "q": False, "k": key, "g": digest}
            self.jobs[seq] |= {"p": priority, "x": expires, "u": given["due"], "a": int(expected == "h")}
        self.repeat(node, reply)

    def take(self, node, found, a=0):
        for seq in found:
            self.jobs[seq] |= {"s": "h", "h": node.epoch, "a": self.jobs[seq]["a"] + a}

    def claim(self, node):
        module, most = self.random.choice(self.MODULES), self.random.randint(1, 4)
        jobs = [(9 - job["p"], seq) for seq, job in self.jobs.items() if (job["s"], job["M"]) == ("w", module)]
        waiting = sorted(jobs)
        expected = [] if self.is_paused(module) else [seq for _, seq in waiting][:most]
        reply = node.claim(module, most)
        assert (numbers(reply), reply[1]) == (expected, int(len(waiting) == len(expected)))
        self.take(node, expected, 1)
        assert [found["a"] for found in rows(reply)] == [self.jobs[seq]["a"] for seq in expected]
        self.repeat(node, reply)

    def back(self, node):
        seq = self.pick("h", h=node.epoch)
        if seq:
            state, due = self.random.choice((("w", 0), ("d", 1), ("d", FAR)))
            retry = self.random.choice(((), ("error", "message", 5, 1)))
            reply = node.back(seq, state, attempt=self.jobs[seq]["a"], due=due, expires=FAR, retry=retry)
            assert reply[0] == OK
            self.jobs[seq] |= {"s": state, "u": due, "x": FAR}
            self.repeat(node, reply)

    def end(self, node):
        seq = self.pick("h", h=node.epoch)
        if seq:
            is_done, over = self.random.randint(0, 1), self.random.choice((1, FAR))
            reply = node.ended(seq, is_done=is_done, over=over)
            assert reply == [OK]
            self.jobs[seq] |= {"s": "e", "q": not is_done, "v": over}
            self.repeat(node, reply)

    def end_waiting(self, node):
        seq = self.any()
        state = self.jobs.get(seq, {"s": None})["s"]
        reply = node.ended(seq, held=0, is_done=0)
        if state in ("w", "d"):
            assert reply == [OK]
            self.jobs[seq] |= {"s": "e", "q": True, "v": FAR}
        else:
            assert reply == [MOVED if state else UNKNOWN]
        self.repeat(node, reply)

    def late(self, node):
        """A dead node is told so, whatever it does."""
        if self.gone and self.jobs:
            dead, seq = self.random.choice(self.gone), self.any()
            call = self.random.choice((dead.ended, dead.back, dead.claim, dead.adopt, dead.expire, dead.tick))
            assert call(*([seq] if call in (dead.ended, dead.back) else []))[0] == LOST

    def retry(self, node):
        seq = self.any()
        job = self.jobs.get(seq)
        reply = node.retry(seq, wants=self.random.choice((0, 1)))
        taken = [n for n, o in self.jobs.items() if job and job["k"] and o["k"] == job["k"] and not o["q"] and n != seq]
        if not job:
            assert reply == [UNKNOWN]
        elif job["s"] != "e" or not job["q"]:
            assert reply == [MOVED]
        elif taken:
            assert reply == [CONFLICT, number(taken[0])]
        else:
            assert reply == [OK]
            job |= {"s": "w", "q": False, "x": 0, "a": 1}
        self.repeat(node, reply)

    def forget(self, node):
        seq = self.any()
        state = self.jobs.get(seq, {"s": None})["s"]
        assert node.forget(seq) == [OK if state == "e" else MOVED if state else UNKNOWN]
        if state == "e":
            del self.jobs[seq]

    def cancel(self, node):
        seq = self.any()
        state = self.jobs.get(seq, {"s": None})["s"]
        assert node.cancel(seq) == [OK if state == "h" else MOVED if state else UNKNOWN]

    def shorten(self, node):
        seq = self.pick("e")
        if seq:
            assert node.shorten(seq, 2) == [OK]
            if not self.jobs[seq]["k"]:
                self.jobs[seq]["v"] = min(self.jobs[seq]["v"], 2)
            self.repeat(node, [OK, [OK]])

    def ripen(self, node):
        due = [seq for seq, job in self.jobs.items() if job["s"] == "d" and job["u"] == 1]
        assert node.ripen()[1] == len(due)
        for seq in due:
            self.jobs[seq]["s"] = "w"

    def expire(self, node):
        over = {seq for seq, job in self.jobs.items() if job["s"] in "wd" and job["x"] == 1}
        reply = node.expire(100)
        assert (set(numbers(reply)), reply[1]) == (over, 1)
        self.take(node, over)
        self.repeat(node, reply)

    def sweep(self, node):
        over = [seq for seq, job in self.jobs.items() if job["s"] == "e" and job["v"] < FAR]
        assert node.sweep()[1] == len(over)
        for seq in over:
            del self.jobs[seq]

    def look(self, node):
        assert numbers(node.list()) == sorted(self.jobs)
        states = [sum(job["s"] == state for job in self.jobs.values()) for state in "wdhe"]
        assert node.tick(wants_counts=1)[14] == states
        seq = self.any()
        reply = node.load(seq, wants=self.random.choice((0, 1, 15, 32)))
        assert reply[0] == (OK if seq in self.jobs else UNKNOWN)

    def pause(self, node):
        module, on = self.random.choice((*self.MODULES, "")), self.random.randint(0, 3) == 0
        assert node.pause(module, int(on)) == [OK]
        (self.paused.add if on else self.paused.discard)(module)

    def watch(self, node):
        assert node.watch(self.random.randint(0, 1)) == [OK]

    def die(self, node):
        """Its lease is over, or it leaves; another one joins."""
        self.nodes.remove(node)
        self.gone.append(node)
        if self.random.random() < 0.3:
            node.leave()
        node.die()
        self.nodes.append(self.store.join("new"))
        for _ in range(100):
            if not self.adopt(self.random.choice(self.nodes)):
                return
        raise AssertionError("jobs are taken over without an end")

    def adopt(self, node):
        living = [n.epoch for n in self.nodes]
        orphans = {seq for seq, job in self.jobs.items() if job["s"] == "h" and job["h"] not in living}
        reply = node.adopt(3)
        found = set(numbers(reply))
        assert len(found) == min(3, len(orphans)) and found <= orphans
        self.take(node, found)
        self.repeat(node, reply)
        return found

    CALLS = {
        "put": 30,
        "claim": 15,
        "back": 6,
        "end": 16,
        "end_waiting": 4,
        "late": 2,
        "retry": 6,
        "forget": 4,
        "cancel": 3,
        "shorten": 4,
        "ripen": 2,
        "expire": 2,
        "sweep": 2,
        "look": 2,
        "pause": 2,
        "watch": 1,
        "die": 1,
        "adopt": 1,
    }

    def finish(self):
        """All jobs end, and all nodes leave. Nothing is left behind."""
        node = self.nodes[0]
        for module in (*self.MODULES, ""):
            node.pause(module, 0)
        for other in self.nodes[1:]:
            other.die()
        node.adopt(500)
        for seq, job in self.jobs.items():
            if job["s"] != "e":
                assert node.ended(seq, held=int(job["s"] == "h"), is_done=0, over=1) == [OK]
            assert node.forget(seq) == [OK]
        node.leave()
        left = set(self.store.keys())
        assert left <= {"format", "epoch", "seen", "totals"}, left


@pytest.mark.timeout(900 if os.environ.get("LONG_TESTS") else 60)
@pytest.mark.parametrize("seed", range(4))
def test_calls_at_random(store, seed):
    walk = Walk(store, seed)
    for _ in range(STEPS):
        walk.step()
    walk.finish()


# --- clients at once ---


def test_clients_at_once(store, redis):
    """Each job has one outcome that counts, though nodes die amid their calls."""
    jobs, ends, errors = 400, [], []
    is_over = threading.Event()

    def live(seed):
        choice = random.Random(seed)
        with redis.client() as client:
            mine = Store(client, store.prefix)
            node = mine.join(f"t{seed}")
            while not is_over.is_set():
                held = numbers(node.claim(most=5)) + numbers(node.adopt(5))
                if choice.random() < 0.05:
                    node.die()
                    node = mine.join(f"t{seed}")
                    continue
                for seq in held:
                    if choice.random() < 0.2:
                        node.back(seq)
                        continue
                    reply = node.ended(seq, outcome=b"%d" % node.epoch)
                    assert node.again() == reply
                    if reply == [OK]:
                        ends.append(seq)

    def guarded(seed):
        try:
            live(seed)
        except Exception as error:  # a thread's own fault is the test's
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    submitter = store.join("submitter")
    for seq in range(1, jobs + 1):
        submitter.put(seq)
    submitter.leave()
    try:
        wait_until(lambda: errors or store.redis("ZCARD", "over") == jobs, "all jobs to end")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert errors == [] and sorted(ends) == list(range(1, jobs + 1))
