"""Runs the dialogues of doc/protocol.md, section 13, with the real daemon.

The tests send each `C:` line and expect each `S:` line. A line in parentheses ends the connection. `…` in place of a
value stands for any value, at the end of a header for any further fields, and at the end of a list for any others. The server's ids, counts and times
(VARYING) may differ, but the same job keeps its id through a dialogue, also in the client's requests.
"""

import json
import os
import re
import shutil

import pytest

from harness.daemon import MODULES
from harness.wait import BUILD, wait_until

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "doc", "protocol.md")
VARYING = {"at_ms", "boot", "job", "wait_us", "run_us", "order", "worker", "client", "pid"}


def dialogues(page=PAGE, number=13):
    """[(title, [(side, header, payload)])] of the section."""
    with open(page, encoding="utf-8") as file:
        section = file.read().split(f"\n## {number}. ")[1]
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
            type(expected[k]) is type(found[k])
            if k in VARYING and not isinstance(expected[k], dict)
            else like(expected[k], found[k])
            for k in keys
        )
    if isinstance(expected, list) and isinstance(found, list):
        if expected[-1:] == ["…"]:
            return all(any(like(e, f) for f in found) for e in expected[:-1])
        return len(expected) == len(found) and all(map(like, expected, found))
    return type(expected) is type(found) and expected == found


def parsed(text):
    text = re.sub(r"(?<=[\[,])…(?=\])", '"…"', re.sub(r",…}", ',"…":0}', text))
    return json.loads(re.sub(r":…(?=[,}])", ':"…"', text))


def check_event(line, payload, event, jobs):
    expected = parsed(line)
    assert like(expected, dict(event)), f"expected {line}\nfound    {json.dumps(event)}"
    if "job" in expected:
        assert jobs.setdefault(expected["job"], event["job"]) == event["job"], line
    found = (event.payload or b"").decode()
    if payload.startswith(("{", "[")):
        assert like(parsed(payload), json.loads(found)), f"expected {payload}\nfound    {found}"
    else:
        assert payload in ("…", found)


def wait_begun(server):
    """A running job that its worker has not begun would end without a step."""
    wait_until(lambda: any(w["begun"] for w in server.workers()), "a worker to begin its job")


def play(server, client, lines, before_cancel=wait_begun):
    jobs = {}  # the ids of the page, and those of the server
    for side, line, payload in lines:
        if '"op":"cancel"' in line and "select" not in line and side == "C":
            before_cancel(server)
        if line.startswith("("):
            client.shutdown() if side == "C" else client.closed()
        elif side == "C":
            own = re.sub(r'(?<="job":")[^"]*', lambda m: jobs.get(m[0], m[0]), line)
            client.send_raw(f"{own}\n{payload}")
        else:
            check_event(line, payload, client.recv(what=line), jobs)


@pytest.fixture
def modules(tmp_path):
    """The shipped modules, and two of tests/modules."""
    place = str(tmp_path / "modules")
    shutil.copytree(MODULES, place)
    for name in ("live.so", "words.so"):
        shutil.copy(os.path.join(BUILD, "tests", "modules", name), place)
    return place


@pytest.mark.parametrize("title, lines", dialogues(), ids=[title for title, _ in dialogues()])
def test_dialogue(daemon, modules, title, lines):
    pool, job_max = (1, 1) if title.startswith("Overload") else (2, 100)
    server = daemon(
        module_dir=modules, pool_start=pool, pool_max=pool, job_max=job_max, kill_grace_ms=8000
    )
    server.wait_idle(pool)
    client = server.client(hello='"op":"hello"' not in lines[0][1])
    client.skips_draining = False
    play(server, client, lines)


def test_the_document_has_its_dialogues():
    assert len(dialogues()) >= 5
    assert all(lines for _, lines in dialogues())
