"""A few hundred dialogues with faults, the same ones every time.

tests/fuzz looks for faults in the parser; this test looks for faults in the whole daemon. After any input of one
client, the daemon goes on, its sums hold, and the next client is served.
"""

import random

import pytest

from harness.client import Client, header, message
from harness.wait import SANITIZED

DIALOGUE = [
    header(op="hello", protocol=1, client="fuzz/1", module="echo"),
    message("30", op="submit", id=1, module="fib", notify=["accepted", "started"], context={"a": 1}),
    message("x" * 3000, op="submit", id="two", module="echo", timeout_ms=5000, link=True),
    header(op="set", module="math"),
    message('{"op":"add","x":1,"y":2}', op="submit", id=3),
    header(op="cancel", target=1),
    message('{"ms":5}', op="submit", id=4, module="sleep", link=False),
    header(op="stats", id=5),
    header(op="workers", id=6),
    header(op="kill", target=4),
    header(op="ping"),
]


def mutate(rng):
    parts = list(DIALOGUE)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(parts))
        kind = rng.randrange(7)
        if kind == 0:
            parts.insert(at, parts[rng.randrange(len(parts))])
        elif kind == 1:
            del parts[at]
            parts = parts or list(DIALOGUE)
        elif kind == 2:
            rng.shuffle(parts)
        else:
            data = bytearray(parts[at])
            place = rng.randrange(len(data) + 1)
            if kind == 3 and data:
                data[place % len(data)] ^= 1 << rng.randrange(8)
            elif kind == 4:
                data[place:place] = rng.randbytes(rng.randint(1, 8))
            elif kind == 5:
                del data[place : place + rng.randint(1, 8)]
            else:
                data[place:place] = bytes(data[: rng.randint(1, len(data) + 1)])
            parts[at] = bytes(data)
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(4))
def test_wrong_dialogues(daemon, seed):
    rng = random.Random(seed)
    server = daemon(
        pool_start=2,
        pool_max=2,
        job_max=20,
        payload_max=100000,
        header_timeout_ms=200,
        payload_timeout_ms=200,
        hello_timeout_ms=200,
        linger_ms=50,
        log_level="info",
    )
    for n in range(60 if SANITIZED else 150):
        client = Client(server.address, hello=False)
        try:
            client.send_raw(mutate(rng))
            end = rng.randrange(4)
            if end == 0:
                client.reset()
            elif end == 1:
                client.shutdown()
                client.rest()  # parses every event
            elif end == 2:
                client.sock.recv(100)
        except OSError:
            pass
        client.close()
        if n % 10 == 9:
            server.stats()
    server.wait_stats(
        lambda s: s["clients"]["connected"] == 1
        and not s["jobs"]["running"]
        and not s["queue"]["waiting"],
        "nothing left of them",
    )
    assert server.client().done("fib", "20") == b"6765"
