"""Runs every command of README.md and of doc/operating.md, and compares its output with the page.

A ```console block holds commands, each on one line behind "$ ", and their output. Any other ```block is a whole file
for the reader to paste; the last name in the text before it is the file's name: "This is `hello.c`:". The test runs or
writes all blocks in order, in one shell, in a directory like the project's with a fresh build.

Each page has a shell of its own. The test changes only the servers' ports: the page has the defaults, 7741 and 7742, and
the test ports chosen by the kernel (TASKMASTER_SERVER and TASKMASTER_QUEUE pass them to the command). So it does with
8741, of taskmaster-http.

Some parts differ from run to run, and are compared like this; everything else is compared to the letter:

- In addresses, the port counts as 7741.
- The shell's lines about killed daemons do not count: the shell writes them when it notices the deaths.
- Points in time (2026-01-02T03:04:05.678Z), job ids (k3f9-17), "boot" and the numbers behind worker, pid, _us, _ms and
  _kb, as well as numbers with a unit (12 ms, 3.5 s, 5 MiB), count as #.
- Offsets (0x11a9) and fingerprints of crashes count as #: they differ from compiler to compiler.
- In the tables of `workers`, `pools`, `crashes`, `jobs`, `status` and `top` for people, every number counts as #, with
  its unit. In the output of `stats`, the states of workers and times with their units do, because they depend on speed.
  In all of these, any run of blanks counts as one. The jobs in `stats` must be those of the commands before it.
"""

import os
import re
import shutil
import subprocess

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))

# Starts a daemon on a port of the kernel's choice. Waits until the log has the port and two ready workers.
START = r"""
jobs >/dev/null # forgets the ended ones, as an interactive shell does; this one may keep the last number
: >>{log} # the background shell may create the log later
LINES_BEFORE=$(wc -l <{log}) # of an earlier daemon
{command}
PORT=$(timeout 30 tail -n +$((LINES_BEFORE + 1)) -f {log} | sed -n '/ listening role=clients /{{s/.*://;h}}
    / worker-ready /{{H;g;/ready.*ready/{{s/\n.*//;p;q}}}}')
export TASKMASTER_SERVER=127.0.0.1:$PORT
"""

# The same for a taskqueued, on the daemon started last.
START_QUEUE = r"""
jobs >/dev/null
: >>{log}
LINES_BEFORE=$(wc -l <{log})
{command}
QUEUE_PORT=$(timeout 30 tail -n +$((LINES_BEFORE + 1)) -f {log} | sed -n '/ listening role=clients /{{s/.*://p;q}}')
export TASKMASTER_QUEUE=127.0.0.1:$QUEUE_PORT
"""

# The same for a taskmaster-http, on both daemons started last.
START_HTTP = r"""
jobs >/dev/null
: >>{log}
LINES_BEFORE=$(wc -l <{log})
{command}
HTTP_PORT=$(timeout 30 tail -n +$((LINES_BEFORE + 1)) -f {log} | sed -n '/ listening role=http /{{s/.*://;h}}
    / \(master\|queue\)-connected /{{H;g;/connected.*connected/{{s/\n.*//;p;q}}}}')
"""


def steps(page):
    """A page's commands as (line, command, output). A file becomes a command to write it."""
    found = []
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        text = file.read()
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        number = text.count("\n", 0, block.start()) + 2
        if block[1] != "console":
            name = re.search(r"`([\w.]+)`:\n\n$", text[: block.start()])
            assert name, f"{page}:{number}: a file without a name"
            found.append((number, f"cat >{name[1]} <<'==END=='\n{block[2]}==END==", []))
            continue
        for n, line in enumerate(block[2].splitlines(keepends=True), number):
            if line.startswith("$ "):
                found.append((n, line[2:].rstrip("\n"), []))
            else:
                found[-1][2].append(line)
    return [(number, command, "".join(output)) for number, command, output in found]


def with_port(command):
    """The command with $PORT in place of the default port."""
    log = re.fullmatch(r"build/taskmasterd\b.* 2>>(\S+) &", command)
    if log:
        own = command.replace(
            "build/taskmasterd", "build/taskmasterd --listen=127.0.0.1:0", 1
        )
        return START.format(command=own, log=log[1])
    log = re.fullmatch(r"build/taskqueued\b.* 2>>(\S+) &", command)
    if log:
        own = command.replace(
            "build/taskqueued", 'build/taskqueued --listen=127.0.0.1:0 --master="127.0.0.1:$PORT"', 1
        )
        return START_QUEUE.format(command=own, log=log[1])
    log = re.fullmatch(r"build/taskmaster-http\b.* 2>>(\S+) &", command)
    if log:
        own = command.replace("127.0.0.1:7742", '"$TASKMASTER_QUEUE"')
        own = own.replace(
            "build/taskmaster-http", 'build/taskmaster-http --listen=127.0.0.1:0 --server="127.0.0.1:$PORT"', 1
        )
        return START_HTTP.format(command=own, log=log[1])
    command = re.sub(r"'?(http://localhost:)8741([^ ;]*?)'?(?=[ ;]|$)", r'"\1$HTTP_PORT\2"', command)
    return re.sub(r"\b7741\b", '"$PORT"', command)


def comparable(command, text):
    text = re.sub(r"^bash: line \d+: +\d+ Killed .*\n", "", text, flags=re.M)
    text = re.sub(r"(127\.0\.0\.1:)\d+", r"\g<1>7741", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "#", text)
    text = re.sub(r'("boot":)"\w+"', r"\1#", text)
    text = re.sub(r"\b[0-9a-z]+-\d+\b(?!-)", "#", text)
    text = re.sub(r"\b0x[0-9a-f]+\b", "0x#", text)
    text = re.sub(r"(\bfingerprint )[0-9a-f]{8}\b", r"\1#", text)
    text = re.sub(r"\b(worker |worker=|client=)\d+", r"\1#", text)
    text = re.sub(r'((?:pid|_us|_ms|_kb)"?[:= ] ?)[\d.]+', r"\1#", text)
    text = re.sub(r"\b[\d.]+( ?)(µs|us|ms|s|KiB|MiB|GiB)\b", r"#\1\2", text)
    if re.search(r"\btaskmaster crashes\b", command):
        text = re.sub(r"^[0-9a-f]{8}\b", "#", text, flags=re.M)
    if re.search(r"\btaskmaster (workers|pools|crashes|jobs|status|top)\b", command):
        text = re.sub(r"[\d.]+", "#", text)
    if re.search(r"\btaskmaster (workers|pools|crashes|jobs|status|top|stats)\b", command):
        text = re.sub(r"\b(open|probing) +\d+", r"\1 #", text)
        text = re.sub(r"#[um]?s\b", "#", text)
        text = re.sub(r"[ \t]+", " ", re.sub(r"\b(starting|idle|busy|stopping|forks|exits) +\d+", r"\1 #", text))
    return text.rstrip()


@pytest.fixture(scope="class")
def shell(tmp_path_factory):
    """A shell in a directory like the project's, with its own build."""
    place = tmp_path_factory.mktemp("project")
    for name in os.listdir(ROOT):
        if name != "build" and not name.startswith("."):
            os.symlink(os.path.join(ROOT, name), place / name)
    (place / "build").mkdir()
    for name in os.listdir(BUILD):
        if name.startswith(("taskmaster", "taskqueued", "libtaskmaster")):
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
    """Runs one command and returns its output, up to a marker line."""
    mark = "===== end of the command ====="
    shell.stdin.write(f"{{\n{command}\n}} </dev/null\necho '{mark}'\n".encode())
    shell.stdin.flush()
    output = b""
    while not output.endswith(f"{mark}\n".encode()):
        line = shell.stdout.readline()
        assert line, f"the shell ended: {output}"
        output += line
    return output[: -len(mark) - 1].decode()


def check(shell, page, number, command, expected):
    output = run(shell, with_port(command))
    assert comparable(command, output) == comparable(command, expected), (
        f"{page}:{number}: {command}\nprints:\n{output}"
    )


def commands(page):
    return pytest.mark.parametrize(
        "number,command,expected", steps(page), ids=lambda value: str(value)[:40]
    )


class TestReadme:
    @commands("README.md")
    def test_command(self, shell, number, command, expected):
        check(shell, "README.md", number, command, expected)


class TestOperating:
    @commands("doc/operating.md")
    def test_command(self, shell, number, command, expected):
        check(shell, "doc/operating.md", number, command, expected)
