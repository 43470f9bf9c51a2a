"""The proof of the queue: pytest's process is the reaper of all that the disasters leave behind."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from world import proc  # noqa: E402


def pytest_configure(config):
    proc.become_subreaper()
