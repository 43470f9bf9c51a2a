"""The checker of the store's history (harness/history.py) finds what it is for: Redis is changed by hand here."""

import os

import pytest
from harness import history
from harness.redis import RedisServer

LUA = os.path.join(os.path.dirname(__file__), "..", "..", "queue", "redis", "lua")


@pytest.fixture
def redis(tmp_path):
    server = RedisServer(tmp_path).start()
    yield server
    assert not server.stop()


class Store:
    """Calls the scripts of the store, and changes keys as a broken script would."""

    def __init__(self, server):
        self.client, self.calls = server.client(), 0
        self.scripts = {}

    def call(self, name, epoch, *words):
        self.calls += 1
        if name not in self.scripts:
            self.scripts[name] = joined(name)
        return self.client.call("EVAL", self.scripts[name], 1, "taskqueued:", epoch, f"{epoch}:{self.calls}", *words)

    def join(self, name):
        return self.call("join", 0, name, "1.0", 60000)[1]

    def put(self, epoch, number, state="w"):
        empty = ["", "", "", 0, 0, 0, 0]
        return self.call("put", epoch, number, state, "echo", "", 4, 0, 0, *empty[1:], "wish", "input")

    def ended(self, epoch, number):
        return self.call("ended", epoch, number, 1, 1, 99999999999999, "outcome", "result", 1, 0, 0, "")[1]

    def write(self, number, epoch, **fields):
        pairs = [word for pair in fields.items() for word in pair]
        self.client.call("HSET", f"taskqueued:job:{number:020}", *pairs, "t", f"{epoch}:1")


def joined(name):
    """As the build joins them: the first line of a script stands first."""
    with open(os.path.join(LUA, f"{name}.lua")) as file:
        first, _, rest = file.read().partition("\n")
    with open(os.path.join(LUA, "common.lua")) as file:
        return "\n".join([first, file.read(), rest])


@pytest.fixture
def store(redis):
    return Store(redis)


def test_a_right_history(redis, store):
    """Of two nodes: jobs are put, claimed, ended, and taken over from the first, whose lease is made to end."""
    first, second = store.join("a"), store.join("b")
    for number in range(1, 9):
        store.put(first, number, "h" if number == 1 else "w")
    assert len(store.call("claim", first, "echo", 3, 1 << 20)[2]) == 3
    store.ended(first, 2)
    store.client.call("ZADD", "taskqueued:nodes", 1, first)
    assert len(store.call("adopt", second, 10)[1]) == 3
    assert store.ended(first, 3)[0] == 4, "LOST"
    store.ended(second, 3)
    store.call("tick", second, 60000, 0, 10, 0)
    told = history.read(redis)
    assert not told.problems and not told.left
    assert (told.handed, told.adopted, told.ended) == (4 + 3, 3, 2)
    assert len(told.unfinished()) == 6 and told.names == {str(first): "a", str(second): "b"}


@pytest.mark.parametrize(
    "words, change",
    [
        ("while A was a member", lambda s, a, b: s.write(1, b, s="h", h=b)),
        ("and e by B:1", lambda s, a, b: s.write(1, b, s="e")),
        ("and w by B:1", lambda s, a, b: s.write(1, b, s="w")),
        ("gone in state h", lambda s, a, b: s.client.call("DEL", f"taskqueued:job:{1:020}")),
        ("e by A, no member", lambda s, a, b: (s.client.call("ZREM", "taskqueued:nodes", a), s.write(1, a, s="e"))),
        ("handed to B by A:1", lambda s, a, b: s.write(2, a, s="h", h=b)),
        ("handed to 7, no member", lambda s, a, b: s.write(2, 7, s="h", h=7)),
    ],
)
def test_a_fault_is_found(redis, store, words, change):
    first, second = store.join("a"), store.join("b")
    store.put(first, 1, "h")
    store.put(first, 2)
    change(store, first, second)
    words = words.replace("A", str(first)).replace("B", str(second))
    told = history.read(redis)
    assert any(words in problem for problem in told.problems), told.problems


def test_a_membership_that_was_ended_too_soon(redis, store):
    first, second = store.join("a"), store.join("b")
    store.client.call("ZREM", "taskqueued:nodes", first)
    store.call("tick", second, 60000, 0, 10, 0)
    assert history.read(redis).left == [str(first)]


def test_the_cut_end_of_a_file(redis, store):
    """Of a Redis that was killed while it wrote."""
    first = store.join("a")
    store.put(first, 1, "h")
    redis.kill()
    path = redis.append_only_files[-1]
    whole = os.path.getsize(path)
    for size in range(whole - 1, whole - 200, -1):
        os.truncate(path, size)
        assert not history.read(redis).problems
