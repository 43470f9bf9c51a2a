"""Modules built with an earlier header of ABI 1 run unchanged (tests/modules/kept)."""

import json
import os
import platform

import pytest

from harness.client import check, start

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "..", "modules", "kept", platform.machine())

pytestmark = pytest.mark.skipif(
    not os.path.isdir(KEPT), reason=f"no kept modules for {platform.machine()}, only for x86_64"
)


@pytest.fixture
def kept(daemon):
    commands = {"cat": ["/bin/cat"], "temporary": ["/bin/sh", "-c", "exit 75"]}
    return daemon(
        module_dir=os.path.realpath(KEPT),
        modules={
            "exec": {"config": {"commands": commands}},
            "readfile": {"config": {"root": HERE}},
        },
        breaker_crashes=0,
    )


def test_each_does_its_work(kept):
    client = kept.client()
    assert client.done("echo", "hello") == b"hello"
    assert client.done("fib", "30") == b"832040"
    assert client.done("math", '{"op":"mul","x":6,"y":7}') == b"42"
    assert client.done("exec", "cat\nabc") == b"abc"
    assert b"Modules built" in client.done("readfile", '{"path":"test_kept_modules.py"}')
    client.done("sleep", '{"ms":1}')
    client.done("wc", "one two\n")


def test_they_know_nothing_of_later_calls(kept):
    """A status of 75 is a failure like others, a job without an origin has none, and nobody reports progress."""
    client = kept.client()
    wanted = ["progress", "usage"]
    event = client.run("exec", "temporary\n", notify=wanted)
    check(event, "failed", reason="module", code="exit-status")
    assert "retry_after_ms" not in event and event["usage"]["worker_rss"] > 0, event
    assert client.done("probe", "origin", origin="q-17", attempt=3) == b"q-17 3"
    assert client.done("probe", "origin") == b"- 0"


def test_they_stop_and_fail_as_ever(kept):
    client = kept.client()
    start(client, "sleep", json.dumps({"ms": 60000}), id=1)
    client.send(op="cancel", id="c", target=1)
    client.event("ok", id="c")
    check(client.outcome(1), "failed", reason="cancelled", step="stop-flag")
    check(client.run("crash", "stop-done", soft_timeout_ms=50), "done")
    check(client.run("crash", "stop-fail", soft_timeout_ms=50), "failed", reason="timeout")
    check(client.run("crash", "segv"), "failed", reason="error", signal="SIGSEGV")
    check(client.run("fib", "x"), "failed", reason="module")
