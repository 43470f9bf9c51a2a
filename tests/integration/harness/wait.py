"""Waiting for a condition, with a deadline. No test sleeps for a time and hopes."""

import os
import time

BUILD = os.path.abspath(
    os.environ.get("BUILD")
    or os.path.join(os.path.dirname(__file__), "..", "..", "..", "build")
)


def _sanitized():
    try:
        with open(os.path.join(BUILD, "taskmasterd"), "rb") as binary:
            return b"__asan_init" in binary.read()
    except OSError:
        return False


SANITIZED = _sanitized()
SCALE = 3 if SANITIZED else 1

# Seconds. Only a defect should reach this deadline, and it must be shorter than pytest's time limit.
DEADLINE = 10.0 * SCALE


class Deadline(AssertionError):
    """The awaited condition did not come in time."""


def wait_until(condition, what, timeout=DEADLINE, interval=0.005):
    """Polls condition() until it is true and returns what it returned."""
    end = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= end:
            raise Deadline(f"not within {timeout:g} s: {what}; last seen: {result!r}")
        time.sleep(interval)
