"""The store of taskqueued: large payloads, limits, backups, --check, refusals."""

import hashlib
import os
import shutil
import sqlite3
import subprocess

import pytest
from harness.client import ask, check
from harness.daemon import environment
from harness.queued import QUEUED, put, wait
from harness.wait import DEADLINE, wait_until

NOWHERE = "127.0.0.1:1"  # nobody listens there
HOUR = 3600000
LARGE = os.urandom(300_000)  # a file of its own


def run_queued(*args):
    return subprocess.run([QUEUED, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=DEADLINE, env=environment())


def check_store(path):
    result = run_queued("--check", f"--store-path={path}")
    return result.returncode, result.stdout


def sound(path):
    status, told = check_store(path)
    assert status == 0 and told.endswith(f"store-path {path}: the store is sound\n"), told
    return told


def files(q):
    return sorted(os.listdir(os.path.join(q.store, "payloads")))


def alone(queue, **config):
    """Without a master: jobs wait."""
    return queue(master=NOWHERE, **config)


# ---- payloads and results


def test_large_payloads_and_results_are_files(queue, daemon):
    q = alone(queue)
    job = q.put("echo", LARGE)
    small = q.put("echo", "small")
    assert files(q) == [f"{job[1:]}.input"]
    q.config["master"] = daemon().address
    q.restart()
    assert q.result(job) == LARGE
    assert q.result(small) == b"small"
    assert files(q) == [f"{job[1:]}.1.result"], "the payload of a done job goes with its end"
    q.restart()
    assert q.result(job) == LARGE
    with q.client() as client:
        check(ask(client, "forget", job=job), "ok")
    wait_until(lambda: not files(q), "no file")
    q.stop()
    sound(q.store)


def test_a_cancelled_job_keeps_its_payload_for_a_retry(queue):
    q = alone(queue)
    job = q.put("echo", LARGE)
    with q.client() as client:
        check(ask(client, "cancel", job=job), "ok")
        check(wait(client, job), "failed", reason="cancelled")
        assert files(q) == [f"{job[1:]}.input"]
        check(ask(client, "forget", job=job), "ok")
    wait_until(lambda: not files(q), "no file")


def test_files_without_a_job_go_at_the_start(queue):
    q = alone(queue)
    job = q.put("echo", LARGE)
    q.kill()
    for name in ("77.input", "78.1.result", f"{job[1:]}.1.result", "notes"):
        with open(os.path.join(q.store, "payloads", name), "wb") as file:
            file.write(LARGE)
    assert "files without a job: 3; they go at the next start\n" in sound(q.store)
    q.start()
    assert files(q) == [f"{job[1:]}.input", "notes"]


def test_a_job_whose_file_is_gone_fails(queue, daemon):
    """It never runs with an empty payload."""
    q = alone(queue)
    gone, cut, fine = (q.put("echo", LARGE) for _ in range(3))
    os.unlink(os.path.join(q.store, "payloads", f"{gone[1:]}.input"))
    os.truncate(os.path.join(q.store, "payloads", f"{cut[1:]}.input"), 100)
    q.config["master"] = daemon().address
    q.restart()
    for job in (gone, cut):
        check(q.wait(job), "failed", reason="error", message="the payload is gone from the store, or damaged")
    assert q.result(fine) == LARGE


def damage(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_a_result_that_is_gone_or_damaged_is_a_failure(queue, daemon):
    q = queue(master=daemon().address)
    gone, other, fine = (q.put("echo", LARGE) for _ in range(3))
    for job in (gone, other, fine):
        assert q.result(job) == LARGE
    os.unlink(os.path.join(q.store, "payloads", f"{gone[1:]}.1.result"))
    damage(os.path.join(q.store, "payloads", f"{other[1:]}.1.result"), 1000)
    q.restart()
    for job in (gone, other):
        event = q.wait(job)
        check(event, "failed", reason="error")
        assert event["message"] == "the job is done, but its result is gone from the store, or damaged"
        assert "size" not in event
    assert q.result(fine) == LARGE


def test_a_damaged_payload_fails_its_job(queue, daemon):
    q = alone(queue)
    small, large, fine = q.put("echo", "some small payload"), q.put("echo", LARGE), q.put("echo", "fine")
    q.stop()
    damage(os.path.join(q.store, "payloads", f"{large[1:]}.input"), 250_000)
    with sqlite3.connect(os.path.join(q.store, "queue.db")) as db:
        db.execute("UPDATE input SET data = CAST('some small paxload' AS BLOB) WHERE seq = ?", (small[1:],))
    db.close()
    status, told = check_store(q.store)
    assert status != 0
    for job in (small, large):
        assert f"fault: job {job}: its payload is gone, or damaged\n" in told
    q.config["master"] = daemon().address
    q.start()
    for job in (small, large):
        check(q.wait(job), "failed", reason="error", message="the payload is gone from the store, or damaged")
    assert q.result(fine) == b"fine"


def test_a_damaged_job_is_refused_with_its_name(queue):
    q = alone(queue)
    q.put("echo", "one")
    job = q.put("echo", "two")
    q.stop()
    with sqlite3.connect(os.path.join(q.store, "queue.db")) as db:
        db.execute("UPDATE job SET id = '9' WHERE seq = ?", (job[1:],))
    db.close()
    result = run_queued(f"--store-path={q.store}", "--listen=127.0.0.1:0", f"--master={NOWHERE}")
    assert result.returncode == 69
    assert f"job {job} is not as it was written" in result.stderr and "taskqueued --check" in result.stderr
    assert f"fault: job {job}: its row is damaged\n" in check_store(q.store)[1]


# ---- room


def test_submits_end_at_store_max_and_the_rest_goes_on(queue, daemon):
    q = alone(queue, store_max=16 << 20)
    payload = os.urandom(1 << 20)
    jobs = []
    with q.client() as client:
        while len(jobs) < 20:
            client.submit("x", "echo", payload, detach=True)
            event = client.find(lambda event: event.get("id") == "x")
            if event.name != "accepted":
                break
            jobs.append(event["job"])
        check(event, "overload", reason="storage")
        assert 12 <= len(jobs) <= 14, jobs
        q.config["master"] = daemon().address
        q.restart()
    digest = hashlib.sha256(payload).digest()
    for job in jobs:
        assert hashlib.sha256(q.result(job)).digest() == digest
        with q.client() as client:
            check(ask(client, "forget", job=job), "ok")
    assert q.result(q.put("echo", payload)) == payload


def test_nothing_is_handed_on_without_room_for_its_result(queue, daemon, tmp_path):
    """Results larger than payloads: store-max holds, but for the last one, and jobs wait for outcomes to go."""
    large = '{"path":"large"}'
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "large").write_bytes(os.urandom(2 << 20))
    master = daemon(pool_max=2, modules={"readfile": {"config": {"root": str(tmp_path / "root")}}})
    q = queue(master=master, store_max=16 << 20)
    assert len(q.result(q.put("readfile", large))) == 2 << 20, "the size of a result is known from now on"
    with q.client() as client:
        check(ask(client, "pause"), "ok")
        jobs = [put(client, "readfile", large) for _ in range(14)]
        check(ask(client, "resume"), "ok")
    full = q.wait_stats(
        lambda s: s["store"]["bytes"] >= 16 << 20 and s["jobs"]["handed"] == s["jobs"]["running"] == 0, "a full store"
    )
    assert full["jobs"]["waiting"] >= 4 and full["store"]["bytes"] < 19 << 20, full
    for job in jobs:
        with q.client() as client:
            check(wait(client, job), "done")
            check(ask(client, "forget", job=job), "ok")


# ---- backups


def test_a_backup_is_a_store(queue, daemon, tmp_path):
    q = alone(queue)
    large, small = q.put("echo", LARGE), q.put("echo", "small")
    done_elsewhere = q.put("echo", "later")
    copy = str(tmp_path / "copy")
    with q.client() as client:
        check(ask(client, "backup", path=copy), "ok")
        check(ask(client, "cancel", job=done_elsewhere), "ok")
    q.stop()
    assert "jobs: 3 waiting" in sound(copy)
    shutil.rmtree(q.store)
    other = queue(daemon(), store_path=copy)
    assert other.result(large) == LARGE
    assert other.result(small) == b"small"
    assert other.result(done_elsewhere) == b"later"
    assert int(other.put("echo")[1:]) > int(done_elsewhere[1:]), "a number is never used twice"


def test_a_backup_while_others_submit(queue, tmp_path):
    q = queue()
    copy = str(tmp_path / "copy")
    with q.client() as client:
        before = [put(client, "echo", f"{n}" * 5000, delay_ms=HOUR, id=n) for n in range(100)]
        client.send(op="backup", id="b", path=copy)
        for n in range(200):
            client.submit(n, "echo", "x", detach=True, delay_ms=HOUR)
        check(client.find(lambda event: event.get("id") == "b"), "ok")
    told = sound(copy)
    assert len(before) <= int(told.split(" delayed")[0].split()[-1]) <= 300


# ---- what is refused


def test_check_refuses_a_store_in_use(queue):
    q = alone(queue)
    status, told = check_store(q.store)
    assert (status, told) == (69, f"store-path {q.store} is in use by another process\n")


def test_check_tells_faults(queue):
    q = alone(queue)
    job, other = q.put("echo", LARGE), q.put("echo", "small")
    q.stop()
    sound(q.store)
    os.truncate(os.path.join(q.store, "payloads", f"{job[1:]}.input"), 5)
    with sqlite3.connect(os.path.join(q.store, "queue.db")) as db:
        db.execute("DELETE FROM input")
    db.close()
    status, told = check_store(q.store)
    assert status == 65, told
    assert f"fault: payloads/{job[1:]}.input: it has 5 bytes, and should have 300000\n" in told
    assert f"fault: job {other}: its payload is gone, or damaged\n" in told
    assert told.endswith("faults: 3\n")


def start_fails(q, words):
    q.write_config()
    result = run_queued("-c", q.config_path)
    assert result.returncode == 69, result
    assert words in result.stderr, result


def test_a_store_of_a_newer_release_is_refused(queue):
    q = alone(queue)
    q.stop()
    with sqlite3.connect(os.path.join(q.store, "queue.db")) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    start_fails(q, "a newer release made it: its schema is 99")


def test_a_store_in_memory_is_refused(queue):
    if subprocess.run(["stat", "-f", "-c", "%T", "/dev/shm"], stdout=subprocess.PIPE, text=True).stdout != "tmpfs\n":
        pytest.skip("/dev/shm is no tmpfs")
    path = f"/dev/shm/taskqueued.{os.getpid()}"
    result = run_queued("--listen=127.0.0.1:0", f"--master={NOWHERE}", f"--store-path={path}")
    try:
        assert result.returncode == 69 and "is on tmpfs" in result.stderr, result
        q = alone(queue, store_path=path, store_sync="off")
        assert q.stats()["store"]["has_room"]
        q.stop()
    finally:
        shutil.rmtree(path)


def test_a_broken_database_ends_the_queue(queue):
    q = alone(queue)
    for n in range(50):
        q.put("echo", "x" * 3000)
    q.stop()
    with open(os.path.join(q.store, "queue.db"), "r+b") as file:
        file.seek(4096)
        file.write(b"\x55" * 4096 * 12)
    q.write_config()
    result = run_queued("-c", q.config_path)
    assert result.returncode in (69, 74), result
    status, told = check_store(q.store)
    assert status == 65 and "fault: " in told


@pytest.mark.parametrize("sync", ["full", "normal", "off"])
def test_kill_9_loses_nothing(queue, sync):
    q = alone(queue, store_sync=sync)
    jobs = [q.put("echo", f"{n}") for n in range(30)]
    q.restart()
    with q.client() as client:
        for job in jobs:
            check(ask(client, "status", job=job), "status")
