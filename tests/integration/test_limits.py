"""Workers are kept apart from the master and each other, and within the limits of their pool."""

import os
import resource
import signal
import subprocess
import tempfile

import pytest

from harness import proc
from harness.client import check
from harness.wait import BUILD, SANITIZED, wait_until

TEST_MODULES = os.path.join(BUILD, "tests", "modules")
NOBODY = 65534
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user")
NO_SANITIZER = pytest.mark.skipif(SANITIZED, reason="the sanitizers need memory of their own")


def text_of(pid, name):
    with open(f"/proc/{pid}/{name}") as file:
        return file.read()


def limit_of(pid, name):
    line = next(line for line in text_of(pid, "limits").splitlines() if line.startswith(name))
    return line[len(name) :].split()[0]


def niceness(pid):
    return int(text_of(pid, "stat").rpartition(")")[2].split()[16])


def is_closed(pid):
    """The files of a process that is not dumpable belong to root."""
    return os.stat(f"/proc/{pid}/maps").st_uid == 0


def can_read_memory(pid):
    """Whether another process of user nobody can."""
    script = f"exec 3< /proc/{pid}/mem && ls /proc/{pid}/fd"
    status = subprocess.run(["sh", "-c", script], user=NOBODY, group=NOBODY, capture_output=True)
    return status.returncode == 0


# ---- apart from the master and each other


@AS_ROOT
@pytest.mark.parametrize(
    "settings, master, worker",
    [
        ({}, True, True),
        ({"core_max": 1 << 20}, True, False),
        ({"allow_debug": True}, False, False),
    ],
)
def test_no_process_of_their_user_can_look_into_master_and_workers(daemon, settings, master, worker):
    server = daemon(user="nobody", pool_start=1, pool_max=1, **settings)
    client = server.client()
    assert client.done("echo", "x") == b"x"
    pids = server.pid, server.worker_pids()[0]
    assert (is_closed(pids[0]), is_closed(pids[1])) == (master, worker)
    assert (can_read_memory(pids[0]), can_read_memory(pids[1])) == (not master, not worker)
    assert server.stats()["pool"]["forks"] == 1
    assert client.workers()[0]["rss_kb"] > 0, "the master can still ask"


@AS_ROOT
def test_a_reload_opens_and_closes_them(daemon):
    server = daemon.make({"user": "nobody", "pool_start": 1, "pool_max": 1})
    with tempfile.TemporaryDirectory() as directory:  # the tests' own is root's alone
        os.chmod(directory, 0o755)
        server.config_path = os.path.join(directory, "config.json")
        server.start()
        reload_open_and_closed(server)


def reload_open_and_closed(server):
    for count, opened in enumerate([True, False], 1):
        server.write_config(allow_debug=opened)
        server.signal(signal.SIGHUP)
        server.log.wait("renewed", count)
        wait_until(lambda: [is_closed(pid) for pid in server.worker_pids()] == [not opened], "a new worker")
        assert is_closed(server.pid) == (not opened)


@pytest.mark.parametrize("value", [True, False])
def test_programs_gain_no_rights(daemon, value):
    server = daemon(pool_start=1, no_new_privs=value)
    server.wait_idle(1)
    assert f"NoNewPrivs:\t{int(value)}\n" in text_of(server.worker_pids()[0], "status")
    assert "NoNewPrivs:\t0\n" in text_of(server.pid, "status")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_from_outside_ends_no_job(daemon, number):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("a", "sleep", '{"ms":500}', notify=["started"])
    client.begun()
    pid = server.worker_pids()[0]
    os.kill(pid, number)
    os.killpg(pid, number)
    check(client.outcome("a"), "done")
    os.kill(pid, number)
    assert client.done("echo", "x", id="b") == b"x"
    assert server.worker_pids() == [pid]


# ---- limits


@AS_ROOT
@pytest.mark.parametrize("user", ["nobody", None])
def test_limits(daemon, user):
    settings = {} if SANITIZED else {"memory_max": 1 << 32}
    server = daemon(
        pool_start=1, user=user, files_max=200, core_max=4096, file_size_max=8192, nice=5, oom_score_adj=900, **settings
    )
    server.wait_idle(1)
    pid = server.worker_pids()[0]
    assert SANITIZED or limit_of(pid, "Max address space") == str(1 << 32)
    assert limit_of(pid, "Max open files") == "200"
    assert limit_of(pid, "Max core file size") == "4096"
    assert limit_of(pid, "Max file size") == "8192"
    assert niceness(pid) == niceness(server.pid) + 5
    assert text_of(pid, "oom_score_adj") == "900\n"
    assert not server.log.events("worker-output")


@AS_ROOT
@pytest.mark.parametrize("user", ["nobody", None])
def test_limits_by_default(daemon, user):
    server = daemon(pool_start=1, user=user)
    server.wait_idle(1)
    pid = server.worker_pids()[0]
    assert limit_of(pid, "Max address space") == limit_of(server.pid, "Max address space")
    assert limit_of(pid, "Max core file size") == "0"
    assert limit_of(pid, "Max file size") == limit_of(server.pid, "Max file size")
    assert niceness(pid) == niceness(server.pid)
    assert text_of(pid, "oom_score_adj") == "500\n"
    assert text_of(server.pid, "oom_score_adj") == text_of("self", "oom_score_adj")


@AS_ROOT
@NO_SANITIZER
def test_limits_over_the_hard_ones(daemon):
    def lower():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 34, 1 << 34))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))

    settings = {"pool_start": 1, "user": "nobody", "memory_max": 1 << 40, "file_size_max": 1 << 40}
    server = daemon.make(settings, preexec_fn=lower).start()
    warnings = [line["why"] for line in server.log.events("settings") if "the system refuses" in line["why"]]
    assert [why.rpartition("memory-max")[1] or why.rpartition("file-size-max")[1] for why in warnings] == [
        "memory-max",
        "file-size-max",
    ], warnings
    assert server.client().done("echo", "x") == b"x"


@AS_ROOT
def test_a_limit_that_the_system_refuses(daemon):
    """The start warns of it. The worker says so and works without it."""
    pools = {"eager": {"nice": -5, "pool-max": 1}}
    server = daemon(
        pool_start=1, pool_max=1, user="nobody", nice=-5, oom_score_adj=-500, files_max=100, core_max=1, pools=pools
    )
    warnings = [line["why"] for line in server.log.events("settings") if "the system refuses" in line["why"]]
    assert [why.partition(": ")[2] for why in warnings] == [
        "nice: the system refuses it: Permission denied: workers do without it",
        "oom-score-adj: the system refuses it: Permission denied: workers do without it",
        "pools.eager: the system refuses nice: Permission denied: its workers do without it",
    ], warnings
    assert server.client().done("echo", "x") == b"x"
    server.log.wait("worker-output", text="cannot set nice to -5: Permission denied: it stays 0", level="warn")
    server.log.wait("worker-output", text="cannot set oom-score-adj to -500: Permission denied", level="warn")


@NO_SANITIZER
def test_memory_max(daemon):
    """A job too large for it fails with the reason, and costs no worker."""
    server = daemon(pool_start=1, pool_max=1, memory_max=32 << 20, payload_max=1 << 26, client_output_max=1 << 28)
    client = server.client()
    data = os.urandom(1 << 20)
    assert client.done("echo", data) == data
    for n in range(2):
        event = client.run("echo", bytes(40 << 20), id=n)
        check(event, "failed", reason="unavailable")
        assert f"no memory for a payload of {40 << 20} bytes" in event["message"]
        event = client.run("crash", f"big {40 << 20}", id=f"r{n}")
        check(event, "failed", reason="too-large")
        assert "no memory for a result of" in event["message"]
    assert client.done("echo", data, id="again") == data
    assert not server.log.events("worker-lost")


def test_file_size_max(daemon, tmp_path):
    command = ["/bin/sh", "-c", f"head -c 100000 /dev/zero > {tmp_path}/file"]
    server = daemon(
        pool_start=1, pool_max=1, file_size_max=4096, modules={"exec": {"config": {"commands": {"write": command}}}}
    )
    check(server.client().run("exec", "write\n"), "failed", reason="module")
    assert os.path.getsize(tmp_path / "file") <= 4096


# ---- workers used up


def await_replacement(server, pid):
    wait_until(lambda: not proc.alive(pid), "the end of the worker")


@pytest.mark.parametrize("count, replaced", [(64, False), (65, True)])
def test_descriptors_left_open(daemon, count, replaced):
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client = server.client()
    assert client.done("greedy", f"descriptors {count}") == b"ok"
    pid = server.worker_pids()[0]
    if replaced:
        text = server.log.wait("worker-output")["text"]
        assert text.startswith("jobs have left 65 descriptors open"), text
        assert text.endswith("its last job was of module greedy"), text
        await_replacement(server, pid)
    for n in range(3):
        assert client.done("greedy", "nothing", id=n) == b"ok"
    assert (pid not in server.worker_pids()) == replaced
    check(client.run("probe", "inits", id="p"), "done")


@NO_SANITIZER
def test_worker_max_rss(daemon):
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES, worker_max_rss=64 << 20)
    client = server.client()
    pid = client.run("greedy", "nothing") and server.worker_pids()[0]
    assert client.done("greedy", f"rss {100 << 20}", id="large") == b"ok"
    await_replacement(server, pid)
    line = server.log.wait("worker-ended", pid=pid)
    assert line["reason"] == "max-rss" and line["why"].startswith("it was larger than worker-max-rss"), line
    assert client.done("greedy", "nothing", id="again") == b"ok"
    assert not server.log.events("worker-lost")


@NO_SANITIZER
@pytest.mark.parametrize("busy", [False, True])
def test_a_kill_that_is_not_ours(daemon, busy):
    """The message says that it is mostly for want of memory, and how much the worker had."""
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client = server.client()
    assert client.done("greedy", f"rss {100 << 20}") == b"ok"
    pid = server.worker_pids()[0]
    if busy:
        client.submit("a", "probe", "spin 60000")
        assert server.begun_pids(client) == [pid]
    os.kill(pid, signal.SIGKILL)
    text = client.outcome("a")["message"] if busy else server.log.wait("worker-lost")["why"]
    assert "not by the server: mostly the kernel does that for want of memory" in text, text
    assert int(text.partition("it had ")[2].split()[0]) > 100 << 10, text
