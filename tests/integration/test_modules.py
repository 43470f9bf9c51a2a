"""The shipped modules through the daemon, with bad input, too, and the loader's refusals."""

import itertools
import json
import os
import shutil
import signal
import tempfile
import time

import pytest

from harness import proc
from harness.client import check, header, message
from harness.daemon import MODULES
from harness.wait import BUILD, SANITIZED, SCALE, wait_until

BAD_MODULES = os.path.join(BUILD, "tests", "modules")


def failure(client, module, payload, code=None):
    """The module must report the failure itself, and the worker must survive."""
    event = client.run(module, payload)
    check(event, "failed", reason="module")
    assert isinstance(event["code"], str) and event["code"], event
    assert isinstance(event["message"], str) and event["message"], event
    if code:
        check(event, "failed", code=code)
    return event


# ---- echo, fib, math, sleep, wc


@pytest.mark.parametrize("size", [0, 1, 4095, 65535, 65536, 65537, 1 << 20])
def test_echo(shared, size):
    payload = os.urandom(size)
    assert shared.client().done("echo", payload) == payload


@pytest.mark.parametrize("n, result", [(0, 0), (1, 1), (2, 1), (10, 55), (30, 832040)])
def test_fib(shared, n, result):
    assert shared.client().done("fib", str(n)) == str(result).encode()


@pytest.mark.parametrize(
    "payload", ["", "x", "-1", "1.5", "1e1", '"5"', "[5]", "10 11", "99999", "\0", "9" * 400]
)
def test_fib_bad_input(shared, payload):
    failure(shared.client(), "fib", payload)


@pytest.mark.parametrize(
    "op, x, y, result",
    [
        ("add", 1, 2, 3),
        ("sub", 1, 2, -1),
        ("mul", 3, -4, -12),
        ("div", 6, 3, 2),
        ("div", 1, 4, 0.25),
        ("add", 0.5, 0.25, 0.75),
        ("mul", 1e3, 2, 2000),
    ],
)
def test_math(shared, op, x, y, result):
    assert json.loads(shared.client().done("math", json.dumps({"op": op, "x": x, "y": y}))) == result


def test_math_division_by_zero(shared):
    failure(shared.client(), "math", '{"op":"div","x":1,"y":0}', code="div-by-zero")


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        '{"op":"add","x":1}',
        '{"op":"add","y":1}',
        '{"x":1,"y":1}',
        '{"op":"pow","x":1,"y":1}',
        '{"op":"add","x":"1","y":1}',
        '{"op":"add","x":null,"y":1}',
        '{"op":5,"x":1,"y":1}',
        '{"op":"add","x":1,"y":2',
        '{"op":"mul","x":1e308,"y":1e308}',
        "[" * 100000,
    ],
    ids=lambda text: text[:24] or "empty",
)
def test_math_bad_input(shared, payload):
    failure(shared.client(), "math", payload)


@pytest.mark.parametrize("value", [None, 1, "text", [1, {"a": "\u00e9"}]], ids=repr)
def test_sleep_returns_its_value(shared, value):
    result = shared.client().done("sleep", json.dumps({"ms": 1, "value": value}))
    assert json.loads(result) == value


@pytest.mark.parametrize("payload", ["", "x", "{}", '{"ms":-1}', '{"ms":"5"}', "[]", '{"ms":1'])
def test_sleep_bad_input(shared, payload):
    failure(shared.client(), "sleep", payload)


@pytest.mark.parametrize(
    "text, lines, words",
    [
        ("", 0, 0),
        ("\n", 1, 0),
        ("one", 0, 1),
        ("one two\nthree\n", 2, 3),
        (" \t a  b \n\n c ", 2, 3),
    ],
    ids=repr,
)
def test_wc_counts_as_wc_does(shared, text, lines, words):
    result = json.loads(shared.client().done("wc", text))
    assert result == {"lines": lines, "words": words, "bytes": len(text)}


def test_wc_of_any_bytes(shared):
    result = json.loads(shared.client().done("wc", b"a\0b\n\xff\xfe c\n"))
    assert result["lines"] == 2 and result["bytes"] == 9


# ---- readfile


@pytest.fixture
def readfile(daemon, tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "file").write_bytes(b"con\0tents\n")
    (root / "sub" / "inner").write_bytes(b"inner")
    (root / "empty").write_bytes(b"")
    (root / "large").write_bytes(b"x" * 300000)
    (tmp_path / "secret").write_text("secret")
    (root / "link-out").symlink_to(tmp_path / "secret")
    (root / "link-up").symlink_to("../secret")
    (root / "link-dir").symlink_to(tmp_path)
    (root / "link-in").symlink_to("sub/inner")
    os.mkfifo(root / "fifo")
    server = daemon(modules={"readfile": {"config": {"root": str(root)}}}, payload_max=200000)
    return server.client(), tmp_path


def read(client, path):
    return client.run("readfile", json.dumps({"path": path}))


@pytest.mark.parametrize(
    "path, content",
    [("file", b"con\0tents\n"), ("sub/inner", b"inner"), ("empty", b""), ("./sub/../file", None)],
)
def test_readfile(readfile, path, content):
    client, _ = readfile
    event = read(client, path)
    if content is None:  # the path ends inside the root: both answers are sound
        assert event.name == "failed" or event.payload == b"con\0tents\n", event
    else:
        check(event, "done")
        assert event.payload == content


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "sub/../../secret",
        "/etc/passwd",
        "//etc/passwd",
        "link-out",
        "link-up",
        "link-dir/secret",
        "sub/../link-dir/secret",
        "..",
        ".",
        "sub",
        "",
        "no-such-file",
        "file/",
        "fifo",
        "/proc/self/environ",
        "../root/../secret",
    ],
)
def test_readfile_no_way_out_of_the_root(readfile, path):
    client, tmp_path = readfile
    event = read(client, path)
    check(event, "failed", reason="module")
    assert "secret" not in (event.payload or b"").decode(errors="replace").replace(path, "")


def test_readfile_absolute_path_of_the_root_is_no_way_out(readfile):
    client, tmp_path = readfile
    event = read(client, str(tmp_path / "secret"))
    assert event.name == "failed", event


@pytest.mark.parametrize(
    "payload", ["", "x", "{}", '{"path":5}', '{"path":"a\\u0000b"}', '["file"]', '{"path":"file"']
)
def test_readfile_bad_input(readfile, payload):
    failure(readfile[0], "readfile", payload)


def test_readfile_of_more_than_payload_max(readfile):
    event = read(readfile[0], "large")
    check(event, "failed")
    assert event["reason"] in ("too-large", "module"), event


def test_readfile_without_a_root_is_refused(daemon):
    """Without a configured root, the module reads nothing."""
    event = daemon().client().run("readfile", '{"path":"/etc/passwd"}')
    check(event, "failed")
    assert event["reason"] in ("module", "unavailable"), event


# ---- exec


EXEC = {
    "cat": ["/bin/cat"],
    "fail": ["/bin/sh", "-c", "echo problem >&2; exit 3"],
    "args": ["/bin/echo", "-n", "one two", "$HOME", ";", "*"],
    "env": ["/usr/bin/env"],
    "killed": ["/bin/sh", "-c", "kill -9 $$"],
    "missing": ["/no/such/program"],
    "sleeper": ["/bin/sleep", "60"],
    "no-stdin": ["/bin/true"],
    "loud": ["/bin/sh", "-c", "head -c 300000 /dev/zero"],
    "fds": ["/bin/sh", "-c", "ls /proc/self/fd"],
}


@pytest.fixture
def execs(daemon):
    server = daemon(
        modules={"exec": {"config": {"commands": EXEC}}}, payload_max=200000, kill_grace_ms=1000
    )
    return server.client()


def test_exec(execs):
    assert execs.done("exec", b"cat\nline one\nline two\0\n") == b"line one\nline two\0\n"
    assert execs.done("exec", b"cat\n") == b""
    assert execs.done("exec", b"cat") == b""
    big = b"x" * 150000
    assert execs.done("exec", b"cat\n" + big) == big


def test_exec_has_no_shell_in_between(execs):
    assert execs.done("exec", b"args\n") == b"one two $HOME ; *"


def test_exec_failure_carries_stderr(execs):
    event = failure(execs, "exec", b"fail\n")
    assert "problem" in event["message"] + (event.payload or b"").decode(), event


def test_exec_that_does_not_read_its_stdin(execs):
    """A broken pipe to the command must not kill the worker."""
    assert execs.done("exec", b"no-stdin\n" + b"x" * 190000) == b""


@pytest.mark.parametrize(
    "payload",
    [b"", b"\n", b"rm\n", b"/bin/cat\n", b"cat \n", b"cat; ls\n", b"missing\n", b"killed\n", b"ca\0t\n"],
)
def test_exec_bad_input(execs, payload):
    failure(execs, "exec", payload)


def test_exec_result_over_payload_max(execs):
    event = execs.run("exec", b"loud\n")
    check(event, "failed")
    assert event["reason"] in ("too-large", "module"), event


def test_exec_stops_when_asked(execs):
    execs.submit("a", "exec", b"sleeper\n", notify=["started"])
    execs.begun()
    execs.send(op="cancel", target="a")
    check(execs.outcome("a"), "failed", reason="cancelled")
    assert execs.done("exec", b"cat\nx") == b"x"


def test_exec_hands_no_descriptors_on(execs):
    listed = set(execs.done("exec", b"fds\n").decode().split())
    assert listed <= {"0", "1", "2", "3"}, listed  # 3 is ls's own


# ---- processes started by a command of exec

SECONDS = itertools.count(73214)
SLEEPS = 4  # of `tree`


class Tree:
    """A daemon with one worker, and commands with a unique number in the command line of each process, even before its
    exec."""

    def __init__(self, daemon):
        self.mark = f"{next(SECONDS)}.{os.getpid()}"
        sleep = f"sleep {self.mark}"
        session = f"setsid -f sh -c 'setsid -f {sleep}; {sleep}; :'"
        scripts = {
            "tree": f"{sleep} & {session}; {sleep}; echo done",
            "leave": f"{sleep} & {session}; echo done",
            "leave-many": f"for i in $(seq 400); do {sleep} & done; echo done",
            "leave-and-fail": f"{sleep} & {session}; echo problem >&2; exit 3",
            "leave-and-die": f"{sleep} & {session}; kill -9 $$",
            "leave-and-flood": f"{sleep} & {session}; exec cat /dev/zero",
        }
        commands = {name: ["/bin/sh", "-c", script] for name, script in scripts.items()}
        self.daemon = daemon(
            modules={"exec": {"config": {"commands": {**EXEC, **commands}}}},
            pool_start=1,
            pool_max=1,
            kill_grace_ms=60000,  # so that exec itself ends the command
        )
        self.client = self.daemon.client()
        self.worker = self.daemon.wait_idle(1) and self.daemon.worker_pids()[0]

    def left(self):
        """The command lines of the tree's living processes."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if self.mark in line and proc.alive(pid):
                found.append(line)
        return found

    def grow(self):
        """Starts `tree` as job a, and waits for all its processes."""
        self.client.submit("a", "exec", b"tree\n", notify=["started"])
        self.client.begun()
        wait_until(lambda: self.left().count(f"sleep {self.mark}") == SLEEPS, "the tree")

    def wait_gone(self):
        wait_until(lambda: not self.left(), "nothing left")


@pytest.fixture
def tree(daemon):
    return Tree(daemon)


def test_exec_that_is_stopped_takes_all_along(tree):
    """All processes are gone before the client's event, even those in a session of their own."""
    tree.grow()
    tree.client.send(op="cancel", target="a")
    check(tree.client.outcome("a"), "failed", reason="cancelled")
    assert not tree.left()
    assert proc.children(tree.worker) == [], "zombies included"
    assert tree.client.done("exec", b"cat\nx") == b"x"
    assert tree.daemon.worker_pids() == [tree.worker]


def test_exec_at_its_time_limit_takes_all_along(tree):
    event = tree.client.run("exec", b"tree\n", timeout_ms=500)
    check(event, "failed", reason="timeout")
    assert not tree.left()
    assert proc.children(tree.worker) == []


@pytest.mark.parametrize(
    "command, expected",
    [
        ("leave", {"event": "done"}),
        ("leave-many", {"event": "done"}),
        ("leave-and-fail", {"event": "failed", "code": "exit-status"}),
        ("leave-and-die", {"event": "failed", "code": "signal"}),
        ("leave-and-flood", {"event": "failed", "reason": "too-large"}),
        ("missing", {"event": "failed", "code": "cannot-start"}),
    ],
)
def test_exec_leaves_nothing_behind(tree, command, expected):
    event = tree.client.run("exec", f"{command}\n")
    assert not tree.left()
    assert {key: event.get(key) for key in expected} == expected, event
    assert expected != {"event": "done"} or event.payload == b"done\n"
    assert proc.children(tree.worker) == []


def test_exec_whose_worker_is_killed(tree):
    """kill -9 of the worker alone."""
    tree.grow()
    os.kill(tree.worker, signal.SIGKILL)
    check(tree.client.outcome("a"), "failed", reason="error", signal="SIGKILL")
    tree.wait_gone()


def test_exec_whose_job_is_killed(tree):
    """The master kills the worker's process group. This must not kill the guard, which cleans up."""
    for _ in range(6):  # the order of the three deaths varies
        tree.grow()
        tree.client.send(op="kill", target="a")
        check(tree.client.outcome("a"), "failed", reason="cancelled", step="sigkill")
        tree.wait_gone()


def test_exec_whose_master_is_killed(tree):
    tree.grow()
    tree.daemon.expected_status = -signal.SIGKILL
    begin = time.monotonic()
    tree.daemon.kill()
    tree.wait_gone()
    assert time.monotonic() - begin < 2.0 * SCALE


def test_exec_guard_between_worker_and_command(tree):
    """The guard has none of the worker's descriptors, and the command is in the worker's process group."""
    tree.grow()
    (guard,) = proc.children(tree.worker)
    held = proc.descriptors(guard)
    assert sorted(held) == [0, 1, 2, 3], held
    assert not [target for target in held.values() if target.startswith("socket:")], held
    assert os.getpgid(guard) == guard
    assert tree.worker in map(os.getpgid, proc.children(guard))
    tree.client.send(op="cancel", target="a")
    check(tree.client.outcome("a"), "failed", reason="cancelled")


# ---- the loader's refusals

# Modules of tests/modules, one refusal each.
REFUSED = [
    "bad_abi",
    "bad_size",
    "bad_name",
    "no_name",
    "no_run",
    "no_symbol",
    "undefined",
]
UNFIT = ["init_fails", "init_silent"]  # this worker cannot begin the job, but another may


@pytest.fixture
def bad_modules(daemon):
    assert os.path.isdir(BAD_MODULES), f"{BAD_MODULES} is not built"
    return daemon(module_dir=BAD_MODULES, pool_start=1, pool_max=1)


def unavailable(client, name, id):
    event = client.run(name, "x", id=id)
    check(event, "failed", reason="unavailable")
    assert event["message"].strip() and "\n" not in event["message"], event


@pytest.mark.parametrize("name", REFUSED)
def test_a_module_that_cannot_be_loaded_fails_its_own_job(bad_modules, name):
    """The job fails as `unavailable` with the loader's message, and nothing else is harmed."""
    client = bad_modules.client()
    for n in range(2):
        unavailable(client, name, n)
    assert client.done("newer", "x") == b"newer"
    assert bad_modules.stats()["pool"]["exits"] == 0


@pytest.mark.parametrize("name", UNFIT)
def test_a_module_that_refuses_everywhere(bad_modules, name):
    """The job fails as `unavailable` once a fresh worker refuses, too. The answer holds for a while."""
    client = bad_modules.client()
    for n in range(20):
        unavailable(client, name, n)
        assert client.done("newer", "x") == b"newer"
    assert 1 <= bad_modules.stats()["pool"]["exits"] <= 3


def test_each_refusal_has_its_own_reason(bad_modules):
    client = bad_modules.client()
    messages = {}
    for name in REFUSED + UNFIT:
        text = client.run(name, "x")["message"].replace(name, "NAME")
        assert text not in messages, f"{name} and {messages[text]} have one reason: {text}"
        messages[text] = name


@pytest.mark.parametrize("name", ["undefined", "init_fails"])
def test_a_refusal_is_in_the_log_once_for_many_jobs(bad_modules, name):
    client = bad_modules.client()
    why = client.run(name, "x")["message"]
    for n in range(20):
        check(client.run(name, "x", id=n), "failed", reason="unavailable")
    line = bad_modules.log.wait("module-unavailable")
    worker = 2 if name in UNFIT else 1
    expected = {"level": "error", "module": name, "worker": worker, "jobs": 1, "why": why}
    assert {key: line[key] for key in expected} == expected
    assert len(bad_modules.log.events("module-unavailable")) == 1
    other = client.run("no_run", "x")["message"]
    bad_modules.log.wait("module-unavailable", module="no_run", why=other)


def test_a_file_that_the_workers_may_not_read(daemon):
    if os.getuid() != 0:
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory() as modules:
        os.chmod(modules, 0o755)
        shutil.copy(os.path.join(MODULES, "echo.so"), modules)
        os.chmod(f"{modules}/echo.so", 0o600)
        server = daemon(module_dir=modules, user="nobody", pool_start=1, pool_max=1)
        event = server.client().run("echo", "x")
        check(event, "failed", reason="unavailable")
        words = "Permission denied: make it readable for the user that the workers run as, uid 65534"
        assert words in event["message"] and "cc -shared" not in event["message"], event


# ---- workers that cannot begin a job


@pytest.fixture
def unfit(daemon, tmp_path):
    """Makes a server with the test modules, the shipped ones, and a flag for init_once."""

    def start(**settings):
        modules = tmp_path / "modules"
        modules.mkdir()
        for directory in (BAD_MODULES, MODULES):
            for name in os.listdir(directory):
                if name.endswith(".so"):
                    (modules / name).symlink_to(os.path.join(directory, name))
        flag = {"init_once": {"config": {"flag": str(tmp_path / "flag")}}}
        return daemon(module_dir=str(modules), modules=flag, **settings)

    return start


def test_a_worker_that_cannot_begin_a_job_does_not_eat_the_line(unfit, tmp_path):
    server = unfit(pool_start=4, pool_max=4, job_max=1000)
    server.wait_idle(4)
    (tmp_path / "flag").write_text("")
    client = server.client()
    for n in range(300):
        client.submit(n, "init_once", "x", notify=["started"])
    for n in range(300):
        check(client.outcome(n), "done")
    line = server.log.wait("worker-unfit")
    assert line["level"] == "warn" and "module init_once: there was a file" in line["why"], line
    assert len(server.log.events("worker-unfit")) == 1
    assert not server.log.events("module-unavailable")
    pool = server.wait_idle(4)["pool"]
    assert (pool["forks"], pool["exits"]) == (5, 1), pool


def test_a_job_that_is_given_back_has_started_once(unfit, tmp_path):
    """The only worker is replaced. The job keeps its place, its order and its time."""
    server = unfit(pool_start=1, pool_max=1)
    server.wait_idle(1)
    (tmp_path / "flag").write_text("")
    client = server.client()
    client.submit("a", "init_once", "x", notify=["started"], timeout_ms=60000)
    client.submit("b", "echo", "x")
    started = client.begun(id="a")
    event = client.outcome("a")
    check(event, "done", order=started["order"])
    assert event.payload == str(server.worker_pids()[0]).encode()
    check(client.outcome("b"), "done", order=started["order"] + 1)
    assert not [event for event in client.kept if event.name == "started"]


NO_MEMORY = pytest.mark.skipif(SANITIZED, reason="the sanitizers need memory of their own")


@pytest.mark.parametrize("what", ["descriptors", pytest.param("memory", marks=NO_MEMORY)])
def test_a_worker_whose_resources_are_used_up(unfit, what):
    """The worker cannot load these modules, so their jobs go to another one. The log names the cause."""
    server = unfit(pool_start=1, pool_max=1)
    client = server.client()
    assert client.done("greedy", what) == b"ok"
    for n, module in enumerate(("echo", "wc", "fib")):
        check(client.run(module, "7", id=n), "done")
    why = server.log.wait("worker-unfit")["why"]
    words = {
        "descriptors": "Too many open files: this worker has no descriptor left",
        "memory": ": this worker has no memory left for it",
    }
    assert words[what] in why and "cc -shared" not in why, why
    assert server.stats()["pool"]["exits"] == 1


def test_an_unfit_worker_while_no_worker_can_be_started(unfit):
    """No worker starts under the new settings, so the unfit one is not replaced. The other old workers get its jobs."""
    server = unfit(pool_start=3, pool_max=4)
    server.wait_idle(3)
    client = server.client()
    client.send_raw(
        b"".join(message('{"ms":200}', op="submit", id=n, module="sleep") for n in range(3))
    )
    for n in range(3):  # none of the workers is fresh any more
        check(client.outcome(n), "done")
    server.write_config(preload=["init_fails"])
    server.signal(signal.SIGHUP)
    server.log.wait("renewal-held")
    assert client.done("greedy", "descriptors", id="greedy") == b"ok"
    for n in range(12):
        check(client.run(("echo", "wc", "fib")[n % 3], "7", id=n), "done")
    assert not server.log.events("worker-unfit")
    assert not server.log.events("renewed")


@NO_MEMORY
def test_a_worker_that_has_no_memory_for_a_payload(unfit):
    """The worker gives the job back unbegun, and another worker does the job."""
    server = unfit(pool_start=1, pool_max=1)
    client = server.client()
    assert client.done("greedy", "memory") == b"ok"
    data = os.urandom(8 << 20)
    assert client.done("echo", data, id="large") == data
    assert server.stats()["jobs"]["failed"]["error"] == 0
    why = server.log.wait("worker-unfit")["why"]
    assert f"this worker has no memory for a payload of {8 << 20} bytes" in why, why
    assert not server.log.events("worker-lost")


def test_a_module_that_always_refuses_beside_others(unfit):
    """The module's jobs fail, and no others do. Workers are not started without end."""
    server = unfit(pool_start=4, pool_max=4, job_max=2000)
    client = server.client()
    for n in range(400):
        client.submit(n, "init_fails" if n % 2 else "echo", "x")
    for n in range(400):
        if n % 2:
            check(client.outcome(n), "failed", reason="unavailable")
        else:
            check(client.outcome(n), "done")
    assert server.stats()["pool"]["forks"] <= 8


def test_a_module_of_the_first_header_runs_unchanged(daemon):
    """It was built when the tables had fewer members, and knows no later ones."""
    server = daemon(module_dir=BAD_MODULES, modules={"first": {"config": {"depth": 3}}})
    client = server.client()
    event = client.run("first", "hello", timeout_ms=60000)
    check(event, "done")
    payload, job, left, stop = event.payload.decode().split()
    assert (payload, job, stop) == ("hello", event["job"], "0") and 30000 < int(left) <= 60000, event
    check(client.run("first"), "failed", reason="module", code="no-input", message="the payload is empty")
    server.log.wait("worker-output", text='first was told {"depth":3}')


def test_a_module_that_crashes_while_it_is_loaded(bad_modules):
    """The crash costs the module's job and the worker."""
    client = bad_modules.client()
    check(client.run("constructor_crash", "x"), "failed", reason="error", signal="SIGABRT")
    assert client.done("newer", "x") == b"newer"


@pytest.mark.parametrize(
    "content", [b"", b"not an object", b"\x7fELF" + bytes(2000)], ids=["empty", "text", "cut"]
)
def test_a_file_that_is_no_shared_object(daemon, tmp_path, content):
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "broken.so").write_bytes(content)
    shutil.copy(os.path.join(MODULES, "echo.so"), modules)
    server = daemon(module_dir=str(modules), pool_start=1, pool_max=1)
    client = server.client()
    event = client.run("broken", "x")
    check(event, "failed", reason="unavailable")
    assert event["message"], event
    assert client.done("echo", "next") == b"next"
    assert server.stats()["pool"]["exits"] == 0


def test_a_module_under_another_name_is_refused(daemon, tmp_path):
    modules = tmp_path / "modules"
    modules.mkdir()
    shutil.copy(os.path.join(MODULES, "echo.so"), modules / "parrot.so")
    event = daemon(module_dir=str(modules)).client().run("parrot", "x")
    check(event, "failed", reason="unavailable")
    assert "echo" in event["message"] and "parrot" in event["message"], event


def test_a_module_that_appears_later_is_found(daemon, tmp_path):
    """The first job loads the module."""
    modules = tmp_path / "modules"
    modules.mkdir()
    client = daemon(module_dir=str(modules)).client()
    check(client.run("echo", "x"), "failed", reason="unknown-module")
    shutil.copy(os.path.join(MODULES, "echo.so"), modules)
    wait_until(lambda: client.run("echo", "x").name == "done", "the module found")


def test_a_new_build_takes_effect_at_a_reload(daemon, tmp_path):
    """The new file replaces the old one by rename. Workers keep the old build until a reload."""
    modules = tmp_path / "modules"
    modules.mkdir()
    shutil.copy(os.path.join(MODULES, "wc.so"), modules)
    server = daemon(module_dir=str(modules), pool_start=1, pool_max=1)
    client = server.client()
    assert "lines" in json.loads(client.done("wc", "x"))
    build = (modules / "wc.so").read_bytes().replace(b'{"lines":%zu', b'{"LINES":%zu')
    (tmp_path / "wc.so").write_bytes(build)
    os.replace(tmp_path / "wc.so", modules / "wc.so")
    assert "lines" in json.loads(client.done("wc", "x"))
    server.signal(signal.SIGHUP)
    wait_until(lambda: "LINES" in json.loads(client.done("wc", "x")), "the new build")
    assert server.stats()["jobs"]["failed"]["error"] == 0


def test_a_directory_is_no_module(daemon, tmp_path):
    (tmp_path / "modules" / "folder.so").mkdir(parents=True)
    event = daemon(module_dir=str(tmp_path / "modules")).client().run("folder", "x")
    check(event, "failed")
    assert event["reason"] in ("unknown-module", "unavailable"), event


def test_preload(daemon):
    """A preloaded module is mapped in the worker before the first job."""
    server = daemon(pool_start=1, preload=["math"])
    server.wait_idle(1)
    maps = proc.maps(server.worker_pids()[0])
    assert "math.so" in maps and "fib.so" not in maps


def test_each_pool_has_a_preload_of_its_own(daemon):
    pools = {"other": {"pool-start": 1, "preload": ["fib", "wc"]}, "bare": {"pool-start": 1}}
    server = daemon(pool_start=1, preload=["math"], pools=pools)
    server.wait_idle(3)
    found = {
        worker["pool"]: [name for name in ("fib", "math", "wc") if proc.has_mapped(worker["pid"], f"/{name}.so")]
        for worker in server.workers()
    }
    assert found == {"default": ["math"], "other": ["fib", "wc"], "bare": []}


def test_a_removed_pool_keeps_its_preload(daemon):
    """Its waiting job runs in a worker started after the reload."""
    pools = {"slow": {"pool-start": 1, "pool-max": 1, "worker-window": 1, "preload": ["math"]}}
    server = daemon(pools=pools, modules={"sleep": {"pool": "slow"}})
    client = server.client()
    client.submit("first", "sleep", '{"ms":60000}')
    client.submit("second", "sleep", '{"ms":60000}')
    server.wait_jobs(running=1, waiting=1)
    pid = server.begun_pids()[0]
    server.write_config(pools={}, modules={}, preload=["wc"])
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    os.kill(pid, signal.SIGKILL)
    check(client.outcome("first"), "failed", reason="error")
    server.wait_jobs(running=1, waiting=0)
    again = server.begun_pids()[0]
    assert again != pid
    assert proc.has_mapped(again, "/math.so") and not proc.has_mapped(again, "/wc.so")


def test_a_preload_that_crashes_is_named(daemon):
    """The log names the module, and so does the failure of each waiting job."""
    server = daemon(preload=["math", "constructor_crash"], start_timeout_ms=300, module_dir=BAD_MODULES)
    why = "it was ended by SIGABRT while it preloaded module constructor_crash"
    assert server.log.wait("start-failed")["why"] == why
    event = server.client().run("probe", "id")
    check(event, "failed", reason="unavailable")
    assert why in event["message"], event


def test_state_lives_as_long_as_the_worker(daemon):
    """Modules are loaded once: a second job of the module adds no mapping."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.done("echo", "x")
    pid = server.worker_pids()[0]

    def mappings():
        return sum("echo.so" in line for line in proc.maps(pid).splitlines())

    before = mappings()
    client.done("echo", "y")
    assert mappings() == before > 0
    assert server.worker_pids() == [pid]


# ---- the moment of a module's search


@pytest.fixture
def few(daemon, tmp_path):
    """A daemon with its own module-dir, with only echo in it."""
    modules = tmp_path / "few"
    modules.mkdir()
    (modules / "echo.so").symlink_to(os.path.join(MODULES, "echo.so"))
    server = daemon(module_dir=str(modules))
    server.modules = modules
    return server


def half_submit(server, module):
    """Sends a submit without its last byte, and waits until the server has read so far. Returns a function for the last
    byte."""
    client = server.client()
    client.send_raw(header(op="ping") + header(op="submit", id="half", module=module, size=4) + b"abc")
    client.expect("pong")  # the server reads the half submit together with the ping

    def finish():
        client.send_raw(b"d")
        return client.outcome("half")

    return finish


def test_a_module_that_comes_while_the_payload_arrives(few):
    finish = half_submit(few, "wc")
    shutil.copy(os.path.join(MODULES, "wc.so"), few.modules / "wc.so.new")
    os.rename(few.modules / "wc.so.new", few.modules / "wc.so")
    check(finish(), "done")


@pytest.mark.parametrize("how", ["removed", "disabled"])
def test_a_module_that_goes_while_the_payload_arrives(few, how):
    client = few.client()
    client.done("echo", "x")
    finish = half_submit(few, "echo")
    if how == "removed":
        (few.modules / "echo.so").unlink()
        wait_until(lambda: client.run("echo", "x").name == "failed", "the file to be missed")
    else:
        few.write_config(modules={"echo": {"enabled": False}})
        few.signal(signal.SIGHUP)
        few.log.wait("reload")
    check(finish(), "failed", reason="unknown-module")


def test_the_time_limit_of_a_module_that_a_reload_changes_while_the_payload_arrives(daemon):
    server = daemon(modules={"sleep": {"timeout-ms": 600000}})
    client = server.client()
    payload = json.dumps({"ms": 60000})
    client.send_raw(header(op="ping") + header(op="submit", id=1, module="sleep", size=len(payload)))
    client.expect("pong")
    server.write_config(modules={"sleep": {"timeout-ms": 100}})
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    client.send_raw(payload)
    check(client.outcome(1), "failed", reason="timeout")


def test_a_job_in_the_line_runs_though_its_module_is_disabled(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("long", "sleep", json.dumps({"ms": 60000}), notify=["started"])
    client.begun(id="long")
    client.submit("waits", "echo", "x")
    server.wait_jobs(waiting=1)
    server.write_config(modules={"echo": {"enabled": False}})
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    client.send(op="kill", target="long")
    assert client.outcome("waits").payload == b"x"
    check(client.run("echo", "y"), "failed", reason="unknown-module")


def test_a_flood_of_unknown_names_does_not_hide_a_module_that_comes(few):
    """The module is found within a second, without a search on the disk for each name."""
    client, flood = few.client(), few.client()
    for n in range(20):
        data = b"".join(header(op="submit", id=i, module=f"no-{n}-{i}") for i in range(500))
        flood.send_raw(data)
        for i in range(500):
            check(flood.outcome(i), "failed", reason="unknown-module")
    (few.modules / "wc.so").symlink_to(os.path.join(MODULES, "wc.so"))
    wait_until(lambda: client.run("wc", "x").name == "done", "the new module to be found")
    assert set(client.stats()["modules"]) == {"wc"}
