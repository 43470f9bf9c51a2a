"""HUP: the reload, its refusal, and the renewal of the workers."""

import ctypes
import json
import os
import signal

import pytest

from harness import proc
from harness.client import Client, check, header, start
from harness.daemon import WORKER
from harness.fakes import FakeWorker
from harness.wait import BUILD, SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


def test_reload(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1, job_timeout_ms=None)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    assert client.stats()["queue"]["max"] == 1
    server.write_config(
        pool_max=3, job_max=50, modules={"echo": {"enabled": False}, "sleep": {"timeout-ms": 200}}
    )
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    stats = client.stats()
    assert stats["queue"]["max"] == 50 and stats["pool"]["max"] == 3, stats
    check(client.run("echo", id="b"), "failed", reason="unknown-module")
    check(client.run("sleep", LONG_SLEEP, id="c"), "failed", reason="timeout")
    # The running job is not disturbed.
    assert client.stats()["jobs"]["running"] == 1
    client.send(op="kill", target="a")
    client.outcome("a")


def test_reload_changes_the_settings_of_modules(daemon, tmp_path):
    """A worker has these settings from its start: each worker is replaced after its job."""
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    (tmp_path / "first" / "file").write_text("one")
    (tmp_path / "second" / "file").write_text("two")

    def root(name):
        return {"readfile": {"config": {"root": str(tmp_path / name)}}}

    server = daemon(pool_start=2, pool_max=2, modules=root("first"))
    client = server.client()
    assert client.done("readfile", '{"path":"file"}') == b"one"
    start(client, "sleep", '{"ms":300,"value":5}', "a")
    server.write_config(modules=root("second"))
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    for n in range(6):
        assert client.done("readfile", '{"path":"file"}', id=n) == b"two"
    assert client.outcome("a").json() == 5
    assert server.wait_idle(2)["jobs"]["failed"]["error"] == 0


def test_reload_with_which_no_worker_starts(daemon, tmp_path):
    """The old workers go on until a reload with working settings."""
    for module in ("modules/echo.so", "tests/modules/constructor_crash.so"):
        (tmp_path / os.path.basename(module)).symlink_to(os.path.join(BUILD, module))
    server = daemon(pool_start=3, pool_max=3, module_dir=str(tmp_path))
    server.wait_idle(3)
    before = set(server.worker_pids())
    server.write_config(preload=["constructor_crash"])
    server.signal(signal.SIGHUP)
    server.log.wait("renewal-held")
    client = server.client()
    for n in range(20):
        assert client.done("echo", str(n), id=n) == str(n).encode()
    assert set(server.worker_pids("idle")) < before
    server.write_config(preload=[])
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    server.wait_idle(3)
    assert not before & set(server.worker_pids())


def test_reload_with_a_preload_that_refuses_its_settings(daemon, tmp_path):
    """A typo in a module's settings stops nothing."""

    def settings(root):
        return {"preload": ["readfile"], "modules": {"readfile": {"config": root}}}

    (tmp_path / "file").write_text("one")
    server = daemon(pool_start=2, pool_max=2, **settings({"root": str(tmp_path)}))
    server.wait_idle(2)
    server.write_config(**settings({"rot": str(tmp_path)}))
    server.signal(signal.SIGHUP)
    why = server.log.wait("renewal-held")["why"]
    assert "a module that it preloads cannot be used: module readfile: " in why, why
    client = server.client()
    for n in range(10):
        assert client.done("readfile", '{"path":"file"}', id=n) == b"one"
    server.log.wait("start-failed", 2, why=why)
    assert len(server.log.events("renewal-held")) == 1
    server.write_config(**settings({"root": str(tmp_path)}))
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    assert client.done("readfile", '{"path":"file"}', id="after") == b"one"


def test_a_pool_of_one_with_a_preload_that_refuses_its_settings(daemon):
    """The new worker is the only one and serves without the module. The log still reports the wrong settings."""
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    server.write_config(preload=["readfile"])
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    ends = [e["event"] for e in server.log.events() if e["event"].startswith("rene")]
    assert ends == ["renewal-held", "renewed"]
    assert "module readfile: " in server.log.wait("renewal-held")["why"]
    assert server.client().done("echo", "x") == b"x"


def test_a_reload_while_all_workers_are_on_jobs(daemon):
    """The reload ends with the last of these jobs; the log says so."""
    server = daemon(pool_start=1, pool_max=2)
    client = server.client()
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    assert not server.log.events("renewal-waits")
    for id in ("a", "b"):
        client.submit(id, "sleep", '{"ms":60000}')
    server.wait_jobs(running=2)
    server.signal(signal.SIGHUP)
    assert server.log.wait("renewal-waits")["busy"] == 2
    assert len(server.log.events("renewed")) == 1
    client.send(op="kill", target="b")
    server.log.wait("renewed", 2)


class SlowWorker:
    """A worker-path with a gate: workers start once the test opens it."""

    def __init__(self, tmp_path):
        self.path = str(tmp_path / "slow-worker")
        self.gate = tmp_path / "gate"
        with open(self.path, "w") as file:
            file.write(f"#!/bin/sh\nwhile [ ! -e {self.gate} ]; do sleep 0.02; done\nexec {WORKER}\n")
        os.chmod(self.path, 0o755)

    def open(self):
        self.gate.write_text("")


def early_reload(daemon, tmp_path, **settings):
    """Sends HUP while all workers are starting."""
    worker = SlowWorker(tmp_path)
    server = daemon(worker_path=worker.path, pool_start=2, pool_max=3)
    server.wait_stats(lambda s: s["pool"]["starting"] == 2, "two starting workers")
    server.write_config(**settings)
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    return server, worker


@pytest.mark.parametrize("what", ["program", "preload"])
def test_a_reload_in_an_early_moment_with_which_no_worker_starts(daemon, tmp_path, what):
    """The starting workers go on, under their first settings."""
    bad = {"program": {"worker_path": "/bin/false"}, "preload": {"preload": ["constructor_crash"]}}
    (tmp_path / "modules").mkdir()
    for module in ("modules/echo.so", "tests/modules/constructor_crash.so"):
        (tmp_path / "modules" / os.path.basename(module)).symlink_to(os.path.join(BUILD, module))
    settings = dict({"worker_path": WORKER}, **bad[what])
    server, worker = early_reload(
        daemon, tmp_path, module_dir=str(tmp_path / "modules"), **settings
    )
    server.log.wait("renewal-held")
    worker.open()
    client = server.client()
    for n in range(20):
        check(client.run("echo", str(n), id=n), "done")
    server.log.wait("start-failed", count=3)
    assert len(server.log.events("renewal-held")) == 1, server.log.text()
    assert not server.log.events("renewed") and not server.log.events("stranger")
    server.write_config(worker_path=WORKER, preload=[])
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    assert len(server.log.events("renewal-held")) == 1


def test_a_reload_in_an_early_moment(daemon, tmp_path):
    """The log reports the renewal's end, whatever the old workers were doing."""
    server, worker = early_reload(daemon, tmp_path, worker_path=WORKER)
    server.log.wait("renewed")
    worker.open()
    server.wait_idle(2)
    assert server.client().done("echo", "x") == b"x"
    assert len(server.log.events("renewed")) == 1
    assert not server.log.events("renewal-held") and not server.log.events("stranger")


@pytest.mark.parametrize("start", ["connect-then-hang", "half-hello-then-hang", "never-ready"])
def test_a_worker_that_a_reload_has_ended_is_no_stranger(daemon, tmp_path, start):
    worker = FakeWorker(tmp_path, start=start)
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=2)
    pid = worker.wait_notes()[0]["pid"]
    server.write_config(worker_path=WORKER)
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    wait_until(lambda: not proc.alive(pid), "the old worker's end")
    server.wait_idle(1)
    assert not server.log.events("stranger"), server.log.text()


def test_a_reload_of_an_empty_pool(daemon):
    server = daemon(pool_start=0, pool_max=2)
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    assert server.client().done("echo", "x") == b"x"


SLOW = {
    "hello-timeout-ms": (False, b""),
    "header-timeout-ms": (True, b'{"op":'),
    "payload-timeout-ms": (True, header(op="submit", id=1, module="echo", size=2) + b"x"),
}


@pytest.mark.parametrize("key", SLOW)
def test_a_deadline_that_has_begun_holds(daemon, key):
    """A reload changes only later deadlines."""
    server = daemon(**{key: 1000 * SCALE, "log-level": "debug"})
    hello, text = SLOW[key]
    client = server.client(hello=hello)
    name = "%s:%d" % client.sock.getsockname()
    wait_until(lambda: name in server.log.text(), "the connection to be taken")
    if hello:
        client.send_raw(header(op="ping") + text)  # read together
        client.expect("pong")
    server.write_config(**{key: 600000})
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    error = client.expect("error", code="too-slow", fatal=True)
    assert f"within {key}, {1000 * SCALE} ms" in error["message"], error


WORKERS = pytest.mark.parametrize("new_workers", [False, True], ids=["workers of before", "workers of after"])


def reload_payload_max(server, payload_max, new_workers):
    """Reloads. Without `new_workers`, no worker starts under the new settings and the old ones go on."""
    server.write_config(payload_max=payload_max, **({} if new_workers else {"worker_path": "/bin/false"}))
    server.signal(signal.SIGHUP)
    server.log.wait("renewed" if new_workers else "renewal-held")


def refused_size(client, size, told):
    client.send_raw(header(op="submit", id="size", module="echo", size=size))
    error = client.expect("error", id="size", code="payload-too-large", fatal=True)
    assert str(told) in error["message"], error


@WORKERS
def test_a_reload_that_lowers_payload_max(daemon, new_workers):
    """The limit in a connection's hello holds for the whole connection: for submits, results, and payloads on their
    way."""
    server = daemon(pool_start=2, pool_max=2, payload_max=65536)
    server.wait_idle(2)
    old, half = server.client(), server.client()
    data = os.urandom(20000)
    start(old, "sleep", json.dumps({"ms": 300 * SCALE, "value": "y" * 20000}), "b")
    half.send_raw(header(op="submit", id="h", module="echo", size=len(data)) + data[:5000])
    reload_payload_max(server, 4096, new_workers)
    half.send_raw(data[5000:])
    assert half.outcome("h").payload == data
    assert old.outcome("b").json() == "y" * 20000
    for n in range(4):
        assert old.done("echo", data, id=n) == data
    new = server.client()
    assert new.hello_event["payload_max"] == 4096
    for n in range(4):
        assert new.done("echo", "x" * 4096, id=n) == b"x" * 4096
        check(new.run("crash", "big 4097", id=n), "failed", reason="too-large")
    refused_size(new, 4097, 4096)
    refused_size(old, 65537, 65536)
    assert server.stats()["jobs"]["failed"]["error"] == 0
    assert not server.log.events("worker-protocol")


@WORKERS
def test_a_reload_that_raises_payload_max(daemon, new_workers):
    """A client with the old limit gets no larger result. A new client has the new limit."""
    server = daemon(pool_start=2, pool_max=2, payload_max=4096)
    server.wait_idle(2)
    old = server.client()
    reload_payload_max(server, 65536, new_workers)
    new = server.client()
    data = os.urandom(20000)
    assert new.hello_event["payload_max"] == 65536
    for n in range(4):
        assert new.done("echo", data, id=n) == data
        check(new.run("crash", "big 65537", id=n), "failed", reason="too-large")
        check(old.run("crash", "big 4097", id=n), "failed", reason="too-large")
        check(old.run("crash", "big 4096", id=n), "done", size=4096)
    refused_size(old, 4097, 4096)
    refused_size(new, 65537, 65536)
    assert server.stats()["jobs"]["failed"]["error"] == 0
    assert not server.log.events("worker-protocol")


def test_reload_grows_the_pool_for_those_who_wait(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    client.submit("b", "echo", "x")
    server.wait_jobs(waiting=1)
    server.write_config(pool_max=2)
    server.signal(signal.SIGHUP)
    assert client.outcome("b").payload == b"x"
    client.send(op="kill", target="a")
    client.outcome("a")


def test_reload_raises_pool_start(daemon):
    server = daemon(pool_start=1, pool_max=4)
    server.wait_idle(1)
    server.write_config(pool_start=3)
    server.signal(signal.SIGHUP)
    server.wait_idle(3)


def test_reload_lowers_job_max_and_throws_nobody_out(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=10)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    for n in range(5):
        client.submit(n, "echo", str(n))
    server.wait_jobs(waiting=5)
    server.write_config(job_max=1)
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    check(client.run("echo", id="over"), "overload", reason="queue-full")
    client.send(op="kill", target="a")
    client.outcome("a")
    for n in range(5):
        check(client.outcome(n), "done")


def test_reload_of_tokens(daemon, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("the-old-token-0123456789\n")
    server = daemon.make({"token_file": str(tokens)})
    server.token = "the-old-token-0123456789"
    server.start()
    old = server.client()
    tokens.write_text("the-new-token-0123456789\n")
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    refused = server.client(hello=False)
    refused.send(op="hello", protocol=1, token="the-old-token-0123456789")
    check(refused.recv(), "error", code="unauthorized", fatal=True)
    server.token = "the-new-token-0123456789"
    assert server.client().done("echo", "new") == b"new"
    check(old.recv(), "error", code="unauthorized", fatal=True)
    old.closed()


BAD_FILES = {
    "no json": "{ no",
    "unknown key": '{"listen":"127.0.0.1:0","log-format":"json","colour":1}',
    "wrong type": '{"job-max":"many"}',
    "out of range": '{"pool-max":0}',
    "contradiction": '{"pool-start":5,"pool-max":2}',
    "empty": "",
}


@pytest.mark.parametrize("text", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_reported_and_the_old_settings_stay(daemon, text):
    server = daemon(pool_start=1, pool_max=2, job_max=7)
    client = server.client()
    with open(server.config_path, "w") as file:
        file.write(text)
    server.signal(signal.SIGHUP)
    line = server.log.wait("reload-failed")
    assert server.config_path in json.dumps(line), line
    assert client.stats()["queue"]["max"] == 7
    assert client.done("echo", "x") == b"x"
    server.write_config(job_max=8)
    server.signal(signal.SIGHUP)
    wait_until(lambda: client.stats()["queue"]["max"] == 8, "a good file after it")


def test_a_missing_file_at_reload(daemon):
    server = daemon()
    os.unlink(server.config_path)
    server.signal(signal.SIGHUP)
    server.log.wait("reload-failed")
    assert server.client().done("echo", "x") == b"x"


def test_a_fifo_at_reload_holds_up_nobody(daemon):
    server = daemon(job_max=7)
    client = server.client()
    os.rename(server.config_path, f"{server.config_path}.old")
    os.mkfifo(server.config_path)
    server.signal(signal.SIGHUP)
    line = server.log.wait("reload-failed")
    assert server.config_path in line["why"] and "expected a regular file" in line["why"], line
    assert client.done("echo", "x") == b"x"


def test_a_reload_names_what_has_changed(daemon, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("the-old-token-0123456789\n")
    server = daemon.make({"token_file": str(tokens), "listen": "127.0.0.1:0"})
    server.token = "the-old-token-0123456789"
    server.start()
    server.signal(signal.SIGHUP)
    assert server.log.wait("reload", 1)["changed"] is None
    server.write_config(job_max=8, modules={"echo": {"enabled": False}}, listen="127.0.0.1:1")
    server.signal(signal.SIGHUP)
    assert server.log.wait("reload", 2)["changed"] == "job-max,modules"
    tokens.write_text("the-old-token-0123456789\nthe-new-token-0123456789\n")
    server.signal(signal.SIGHUP)
    assert server.log.wait("reload", 3)["changed"] == "token-file"


def test_a_reload_names_changed_keys_of_pools(daemon):
    server = daemon(pools={"a": {"pool-max": 1}, "b": {}})
    server.write_config(pools={"a": {"pool-max": 2, "job-max": 9}, "c": {}})
    server.signal(signal.SIGHUP)
    assert server.log.wait("reload")["changed"] == "pools.a.pool-max,pools.a.job-max,pools.b,pools.c"


def test_what_cannot_be_reloaded_is_named(daemon):
    server = daemon(job_max=7)
    address = server.address
    server.write_config(listen="127.0.0.1:1", job_max=8)
    server.signal(signal.SIGHUP)
    wait_until(
        lambda: any('"listen"' in line for line in server.log.lines() if "listening" not in line),
        "a line with the key",
    )
    with Client(address) as client:
        assert client.done("echo", "x") == b"x"


def test_a_reload_never_opens_a_public_address(daemon, tmp_path):
    """A reload does not change listen, so a public address must keep its tokens."""
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-of-some-length\n")
    server = daemon.make({"listen": ["0.0.0.0:0"], "token_file": str(tokens)})
    server.token = "a-token-of-some-length"
    server.start()
    server.write_config(listen=["127.0.0.1:0"], token_file=None, job_max=8)
    server.signal(signal.SIGHUP)
    line = server.log.wait("reload-failed")
    assert "listen, as it was at the start" in line["why"] and "token-file" in line["why"], line
    with Client(server.address, hello=False) as stranger:
        stranger.send(op="hello", protocol=1)
        check(stranger.recv(), "error", code="unauthorized", fatal=True)
    assert server.stats()["queue"]["max"] == 100, "nothing of a refused file is in force"


def test_a_change_that_is_taken_back_is_not_warned_of(daemon):
    server = daemon()
    server.write_config(group="nogroup")
    server.signal(signal.SIGHUP)
    server.log.wait("reload-ignored", key="group")
    server.write_config(group=None)
    server.signal(signal.SIGHUP)
    server.log.wait("reload", count=2)
    assert len(server.log.events("reload-ignored")) == 1, server.log.text()


def test_options_of_the_command_line_win_also_after_a_reload(daemon):
    server = daemon.make({"job_max": 7}, options=["--job-max=9"]).start()
    assert server.stats()["queue"]["max"] == 9
    server.write_config(job_max=11, pool_max=3)
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    stats = server.stats()
    assert stats["queue"]["max"] == 9 and stats["pool"]["max"] == 3


def test_reloads_that_are_asked_for_in_one_turn_are_one(daemon):
    """Otherwise an endless stream of HUPs would hold up every client. One HUP goes to the process, one to its thread:
    the kernel keeps both while the master is stopped."""
    server = daemon()
    client = server.client()
    server.signal(signal.SIGSTOP)
    wait_until(lambda: proc.stat(server.pid)[0] == "T", "the master to stand still")
    server.signal(signal.SIGHUP)
    assert ctypes.CDLL(None).tgkill(server.pid, server.pid, int(signal.SIGHUP)) == 0
    server.signal(signal.SIGCONT)
    server.log.wait("reload")
    client.send(op="ping", id=1)
    client.expect("pong", id=1)
    assert len(server.log.events("reload")) == 1
    server.signal(signal.SIGHUP)
    server.log.wait("reload", count=2)


def test_a_hundred_reloads_under_load(daemon):
    server = daemon(pool_start=2, pool_max=2, job_max=500)
    client = server.client()
    server.wait_idle(2)
    before = len(proc.descriptors(server.pid))
    for n in range(200):
        client.submit(n, "echo", str(n))
        if n % 2:
            server.signal(signal.SIGHUP)
    for n in range(200):
        assert client.outcome(n).payload == str(n).encode()
    server.wait_idle(2)
    wait_until(lambda: len(proc.descriptors(server.pid)) <= before, f"{before} descriptors again")
