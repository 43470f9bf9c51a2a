"""Runs every command of README.md and compares what it prints with what stands there.

A ```console block holds commands, each behind "$ " on one line, and what they print. Any other ```block is a file, whole,
as a reader would paste it; its name is what the text before it names last: "This is `hello.c`:". All blocks are run or
written in order, in one shell, in a directory that looks like the project with a fresh build.

The server's port is the one thing that is changed: the README uses the default, 7741, the test one that the kernel chose
(TASKMASTER_SERVER tells the command).

What differs from run to run is compared as follows; everything else to the letter:

- addresses: the port counts as 7741,
- points in time (2026-01-02T03:04:05.678Z), job ids (k3f9-17), "boot" and the numbers behind worker, pid, _us, _ms and
  _kb, as well as numbers with a unit (12 ms, 3.5 s, 5 MiB), count as #,
- in what `workers` prints for people, every number counts as #, in what `stats` prints those of workers that depend on
  who was quicker; and any run of blanks counts as one. What `stats` says of jobs is what the commands before it did.
"""

import os
import re
import shutil
import subprocess

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))

# Starts a daemon on the kernel's port, and waits until its log names that and its two workers are ready.
START = r"""
: >>{log} # the shell of the background may come to that later
{command}
PORT=$(timeout 30 tail -n +1 -f {log} | sed -n '/ listening role=clients /{{s/.*://;h}}
    / worker-ready /{{H;g;/ready.*ready/{{s/\n.*//;p;q}}}}')
export TASKMASTER_SERVER=127.0.0.1:$PORT
"""


def steps():
    """The README's commands as (line, command, output); a file is written by the command that such a step has."""
    found = []
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        number = text.count("\n", 0, block.start()) + 2
        if block[1] != "console":
            name = re.search(r"`([\w.]+)`:\n\n$", text[: block.start()])
            assert name, f"README.md:{number}: a file without a name"
            found.append((number, f"cat >{name[1]} <<'==END=='\n{block[2]}==END==", []))
            continue
        for n, line in enumerate(block[2].splitlines(keepends=True), number):
            if line.startswith("$ "):
                found.append((n, line[2:].rstrip("\n"), []))
            else:
                found[-1][2].append(line)
    return [(number, command, "".join(output)) for number, command, output in found]


def with_port(command):
    """The command, for a daemon whose port is in $PORT."""
    log = re.fullmatch(r"build/taskmasterd\b.* 2>>(\S+) &", command)
    if log:
        own = command.replace(
            "build/taskmasterd", "build/taskmasterd --listen=127.0.0.1:0", 1
        )
        return START.format(command=own, log=log[1])
    return re.sub(r"\b7741\b", '"$PORT"', command)


def comparable(command, text):
    text = re.sub(r"(127\.0\.0\.1:)\d+", r"\g<1>7741", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "#", text)
    text = re.sub(r'("boot":)"\w+"', r"\1#", text)
    text = re.sub(r"\b[0-9a-z]+-\d+\b(?!-)", "#", text)
    text = re.sub(r"\bworker \d+", "worker #", text)
    text = re.sub(r'((?:pid|_us|_ms|_kb)"?[:= ] ?)[\d.]+', r"\1#", text)
    text = re.sub(r"\b[\d.]+( ?)(µs|us|ms|s|KiB|MiB|GiB)\b", r"#\1\2", text)
    if re.search(r"\btaskmaster workers\b", command):
        text = re.sub(r"[\d.]+", "#", text)
    if re.search(r"\btaskmaster (workers|stats)\b", command):
        text = re.sub(r"[ \t]+", " ", re.sub(r"\b(starting|idle|busy|stopping|forks|exits) +\d+", r"\1 #", text))
    return text.rstrip()


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A shell in a directory like the project's, with a build of its own."""
    place = tmp_path_factory.mktemp("project")
    for name in os.listdir(ROOT):
        if name != "build" and not name.startswith("."):
            os.symlink(os.path.join(ROOT, name), place / name)
    (place / "build").mkdir()
    for name in os.listdir(BUILD):
        if name.startswith(("taskmaster", "libtaskmaster")):
            shutil.copy(os.path.join(BUILD, name), place / "build")
    shutil.copytree(os.path.join(BUILD, "modules"), place / "build" / "modules")
    process = subprocess.Popen(
        ["bash", "--norc"],
        cwd=place,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    yield process
    process.stdin.write(b"\nkill $(jobs -p) 2>/dev/null; wait\n")
    process.stdin.close()
    rest = process.stdout.read()
    process.wait()
    assert not rest, rest


def run(shell, command):
    """Runs one command and returns what it printed, up to a line that marks its end."""
    mark = "===== end of the command ====="
    shell.stdin.write(f"{{\n{command}\n}} </dev/null\necho '{mark}'\n".encode())
    shell.stdin.flush()
    output = b""
    while not output.endswith(f"{mark}\n".encode()):
        line = shell.stdout.readline()
        assert line, f"the shell ended: {output}"
        output += line
    return output[: -len(mark) - 1].decode()


@pytest.mark.parametrize(
    "number,command,expected", steps(), ids=lambda value: str(value)[:40]
)
def test_command(shell, number, command, expected):
    output = run(shell, with_port(command))
    assert comparable(command, output) == comparable(command, expected), (
        f"README.md:{number}: {command}\nprints:\n{output}"
    )
