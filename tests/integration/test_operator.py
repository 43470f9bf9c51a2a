"""The operator's commands of `taskmaster`, against a real daemon. test_steer.py has the requests themselves."""

import json
import re
import subprocess

import pytest

from harness.client import check, start
from harness.daemon import COMMAND, environment
from harness.wait import DEADLINE, wait_until

DONE, FAILED, LOST = 0, 1, 70
LONG_SLEEP = json.dumps({"ms": 60000})
POOLS = {"pools": {"slow": {"pool-max": 1, "job-max": 50}}, "modules": {"sleep": {"pool": "slow"}}}


def run(server, *arguments, status=DONE):
    """Returns what the command prints, on whichever descriptor."""
    result = subprocess.run(
        [COMMAND, *arguments, "--server", server.address, "--timeout", str(DEADLINE)],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert result.returncode == status, result
    return result.stdout + result.stderr


def test_pause_and_resume(daemon):
    server = daemon(**POOLS)
    assert run(server, "pause", "slow") == "pool slow is paused\n"
    assert run(server, "pause", "slow") == "pool slow was paused already\n"
    assert run(server, "pause") == "all pools are paused\n"
    assert run(server, "pause") == "all pools were paused already\n"
    pools = run(server, "pools").splitlines()
    assert pools[0].split()[:2] == ["pool", "paused"], pools
    assert [line.split()[:2] for line in pools[1:]] == [["default", "true"], ["slow", "true"]], pools
    assert run(server, "resume", "slow") == "pool slow is resumed\n"
    assert run(server, "resume", "slow") == "pool slow was not paused\n"
    assert run(server, "resume") == "all pools are resumed\n"
    assert "unknown-pool" in run(server, "pause", "nosuch", status=FAILED)


def test_resize(daemon):
    server = daemon(**POOLS)
    assert (
        run(server, "resize", "slow", "--pool-max", "3", "--job-max", "9")
        == "pool slow has pool-start 0, pool-max 3, job-max 9 until the next reload\n"
    )
    assert json.loads(run(server, "resize", "--pool-start", "0", "--json"))["pool_start"] == 0
    pools = json.loads(run(server, "pools", "--json"))
    assert (pools["slow"]["pool"]["max"], pools["slow"]["queue"]["max"]) == (3, 9), pools
    assert "bad-request" in run(server, "resize", "slow", "--pool-start", "7", status=FAILED)


def test_reload(daemon):
    server = daemon(pool_start=1)
    assert run(server, "reload") == "the settings are read, and nothing has changed\n"
    server.write_config(pool_max=9, job_max=7)
    printed = run(server, "reload")
    assert re.fullmatch(r"the settings are read; changed: [a-z, -]+\n", printed), printed
    assert "pool-max" in printed and "job-max" in printed, printed
    server.write_config(pool_max="many")
    printed = run(server, "reload", status=FAILED)
    assert "bad-config" in printed and re.search(r"daemon\d+\.json:\d+: pool-max: ", printed), printed
    server.write_config(pool_max=9, preload=["nosuch"])
    printed = run(server, "reload", status=FAILED)
    assert "taskmaster: the workers are not replaced: " in printed and "nosuch" in printed, printed
    server.write_config(preload=[])


def test_log_level(daemon):
    server = daemon(log_level="info")
    assert run(server, "log-level", "debug") == "the log's level is debug, and was info\n"
    assert "bad-request" in run(server, "log-level", "loud", status=FAILED)
    server.log.wait("client-connected")


def test_kill_of_a_worker(daemon):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    (worker,) = client.workers()
    assert run(server, "kill", "--worker", str(worker["id"])) == f"killed worker {worker['id']}\n"
    failed = client.outcome("a")
    assert (failed["reason"], failed["signal"], failed["by"]) == ("error", "SIGKILL", "operator"), failed
    assert "unknown-worker" in run(server, "kill", "--worker", "4000000", status=FAILED)


def test_recycle(daemon):
    server = daemon(pool_start=2, pool_max=3)
    server.wait_idle(2)
    old = {worker["id"] for worker in server.workers()}
    assert run(server, "recycle", "--worker", str(min(old))) == "1 worker is replaced after its job\n"
    wait_until(lambda: min(old) not in {worker["id"] for worker in server.workers()}, "the worker to be replaced")
    assert re.fullmatch(r"\d+ workers are replaced after their jobs\n", run(server, "recycle", "default"))
    wait_until(lambda: not old & {worker["id"] for worker in server.workers()}, "all to be replaced")


@pytest.mark.parametrize("waiting, event", [("fail", "failed"), ("run", "done")])
def test_drain(daemon, waiting, event):
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "running")
    server.begun_pids(client)
    client.submit("waiting", "echo", "x")
    server.wait_jobs(running=1, waiting=1)
    assert run(server, "drain", "--waiting", waiting) == "the server ends after its jobs\n"
    client.send(op="kill", target="running")
    check(client.outcome("running"), "failed", reason="cancelled")
    assert client.outcome("waiting").name == event
    assert server.wait_exit() == 0
