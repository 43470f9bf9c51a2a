"""The commands and examples of doc/cluster.md, and scripts/cluster: each does as the page says."""

import glob
import os
import re
import shlex

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PAGE = os.path.join(ROOT, "doc", "cluster.md")


def blocks():
    """The page's blocks of commands and files, without their indent."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M)
    return [re.sub(r"^    ", "", block, flags=re.M).strip("\n") for block in found]


def block(beginning):
    return next(block for block in blocks() if block.startswith(beginning))


def access_list():
    """The words of `acl setuser`."""
    line = block("redis-cli acl setuser").replace("\\\n", " ").splitlines()[0]
    return shlex.split(line)[1:]


def commands_of_scripts():
    found = set()
    for path in glob.glob(os.path.join(ROOT, "queue", "redis", "lua", "*.lua")):
        with open(path, encoding="utf-8") as file:
            found |= {name.lower() for name in re.findall(r"\b(?:call|pcall)\('(\w+)'", file.read())}
    return found


CONNECTION = {"evalsha", "script|load", "info", "ping", "select", "subscribe", "wait"}


def test_the_access_list_has_the_commands_of_the_scripts_and_no_others():
    listed = {word[1:] for word in access_list() if word.startswith("+")}
    assert listed == commands_of_scripts() | CONNECTION
