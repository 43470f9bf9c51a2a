"""Issue item 4 and the signal lines: a worker's inheritance, and its death with the master."""

import json
import os
import re
import shutil
import signal
import threading
import time

import pytest

from harness import proc
from harness.client import check
from harness.daemon import WORKER
from harness.fakes import FakeWorker
from harness.wait import BUILD, DEADLINE, SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


TEST_MODULES = os.path.join(BUILD, "tests", "modules")


def blocked_none(pid):
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("SigBlk"))
    return not parse_mask(line.split()[1])


def parse_mask(text):
    return {n for n in range(1, 65) if int(text, 16) >> (n - 1) & 1}


# ---- a worker's inheritance


def test_a_worker_inherits_only_the_descriptors_made_for_it(daemon, tmp_path):
    """A worker gets no descriptor of the master, nor of the master's parent."""
    worker = FakeWorker(tmp_path)
    leak = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leak, True)
    try:
        server = daemon.make(
            {"worker_path": worker.path, "pool_start": 0, "pool_max": 1}, pass_fds=(leak,)
        ).start()
    finally:
        os.close(leak)
    clients = [server.client() for _ in range(5)]
    assert clients[0].done("echo", "ok x") == b"x"
    note = worker.wait_notes()[0]
    descriptors = {int(fd): target for fd, target in note["descriptors"].items()}
    # The script itself has a descriptor for the listing of /proc, and perhaps one for its own source.
    extra = {
        fd: target
        for fd, target in descriptors.items()
        if fd > 4 and not target.startswith("/proc/") and "fake" not in target
    }
    assert not extra, f"more than 0 to 4: {descriptors}"
    assert {0, 1, 2, 3, 4} <= set(descriptors), descriptors
    assert descriptors[0] == "/dev/null", "a module must not read the master's stdin"


def test_the_real_worker_holds_few_descriptors(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    clients = [server.client() for _ in range(5)]
    clients[0].done("echo", "x")
    client_inodes = {
        target for target in proc.descriptors(server.pid).values() if target.startswith("socket:")
    }
    for pid in server.worker_pids():
        held = proc.descriptors(pid)
        assert len(held) <= 10, held
        assert not client_inodes & set(held.values()), "a socket of the master in the worker"


def test_the_token_is_in_neither_argv_nor_environment(daemon, tmp_path):
    worker = FakeWorker(tmp_path)
    daemon(worker_path=worker.path, pool_start=2, pool_max=2)
    notes = worker.wait_notes(2)
    assert len({note["token"] for note in notes}) == 2, "one token each"
    for note in notes:
        token = bytes.fromhex(note["token"])
        assert token != bytes(32)
        for place in ("argv", "environ"):
            data = bytes.fromhex(note[place])
            assert token not in data
            assert note["token"].encode() not in data.lower()


def test_ld_variables_are_scrubbed(daemon, tmp_path):
    worker = FakeWorker(tmp_path)
    extra = {
        "LD_LIBRARY_PATH": "/no/such/dir",
        "LD_BIND_NOW": "1",
        "LD_DEBUG_OUTPUT": "/no/such/file",
        "LD_ORIGIN_PATH": "/",
        "KEPT_FOR_THE_MODULE": "yes",
    }
    server = daemon.make(
        {"worker_path": worker.path, "pool_start": 1, "pool_max": 1}, env=extra
    ).start()
    server.wait_idle(1)
    environ = bytes.fromhex(worker.wait_notes()[0]["environ"]).split(b"\0")
    names = {entry.split(b"=")[0] for entry in environ}
    assert not [name for name in names if name.startswith(b"LD_")], names
    assert b"KEPT_FOR_THE_MODULE" in names


def test_the_environment_is_as_the_manual_says(daemon, tmp_path):
    with open(os.path.join(ROOT, "doc", "taskmasterd.8")) as page:
        text = page.read().partition("Workers have the environment")[2].partition(".Sh ")[0]
    prefixes, _, words = text.partition(".Ev TASKMASTER_ ,\n")
    names = [name + "X" for name in re.findall(r"\b[A-Z_]+_(?=\s)", prefixes)] + ["TASKMASTER_X"]
    names += re.findall(r"\b[A-Z_]{7,}\b", words)
    assert len(names) == 20, names
    worker = FakeWorker(tmp_path)
    unwanted = {"LD_X", "JOURNAL_STREAM", "GLIBC_TUNABLES"}  # the master itself interprets these
    extra = {name: "x" for name in names if name not in unwanted}
    daemon.make({"worker_path": worker.path, "pool_max": 1}, env={**extra, "KEPT": "x"}).start()
    environ = bytes.fromhex(worker.wait_notes()[0]["environ"]).decode().split("\0")
    found = {entry.partition("=")[0] for entry in environ}
    assert "KEPT" in found and not found & set(names), found


def test_a_worker_leads_its_own_process_group(daemon, tmp_path):
    worker = FakeWorker(tmp_path)
    daemon(worker_path=worker.path, pool_start=2, pool_max=2)
    for note in worker.wait_notes(2):
        assert note["pgrp"] == note["pid"]


@pytest.mark.parametrize("state", ["usual", "blocked and ignored"])
def test_a_worker_starts_with_default_signals(daemon, tmp_path, state):
    """In a worker no signal is blocked or ignored, in whatever state the master was started."""

    def spoil():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    worker = FakeWorker(tmp_path)
    daemon.make(
        {"worker_path": worker.path, "pool_start": 1, "pool_max": 1},
        preexec_fn=spoil if state != "usual" else None,
    ).start()
    signals = worker.wait_notes()[0]["signals"]
    assert not parse_mask(signals["SigBlk"]), signals
    # Python itself ignores SIGPIPE and SIGXFSZ; 32 and 33 belong to the C library.
    assert parse_mask(signals["SigIgn"]) <= {signal.SIGPIPE, signal.SIGXFSZ, 32, 33}, signals


def test_the_masters_descriptors_are_close_on_exec(daemon):
    server = daemon(pool_start=1)
    clients = [server.client() for _ in range(3)]
    clients[0].done("echo", "x")
    for fd, target in proc.descriptors(server.pid).items():
        if fd > 2:
            flags = proc.descriptor_flags(server.pid, fd)
            assert flags & os.O_CLOEXEC, f"{fd} ({target}) is inheritable"


# ---- signals from the daemon's parent


@pytest.mark.parametrize("how", ["ignored", "blocked", "both"])
def test_sigchld_ignored_or_signals_blocked_by_the_starter_do_no_harm(daemon, how):
    def spoil():
        if how != "blocked":
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
        if how != "ignored":
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

    server = daemon.make({"pool_start": 1, "pool_max": 1}, preexec_fn=spoil).start()
    client = server.client()
    assert client.done("echo", "x") == b"x"
    check(client.run("crash", "kill"), "failed", reason="error", signal="SIGKILL")
    check(client.run("crash", "exit 9"), "failed", reason="error", exit_status=9)
    client.submit("a", "crash", "loop", notify=["started"])
    client.begun()
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled", step="sigterm")
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    # The fixture ends the daemon with TERM: this must work as well.


def test_a_signal_between_fork_and_exec_does_not_run_the_parents_handler(daemon):
    """Every new child gets TERM as soon as the test sees it, in some cases before the exec. If the master's handler ran
    in a child, the drain would begin."""
    server = daemon.make({"pool_start": 24, "pool_max": 24, "kill_grace_ms": 400})
    stop = threading.Event()
    hit = set()

    def hunt():
        while not stop.is_set():
            process = server.process
            if process is None:
                continue
            try:
                for pid in proc.children(process.pid):
                    if pid not in hit:
                        os.kill(pid, signal.SIGTERM)
                        hit.add(pid)
            except (ProcessLookupError, FileNotFoundError):
                pass

    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        server.start()
        # Dead children delay the next starts, so there may be fewer than 24. A worker ignores the signal once it can
        # check the sender.
        wait_until(lambda: len(hit) >= 6, "children hit")
    finally:
        stop.set()
        hunter.join()
    assert server.process.poll() is None, "the master ended"
    assert not server.log.events("drain"), "a child's signal reached the master"
    assert server.stats()["draining"] is False
    event = server.client().run("echo", "x", timeout=3 * DEADLINE)
    check(event, "done")


def test_a_signal_storm_to_the_group_at_start(daemon):
    """HUP goes to the daemon's whole process group while it forks. The workers are in their own groups, and the daemon
    goes on."""
    server = daemon(pool_start=4, pool_max=8)
    client = server.client()
    for n in range(30):
        client.submit(n, "crash", "kill")
        os.killpg(server.pid, signal.SIGHUP)
    for n in range(30):
        check(client.outcome(n, 3 * DEADLINE), "failed", reason="error", signal="SIGKILL")
    assert client.done("echo", "x") == b"x"


def test_the_master_as_pid_1(daemon):
    """As in a container: the daemon works, and reaps foreign orphans."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare")
    server = daemon.make({"pool_start": 2, "pool_max": 2})
    server.command_line = ["unshare", "--pid", "--fork", "--kill-child", *server.command()]
    try:
        server.start()
    except AssertionError:
        if "unshare" in server.log.text():
            server.process = None
            pytest.skip(f"no namespaces here: {server.log.text()}")
        raise
    master = proc.children(server.pid)[0]
    client = server.client()
    assert client.done("echo", "x") == b"x"
    assert server.wait_idle(2)["pool"]["forks"] == 2
    check(client.run("crash", "fork-hold"), "failed", reason="error", signal="SIGKILL")
    server.wait_idle(2)
    wait_until(lambda: len(proc.children(master)) == 2, "no zombies, and no strangers")
    client.submit("a", "crash", "loop", notify=["started"])
    client.begun()
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled")
    os.kill(master, signal.SIGTERM)
    assert server.wait_exit() == 0


# ---- a module's leftovers


def test_no_job_of_another_module_pays_for_what_one_leaves(daemon):
    """Timers, and every other state of the process."""
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client, other = server.client(), server.client()
    state = client.run("state").payload
    for number, command in enumerate(
        ["timer real 60000", "timer virtual 100", "timer prof 100", "ignore", "umask", "chdir", "limit"]
        + ["setenv", "clearenv", "close 0", "close 1", "close 2", "fclose", "nonblocking"]
    ):
        check(client.run("leave", command), "done")
        for n in range(10):
            other.submit(f"{number} {n}", "probe", "spin 30" if "timer" in command else "inits")
        for n in range(10):
            check(other.outcome(f"{number} {n}"), "done")
        assert other.run("state", id=f"state {number}").payload == state, command
    lost = server.log.events("worker-lost")
    assert all(line.get("module") in (None, "leave") for line in lost), lost


@pytest.mark.parametrize("which", ["real", "virtual", "prof"])
def test_a_timer_that_goes_off_takes_no_job_of_another_module(daemon, which):
    """The timer may end the worker before the next job begins. Another worker then does the job."""
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client, other = server.client(), server.client()
    for number in range(10):
        client.run("leave", f"timer {which} 1", timeout=3 * DEADLINE)  # the timer may hit this job itself
        for n in range(10):
            other.submit(f"{number} {n}", "probe", "spin 2")
        for n in range(10):
            check(other.outcome(f"{number} {n}", 3 * DEADLINE), "done")
    assert not server.log.events("worker-lost", module="probe"), "the innocent is blamed"


def test_a_job_can_be_stopped_though_another_module_ignores_signals(daemon):
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    client = server.client()
    check(client.run("leave", "ignore"), "done")
    client.submit("a", "probe", "spin 600000", notify=["started"])
    client.begun()
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled", step="sigterm")


# ---- kill -9 of the master


def outlive(server, pids):
    """Kills the server. Returns how long any of these processes survives, in seconds."""
    server.expected_status = -signal.SIGKILL
    begin = time.monotonic()
    server.kill()
    wait_until(lambda: not any(proc.alive(pid) for pid in pids), "all of them gone")
    return time.monotonic() - begin


@pytest.mark.parametrize("user", [None, "nobody"])
def test_kill_9_of_the_master_takes_all_workers_within_a_second(daemon, user):
    """Idle workers, workers in an endless loop without reaction to TERM, and stopped workers."""
    config = {"pool_start": 4, "pool_max": 4}
    if user:
        if os.getuid() != 0:
            pytest.skip("needs root to become another user")
        config["user"] = user
    server = daemon(**config)
    server.wait_idle(4)
    client = server.client()
    client.submit("a", "crash", "loop-term")
    client.submit("b", "sleep", LONG_SLEEP)
    server.wait_jobs(running=2)
    pids = server.worker_pids()
    idle = server.worker_pids("idle")
    busy = server.worker_pids("busy")
    os.kill(idle[0], signal.SIGSTOP)
    os.kill(busy[0], signal.SIGSTOP)
    assert outlive(server, pids) < 1.0 * SCALE


@pytest.mark.parametrize("command", ["become egid", "become uid"])
def test_kill_9_of_the_master_takes_workers_that_became_another_user(daemon, command):
    """A change of user clears a process's death signal. These workers also loop, with all signals blocked."""
    if os.getuid() != 0:
        pytest.skip("needs root to become another user")
    server = daemon(pool_start=2, pool_max=2, module_dir=TEST_MODULES)
    server.wait_idle(2)
    client = server.client()
    client.submit("a", "leave", command)
    client.submit("b", "leave", command)
    server.wait_jobs(running=2)
    pids = server.worker_pids()
    for pid in pids:
        wait_until(lambda: not blocked_none(pid), "the loop")
    os.kill(pids[0], signal.SIGSTOP)
    assert outlive(server, pids) < 1.0 * SCALE


@pytest.mark.parametrize("command", ["linger", "linger exec"])
def test_kill_9_of_the_master_takes_what_a_module_has_started(daemon, command):
    """The worker is idle. A child of its module lives on, with or without an exec."""
    server = daemon(pool_start=1, pool_max=1, module_dir=TEST_MODULES)
    child = int(server.client().done("leave", command))
    if "exec" in command:
        wait_until(lambda: os.readlink(f"/proc/{child}/exe") != WORKER, "the program")
    assert outlive(server, [child, *server.worker_pids()]) < 1.0 * SCALE


def test_restart_binds_at_once_with_a_job_running(daemon):
    """The old master's workers live for another moment. None may hold the port."""
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    address = server.address
    server.client().submit("a", "sleep", LONG_SLEEP)
    server.wait_jobs(running=1)
    server.expected_status = -signal.SIGKILL
    server.kill()
    begin = time.monotonic()
    again = daemon(listen=address)
    assert again.address == address
    assert again.client().done("echo", "x") == b"x"
    assert time.monotonic() - begin < 3 * SCALE


def test_restart_binds_at_once_with_clients_connected(daemon):
    """The old master's connections, in any state, must not keep the new master from the port."""
    server = daemon(pool_start=1)
    clients = [server.client() for _ in range(10)]
    for client in clients[:3]:
        client.close()
    clients[3].shutdown()
    server.expected_status = -signal.SIGKILL
    server.kill()
    again = daemon(listen=server.address)
    assert again.client().done("echo", "x") == b"x"
    for client in clients[4:]:
        client.gone()


def test_restart_after_a_clean_end_binds_at_once(daemon):
    server = daemon()
    client = server.client()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    again = daemon(listen=server.address)
    assert again.client().done("echo", "x") == b"x"
    client.gone()


def test_a_worker_started_by_hand_ends_at_once(tmp_path):
    """Without the master's descriptors, a worker can do nothing."""
    import subprocess

    process = subprocess.run(
        [WORKER], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE
    )
    assert process.returncode != 0
    assert process.stderr.strip(), "it says why"


def test_a_worker_has_the_nofile_limit_that_the_master_was_started_with(daemon):
    """The master raises its own limit, and not its workers'."""
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, 4000))

    server = daemon.make({"pool_start": 1}, preexec_fn=limit).start()
    server.wait_idle(1)
    with open(f"/proc/{server.worker_pids()[0]}/limits") as file:
        soft = next(line for line in file if line.startswith("Max open files")).split()[3]
    assert soft == "300"
