"""TERM, INT and QUIT: the drain, its time limit, and the second signal."""

import json
import os
import signal
import socket
import threading
import time

import pytest

from harness import proc
from harness.client import check, header, start
from harness.fakes import FakeWorker
from harness.wait import DEADLINE, SCALE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})

ENDS = [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT]


@pytest.mark.parametrize("number", ENDS)
def test_drain(daemon, number):
    """Running jobs finish, waiting jobs end as shutdown, output is flushed, and the status is 0."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=30000)
    client, idle = server.client(), server.client()
    start(client, "sleep", json.dumps({"ms": 500, "value": "finished"}), "running")
    for n in range(3):
        client.submit(n, "echo", str(n), context=n)
    server.wait_jobs(running=1, waiting=3)
    server.signal(number)
    for n in range(3):
        event = client.outcome(n)
        check(event, "failed", reason="shutdown", context=n)
        assert "order" not in event, event
    # Submits are refused; everything else works until the end.
    check(client.run("echo", "x", id="late", context="l"), "failed", reason="shutdown", context="l")
    client.silent()
    stats = client.stats()
    assert stats["draining"] is True and stats["jobs"]["running"] == 1, stats
    assert client.workers()[0]["state"] == "busy"
    refused = socket.socket()
    refused.settimeout(DEADLINE)
    with pytest.raises(ConnectionRefusedError):
        refused.connect(("127.0.0.1", server.port))
    refused.close()
    assert client.outcome("running").json() == "finished"
    client.closed()
    idle.closed()
    assert server.wait_exit() == 0
    assert server.log.wait("drain")["why"] == number.name


def test_drain_without_jobs_is_quick(daemon):
    server = daemon(pool_start=3, pool_max=3, drain_timeout_ms=30000)
    server.wait_idle(3)
    clients = [server.client() for _ in range(5)]
    begin = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert time.monotonic() - begin < 2 * SCALE
    for client in clients:
        client.closed()


def test_drain_ends_workers_gracefully(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    pids = server.worker_pids()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert not any(proc.alive(pid) for pid in pids)


@pytest.mark.parametrize("linger", [1, 1000])
def test_drain_flushes_a_large_result(daemon, linger):
    """The server waits as long as the client reads, however small linger-ms is."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=30000, linger_ms=linger)
    client = server.client(receive_buffer=65536)
    client.submit("a", "crash", "big 12000000", notify=["started"])
    client.begun()
    server.signal(signal.SIGTERM)
    server.log.wait("drain")
    event = client.outcome("a", 3 * DEADLINE)
    assert event.name == "done" and len(event.payload) == 12000000, event
    client.closed()
    assert server.wait_exit() == 0


def test_drain_flushes_to_a_half_closed_client(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=30000)
    client = server.client()
    start(client, "sleep", '{"ms":300,"value":7}', "a")
    client.shutdown()
    server.signal(signal.SIGTERM)
    events = client.rest()
    assert [event.name for event in events] == ["done"] and events[0].json() == 7
    assert server.wait_exit() == 0


STEPS = {"stop-flag": ("sleep", LONG_SLEEP), "sigterm": ("crash", "loop"), "sigkill": ("crash", "loop-term")}


@pytest.mark.parametrize("step", STEPS)
def test_drain_timeout(daemon, step):
    """After drain-timeout-ms, jobs are stopped by the usual steps. Each still has exactly one end."""
    module, payload = STEPS[step]
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=500, kill_grace_ms=300)
    client = server.client()
    start(client, module, payload, "a")
    pid = server.worker_pids("busy")[0]
    begin = time.monotonic()
    server.signal(signal.SIGTERM)
    check(client.outcome("a"), "failed", reason="shutdown", step=step)
    client.closed()
    assert server.wait_exit() == 0
    assert not [end for end in server.log.events("end") if "workers_left" in end]
    assert 0.4 <= time.monotonic() - begin < 3 * SCALE
    assert not proc.alive(pid)


def test_a_job_that_heeds_the_stop_flag_is_not_hurt_by_drain_timeout(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=100, kill_grace_ms=60000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    server.signal(signal.SIGTERM)
    check(client.outcome("a"), "failed", reason="shutdown", step="stop-flag")
    assert server.wait_exit() == 0


SUBMITS = 20000


BURST = b"".join(header(op="submit", id=n, module="echo") for n in range(SUBMITS))


def answers(client):
    """Reads until the server closes; every answer must be `shutdown`. Returns the ids."""
    events = client.rest(3 * DEADLINE)
    assert all(event.name == "failed" and event["reason"] == "shutdown" for event in events)
    return [event["id"] for event in events]


@pytest.mark.parametrize("ends", [True, False], ids=["and its end", "and goes on"])
def test_what_comes_at_the_end_is_answered(daemon, ends):
    """The drain ends with its last job. Requests already on their way at that moment are read."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", '{"ms":200}', "a")
    server.signal(signal.SIGTERM)
    check(client.outcome("a"), "done")
    sender = threading.Thread(target=client.send_raw, args=(BURST,))
    sender.start()
    if ends:
        sender.join()
        client.shutdown()
    assert answers(client) == list(range(SUBMITS))
    sender.join()
    client.close()
    assert server.wait_exit() == 0


def test_one_that_goes_on_for_ever_is_cut(daemon):
    """The answered requests are the first ones, without a gap. The last answer may be cut."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000, linger_ms=100)
    client = server.client()
    start(client, "sleep", '{"ms":200}', "a")
    server.signal(signal.SIGTERM)
    check(client.outcome("a"), "done")

    def flood():
        try:
            while True:
                client.send_raw(BURST)
        except OSError:
            pass

    sender = threading.Thread(target=flood)
    sender.start()
    data = b""
    try:
        while more := client.sock.recv(1 << 20):
            data += more
    except OSError:
        pass
    told = [json.loads(line) for line in data.split(b"\n")[:-1]]
    assert told and [event["id"] for event in told] == [
        n % SUBMITS for n in range(len(told))
    ]
    assert {event["reason"] for event in told} == {"shutdown"}
    assert server.wait_exit() == 0
    client.close()
    sender.join()


def test_drain_timeout_bounds_linger_ms(daemon):
    """The server does not wait for a connected client."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=100, linger_ms=86400000)
    client = server.client()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    client.gone()


def test_drain_timeout_with_a_client_that_does_not_read(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=600)
    client = server.client(receive_buffer=4096)
    for n in range(3):
        client.submit(n, "crash", "big 8000000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 3, "the results")
    begin = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert time.monotonic() - begin < 4 * SCALE


@pytest.mark.parametrize("second", ENDS)
def test_a_second_signal_ends_at_once(daemon, second):
    server = daemon(pool_start=2, pool_max=2, drain_timeout_ms=60000, kill_grace_ms=60000)
    client = server.client()
    start(client, "crash", "loop-term", "a")
    pids = server.worker_pids()
    server.signal(signal.SIGTERM)
    server.log.wait("drain")
    client.silent()
    assert server.process.poll() is None
    begin = time.monotonic()
    server.signal(second)
    check(client.outcome("a"), "failed", reason="shutdown", step="sigkill")
    assert server.wait_exit() == 0
    assert time.monotonic() - begin < 2 * SCALE
    wait_until(lambda: not any(proc.alive(pid) for pid in pids), "the workers gone")


def test_a_second_signal_tells_a_long_line_first(daemon):
    """So many ends take many turns of the loop. Every job is told before the exit, and no worker is left over."""
    jobs = 200000
    server = daemon(pool_start=1, pool_max=1, job_max=jobs, drain_timeout_ms=60000)
    client, other = server.client(), server.client()
    start(other, "sleep", LONG_SLEEP, "a")
    client.send_raw(b"".join(header(op="submit", id=n, module="echo") for n in range(jobs)))
    server.wait_jobs(waiting=jobs)
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGINT)
    told = 0
    while data := client.sock.recv(1 << 20):
        told += data.count(b"\n")
    assert told == jobs + 1  # the first is `draining`
    check(other.outcome("a"), "failed", reason="shutdown")
    assert server.wait_exit() == 0
    assert not [end for end in server.log.events("end") if "workers_left" in end]


def test_a_second_signal_does_not_wait_for_who_does_not_read(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=86400000, linger_ms=86400000)
    client = server.client(receive_buffer=4096)
    for n in range(3):
        client.submit(n, "crash", "big 8000000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 3, "the results")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGINT)
    assert server.wait_exit() == 0


@proc.NEEDS_ROOT
def test_a_crash_while_draining(daemon):
    """The job has its end, the worker is not replaced, and the drain ends."""
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    start(client, "crash", "loop", "a")
    pid = server.begun_pids()[0]
    server.signal(signal.SIGTERM)
    server.log.wait("drain")
    os.kill(pid, signal.SIGKILL)
    check(client.outcome("a"), "failed", reason="error", signal="SIGKILL")
    assert server.wait_exit() == 0
    assert len(server.log.events("worker-ready")) == 1


def test_cancel_while_draining(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    server.signal(signal.SIGTERM)
    server.log.wait("drain")
    client.send(op="cancel", target="a")
    check(client.outcome("a"), "failed", reason="cancelled")
    assert server.wait_exit() == 0


def test_a_submit_half_sent_when_the_drain_begins(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", '{"ms":700}', "a")
    client.send_raw(b'{"op":"submit","id":"half","module":"echo","size":6}\nabc')
    client.sock.setblocking(True)
    server.signal(signal.SIGTERM)
    server.log.wait("drain")
    client.send_raw(b"def")
    check(client.outcome("half"), "failed", reason="shutdown")
    check(client.outcome("a"), "done")
    assert server.wait_exit() == 0


def test_a_worker_that_is_ready_too_late_for_the_drain_does_nothing_wrong(daemon, tmp_path):
    """The master ended this worker during its start, with its `ready` on the way."""
    worker = FakeWorker(tmp_path, start="ready-after-the-end")
    server = daemon(worker_path=worker.path, pool_start=1, pool_max=1)
    wait_until(lambda: os.path.exists(os.path.join(worker.directory, "welcome")), "its welcome")
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert not server.log.events("worker-protocol")
    assert "status 0" in server.log.wait("worker-ended")["why"]
