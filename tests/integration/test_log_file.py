"""The file of the log: its start, its rotation (SIGUSR1, `reopen`), its faults."""

import json
import os
import pwd
import signal
import stat
import tempfile

import pytest

from harness import proc
from harness.client import check
from harness.daemon import Log, read_until_lost, run_master
from harness.wait import wait_until

CONFIGURATION = 78
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def logged(daemon, tmp_path):
    """A daemon with a log-file; `server.log` reads this file. Its standard error is `server.terminal`."""

    def make(path=tmp_path / "t.log", **settings):
        server = daemon.make({"log_file": str(path), "listen": f"unix:{tmp_path}/sock", **settings})
        server.log = Log(str(path) if os.path.isfile(path) or not os.path.exists(path) else os.devnull)
        server.terminal = Log(str(tmp_path / "stderr"))
        server.stderr = open(server.terminal.path, "ab")
        server.start()
        server.stderr.close()
        return server

    return make


def reopen(server, kind="ok", **fields):
    with server.client() as client:
        client.send(op="reopen", id="r")
        event = client.find(lambda event: event.get("id") == "r", what="the answer to reopen")
    check(event, kind, op="reopen", **fields)
    return event


def test_every_line_goes_to_the_file(logged):
    server = logged()
    client = server.client()
    client.run("crash", "stdout words of a module")
    client.run("crash", "kill")
    server.log.wait("worker-output", text="words of a module")
    server.log.wait("worker-ended")
    assert server.log.events("start") and server.log.events("listening")
    assert server.terminal.text() == ""


@pytest.mark.parametrize("how", ["SIGUSR1", "reopen"])
def test_a_rotation_loses_no_line(logged, tmp_path, how):
    server = logged()
    client = server.client()
    os.rename(server.log.path, tmp_path / "t.log.1")
    client.run("crash", "stdout before")
    old = Log(str(tmp_path / "t.log.1"))
    old.wait("worker-output", text="before")
    if how == "SIGUSR1":
        server.signal(signal.SIGUSR1)
        line = server.log.wait("reopen", file=server.log.path)
        assert line["by"] == "SIGUSR1"
    else:
        assert reopen(server)["file"] == server.log.path
        assert "client " in server.log.wait("reopen")["by"]
    client.run("crash", "stdout after")
    server.log.wait("worker-output", text="after")
    assert not old.events("worker-output", text="after")
    assert not server.log.events("worker-output", text="before")
    assert str(tmp_path / "t.log.1") not in proc.descriptors(server.pid).values()


def test_a_file_that_cannot_be_opened_again(logged, tmp_path):
    server = logged()
    new, old = server.log, Log(str(tmp_path / "t.log.1"))
    os.rename(new.path, old.path)
    os.mkdir(new.path)
    server.log = old
    event = reopen(server, "error", code="bad-config", key="log-file")
    assert new.path in event["message"] and "directory" in event["message"], event
    line = old.wait("reopen-failed")
    assert line["level"] == "error" and line["why"] == event["message"]
    server.signal(signal.SIGUSR1)
    old.wait("reopen-failed", 2)
    server.client().run("crash", "stdout goes on")
    old.wait("worker-output", text="goes on")
    os.rmdir(new.path)
    reopen(server, file=new.path)
    new.wait("reopen")


def test_without_a_file_nothing_is_done(daemon):
    server = daemon()
    server.signal(signal.SIGUSR1)
    server.log.wait("reopen-ignored", by="SIGUSR1")
    assert "file" not in reopen(server)
    server.log.wait("reopen-ignored", 2)


def test_signals_cannot_flood_the_log(logged):
    server = logged()
    for _ in range(300):
        server.signal(signal.SIGUSR1)
        server.client().close()
    server.log.wait("lines-left-out", of="reopen")
    assert len(server.log.events("reopen")) < 250


def test_a_reload_changes_the_file(logged, tmp_path):
    server = logged(pool_start=0)
    other = Log(str(tmp_path / "other.log"))
    server.write_config(log_file=other.path)
    server.signal(signal.SIGHUP)
    assert other.wait("reload")["changed"] == "log-file"
    assert not server.log.events("reload")
    server.write_config(log_file=str(tmp_path / "none" / "t.log"))
    server.signal(signal.SIGHUP)
    why = other.wait("reload-failed")["why"]
    assert "log-file" in why and "No such file" in why
    server.write_config(log_file=None)
    server.signal(signal.SIGHUP)
    server.terminal.wait("reload")
    reopen(server)
    server.terminal.wait("reopen-ignored")


def test_a_reload_with_the_same_file_opens_nothing(logged, tmp_path):
    server = logged(pool_start=0)
    os.rename(server.log.path, tmp_path / "t.log.1")
    server.signal(signal.SIGHUP)
    Log(str(tmp_path / "t.log.1")).wait("reload")
    assert not os.path.exists(server.log.path)


# ---- the start


@pytest.mark.parametrize("where", ["none/t.log", ".", "link"])
def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path, where):
    path = tmp_path / where
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    for options in ([], ["-t"]):
        result = run_master("--listen=127.0.0.1:0", f"--log-file={path}", *options)
        assert result.returncode == CONFIGURATION, result
        assert f'--log-file={path}: found "{path}", expected a file to write to: ' in result.stderr


def test_t_makes_no_file(tmp_path):
    result = run_master("-t", f"--log-file={tmp_path}/t.log")
    assert result.returncode == 0 and not os.listdir(tmp_path), result


def test_a_relative_path_is_below_the_directory_of_the_start(daemon, tmp_path):
    server = daemon.make({"log_file": "t.log", "listen": f"unix:{tmp_path}/sock"}, cwd=tmp_path)
    server.stderr = open(os.devnull, "wb")
    server.start()
    server.stderr.close()
    server.log = Log(str(tmp_path / "t.log"))
    assert server.log.events("listening")
    os.rename(server.log.path, tmp_path / "t.log.1")
    reopen(server)
    server.log.wait("reopen")


@pytest.mark.skipif(not IS_ROOT, reason="root only")
def test_the_user_owns_a_new_file(logged):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        server = logged(f"{folder}/t.log", user="nobody")
        entry = os.stat(server.log.path)
        assert entry.st_uid == pwd.getpwnam("nobody").pw_uid and stat.S_IMODE(entry.st_mode) == 0o640
        reopen(server)
        # In a directory that the user cannot write, root opens the file at the start alone.
        os.rename(server.log.path, f"{folder}/t.log.1")
        os.chmod(folder, 0o755)
        reopen(server, "error", code="bad-config", key="log-file")
        server.stop()


@pytest.mark.skipif(not IS_ROOT, reason="root only")
def test_a_file_that_the_user_cannot_open_again_is_warned_of(daemon, tmp_path):
    path = tmp_path / "t.log"
    path.touch(0o600)
    checked = run_master("-t", f"--log-file={path}", "--user=nobody")
    assert "warning: " in checked.stderr and "could not be opened again" in checked.stderr, checked


# ---- a file that takes no lines


def exercise(server):
    client = server.client()
    for n in range(20):
        assert client.done("echo", str(n), id=n) == str(n).encode()
    check(client.run("crash", "flood 3000000"), "done")
    check(client.run("crash", "kill"), "failed", reason="error")
    assert client.done("echo", "x") == b"x"


def test_a_full_disk(logged):
    exercise(logged("/dev/full"))


def test_a_pipe(logged, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    result = run_master("--listen=127.0.0.1:0", f"--log-file={tmp_path}/pipe")
    assert result.returncode == CONFIGURATION and "nobody reads this pipe" in result.stderr, result
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    server = logged(tmp_path / "pipe")
    exercise(server)  # far more than a pipe holds
    data = read_until_lost(server, reading)
    assert json.loads(data.decode().split("\n")[-2])["event"]
    os.close(reading)
    exercise(server)
