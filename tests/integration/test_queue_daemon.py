"""taskqueued as a process: options, start, store, stats, reload, the end."""

import datetime
import json
import os
import pwd
import signal
import stat
import subprocess
import tempfile
import time

import pytest
from harness.client import ask, check, refused
from harness.daemon import environment
from harness.queued import QUEUED, wait
from harness.wait import DEADLINE, wait_until

LONG_SLEEP = json.dumps({"ms": 600000})
NOWHERE = "127.0.0.1:1"  # nobody listens there


def run_queued(*args):
    return subprocess.run([QUEUED, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=DEADLINE, env=environment())


def alone(queue, **config):
    """Without a master."""
    return queue(master=NOWHERE, **config)


def begun(queue, count=1):
    queue.wait_stats(lambda s: s["jobs"]["running"] == count, f"{count} running jobs")


# ---- options


def test_the_shipped_configuration_is_fine(tmp_path):
    conf = os.path.join(os.path.dirname(__file__), "..", "..", "conf", "taskqueued.conf")
    result = run_queued("-t", "-c", conf, f"--store-path={tmp_path}/store")
    assert (result.returncode, result.stdout, result.stderr) == (0, "the settings are fine\n", "")
    assert not os.path.exists(tmp_path / "store"), "a check makes nothing"


def test_the_printed_settings_are_a_file(tmp_path):
    printed = run_queued("-T", f"--store-path={tmp_path}", "--job-max=7").stdout
    (tmp_path / "conf").write_text(printed)
    assert json.loads(printed)["job-max"] == 7
    assert run_queued("-T", "-c", str(tmp_path / "conf")).stdout == printed


def test_the_check_looks_up_the_master(tmp_path):
    result = run_queued("-t", "--master=no-such-host.invalid:7741", f"--store-path={tmp_path}/store")
    assert result.returncode == 78 and "no-such-host.invalid" in result.stderr, result


@pytest.mark.parametrize(
    "option, words",
    [
        ("--store-path=/no/such/place", "store-path"),
        ("--store-path=/etc/passwd", "Not a directory"),
        ("--master=nonsense", "master"),
        ("--master=localhost:0", "master=localhost:0: found \"localhost:0\", expected a port from 1"),
        ("--listen=0.0.0.0:7742", "allow-open-listen"),
        ("--payload-total-max=1024", "payload-max"),
        ("--master-token-file=/no/such/file", "master-token-file"),
    ],
)
def test_settings_with_a_fault(option, words):
    for mode in ([], ["-t"]):
        result = run_queued(option, *mode)
        assert result.returncode == 78 and words in result.stderr, result


def test_actions_exclude_each_other():
    result = run_queued("--check", "-T")
    assert result.returncode == 64 and "both -T and --check" in result.stderr


# ---- start and store


def test_a_job_is_kept_run_and_told(queue):
    q = queue()
    assert q.result(q.put("echo", "hello")) == b"hello"


def test_kill_and_restart_lose_nothing(queue, daemon):
    q = alone(queue)
    with q.client() as client:
        for n in range(20):
            client.submit(n, "echo", f"job {n}", detach=True)
        jobs = [client.event("accepted", id=n)["job"] for n in range(20)]
    q.kill()
    q.config["master"] = daemon().address
    q.start()
    with q.client() as client:
        for n, job in enumerate(jobs):
            assert wait(client, job).payload == f"job {n}".encode()


def test_a_second_daemon_is_refused_the_store(queue):
    q = alone(queue)
    result = run_queued("--listen=127.0.0.1:0", f"--store-path={q.store}", f"--master={NOWHERE}")
    assert result.returncode == 69 and "cannot-open-store" in result.stderr, result


def test_the_store_is_checked(queue):
    q = alone(queue)
    q.put("echo", "x")
    check_store = ["--check", f"--store-path={q.store}"]
    assert run_queued(*check_store).returncode == 69, "it is in use"
    q.kill()
    sound = run_queued(*check_store)
    assert (sound.returncode, sound.stderr) == (0, "") and "waiting" in sound.stdout, sound
    q.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_the_store_is_the_users(queue):
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
        q = alone(queue, user="nobody", store_path=f"{directory}/store")
        q.put("echo", "x")
        found = os.stat(q.store)
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (nobody.pw_uid, 0o700)
        owners = {os.stat(os.path.join(q.store, name)).st_uid for name in os.listdir(q.store)}
        assert owners == {nobody.pw_uid}
        q.signal(signal.SIGTERM)
        assert q.wait_exit() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_master_token_that_the_user_cannot_read(tmp_path):
    """The start reads it as root, a reload would fail."""
    token = tmp_path / "token"
    token.write_text("a-token-of-some-length\n")
    token.chmod(0o600)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        os.chmod(directory, 0o777)
        result = run_queued("-t", "--user=nobody", f"--master-token-file={token}", f"--store-path={directory}/store")
    assert result.returncode == 0, result
    assert "warning: --master-token-file" in result.stderr and "reloads would fail" in result.stderr, result


def test_without_a_store_there_is_nothing_to_check(tmp_path):
    assert run_queued("--check", f"--store-path={tmp_path}/none").returncode == 69
    assert not (tmp_path / "none").exists()


# ---- stats, workers, modules


def test_stats_have_all_parts(queue):
    q = queue()
    q.result(q.put("echo", "x"))
    stats = q.linked()
    assert stats["server"].startswith("taskqueued/") and stats["draining"] is False
    assert stats["jobs"]["submitted"] == stats["jobs"]["done"] == 1
    assert stats["modules"]["echo"]["done"] == 1
    assert stats["store"]["engine"] == "sqlite" and stats["store"]["bytes"] > 0 and stats["store"]["has_room"]
    assert stats["clients"]["connected"] == 1
    assert stats["master"]["address"] == q.master.address and stats["master"]["pool"]["max"] == 2
    assert stats["process"]["pid"] == q.pid and stats["process"]["rss"] > 0


def test_stats_of_very_many_modules(queue):
    """A module of a job need not exist. The answer stays small."""
    client = queue(master="127.0.0.1:1").client()
    for n in range(1200):
        client.submit(n, f"module-{n}", detach=True)
    for n in range(1200):
        client.event("accepted", id=n)
    stats = ask(client, "stats").json()
    assert stats["jobs"]["waiting"] == 1200 and len(stats["modules"]) == 1000


def test_stats_without_a_master(queue):
    q = alone(queue)
    stats = q.wait_stats(lambda s: s["master"]["why"], "a failed connection")
    assert stats["master"]["connected"] is False and "pool" not in stats["master"]


def test_stats_while_the_master_hangs(queue):
    q = queue()
    q.linked()
    q.master.signal(signal.SIGSTOP)
    try:
        assert "pool" not in q.stats()["master"]
    finally:
        q.master.signal(signal.SIGCONT)


def test_workers_and_modules_are_the_masters(queue):
    q = queue()
    q.linked()
    with q.client() as client:
        assert [w["pid"] for w in client.workers()] == q.master.worker_pids()
        client.send(op="modules", id="m")
        assert "echo" in str(client.event("modules", id="m").json())


def test_workers_without_a_master(queue):
    q = alone(queue)
    with q.client() as client:
        refused(client, "workers", "unavailable")


def test_the_settings_of_redis_are_checked(tmp_path):
    """The store's directory is no matter then."""
    redis = ["--engine=redis", "--store-path=/no/such/place", "--lease-ms=6000"]
    assert run_queued("-t", *redis).returncode == 0
    result = run_queued("-t", *redis, "--redis-servers=127.0.0.1:6379,no-such-host.invalid:6379")
    assert result.returncode == 0 and "warning: --redis-servers" in result.stderr, result.stderr
    result = run_queued("-t", *redis, "--redis-timeout-ms=5000")
    assert result.returncode == 0 and "warning: --redis-timeout-ms" in result.stderr, result.stderr
    secret = tmp_path / "secret"
    result = run_queued("-t", *redis, f"--redis-password-file={secret}")
    assert result.returncode == 78 and str(secret) in result.stderr, result.stderr
    secret.write_text("abc\n")
    assert run_queued("-t", *redis, f"--redis-password-file={secret}").stdout.endswith("fine\n")


def test_the_only_node(queue):
    """With engine sqlite a queue has one node, without a lease."""
    q = queue(node_name="north")
    q.linked()
    with q.client() as client:
        client.submit("s", "sleep", LONG_SLEEP, notify=["started"])
        client.event("started", id="s")
        client.send(op="nodes", id="n")
        (node,) = client.event("nodes", id="n").json()["nodes"]
    since = datetime.datetime.fromisoformat(node.pop("since").replace("Z", "+00:00"))
    assert abs(since.timestamp() - time.time()) < 600
    version = q.client().hello_event["server"].partition("/")[2]
    assert node == {
        "node": "north",
        "epoch": None,
        "self": True,
        "version": version,
        "seen_ms": 0,
        "lease_ms": None,
        "held": 1,
    }


def test_an_asker_leaves_before_the_answer(queue):
    """Its end of input alone does not say so: an answer may still be read."""
    q = queue()
    q.linked()
    q.master.signal(signal.SIGSTOP)
    try:
        for op in ("stats", "workers", "modules", "nodes"):
            client = q.client()
            client.send(op=op, id=1)
            client.reset()
        q.wait_stats(lambda s: s["clients"]["connected"] == 1, "the askers gone")
    finally:
        q.master.signal(signal.SIGCONT)
    assert q.client().workers()


def test_the_master_goes_before_the_answer(queue):
    q = queue()
    q.linked()
    q.master.signal(signal.SIGSTOP)
    with q.client() as client:
        client.send(op="workers", id=1)
        q.master.kill()
        client.event("error", id=1, op="workers", code="unavailable")
    q.master.start()


# ---- reload, reopen, log level


def test_a_reload_changes_settings(queue):
    q = alone(queue)
    q.write_config(job_max=1, store_path="/elsewhere")
    q.signal(signal.SIGHUP)
    q.log.wait("reload-ignored", key="store-path")
    q.log.wait("reload", changed="job-max")
    with q.client() as client:
        client.submit(1, "echo", "x", detach=True)
        client.event("accepted", id=1)
        client.submit(2, "echo", "x", detach=True)
        client.event("overload", id=2, reason="queue-full")
    q.config["store-path"] = q.store


def test_a_reload_gives_the_store_less_room(queue):
    q = alone(queue)
    q.write_config(store_max=16777216)
    q.signal(signal.SIGHUP)
    q.log.wait("reload", changed="store-max")
    assert q.stats()["store"]["bytes_max"] == 16777216
    q.put("echo", "the room is looked at behind each transaction")
    with q.client() as client:
        client.submit(1, "echo", b"x" * 15900000, detach=True)
        client.event("overload", id=1, reason="storage")


def test_jobs_of_a_store_without_room_go_on(queue):
    """Their ends take no more than they give back."""
    q = queue(store_max=32 << 20)
    with q.client() as client:
        check(ask(client, "pause"), "ok")
        jobs = [q.put("echo", b"x" * (1 << 20)) for _ in range(20)]
        q.write_config(store_max=16 << 20)
        check(ask(client, "reload"), "ok", changed=["store-max"])
        check(ask(client, "resume"), "ok")
        for job in jobs:
            assert len(q.result(job)) == 1 << 20


def test_a_client_reloads_and_hears_of_a_fault(queue):
    q = alone(queue)
    with q.client() as client:
        q.write_config(job_max=2)
        check(ask(client, "reload"), "ok", op="reload", changed=["job-max"])
        q.write_config(job_max=0)
        refused(client, "reload", "bad-config", "job-max")


def test_the_log_is_opened_again(queue, tmp_path):
    log = tmp_path / "own.log"
    q = alone(queue)
    q.write_config(log_file=str(log))
    q.signal(signal.SIGHUP)
    wait_until(log.exists, "the new log")
    os.rename(log, tmp_path / "old.log")
    q.signal(signal.SIGUSR1)
    wait_until(lambda: log.exists() and "reopen" in log.read_text(), "the log opened again")


# ---- the end


def test_the_end_waits_for_handed_jobs(queue):
    q = queue(drain_timeout_ms=60000)
    job = q.put("sleep", json.dumps({"ms": 300}))
    begun(q)
    waiting = q.client()
    waiting.skips_draining = False
    q.signal(signal.SIGTERM)
    waiting.expect("draining")
    assert q.wait_exit() == 0
    waiting.closed()
    q.start()
    check(q.wait(job), "done")


def test_submits_are_kept_while_it_drains(queue):
    q = queue(drain_timeout_ms=60000)
    q.put("sleep", json.dumps({"ms": 500}))
    begun(q)
    with q.client() as client:
        q.signal(signal.SIGTERM)
        q.log.wait("drain")
        client.submit("late", "echo", "late", detach=True)
        job = client.event("accepted", id="late")["job"]
    assert q.wait_exit() == 0
    q.start()
    assert q.result(job) == b"late"


def test_open_submits_and_waits_get_the_close_alone(queue):
    q = queue(drain_timeout_ms=200)
    job = q.put("sleep", LONG_SLEEP)
    begun(q)
    plain, linked, waiting = q.client(), q.client(), q.client()
    plain.submit(1, "sleep", LONG_SLEEP)
    linked.submit(1, "sleep", LONG_SLEEP, link=True)
    waiting.send(op="wait", id=1, job=job)
    begun(q, 2)
    q.signal(signal.SIGTERM)
    assert q.wait_exit() == 0
    for client in (plain, linked, waiting):
        client.closed()
    assert q.log.wait("drain-timeout")["handed"] >= 2, "those that ran"
    q.start()
    event = q.stats()["jobs"]
    assert event["waiting"] + event["handed"] + event["running"] == 3, event


def test_a_job_that_was_running_runs_again(queue):
    q = queue(drain_timeout_ms=100)
    job = q.put("sleep", json.dumps({"ms": 1000}))
    begun(q)
    q.signal(signal.SIGTERM)
    assert q.wait_exit() == 0
    q.start()
    check(q.wait(job), "done", attempt=2)


def test_a_second_signal_waits_for_no_job(queue):
    q = queue(drain_timeout_ms=600000)
    q.put("sleep", LONG_SLEEP)
    begun(q)
    q.signal(signal.SIGTERM)
    q.log.wait("drain")
    q.signal(signal.SIGTERM)
    assert q.wait_exit() == 0


def test_a_drain_asked_for_by_a_client(queue):
    q = alone(queue)
    client = q.client()
    check(ask(client, "drain"), "ok", op="drain")
    assert q.wait_exit() == 0

