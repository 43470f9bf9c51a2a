"""The user of Redis that doc/cluster.md, section 13, makes for the nodes. All nodes of the tests are this user: so the page
has each command that they need, and the tests find a missing one."""

import os
import re
import shlex

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "..", "doc", "cluster.md")
USER, PASSWORD = "taskqueued", "of the tests"


def blocks():
    """The page's blocks of commands and files, without their indent."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M)
    return [re.sub(r"^    ", "", block, flags=re.M).strip("\n") for block in found]


def block(beginning):
    return next(block for block in blocks() if block.startswith(beginning))


def rules():
    """The words behind the user's name."""
    command = block(f"redis-cli acl setuser {USER} ").replace("\\\n", " ").splitlines()[0]
    return shlex.split(command)[4:]


def setting():
    """The same as a line of Redis's configuration."""
    words = [USER, *rules()]
    return " ".join(f'"{word}"' for word in words).replace("PASSWORD", PASSWORD)
