"""Holds the dialogues of doc/protocol.md, section 13, with the real daemon: what stands there is what happens.

`C:` is sent, `S:` must come; a line in parentheses is an end of the connection. `…` stands for anything: as a value, for
any value; at the end of a header, for any further fields. Ids, counts and times of the server (VARYING) may differ.
"""

import json
import os
import re
import sys

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

from harness import proc  # noqa: E402
from harness.daemon import Daemon  # noqa: E402

VARYING = {"boot", "job", "wait_us", "run_us", "order", "worker", "pid"}
PAGE = os.path.join(ROOT, "doc", "protocol.md")


def dialogues():
    """(title, [(who, text, payload)]) for each."""
    with open(PAGE, encoding="utf-8") as file:
        section = file.read().split("\n## 13. ")[1]
    for part in re.split(r"\n\n(?=\*\*)", section)[1:]:
        title = re.match(r"\*\*(.*?)\.\*\*", part)[1]
        text = re.sub(r"\n        \s*", "", part)  # a broken header
        lines = re.findall(r"^    ([CS]): (.*)$", text, re.M)
        yield title, [(who, *line.partition("⏎")[::2]) for who, line in lines]


def like(expected, found):
    if expected == "…":
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        more = "…" in expected
        keys = expected.keys() - {"…"}
        return (keys <= found.keys() if more else keys == found.keys()) and all(
            type(expected[k]) is type(found[k]) if k in VARYING else like(expected[k], found[k])
            for k in keys
        )
    return type(expected) is type(found) and expected == found


def parsed(text):
    text = re.sub(r",…}$", ',"…":0}', text)
    return json.loads(re.sub(r":…(?=[,}])", ':"…"', text))


def check(line, payload, event):
    assert event is not None, f"the connection ended where {line} was expected"
    assert like(parsed(line), dict(event)), f"expected {line}\nfound    {json.dumps(event)}"
    found = (event.payload or b"").decode()
    if payload.startswith("{"):
        assert like(parsed(payload), json.loads(found)), f"expected {payload}\nfound    {found}"
    else:
        assert payload in ("…", found)


@pytest.fixture(params=list(dialogues()), ids=lambda dialogue: dialogue[0])
def dialogue(request):
    return request.param


@pytest.fixture
def daemon(tmp_path, dialogue):
    proc.become_subreaper()
    small = "Overload" in dialogue[0]
    pool = 1 if small else 2
    config = {"pool-start": pool, "pool-max": pool, "job-max": 1 if small else 100}
    daemon = Daemon(str(tmp_path), "daemon", config)
    daemon.start()
    daemon.wait_idle(pool)
    yield daemon
    problems = daemon.stop()
    assert not problems, "\n".join(problems) + "\n" + daemon.log.tail()


def test_dialogue(daemon, dialogue):
    lines = dialogue[1]
    client = daemon.client(hello=False)
    if '"op":"hello"' not in lines[0][1]:
        client.hello()
    for who, text, payload in lines:
        if text.startswith("("):
            if who == "C":
                client.shutdown()
            else:
                client.closed()
        elif who == "C":
            client.send_raw(f"{text}\n{payload}")
        else:
            check(text, payload, client.recv(what=text))
