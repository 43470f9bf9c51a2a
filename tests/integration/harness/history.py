"""The history of the store, out of Redis's append-only file: each change of each job, in order, and by which node.

Redis writes down the effects of each script as one transaction. So the file tells all that ever happened, also around a
kill -9 of Redis, and no process had to watch. The keys are those of queue/redis/lua/README.md. The rules:

- A job is handed on from its place to a living node, by that node: when no other one holds it, or when its holder is no
  member any more.
- A node's membership is ended by others only once its lease is over, by Redis's clock.
- A held job is ended, or goes back to its place, by its holder alone, while the holder is a member.
- A job is in one place. It ends once, unless it is run again by a request (`retry`).
"""

from .wait import wait_until

UNFINISHED = ("w", "d", "h")


class History:
    def __init__(self, prefix="taskqueued:"):
        self.prefix = prefix.encode()
        self.jobs = {}  # number: {field: value}
        self.nodes = {}  # epoch: end of its lease
        self.names = {}  # epoch: name
        self.problems = []
        self.now = 0  # Redis's clock, as last written down
        self.unjudged = []  # memberships that were ended since then: (epoch, end of its lease)
        self.left = []  # epochs of members that went before their lease was over: orderly, by themselves
        self.handed = self.adopted = self.ended = 0

    # ---- the file

    def read(self, paths):
        for path in paths:
            for commands in _transactions(path):
                self._call(commands)
        return self

    def _call(self, commands):
        before = {}  # number: (state, holder), of the jobs that the script changes
        for words in commands:
            name = words[0].upper()
            for key in words[1:] if name in (b"DEL", b"UNLINK") else words[1:2]:
                if key.startswith(self.prefix):
                    self._command(before, name, key[len(self.prefix) :].decode(), words[2:])
        for number, place in before.items():
            self._judge_job(number, place)

    def _command(self, before, name, key, words):
        kind, _, rest = key.partition(":")
        if kind == "job":
            self._job(before, name, rest, words)
        elif kind == "nodes":
            self._members(name, words)
        elif kind == "node" and name == b"HSET" and b"name" in words:
            self.names[rest] = words[words.index(b"name") + 1].decode()
        elif key == "seen":
            self._clock(int(float(words[0])))

    def _job(self, before, name, number, words):
        fields = self.jobs.setdefault(number, {})
        before.setdefault(number, (fields.get("s"), fields.get("h")))
        if name in (b"DEL", b"UNLINK"):
            del self.jobs[number]
        elif name in (b"HSET", b"HMSET"):
            for at in range(0, len(words), 2):
                fields[words[at].decode()] = words[at + 1].decode(errors="replace")
        elif name == b"HDEL":
            for word in words:
                fields.pop(word.decode(), None)

    def _members(self, name, words):
        if name == b"ZADD":
            self.nodes[words[-1].decode()] = int(float(words[-2]))
        elif name == b"ZREM":
            for epoch in map(bytes.decode, words):
                self.unjudged.append((epoch, self.nodes.pop(epoch, 0)))

    def _clock(self, now):
        for epoch, end in self.unjudged:
            if now < end:
                self.left.append(epoch)
        self.unjudged.clear()
        if now < self.now:
            self.problems.append(f"Redis's clock went back from {self.now} to {now}")
        self.now = now

    # ---- the rules

    def _problem(self, number, text):
        self.problems.append(f"job {number.lstrip('0')}: {text}")

    def _judge_job(self, number, before):
        state, holder = before
        fields = self.jobs.get(number)
        if not fields:
            if state in UNFINISHED:
                self._problem(number, f"gone in state {state}")
            self.jobs.pop(number, None)
            return
        after = (fields.get("s"), fields.get("h") if fields.get("s") == "h" else None)
        if state == "h" and after != (state, holder):
            self._judge_end_of_hold(number, holder, after, fields)
        if after[0] == "h" and after != before:
            self._judge_hand(number, after[1], fields)
        if after[0] == "e" and state != "e":
            self.ended += 1
        if state == "e" and after[0] not in ("e", "w", "d"):
            self._problem(number, f"from its end to {after}")

    def _judge_hand(self, number, holder, fields):
        self.handed += 1
        if actor(fields) != holder:
            self._problem(number, f"handed to {holder} by {fields.get('t')}")
        if holder not in self.nodes:
            self._problem(number, f"handed to {holder}, no member")

    def _judge_end_of_hold(self, number, holder, after, fields):
        """`holder` has held the job until now."""
        if after[0] == "h":
            self.adopted += 1
            if holder in self.nodes:
                self._problem(number, f"taken over by {after[1]} while {holder} was a member")
        elif actor(fields) != holder:
            self._problem(number, f"held by {holder}, and {after[0]} by {fields.get('t')}")
        elif holder not in self.nodes:
            self._problem(number, f"{after[0]} by {holder}, no member any more")

    def unfinished(self):
        """Numbers of jobs that have not ended."""
        return sorted(number for number, fields in self.jobs.items() if fields.get("s") in UNFINISHED)


def actor(fields):
    """The epoch of the node that has changed the job last."""
    return fields.get("t", "").partition(":")[0]


def read(server, prefix="taskqueued:"):
    """The history of a RedisServer since its data began. While a disk is slow, Redis answers before the file is written."""
    if not server.has_ended():
        wait_until(lambda: server.info("persistence")["aof_buffer_length"] == "0", "the whole append-only file")
    return History(prefix).read(server.append_only_files)


def _transactions(path):
    """Lists of commands: of one script, or one command alone. The end of the file may be cut."""
    with open(path, "rb") as file:
        for commands, _ in _read(file):
            yield commands


def ends(path):
    """The places in the file behind each of them."""
    with open(path, "rb") as file:
        return [end for _, end in _read(file)]


def _read(file):
    current = None
    for words in _commands(file):
        name = words[0].upper()
        if name == b"MULTI":
            current = []
        elif name == b"EXEC":
            yield current or [], file.tell()
            current = None
        elif current is not None:
            current.append(words)
        else:
            yield [words], file.tell()


def _commands(file):
    while (line := file.readline()).endswith(b"\n"):
        if line.startswith(b"#"):
            continue
        assert line.startswith(b"*"), f"{file.name} is no append-only file at {file.tell()}: {line[:40]!r}"
        words = [_word(file) for _ in range(int(line[1:]))]
        if None in words:
            return
        yield words


def _word(file):
    """None at the cut end of the file."""
    line = file.readline()
    if not line.endswith(b"\n"):
        return None
    size = int(line[1:])
    word = file.read(size + 2)
    return word[:-2] if len(word) == size + 2 else None
