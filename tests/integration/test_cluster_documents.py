"""The commands and examples of doc/cluster.md, and scripts/cluster: each does as the page says."""

import glob
import os
import re
import subprocess

from harness.access_list import block, rules
from harness.queued import QUEUED
from harness.wait import BUILD, DEADLINE

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def commands_of_scripts():
    found = set()
    for path in glob.glob(os.path.join(ROOT, "queue", "redis", "lua", "*.lua")):
        with open(path, encoding="utf-8") as file:
            found |= {name.lower() for name in re.findall(r"\b(?:call|pcall)\('(\w+)'", file.read())}
    return found


CONNECTION = {"evalsha", "script|load", "info", "ping", "select", "subscribe", "unsubscribe", "wait"}


def test_the_access_list_has_the_commands_of_the_scripts_and_no_others():
    listed = {word[1:] for word in rules() if word.startswith("+")}
    assert listed == commands_of_scripts() | CONNECTION


def test_the_settings_of_a_node(tmp_path):
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    config = tmp_path / "taskqueued.conf"
    text = block('{\n  "engine"').replace("/etc/taskmaster/redis-password", str(password))
    config.write_text(re.sub(r"redis\d\.example", "127.0.0.1", text))  # the check looks names up
    check = subprocess.run([QUEUED, "-t", "-c", config], capture_output=True, text=True, timeout=DEADLINE)
    assert (check.returncode, check.stderr) == (0, ""), check.stderr


def test_the_script_shows_a_job_taken_over():
    shown = subprocess.run(
        [os.path.join(ROOT, "scripts", "cluster"), "3"],
        env={**os.environ, "BUILD": BUILD},
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "NOT AS EXPECTED" not in shown.stdout
