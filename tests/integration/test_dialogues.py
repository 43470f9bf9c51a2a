"""doc/protocol.md, section 13: the dialogues that it shows are what the daemon says."""

import json
import os
import re

import pytest

from harness.client import Closed, header

DOC = os.path.join(os.path.dirname(__file__), "..", "..", "doc", "protocol.md")

# What differs from one run to the next.
VARYING = {"job", "boot", "order", "wait_us", "run_us", "worker", "message", "retry_after_ms"}

SETTINGS = {
    "Overload": {"pool_start": 1, "pool_max": 1, "job_max": 1, "kill_grace_ms": 8000},
}


def dialogues():
    """[(title, [(side, text)])] of the section."""
    with open(DOC) as file:
        section = file.read().partition("## 13. Dialogues")[2]
    found = []
    for line in section.splitlines():
        if match := re.match(r"\*\*(.+?)\*\*", line):
            found.append((match.group(1).rstrip("."), []))
        elif match := re.match(r"    ([CS]): (.*)", line):
            found[-1][1].append([match.group(1), match.group(2)])
        elif line.startswith("        ") and found and found[-1][1]:
            found[-1][1][-1][1] += line.strip()
    return found


def parse_event(text):
    """(fields, are there more, payload or None for any)"""
    line, arrow, payload = text.partition("\u23ce")
    more = ",\u2026}" in line
    line = line.replace(",\u2026}", "}")
    line = re.sub(r':\u2026', ':"\u2026"', line)
    return json.loads(line), more, payload if arrow else None


def matches(fields, more, event):
    for key, value in fields.items():
        if key not in event:
            return f"no {key}"
        if key not in VARYING and value != "\u2026" and event[key] != value:
            if isinstance(value, str) and "\u2026" in value:
                continue
            return f"{key} is {event[key]!r}, not {value!r}"
    extra = set(event) - set(fields)
    if extra and not more:
        return f"more than is shown: {sorted(extra)}"
    return None


def check_payload(shown, event):
    if shown is None:
        assert event.payload is None, event
    elif shown.startswith("{"):
        wanted, got = json.loads(shown), json.loads(event.payload)
        assert set(wanted) == set(got), f"{got} is not of the form {wanted}"
        for key in set(wanted) - {"worker", "pid"}:
            assert wanted[key] == got[key], (key, wanted, got)
    else:
        assert event.payload == shown.encode(), event


def play(client, lines):
    for side, text in lines:
        if side == "C" and text.startswith("("):
            client.shutdown()
        elif side == "C":
            line, _, payload = text.partition("\u23ce")
            client.send_raw(line + "\n" + payload)
        elif text.startswith("("):
            with pytest.raises(Closed):
                client.recv()
        else:
            fields, more, payload = parse_event(text)
            event = client.recv(what=text)
            fault = matches(fields, more, event)
            assert fault is None, f"{fault}\n  shown: {text}\n  came:  {event!r}"
            check_payload(payload, event)


@pytest.mark.parametrize("title, lines", dialogues(), ids=lambda v: v[:20] if isinstance(v, str) else "")
def test_dialogue(daemon, title, lines):
    settings = next((s for word, s in SETTINGS.items() if title.startswith(word)), {})
    server = daemon(**{"pool_start": 2, "pool_max": 2, "kill_grace_ms": 8000, **settings})
    server.wait_idle(server.config["pool-start"])
    client = server.client(hello=False)
    if '"hello"' not in lines[0][1]:
        client.send_raw(header(op="hello", protocol=1))
        client.recv()
    play(client, lines)


def test_the_document_has_its_dialogues():
    assert len(dialogues()) >= 5
    assert all(lines for _, lines in dialogues())
