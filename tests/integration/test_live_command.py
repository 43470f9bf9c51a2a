"""The commands of live jobs against a real daemon: jobs handed over, streamed, watched and looked at."""

import json
import os
import re
import select
import signal
import subprocess
import sys


from harness import proc
from harness.client import start
from harness.daemon import COMMAND, environment
from harness.wait import BUILD, DEADLINE, SCALE, wait_until

DONE, FAILED, LOST, AGAIN, TIMEOUT = 0, 1, 69, 75, 124
LONG_SLEEP = json.dumps({"ms": 60000})
TEST_MODULES = os.path.join(BUILD, "tests", "modules")


def spawn(server, *arguments):
    return proc.spawn(
        [COMMAND, *arguments, "--server", server.address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


def finish(process, status=DONE):
    """Returns what the command has printed, on each descriptor."""
    try:
        out, err = process.communicate(timeout=DEADLINE * 3)
    finally:
        proc.end(process)
    assert process.returncode == status, (process.returncode, out[-500:], err)
    return out.decode("latin-1"), err.decode()


def run(server, *arguments, status=DONE):
    return finish(spawn(server, *arguments), status)


def full_daemon(daemon, **config):
    """One busy worker; whatever is submitted waits. Returns the daemon and the client of the busy job."""
    server = daemon(pool_start=1, pool_max=1, **config)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, id="busy")
    return server, client


def done(server):
    return server.stats()["jobs"]["done"]


# ---- submit


def test_submit_prints_the_id_and_the_job_runs(daemon):
    server = daemon()
    out, err = run(server, "submit", "echo", "hello")
    assert out.strip() and err == ""
    wait_until(lambda: done(server) == 1, "the job's end")
    event = json.loads(run(server, "submit", "echo", "hello", "--json")[0])
    assert event["event"] == "accepted" and event["job"] != out.strip(), event


def test_submit_refused(daemon):
    server, _ = full_daemon(daemon, job_max=0)
    _, err = run(server, "submit", "echo", "x", status=AGAIN)
    assert "overload (queue-full" in err
    _, err = run(server, "submit", "echo", "x", "--service", "nobody", status=FAILED)
    assert "unknown-service" in err
    _, err = run(server, "submit", "nosuch", "x", status=FAILED)
    assert "unknown-module" in err


# ---- run


def test_max_wait(daemon):
    server, _ = full_daemon(daemon)
    _, err = run(server, "run", "echo", "x", "--max-wait", "0.1", status=FAILED)
    assert "failed (expired)" in err


def test_soft_timeout(daemon):
    server = daemon()
    _, err = run(server, "run", "sleep", LONG_SLEEP, "--soft-timeout", "0.1", status=TIMEOUT)
    assert "timeout, step stop-flag" in err


def test_progress(daemon):
    server = daemon(module_dir=TEST_MODULES)
    payload = "progress 0.25 first\nprogress 1\nsay end"
    out, err = run(server, "run", "live", payload, "--progress")
    assert out == "end"
    assert err.splitlines()[-1] == "taskmaster: 100%", err
    out, err = run(server, "run", "live", payload, "--progress", "--json")
    *reports, last = [json.loads(line) for line in out.splitlines()]
    assert (last["event"], last["payload"]) == ("done", "end")
    assert reports[-1]["event"] == "progress" and reports[-1]["fraction"] == 1, reports


def test_retry_while_the_server_is_full(daemon):
    server, client = full_daemon(daemon, job_max=0)
    process = spawn(server, "run", "echo", "x", "--retry", str(DEADLINE))
    wait_until(lambda: server.stats()["jobs"]["overload"]["queue-full"] > 1, "refusals")
    client.send(op="kill", target="busy")
    assert finish(process) == ("x", "")


def test_retry_gives_up(daemon):
    server, _ = full_daemon(daemon, job_max=0)
    _, err = run(server, "run", "echo", "x", "--retry", "0.2", status=AGAIN)
    assert "overload (queue-full" in err


def restart(daemon, server, path, **config):
    """The server is killed, and another one listens where it did."""
    server.expected_status = -signal.SIGKILL
    server.kill()
    return daemon(listen=path, **config)


def test_retry_over_a_restart(daemon, tmp_path):
    """A waiting job was not begun: the next server gets it. So does the first server at all."""
    path = f"unix:{tmp_path}/socket"
    server, _ = full_daemon(daemon, listen=path)
    process = spawn(server, "run", "echo", "x", "--retry", str(DEADLINE))
    server.wait_jobs(running=1, waiting=1)
    server = restart(daemon, server, path, pool_start=1)
    assert finish(process) == ("x", "")
    assert done(server) == 1


def test_retry_before_there_is_a_server(daemon, tmp_path):
    path = f"unix:{tmp_path}/socket"
    process = proc.spawn(
        [COMMAND, "run", "echo", "x", "--retry", str(DEADLINE), "--server", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    daemon(listen=path, pool_start=1)
    assert finish(process) == ("x", "")


def test_no_retry_of_a_job_that_began(daemon, tmp_path):
    path = f"unix:{tmp_path}/socket"
    server = daemon(listen=path, pool_start=1)
    process = spawn(server, "run", "sleep", LONG_SLEEP, "--retry", str(DEADLINE))
    wait_until(lambda: any(worker["begun"] for worker in server.workers() if worker["job"]), "the job begun")
    server = restart(daemon, server, path, pool_start=1)
    _, err = finish(process, LOST)
    assert "taskmaster: " in err
    assert server.stats()["jobs"]["submitted"] == 0


def test_retry_when_the_server_drains(daemon, tmp_path):
    """Waiting jobs end by shutdown; the next server gets this one."""
    path = f"unix:{tmp_path}/socket"
    server, _ = full_daemon(daemon, listen=path, drain_timeout_ms=1, kill_grace_ms=20)
    process = spawn(server, "run", "echo", "x", "--retry", str(DEADLINE))
    server.wait_jobs(running=1, waiting=1)
    server.signal(signal.SIGTERM)
    server.wait_exit()
    daemon(listen=path, pool_start=1)
    assert finish(process) == ("x", "")


PARTS, PART = 64 * 1024 * 1024, 64 * 1024


def test_stream(daemon):
    server = daemon(module_dir=TEST_MODULES)
    process = spawn(server, "run", "parts", f"{PARTS} {PART}", "--stream")
    seq = 0
    while seq < PARTS // PART:
        part = process.stdout.read(PART)
        assert part == seq.to_bytes(8, sys.byteorder) + b"." * (PART - 8), seq
        seq += 1
        if seq == PARTS // PART // 2:
            assert proc.rss_kb(process.pid) < 32 * 1024 * SCALE
    assert process.stdout.read() == str(seq).encode()
    assert finish(process) == ("", "")


def test_stream_as_json(daemon):
    server = daemon(module_dir=TEST_MODULES)
    out, _ = run(server, "run", "parts", "20 7", "--stream", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["part", "part", "part", "done"], events
    assert [event["seq"] for event in events[:3]] == [0, 1, 2], events


def test_a_stream_that_nobody_reads_is_interrupted(daemon):
    server = daemon(module_dir=TEST_MODULES)
    process = spawn(server, "run", "parts", f"{PARTS} {PART}", "--stream")
    first = process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    out, err = finish(process, FAILED)
    assert len(first + out.encode("latin-1")) < PARTS
    assert "interrupted" in err and "cancelled" in err, err


# ---- jobs as they are


def waiting_jobs(server, count, module="echo"):
    """Returns their ids."""
    return [run(server, "submit", module, str(i))[0].strip() for i in range(count)]


def rows(text):
    header, *lines = [line.split() for line in text.splitlines()]
    return [dict(zip(header, line)) for line in lines]


def test_status(daemon):
    server, _ = full_daemon(daemon)
    job, second = waiting_jobs(server, 2)
    out, _ = run(server, "status", second)
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (shown["job"], shown["module"], shown["state"]) == (second, "echo", "waiting"), out
    status = json.loads(run(server, "status", job, "--json")[0])
    assert (status["job"], status["position"], status["size"]) == (job, 0, 1), status
    _, err = run(server, "status", "k-1", status=FAILED)
    assert "unknown-job" in err


def test_jobs(daemon):
    server, _ = full_daemon(daemon)
    assert len(rows(run(server, "jobs")[0])) == 1
    jobs = waiting_jobs(server, 3)
    waiting_jobs(server, 1, "wc")
    assert [row["job"] for row in rows(run(server, "jobs", "--module", "echo")[0])] == jobs
    assert [row["state"] for row in rows(run(server, "jobs")[0])] == ["running"] + ["waiting"] * 4
    assert run(server, "jobs", "--module", "fib")[0] == "no jobs\n"
    out, err = run(server, "jobs", "--limit", "2")
    assert len(rows(out)) == 2 and "there are more" in err
    assert len(json.loads(run(server, "jobs", "--state", "waiting", "--json")[0])) == 4


def test_jobs_in_pages(daemon):
    server, client = full_daemon(daemon, job_max=2000)
    for i in range(1500):
        client.submit(i, "echo", "x")
    wait_until(lambda: server.stats()["queue"]["waiting"] == 1500, "the line")
    jobs = json.loads(run(server, "jobs", "--limit", "5000", "--json")[0])
    assert len({job["job"] for job in jobs}) == 1501


def test_peek(daemon):
    server, client = full_daemon(daemon)
    client.submit("b", "echo", bytes(range(256)), notify=["accepted"])
    job = client.event("accepted", id="b")["job"]
    assert run(server, "peek", job)[0].encode("latin-1") == bytes(range(256))
    event = json.loads(run(server, "peek", job, "--json")[0])
    assert event["event"] == "peek" and event["payload_base64"], event


def test_cancel_and_kill_selections(daemon):
    server, _ = full_daemon(daemon)
    waiting_jobs(server, 3)
    waiting_jobs(server, 2, "wc")
    assert run(server, "cancel", "--module", "echo", "--state", "waiting")[0] == "cancelled 3 jobs\n"
    assert run(server, "cancel", "--module", "echo")[0] == "cancelled 0 jobs\n"
    assert run(server, "kill", "--state", "running", "--pool", "default")[0] == "killed 1 job\n"
    wait_until(lambda: done(server) == 2, "the jobs left")
    _, err = run(server, "cancel", "--pool", "nosuch", status=FAILED)
    assert "unknown-pool" in err


def test_clients(daemon):
    server, _ = full_daemon(daemon)
    clients = json.loads(run(server, "clients", "--json")[0])
    shown = rows(run(server, "clients", "--limit", "1")[0])
    assert len(clients) == 2 and clients[1]["name"].startswith("taskmaster/"), clients
    assert shown[0]["id"] == str(clients[0]["id"]) and shown[0]["jobs"] == "1", shown


def test_completion_of_jobs(daemon):
    server, _ = full_daemon(daemon)
    jobs = waiting_jobs(server, 2)
    out, _ = finish(
        proc.spawn(
            [COMMAND, "--complete", "--timeout", str(DEADLINE), "--server", server.address, "status", ""],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
    )
    assert set(jobs) < set(out.split()), out


# ---- what happens


def test_monitor_to_the_last_end(daemon):
    server, client = full_daemon(daemon)
    worker = server.workers()[0]["id"]
    first, second = waiting_jobs(server, 2)
    process = spawn(server, "monitor", "--job", first, "--job", second, "--worker", str(worker))
    wait_until(lambda: json.loads(run(server, "clients", "--json")[0])[1]["monitors"] == 3, "the monitors")
    run(server, "cancel", first)
    assert process.stdout.readline().decode().startswith(f"down job={first} reason=cancelled")
    client.send(op="kill", worker=worker)
    lines = sorted(finish(process)[0].splitlines())
    assert lines[0].startswith(f"down job={second} reason="), lines
    assert lines[1].startswith(f"down worker={worker} "), lines


def test_monitor_of_an_unknown_job(daemon):
    server = daemon()
    out, _ = run(server, "monitor", "--job", "k-1", "--json")
    assert json.loads(out)["reason"] == "unknown"
    _, err = run(server, "monitor", "--pool", "nosuch", status=FAILED)
    assert "unknown-pool" in err


def test_monitor_changes(daemon):
    server = daemon(pool_start=1)
    server.wait_idle(1)
    process = spawn(server, "monitor", "--pool", "default", "--service", "mail", "--json")
    events = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert {event["event"] for event in events} == {"worker", "service"}, events
    with server.client() as client:
        client.send(op="register", name="mail")
        assert json.loads(process.stdout.readline())["state"] == "registered"
    assert json.loads(process.stdout.readline())["state"] == "free"
    server.signal(signal.SIGTERM)
    _, err = finish(process, 69)
    assert "closed the connection" in err, err


def test_watch(daemon):
    server = daemon()
    process = spawn(server, "watch", "jobs", "--module", "echo", "--json")
    wait_until(lambda: len(json.loads(run(server, "clients", "--json")[0])) > 1, "the watcher")
    while not select.select([process.stdout], [], [], 0.1)[0]:  # until the watch has begun
        run(server, "run", "echo", "x")
    events = [json.loads(process.stdout.readline()) for _ in range(2)]
    proc.end(process)
    assert {event["event"] for event in events} == {"watch"}, events
    assert all(event["module"] == "echo" for event in events), events


def test_watch_for_people(daemon):
    server = daemon()
    process = spawn(server, "watch")
    while not select.select([process.stdout], [], [], 0.1)[0]:
        run(server, "run", "echo", "x")
    line = process.stdout.readline().decode()
    proc.end(process)
    assert re.match(r"\d\d:\d\d:\d\d\.\d\d\d watch what=\w+ state=\w+ ", line), line


# ---- the lists


def test_modules(daemon):
    server = daemon(preload=["fib"], modules={"echo": {"enabled": False}})
    header, *rows = [line.split() for line in run(server, "modules")[0].splitlines()]
    rows = {row[0]: dict(zip(header, row)) for row in rows}
    assert rows["echo"]["enabled"] == "false" and rows["fib"]["enabled"] == "true", rows
    names = [module["name"] for module in json.loads(run(server, "modules", "--json")[0])]
    assert sorted(names) == sorted(rows)
