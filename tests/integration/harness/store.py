"""The store of engine redis as the scripts of queue/redis/lua see it: nodes that call them, without taskqueued."""

import functools
import glob
import os
import subprocess

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "..", "queue", "redis")
LUA = os.path.join(ROOT, "lua")
COMMON = os.path.join(LUA, "common.lua")

OK, UNKNOWN, JOINED, CONFLICT, LOST, MOVED, FULL, QUOTA = range(8)
FAR = 4000000000000  # milliseconds: in the year 2096
LEASE = 1000000000
ROW = "seq s a f l c u x h v D F n i y r in out".split()


def names():
    files = sorted(glob.glob(os.path.join(LUA, "*.lua")))
    return [os.path.basename(file)[:-4] for file in files if file != COMMON]


@functools.cache
def text(name):
    """A script as taskqueued has it."""
    command = [os.path.join(ROOT, "embed"), "-", COMMON, os.path.join(LUA, f"{name}.lua")]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def number(seq):
    return f"{int(seq):020}".encode()


def row(values):
    """A row of a reply, by names; numbers as int."""
    named = dict(zip(ROW, values, strict=True))
    for name in "a f l c u x v D n i y r".split():
        named[name] = int(named[name] or 0)
    named["seq"] = int(named["seq"])
    return named


class Store:
    """All that is under one prefix. `client`: a resp.Redis."""

    def __init__(self, client, prefix="q:"):
        self.client, self.prefix = client, prefix
        self.sha1 = {name: client.call("SCRIPT", "LOAD", text(name)) for name in names()}

    def call(self, script, epoch, token, *args):
        return self.client.call("EVALSHA", self.sha1[script], 1, self.prefix, epoch, token, *args)

    def redis(self, command, key, *args):
        return self.client.call(command, self.prefix + key, *args)

    def clock(self):
        seconds, micros = self.client.call("TIME")
        return int(seconds) * 1000 + int(micros) // 1000

    def join(self, name="node", lease=LEASE):
        status, epoch, own, _, _ = self.call("join", 0, "0:1", name, "1.2.3", lease)
        assert status == OK and own == epoch % 1024
        return Node(self, epoch, lease)

    def keys(self):
        """Without the prefix."""
        found = self.client.call("KEYS", self.prefix + "*")
        return sorted(key.decode()[len(self.prefix) :] for key in found)

    def job(self, seq):
        """Its fields; {} without one."""
        flat = self.client.call("HGETALL", f"{self.prefix}job:{int(seq):020}")
        return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


class Node:
    """A member. Each method is a script; it returns the whole reply, and `again()` makes the same call again."""

    def __init__(self, store, epoch, lease=LEASE):
        self.store, self.epoch, self.lease = store, epoch, lease
        self.calls = 0
        self.read = 0
        self.last = None

    def call(self, script, *args):
        self.calls += 1
        self.last = (script, self.epoch, f"{self.epoch}:{self.calls}", *args)
        return self.store.call(*self.last)

    def again(self):
        reply = self.store.call(*self.last)
        return reply[1] if self.last[0] == "ended" else reply

    def tick(self, wants_counts=0, news=100):
        reply = self.call("tick", self.lease, wants_counts, news, self.read)
        if reply[0] == OK:
            self.read += len(reply[13])
        return reply

    def news(self, most=100):
        """All that is new, as texts."""
        found = []
        while True:
            _, entries = self.call("news", most, self.read)
            if not entries:
                return found
            self.read += len(entries)
            found += [entry.decode() for entry in entries]

    def leave(self):
        return self.call("leave")

    def put(self, seq, state="w", **given):
        values = dict(module="echo", owner="me", priority=5, due=0, expires=0, hash="", digest="", detached=0, wants=0)
        values |= dict(job_max=0, owner_max=0, wish=b"wish", input=b"input") | given
        return self.call("put", seq, state, *values.values())

    def claim(self, module="echo", most=100, most_bytes=1 << 20):
        return self.call("claim", module, most, most_bytes)

    def adopt(self, most=100):
        return self.call("adopt", most)

    def held(self):
        return self.call("held")

    def load(self, seq, with_input=1, with_result=1, only_small=0, wants=0):
        return self.call("load", seq, with_input, with_result, only_small, wants)

    def back(self, seq, state="w", attempt=0, failures=0, losses=0, due=0, expires=0, wants=0, retry=()):
        return self.call("back", seq, state, attempt, failures, losses, due, expires, wants, *retry)

    def ended(self, seq, held=1, is_done=1, over=FAR, outcome=b"out", result=b"result", attempt=1, reason=""):
        """The status alone, as a list."""
        return self.all_ended((seq, held, is_done, over, outcome, result, attempt, 0, 0, reason))

    def all_ended(self, *jobs):
        """Of each the arguments. The statuses."""
        status, statuses = self.call("ended", *(word for job in jobs for word in job))
        assert status == OK
        return statuses

    def retry(self, seq, attempt=1, expires=0, wants=0):
        return self.call("again", seq, attempt, expires, wants)

    def forget(self, seq):
        return self.call("forget", seq)

    def cancel(self, seq, held=0, kill=0, by="somebody"):
        return self.call("mark", seq, held, kill, by)

    def shorten(self, *pairs):
        """Numbers and times. The statuses."""
        status, statuses = self.call("shorten", *pairs)
        assert status == OK
        return statuses

    def ripen(self, most=100):
        return self.call("ripen", most)

    def expire(self, most=100):
        return self.call("expire", most)

    def sweep(self, most=100):
        return self.call("sweep", most)

    def list(self, behind=0, until="", most=100, module="", owner="", states="", looked=10000):
        return self.call("list", behind, until, most, module, owner, states, looked)

    def pause(self, module="", on=1):
        return self.call("pause", module, on)

    def tell(self, seq, what, fields="", attempt=1):
        return self.call("tell", seq, what, fields, attempt)

    def watch(self, on=1):
        return self.call("watch", on)

    def nodes(self):
        return self.call("nodes")

    def check(self, most=100):
        """The faults that the script finds in the whole store."""
        found, cursor, looked = [], "", 0
        while True:
            status, cursor, jobs, faults_ = self.call("check", cursor, most)
            assert status == OK
            found += [fault.decode() for fault in faults_]
            looked += jobs
            if not cursor:
                return looked, found

    def die(self):
        """Its lease is over."""
        self.store.redis("ZADD", "nodes", "XX", 1, self.epoch)


# --- what holds of a store at any time ---

TYPES = {"string": "GET", "hash": "HGETALL", "set": "SMEMBERS", "zset": "ZRANGE", "list": "LRANGE"}
RANGES = {"zset": (0, -1, "WITHSCORES"), "list": (0, -1)}


def contents(store):
    """All keys: texts, sets, lists of texts, and dicts (hash: field to value; zset: member to score)."""
    keys = store.keys()
    kinds = [kind.decode() for kind in store.client.pipeline([("TYPE", store.prefix + key) for key in keys])]
    reads = [(TYPES[kind], store.prefix + key, *RANGES.get(kind, ())) for key, kind in zip(keys, kinds, strict=True)]
    found = {}
    for key, kind, value in zip(keys, kinds, store.client.pipeline(reads), strict=True):
        if kind in ("hash", "zset"):
            value = {name.decode(): item for name, item in zip(value[::2], value[1::2], strict=True)}
        elif kind == "set":
            value = {name.decode() for name in value}
        found[key] = value
    return found


class Check:
    """Finds faults of a store: `faults` is a list of texts."""

    def __init__(self, store):
        self.all = contents(store)
        self.jobs = {key[4:]: value for key, value in self.all.items() if key.startswith("job:")}
        self.faults = []
        for check in (self.nodes, self.places, self.counts, self.expiry, self.texts, self.keys):
            check()

    def expect(self, what, found, expected):
        if found != expected:
            self.faults.append(f"{what}: {found!r}, expected {expected!r}")

    def get(self, key):
        return self.all.get(key, {})

    def under(self, prefix):
        return {key[len(prefix) :]: value for key, value in self.all.items() if key.startswith(prefix)}

    def nodes(self):
        living, dead = set(self.get("nodes")), set(self.get("dead"))
        state = self.get("state")
        self.expect("living", {field[1:] for field in state if field[0] == "n"}, living)
        self.expect("nodes that are known", set(self.under("node:")), living | dead)
        self.expect("dead ones that hold nothing", dead - set(self.under("held:")), set())
        self.expect("holders", set(self.under("held:")) - living - dead, set())
        self.expect("news of the dead", set(self.under("news:")) - living, set())
        self.expect("watchers that are dead", set(self.get("watchers")) - living, set())
        self.expect("watchers", int(state.get("W", 0)), len(self.get("watchers")))
        self.expect("pauses", {field[1:] for field in state if field[0] == "p"}, set(self.get("paused")))

    def places(self):
        """Each job is where its state says, and nowhere else."""
        found = {}
        for module, members in self.under("wait:").items():
            for seq, score in members.items():
                found.setdefault(seq, []).append(("w", module, 9 - int(score)))
        for epoch, members in self.under("held:").items():
            for seq in members:
                found.setdefault(seq, []).append(("h", epoch))
        for key, state in (("due", "d"), ("over", "e")):
            for seq in self.get(key):
                found.setdefault(seq, []).append((state,))
        for seq, job in self.jobs.items():
            state = job["s"].decode()
            more = {"w": (job["M"].decode(), int(job["p"])), "h": (job.get("h", b"").decode(),)}
            self.expect(f"places of {seq}", found.pop(seq, []), [(state, *more.get(state, ()))])
        self.expect("places without a job", found, {})
        self.expect("all jobs", set(self.get("all")), set(self.jobs))
        waiting = {job["M"].decode() for job in self.jobs.values() if job["s"] == b"w"}
        self.expect("modules that wait", set(self.get("mods")), waiting)

    def counts(self):
        expected = {}
        for job in self.jobs.values():
            fields = [job["s"].decode() + job["M"].decode()]
            if job["s"] != b"e":
                fields.append("o" + job["O"].decode())
            for field in fields:
                expected[field] = expected.get(field, 0) + 1
        found = {field: int(value) for field, value in self.get("state").items() if field[0] in "wdheo"}
        self.expect("counts", found, expected)

    def expiry(self):
        """Who waits has its limit there."""
        expected = {seq: job["x"] for seq, job in self.jobs.items() if job["s"] in b"wd" and int(job.get("x", 0))}
        self.expect("limits", self.get("expire"), expected)
        due = {seq: job["u"] for seq, job in self.jobs.items() if job["s"] == b"d"}
        self.expect("delays", self.get("due"), due)

    def texts(self):
        self.expect("inputs", set(self.under("in:")), set(self.jobs))
        ended = {seq for seq, job in self.jobs.items() if job["s"] == b"e"}
        self.expect("outcomes", set(self.under("out:")), ended)
        for seq, job in self.jobs.items():
            size = int(job["n"]) + int(job["i"])
            if not (job["s"] == b"e" and "q" not in job and int(job["i"]) > 1024):
                self.expect(f"bytes of {seq}", len(self.all.get(f"in:{seq}", b"")), size)
            if seq in ended:
                size = int(job["y"]) + int(job["r"])
                self.expect(f"bytes of the outcome of {seq}", len(self.all.get(f"out:{seq}", b"")), size)

    def keys(self):
        """A key leads to a job that has it, and each job that joins has its key."""
        for key, seq in self.under("key:").items():
            self.expect(f"the job of key {key}", self.jobs.get(seq.decode(), {}).get("k"), key.encode())
        for seq, job in self.jobs.items():
            if "k" in job and "q" not in job:
                self.expect(f"the key of {seq}", self.all.get("key:" + job["k"].decode()), seq.encode())


def faults(store):
    return Check(store).faults


SMALL = 5000  # keys


def faults_of_server(server, prefix="taskqueued:"):
    """Of a RedisServer in use: by the script `check`, and if there are few jobs by each key, too."""
    with server.client() as client:
        if client.info("replication")["role"] != "master":
            return []
        store = Store(client, prefix)
        found = Node(store, 0).check(500)[1]
        return found + (faults(store) if client.call("DBSIZE") < SMALL else [])
