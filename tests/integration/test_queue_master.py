"""taskqueued and its master: killed, stopped, drained, cut off, refused; a cancel while the master is away."""

import os
import signal

import pytest
from harness.cable import Cable
from harness.client import check
from harness.queued import put, wait


@pytest.fixture
def pair(live, queue):
    """A queue and its master, which keep their addresses over restarts."""

    def make(master=None, **config):
        server = queue(master=live(**(master or {})), **config)
        server.keep_address()
        server.master.config["listen"] = server.master.address
        return server

    return make


def start_running(client, id="job", payload="attempt\ntill 1\nwait", **fields):
    """Submits a job, and waits until its module runs."""
    client.submit(id, "live", "progress 0.1\n" + payload, notify=["accepted", "progress"], **fields)
    job = client.expect("accepted", id=id)["job"]
    client.expect("progress", id=id)
    return job


def end_of(client, id="job"):
    """The terminal event of a submit."""
    return client.find(lambda event: event.get("id") == id and event.ends_submit(), what=f"the end of {id}")


# ---- the master is lost


def test_a_killed_master_costs_no_job(pair):
    server = pair(master={"pool_start": 2, "pool_max": 2})
    with server.client() as client:
        running = start_running(client)
        waiting = [put(client, "live", "attempt", id=n) for n in range(20)]
        server.master.kill()
        late = put(client, "live", "attempt", id="late")
        server.master.start()
        done = end_of(client)
        check(done, "done", job=running, attempt=2)
        for job in [*waiting, late]:
            check(wait(client, job), "done")


def test_a_killed_queue_costs_no_job(pair):
    server = pair()
    with server.client() as client:
        running = start_running(client)
    waiting = [server.put("live", "attempt") for _ in range(5)]
    server.restart()
    assert server.result(running) == f"{running} 2 ".encode()
    for job in waiting:
        assert server.result(job) in (f"{job} 1 ".encode(), f"{job} 2 ".encode()), "it may have begun"


def test_everything_is_killed(pair):
    server = pair()
    with server.client() as client:
        running = start_running(client)
        waiting = put(client, "live", "attempt", delay_ms=100)
    server.kill()
    server.master.kill()
    server.master.start()
    server.start()
    assert server.result(running) == f"{running} 2 ".encode()
    assert server.result(waiting) == f"{waiting} 1 ".encode()


def test_too_many_losses_are_poison(pair):
    server = pair(poison_limit=2)
    with server.client() as client:
        client.submit(1, "live", "wait", notify=["started"], retries=100)
        for _ in range(2):
            client.expect("started", id=1)
            server.master.kill()
            server.master.start()
        check(client.expect("failed", id=1), "failed", reason="poison", attempt=2)


def test_a_master_that_comes_later(live, queue):
    """Jobs are kept without it, and run once it is there."""
    master = live()
    address = master.address
    master.kill()
    server = queue(master=master)
    jobs = [server.put("live", "attempt") for _ in range(3)]
    server.log.wait("master-unreachable", why="Connection refused")
    master.config["listen"] = address
    master.start()
    for job in jobs:
        assert server.result(job) == f"{job} 1 ".encode()
    assert len(server.log.events("master-unreachable")) == 1, "each reason is told once"


def test_a_stopped_master_goes_on(pair):
    server = pair()
    with server.client() as client:
        start_running(client, payload="sleep 50\nattempt")
        server.master.signal(signal.SIGSTOP)
        job = put(client, "live", "attempt")
        server.master.signal(signal.SIGCONT)
        check(wait(client, job), "done")
        done = end_of(client)
        check(done, "done")
        assert "attempt" not in done


# ---- the connection alone is lost


def test_nothing_runs_twice_at_a_time_after_a_cut(pair):
    """The master still ends what ran (link): nothing is handed to it for kill_grace_ms and a second."""
    server = pair(master={"kill_grace_ms": 300})
    cable = Cable(server.master.address)
    server.restart(master=cable.address)
    with server.client() as client:
        job = start_running(client, payload="log begun\ntill 1\nuntil never\nlog never")
        cable.cut()
        server.log.wait("master-lost")
        check(wait(client, job), "done", attempt=2)
    cable.close()
    begun = [event for event in server.master.log.events() if event.get("text") == "begun"]
    ends = server.master.log.events("worker-ended") + server.master.log.events("worker-lost")
    assert len(begun) == 2, begun
    assert ends, "the first run was killed"


def test_other_jobs_wait_for_the_cut_off_ones_too(pair):
    server = pair(master={"kill_grace_ms": 100})
    cable = Cable(server.master.address)
    server.restart(master=cable.address)
    with server.client() as client:
        start_running(client)
        cable.cut()
        server.log.wait("master-lost")
        job = put(client, "echo", "x")
        check(wait(client, job), "done")
    cable.close()


# ---- the master drains


def test_a_draining_master_gives_its_jobs_back(pair):
    server = pair(master={"pool_start": 1, "pool_max": 1, "drain_timeout_ms": 20000})
    with server.client() as client:
        running = start_running(client, payload="attempt\nsleep 300")
        waiting = [put(client, "live", "attempt", id=n) for n in range(5)]
        server.master.signal(signal.SIGTERM)
        done = end_of(client)
        check(done, "done", job=running)
        assert done.payload == f"{running} 1 ".encode(), "a running job ends"
        assert server.master.wait_exit() == 0
        server.master.start()
        for job in waiting:
            event = wait(client, job)
            check(event, "done")
            assert event.payload == f"{job} 1 ".encode(), "jobs that never began have their attempt left"


# ---- cancel


@pytest.mark.parametrize("op", ["cancel", "kill"])
def test_a_running_job_is_stopped(pair, op):
    server = pair()
    with server.client() as client:
        job = start_running(client, payload="wait\nfail")
        client.send(op=op, job=job)
        client.expect("ok", op=op, job=job, state="running")
        event = end_of(client)
        check(event, "failed", job=job, reason="cancelled", by="submitter")
        assert event["step"] == ("sigkill" if op == "kill" else "stop-flag")


def test_a_cancel_while_the_master_is_away(pair):
    server = pair()
    with server.client() as client:
        running = start_running(client, payload="attempt\nwait")
        waiting = put(client, "live", "attempt", id="waiting", delay_ms=3600000)
        server.master.kill()
        server.log.wait("master-lost")
        for job in (running, waiting):
            client.send(op="cancel", job=job)
            client.find(lambda event: event.name == "ok", what="the answer to cancel")
        event = end_of(client)
        check(event, "failed", reason="cancelled")
        check(wait(client, waiting), "failed", reason="cancelled")
        server.master.start()
        assert server.result(put(client, "live", "attempt", id="later"))
    assert not [line for line in server.master.log.lines() if "attempt 2" in line]


def test_a_cancel_survives_the_queue(pair):
    """The wish is stored before the ok. The job is not run again."""
    server = pair()
    with server.client() as client:
        job = start_running(client, payload="until never")
        server.master.signal(signal.SIGSTOP)
        client.send(op="cancel", job=job)
        client.expect("ok", op="cancel", job=job)
    server.kill()
    server.master.signal(signal.SIGCONT)
    server.start()
    check(server.wait(job), "failed", reason="cancelled")


# ---- refused


def tokens(path, text):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o600)
    return str(path)


def test_a_token_without_relay_is_refused(live, queue, tmp_path):
    access = tokens(tmp_path / "access", "weak weak-token-of-16-bytes submit\nrelay good-token-of-16-bytes submit relay\n")
    ours = tokens(tmp_path / "token", "weak-token-of-16-bytes\n")
    master = live(access_file=access)
    master.token = "good-token-of-16-bytes"
    master.check_stats = False
    server = queue(master=master, master_token_file=ours)
    job = server.put("live", "attempt")
    server.log.wait("master-unreachable", why="our token lacks the right relay")
    tokens(tmp_path / "token", "good-token-of-16-bytes\n")
    server.signal(signal.SIGHUP)
    assert server.result(job) == f"{job} 1 ".encode()


def test_a_wrong_token_is_told(live, queue, tmp_path):
    master = live(token_file=tokens(tmp_path / "tokens", "the-token-of-16-bytes\n"))
    master.token = "the-token-of-16-bytes"
    server = queue(master=master, master_token_file=tokens(tmp_path / "token", "another-token-16-bytes\n"))
    line = server.log.wait("master-unreachable")
    assert "token" in line["why"], line


def test_a_name_without_an_address_is_refused_at_the_start(daemon):
    server = daemon.make_queue({"master": "no-such-host.invalid:7741"})
    server.expected_status = os.EX_UNAVAILABLE
    with pytest.raises(AssertionError, match="no-such-host.invalid"):
        server.start()


def test_requests_to_a_master_that_is_away(live, queue):
    master = live()
    master.kill()
    master.expected_status = -signal.SIGKILL
    server = queue(master=master)
    with server.client() as client:
        client.send(op="workers")
        client.expect("error", op="workers", code="unavailable")


# ---- others act on the master


def jobs_of(master):
    with master.client() as client:
        client.send(op="jobs")
        return client.expect("jobs").json()


def test_a_cancel_at_the_master_is_an_outcome(pair):
    server = pair()
    with server.client() as client, server.master.client() as operator:
        job = start_running(client, payload="wait\nfail", retries=5)
        [listed] = jobs_of(server.master)
        assert listed["origin"] == job
        operator.send(op="cancel", job=listed["job"])
        operator.expect("ok", op="cancel")
        check(end_of(client), "failed", job=job, reason="cancelled", by="client")


def test_a_killed_worker_is_no_poison(pair):
    server = pair(poison_limit=1)
    with server.client() as client, server.master.client() as operator:
        job = start_running(client, payload="attempt\ntill 1\nuntil never", retries=1, retry_delay_ms=10)
        [worker] = [worker for worker in operator.workers() if worker["state"] == "busy"]
        operator.send(op="kill", worker=worker["id"])
        operator.expect("ok", op="kill")
        check(wait(client, job), "done", attempt=2)


def test_a_drain_that_stops_a_job_counts_its_attempt(pair):
    server = pair(master={"drain_timeout_ms": 100, "pool_start": 1, "pool_max": 1})
    with server.client() as client:
        job = start_running(client, payload="attempt\ntill 1\nuntil never")
        server.master.signal(signal.SIGTERM)
        assert server.master.wait_exit() == 0
        server.master.start()
        check(wait(client, job), "done", attempt=2)


def test_an_open_breaker_is_waited_for(pair):
    server = pair(master={"breaker_crashes": 1, "breaker_window_ms": 1000, "breaker_pause_ms": 200})
    with server.client() as client:
        crashed = put(client, "live", "crash", id="crash")
        check(wait(client, crashed), "failed", reason="error")
        job = put(client, "live", "attempt", id="job")
        event = wait(client, job)
        check(event, "done")
        assert event.payload == f"{job} 1 ".encode()
    server.log.wait("module-held", module="live", reason="unavailable")
    server.log.wait("module-back", module="live")


def test_the_master_sees_the_submitters_name(live, queue, tmp_path):
    access = tokens(tmp_path / "access", "web web-token-of-16-bytes all\n")
    server = queue(master=live(), access_file=access)
    server.token = "web-token-of-16-bytes"
    with server.client() as client:
        start_running(client, payload="wait")
        [listed] = jobs_of(server.master)
        assert listed["owner"] == "web"
        client.send(op="cancel", target="job")
        client.expect("ok", op="cancel")
        check(end_of(client), "done")


def test_a_right_of_our_token_lacks_for_workers(live, queue, tmp_path):
    access = tokens(tmp_path / "access", "relay good-token-of-16-bytes submit relay\n")
    master = live(access_file=access)
    master.check_stats = False
    server = queue(master=master, master_token_file=tokens(tmp_path / "token", "good-token-of-16-bytes\n"))
    server.linked()
    with server.client() as client:
        client.send(op="workers")
        error = client.expect("error", op="workers", code="denied")
        assert "observe" in error["message"]


def test_rights_that_our_token_loses_cost_no_job(live, queue, tmp_path):
    """A reload of the master takes the right away, and another one gives it back. The connection stays."""
    access = tokens(tmp_path / "access", "relay good-token-of-16-bytes all relay\n")
    master = live(access_file=access)
    master.token = "good-token-of-16-bytes"
    server = queue(master=master, master_token_file=tokens(tmp_path / "token", "good-token-of-16-bytes\n"))
    server.linked()
    reload_access(master, tmp_path / "access", "observe admin")
    job = server.put("live", "attempt")
    server.log.wait("module-held", module="live", reason="denied")
    reload_access(master, tmp_path / "access", "all relay")
    assert server.result(job) == f"{job} 1 ".encode()


def reload_access(master, path, rights):
    tokens(path, f"relay good-token-of-16-bytes {rights}\n")
    with master.client() as client:
        client.send(op="reload")
        client.expect("ok", op="reload")


# ---- the end of the queue


def test_the_queue_drains(pair):
    """The handed job ends, and its outcome is kept; others stay, and run after the next start."""
    server = pair(drain_timeout_ms=20000)
    with server.client() as client:
        running = start_running(client, payload="attempt\nsleep 200")
        waiting = put(client, "live", "attempt", id="later", delay_ms=1)
        server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    server.start()
    assert server.result(running) == f"{running} 1 ".encode()
    assert server.result(waiting) == f"{waiting} 1 ".encode()


def test_jobs_not_begun_lose_nothing_at_the_end(pair):
    """A drain that takes too long: only the job that ran has lost its attempt, and counts a loss."""
    server = pair(master={"pool_start": 1, "pool_max": 1}, drain_timeout_ms=100)
    with server.client() as client:
        running = start_running(client, payload="attempt\ntill 1\nuntil never")
        waiting = [put(client, "live", "attempt", id=n) for n in range(3)]
        server.master.wait_jobs(running=1, waiting=2)
        server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    server.start()
    assert server.result(running) == f"{running} 2 ".encode()
    for job in waiting:
        assert server.result(job) == f"{job} 1 ".encode()


# ---- memory


def test_inputs_do_not_pile_up_before_a_stopped_master(pair):
    """A quick module gets many jobs ahead, but only some MiB of them."""
    server = pair()
    with server.client() as client:
        for n in range(20):
            check(wait(client, put(client, "echo", "x", id=n)), "done")
        server.master.signal(signal.SIGSTOP)
        jobs = [put(client, "echo", b"x" * (4 << 20), id=n) for n in range(16)]
        states = [state_of(client, job) for job in jobs]
        server.master.signal(signal.SIGCONT)
        assert 1 <= states.count("handed") <= 4, states
        for job in jobs:
            check(wait(client, job), "done", size=4 << 20)


def state_of(client, job):
    client.send(op="status", job=job)
    return client.expect("status").json()["state"]
