"""Protocol section 6: run, grow, queue or refuse; and the fields of an overload."""

import json
import os
import signal
import threading

import pytest

from harness.client import check, message
from harness.fakes import FakeWorker
from harness.wait import wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


def occupy(server, count, client=None):
    """Keeps so many workers busy. Returns the client of these jobs."""
    client = client or server.client()
    for n in range(count):
        client.submit(f"busy-{n}", "sleep", LONG_SLEEP, notify=["started"])
    for n in range(count):
        client.begun(id=f"busy-{n}")
    return client


def release(client, count):
    for n in range(count):
        client.send(op="kill", target=f"busy-{n}")
        check(client.outcome(f"busy-{n}"), "failed", reason="cancelled")


def test_pool_start_workers_are_forked_at_start(daemon):
    server = daemon(pool_start=3, pool_max=5)
    stats = server.wait_idle(3)
    assert stats["pool"]["forks"] == 3
    assert len(server.log.events("worker-ready")) == 3


def test_no_worker_is_started_while_one_is_free(daemon):
    server = daemon(pool_start=1, pool_max=4)
    server.wait_idle(1)
    client = server.client()
    for n in range(20):
        client.done("echo", id=n)
    assert server.stats()["pool"]["forks"] == 1


def test_the_pool_grows_to_pool_max_and_no_further(daemon):
    server = daemon(pool_start=1, pool_max=3, job_max=100)
    server.wait_idle(1)
    client = occupy(server, 3)
    for n in range(5):
        client.submit(n, "echo")
    stats = server.wait_jobs(running=3, waiting=5)
    assert stats["pool"]["forks"] == 3 and stats["pool"]["busy"] == 3
    release(client, 3)
    for n in range(5):
        check(client.outcome(n), "done")


def test_the_pool_does_not_shrink_but_by_a_reload(daemon):
    """As taskmasterd(8) says: workers of a burst stay, a lost worker is not replaced beyond pool-start, and a reload
    shrinks the pool."""
    server = daemon(pool_start=1, pool_max=3)
    server.wait_idle(1)
    client = occupy(server, 3)
    for n in range(3):
        client.send(op="cancel", target=f"busy-{n}")
        check(client.outcome(f"busy-{n}"), "failed", reason="cancelled")
    server.wait_idle(3)
    os.kill(server.worker_pids("idle")[0], signal.SIGKILL)
    server.wait_stats(lambda s: s["pool"]["idle"] == 2, "one worker less")
    forks = server.stats()["pool"]["forks"]
    assert client.done("echo", "x", id="x") == b"x" and server.stats()["pool"]["forks"] == forks
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    stats = server.wait_stats(lambda s: s["pool"]["stopping"] == 0, "the old ones gone")
    assert stats["pool"]["idle"] == 1, stats["pool"]


def test_the_worker_that_was_busy_last_is_taken(daemon):
    server = daemon(pool_start=3, pool_max=3)
    server.wait_idle(3)
    client = server.client()
    used = set()
    for n in range(20):
        client.submit(n, "echo", "x", notify=["started"])
        used.add(client.event("started", id=n)["worker"])
        check(client.outcome(n), "done")
    assert len(used) == 1, used
    assert sorted(worker["jobs_done"] for worker in server.workers()) == [0, 0, 20]


def test_job_max_bounds_the_line(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=3)
    client = occupy(server, 1)
    for n in range(5):
        client.submit(n, "echo", str(n), context={"n": n}, notify=["accepted"])
    for n in range(3):
        client.event("accepted", id=n, position=n)
    for n in (3, 4):
        event = client.outcome(n)
        check(event, "overload", reason="queue-full", queued=3, running=1, context={"n": n})
        assert "job" not in event, "no job exists"
        assert isinstance(event["retry_after_ms"], int) and event["retry_after_ms"] >= 0, event
    release(client, 1)
    for n in range(3):
        check(client.outcome(n), "done")
    assert client.done("echo", "again", id=4) == b"again", "the id is free after an overload"


def test_overload_goes_to_the_submitter_whose_job_it_was_and_to_nobody_else(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1)
    holder = occupy(server, 1)
    waiting, refused, bystander = server.client(), server.client(), server.client()
    waiting.submit("same", "echo", "w", notify=["accepted"], context="waiting")
    waiting.event("accepted")
    refused.submit("same", "echo", "r", context="refused")
    check(refused.recv(), "overload", id="same", context="refused")
    for client in (holder, waiting, refused, bystander):
        client.silent()
    release(holder, 1)
    check(waiting.outcome("same"), "done", context="waiting")
    refused.silent()


def test_overload_counts_as_submitted(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=0)
    client = occupy(server, 1)
    for n in range(7):
        check(client.run("echo", id=n), "overload")
    jobs = server.stats()["jobs"]
    assert jobs["submitted"] == 8 and jobs["overload"]["queue-full"] == 7
    release(client, 1)


def test_no_accepted_before_an_overload(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=0)
    client = occupy(server, 1)
    client.submit("a", "echo", notify=["accepted", "started"])
    client.expect("overload", id="a")
    release(client, 1)


def test_unknown_module_comes_before_admission(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=0)
    client = occupy(server, 1)
    check(client.run("no-such-module"), "failed", reason="unknown-module")
    release(client, 1)


# ---- pool-start 0, job-max 0, pool-max 1


def test_pool_start_0(daemon):
    """No worker until a job asks for one."""
    server = daemon(pool_start=0, pool_max=2)
    assert server.stats()["pool"]["forks"] == 0
    assert server.client().done("echo", "x") == b"x"
    assert server.stats()["pool"]["forks"] == 1


def test_job_max_0(daemon):
    """No job waits for a busy worker, but a job may wait for a worker started for it."""
    server = daemon(pool_start=0, pool_max=2, job_max=0)
    client = server.client()
    assert client.done("echo", "x") == b"x"
    occupy(server, 2, client)
    check(client.run("echo"), "overload", reason="queue-full", queued=0, running=2)
    release(client, 2)


def test_job_max_0_admits_as_many_at_once_as_workers_can_be_started(daemon):
    server = daemon(pool_start=0, pool_max=3, job_max=0)
    client = server.client()
    client.send_raw(
        b"".join(message(LONG_SLEEP, op="submit", id=f"busy-{n}", module="sleep") for n in range(5))
    )
    for n in (3, 4):
        check(client.outcome(f"busy-{n}"), "overload", reason="queue-full")
    server.wait_jobs(running=3, waiting=0)
    release(client, 3)


def test_pool_max_1(daemon):
    """pool-start is 2 by default, or pool-max if this is less."""
    server = daemon(pool_start=None, pool_max=1)
    stats = server.wait_idle(1)
    assert (stats["pool"]["start"], stats["pool"]["max"]) == (1, 1)
    client = server.client()
    for n in range(10):
        client.submit(n, "echo", str(n))
    assert [client.recv()["id"] for _ in range(10)] == list(range(10))
    assert server.stats()["pool"]["forks"] == 1


def test_defaults_of_the_pool(daemon):
    server = daemon(pool_start=None, pool_max=None)
    stats = server.wait_idle(2)
    assert (stats["pool"]["start"], stats["pool"]["max"]) == (2, 4)
    assert stats["queue"]["max"] == 100


def test_a_burst_over_all_three_places(daemon):
    """Exactly 2 jobs run at once, 2 more get new workers, 3 wait in the line, and the rest are refused."""
    server = daemon(pool_start=2, pool_max=4, job_max=3)
    server.wait_idle(2)
    client = server.client()
    client.send_raw(
        b"".join(
            message(LONG_SLEEP, op="submit", id=f"busy-{n}", module="sleep") for n in range(10)
        )
    )
    for n in (7, 8, 9):
        check(client.outcome(f"busy-{n}"), "overload", reason="queue-full")
    stats = server.wait_jobs(running=4, waiting=3)
    assert stats["jobs"]["overload"]["queue-full"] == 3 and stats["pool"]["forks"] == 4
    for n in (4, 5, 6, 0, 1, 2, 3):
        client.send(op="kill", target=f"busy-{n}")
        check(client.outcome(f"busy-{n}"), "failed", reason="cancelled")


def test_a_starting_worker_counts_for_those_who_wait(daemon, tmp_path):
    """The rule is waiting - starting < job-max. Here one job waits for a worker without end, and job-max others wait in
    the line."""
    fake = FakeWorker(tmp_path, start="never-connect")
    server = daemon(
        worker_path=fake.path, pool_start=0, pool_max=1, job_max=2, start_timeout_ms=60000
    )
    client = server.client()
    for n in range(5):
        client.submit(n, "echo", "ok", notify=["accepted"])
    for n in range(3):
        client.event("accepted", id=n, position=n)
    for n in (3, 4):
        check(client.outcome(n), "overload", reason="queue-full")


def test_a_waiting_job_is_bound_to_no_worker(daemon):
    """A job behind a starting worker takes the first worker to become free. This test only shows that no job is
    lost."""
    server = daemon(pool_start=1, pool_max=2)
    server.wait_idle(1)
    client = server.client()
    for n in range(40):
        client.submit(n, "echo", str(n))
    assert sorted(client.recv()["id"] for _ in range(40)) == list(range(40))


# ---- memory and quota


def test_overload_memory(daemon):
    """Above payload-total-max, a payload is discarded as it arrives."""
    server = daemon(
        pool_start=1, pool_max=1, job_max=100, payload_max=200000, payload_total_max=500000
    )
    client = occupy(server, 1)
    payload = b"x" * 150000
    for n in range(3):
        client.submit(n, "echo", payload, notify=["accepted"])
        client.event("accepted", id=n)
    client.submit(3, "echo", payload, context="mine")
    event = client.outcome(3)
    check(event, "overload", reason="memory", queued=3, running=1, context="mine")
    assert "job" not in event and event["retry_after_ms"] >= 0, event
    client.submit(4, "echo", "small", notify=["accepted"])
    client.event("accepted", id=4)
    stats = server.stats()
    assert stats["jobs"]["overload"]["memory"] == 1
    assert 450000 <= stats["queue"]["bytes"] <= stats["queue"]["bytes_max"] == 500000
    release(client, 1)
    for n in (0, 1, 2):
        assert client.outcome(n).payload == payload
    assert client.outcome(4).payload == b"small"
    assert client.done("echo", payload, id=3) == payload
    server.wait_stats(lambda s: s["queue"]["bytes"] == 0, "the bytes given back")


def test_half_arrived_payloads_never_lock_each_other_out(daemon):
    """Four half payloads fill the budget. Each submit must have its own end, some by overload."""
    server = daemon(pool_start=1, payload_max=200000, payload_total_max=300000)
    clients = [server.client() for _ in range(4)]
    data = message(b"x" * 200000, op="submit", id="a", module="echo")
    for client in clients:
        client.send_raw(data[:150000])
    for client in clients:
        client.send_raw(data[150000:])
    ends = [client.outcome("a") for client in clients]
    for event in ends:
        assert event.name == "done" or event["reason"] == "memory", event
    assert any(event.name == "done" for event in ends), ends
    assert any(event.name == "overload" for event in ends), ends
    assert len(clients[0].done("echo", b"x" * 200000, id="b")) == 200000


def test_a_client_that_goes_in_mid_payload_gives_its_bytes_back(daemon):
    server = daemon(pool_start=1, payload_max=200000, payload_total_max=300000)
    for round in range(4):
        client = server.client()
        client.send_raw(message(b"x" * 200000, op="submit", id=1, module="echo")[:150000])
        client.reset() if round % 2 else client.close()
    server.wait_stats(lambda s: s["queue"]["bytes"] == 0, "the bytes given back")
    assert len(server.client().done("echo", b"x" * 200000)) == 200000


def test_overload_client_quota(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=100, client_job_max=3)
    client = occupy(server, 1)
    for n in range(2):
        client.submit(n, "echo", notify=["accepted"])
        client.event("accepted", id=n)
    check(client.run("echo", id=2, context=2), "overload", reason="client-quota", queued=2, running=1, context=2)
    other = server.client()
    other.submit(0, "echo", notify=["accepted"])
    other.event("accepted", position=2)
    release(client, 1)
    assert [client.outcome(n).name for n in range(2)] == ["done", "done"]
    check(other.outcome(0), "done")
    assert client.done("echo", "x", id=2) == b"x", "the quota is free again"
    assert server.stats()["jobs"]["overload"]["client-quota"] == 1


def test_the_order_of_the_reasons(daemon):
    """memory, client-quota, queue-full."""
    server = daemon(
        pool_start=1,
        pool_max=1,
        job_max=1,
        client_job_max=2,
        payload_max=200000,
        payload_total_max=250000,
    )
    client = occupy(server, 1)
    client.submit(0, "echo", b"x" * 150000, notify=["accepted"])
    client.event("accepted", id=0)
    check(client.run("echo", b"x" * 150000, id=1), "overload", reason="memory")
    check(client.run("echo", b"x", id=2), "overload", reason="client-quota")
    other = server.client()
    check(other.run("echo", b"x", id=3), "overload", reason="queue-full")
    release(client, 1)
    check(client.outcome(0), "done")


@pytest.mark.parametrize("workers", [1, 2])
def test_retrying_on_overload_loses_nothing(daemon, workers):
    """Two clients push 100 jobs each through a line of two, and retry until all are done."""
    server = daemon(pool_start=workers, pool_max=workers, job_max=2)
    results = [set(), set()]

    def push(client, into):
        for n in range(100):
            event = client.run("echo", str(n), id=n)
            while event.name == "overload":
                event = client.run("echo", str(n), id=n)
            check(event, "done")
            into.add(int(event.payload))

    threads = [
        threading.Thread(target=push, args=(server.client(), into)) for into in results
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [set(range(100))] * 2


def test_a_worker_above_pool_start_comes_back_only_on_demand(daemon):
    server = daemon(pool_start=1, pool_max=2)
    client = occupy(server, 2)
    release(client, 2)  # kill costs both workers
    stats = server.wait_idle(1)
    assert stats["pool"]["exits"] == 2 and stats["pool"]["forks"] == 3, stats
    occupy(server, 2, client)
    wait_until(lambda: server.stats()["pool"]["forks"] == 4, "the second one on demand")
    release(client, 2)
