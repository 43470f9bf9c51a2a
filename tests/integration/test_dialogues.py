"""Runs the dialogues of doc/protocol.md, section 13, with the real daemon.

The tests send each `C:` line and expect each `S:` line. A line in parentheses ends the connection. `…` in place of a
value stands for any value, and at the end of a header for any further fields. The server's ids, counts and times
(VARYING) may differ.
"""

import json
import os
import re

import pytest

from harness.wait import wait_until

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "doc", "protocol.md")
VARYING = {"boot", "job", "wait_us", "run_us", "order", "worker", "pid"}


def dialogues():
    """[(title, [(side, header, payload)])] of the section."""
    with open(PAGE, encoding="utf-8") as file:
        section = file.read().split("\n## 13. ")[1]
    found = []
    for part in re.split(r"\n\n(?=\*\*)", section)[1:]:
        title = re.match(r"\*\*(.*?)\.\*\*", part)[1]
        text = re.sub(r"\n        \s*", "", part)  # a header on several lines
        lines = re.findall(r"^    ([CS]): (.*)$", text, re.M)
        found.append((title, [(side, *line.partition("⏎")[::2]) for side, line in lines]))
    return found


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


def check_event(line, payload, event):
    assert like(parsed(line), dict(event)), f"expected {line}\nfound    {json.dumps(event)}"
    found = (event.payload or b"").decode()
    if payload.startswith("{"):
        assert like(parsed(payload), json.loads(found)), f"expected {payload}\nfound    {found}"
    else:
        assert payload in ("…", found)


def wait_begun(server):
    """A running job that its worker has not begun would end without a step."""
    wait_until(lambda: any(w["begun"] for w in server.workers()), "a worker to begin its job")


def play(server, client, lines):
    for side, line, payload in lines:
        if '"op":"cancel"' in line and side == "C":
            wait_begun(server)
        if line.startswith("("):
            client.shutdown() if side == "C" else client.closed()
        elif side == "C":
            client.send_raw(f"{line}\n{payload}")
        else:
            check_event(line, payload, client.recv(what=line))


@pytest.mark.parametrize("title, lines", dialogues(), ids=[title for title, _ in dialogues()])
def test_dialogue(daemon, title, lines):
    pool, job_max = (1, 1) if title.startswith("Overload") else (2, 100)
    server = daemon(pool_start=pool, pool_max=pool, job_max=job_max, kill_grace_ms=8000)
    server.wait_idle(pool)
    client = server.client(hello='"op":"hello"' not in lines[0][1])
    client.skips_draining = False
    play(server, client, lines)


def test_the_document_has_its_dialogues():
    assert len(dialogues()) >= 5
    assert all(lines for _, lines in dialogues())
