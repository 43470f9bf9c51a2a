"""The daemons where a container or a unit's sandbox has them: as PID 1, and with the processes of others hidden."""

import os
import signal
import subprocess

import pytest

from harness.client import ask, check
from harness.wait import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes such a place")


# Mounts that are made from here on stay here. The root of a chroot is no mount: then each mount in it is made private.
PRIVATE = """mount --make-rprivate / 2>/dev/null || cut -d ' ' -f 5 /proc/self/mountinfo | xargs -n 1 mount --make-private
mount -t proc proc /proc"""


def first_process(daemon, script):
    """The daemon as PID 1 of its own processes; `script` comes first."""
    daemon.write_config()
    unshare = ["unshare", "--pid", "--mount", "--propagation", "unchanged", "--fork", "--kill-child"]
    daemon.command_line = [*unshare, "sh", "-ec", f'{PRIVATE}; {script}; exec "$@"', "sh", *daemon.command()]
    return daemon


def children(pid):
    """Its children, zombies too."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return {int(child) for child in file.read().split()}


def first_of(server):
    """PID 1 as we see it: the only child of `unshare`."""
    (pid,) = children(server.pid)
    return pid


def leave_orphans(pid, count):
    """Processes without a parent in the place of PID 1."""
    code = f"for i in $(seq {count}); do (sleep 60 & ) ; done"
    subprocess.run(["nsenter", "-t", str(pid), "-p", "-m", "sh", "-c", code], check=True, timeout=10)


@pytest.mark.parametrize("signal_name", ["TERM", "INT", "QUIT"])
def test_as_pid_1_signals_drain(daemon, signal_name):
    server = first_process(daemon.make(), "true").start()
    pid = first_of(server)
    client = server.client()
    client.submit("a", "sleep", '{"ms":200,"value":7}', notify=["started"])
    client.begun(id="a")
    subprocess.run(["kill", "-s", signal_name, str(pid)], check=True)
    assert client.outcome("a").json() == 7
    assert server.wait_exit() == 0


@pytest.mark.parametrize("kind", ["taskmasterd", "taskqueued"])
def test_as_pid_1_orphans_are_reaped(daemon, kind):
    server = daemon.make() if kind == "taskmasterd" else daemon.make_queue({}, daemon())
    first_process(server, "true").start()
    if kind == "taskmasterd":
        server.wait_idle(1)
    pid = first_of(server)
    own = children(pid)
    leave_orphans(pid, 20)
    wait_until(lambda: len(children(pid) - own) == 20, "the orphans to be its children")
    for orphan in children(pid) - own:
        os.kill(orphan, signal.SIGKILL)
    wait_until(lambda: not children(pid) - own, "the orphans to be reaped")
    check(ask(server.client(), "ping"), "pong")
    subprocess.run(["kill", str(pid)], check=True)
    assert server.wait_exit() == 0


def test_the_memory_of_workers_is_known_where_processes_are_hidden(daemon, tmp_path):
    """ProtectProc=invisible and ProcSubset=pid of the unit."""
    tmp_path.chmod(0o755)
    server = first_process(daemon.make({"user": "nobody"}), "mount -t proc -o hidepid=invisible,subset=pid proc /proc")
    server.start()
    pid = first_of(server)
    wait_until(lambda: [w for w in server.workers() if w["rss_kb"] > 500], "a worker with its memory")
    check(server.client().run("echo", "x"), "done")
    assert server.workers()[0]["rss_kb"] > 500
    subprocess.run(["kill", str(pid)], check=True)
    assert server.wait_exit() == 0
