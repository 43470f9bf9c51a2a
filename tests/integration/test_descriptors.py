"""Few descriptors: accepting pauses, workers still start, and nothing leaks."""

import json
import os
import resource
import signal

from harness import proc
from harness.client import Client, check, start
from harness.wait import DEADLINE, wait_until

LONG_SLEEP = json.dumps({"ms": 60000})


def limit_descriptors(count):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

    return limit


def test_without_descriptors_accept_pauses_and_recovers(daemon):
    """More connections than descriptors: accepted clients work on, the others wait or are refused, and nothing spins.
    Once descriptors are free again, the server accepts again."""
    server = daemon.make({"pool_start": 2, "pool_max": 3}, preexec_fn=limit_descriptors(48)).start()
    server.wait_idle(2)
    first = server.client()
    rest = []
    for n in range(100):
        client = Client(server.address, hello=False)
        client.send(op="hello", protocol=1)
        rest.append(client)
    assert first.done("echo", "x") == b"x"
    share = proc.cpu_share(server.pid, 1.0)
    assert share < 0.3, f"{share:.0%} of a core without descriptors"
    assert first.done("echo", "x") == b"x"
    for client in rest[:60]:
        client.close()
    answered = 0
    for client in rest[60:75]:  # at most fifteen fit beside the other open files
        event = client.recv()
        if event.name == "hello":
            answered += 1
            assert client.done("echo", "x") == b"x"
        else:
            check(event, "error", code="too-many-clients")
        client.close()
    for client in rest[75:]:
        client.close()
    server.wait_stats(lambda s: s["clients"]["connected"] == 2, "all gone")
    with server.client() as client:
        assert client.done("echo", "x") == b"x"


def test_without_descriptors_workers_are_still_replaced(daemon):
    """Even while clients hold all descriptors, a crashed worker is replaced."""
    server = daemon.make({"pool_start": 1, "pool_max": 1}, preexec_fn=limit_descriptors(48)).start()
    server.wait_idle(1)
    first = server.client()
    rest = [Client(server.address, hello=False) for _ in range(80)]
    check(first.run("crash", "kill"), "failed", reason="error")
    for client in rest:
        client.close()
    assert first.done("echo", "x", timeout=3 * DEADLINE) == b"x"


@proc.NEEDS_ROOT
def test_clients_leave_room_for_workers(daemon):
    """Under a low limit of open files, clients are refused with the cause, and pool-max workers start."""
    pool_max = 40
    server = daemon.make(
        {"pool_start": 1, "pool_max": pool_max, "job_max": 100, "log_level": "info"},
        preexec_fn=limit_descriptors(256),
    ).start()
    server.log.wait("few-files", limit=256)
    first, rest, refused = server.client(), [], 0
    for _ in range(300):
        client = Client(server.address, hello=False)
        client.send(op="hello", protocol=1)
        event = client.recv()
        if event.name == "hello":
            rest.append(client)
            continue
        check(event, "error", code="too-many-clients", fatal=True)
        assert "open files" in event["message"], event
        client.close()
        refused += 1
    assert rest and refused, f"{len(rest)} clients, {refused} refused"
    server.log.wait("client-refused")
    for n in range(pool_max):
        first.submit(n, "sleep", LONG_SLEEP, notify=["started"])
    for n in range(pool_max):
        first.begun(id=n)
    for pid in server.begun_pids(first):
        os.kill(pid, 9)
    for n in range(pool_max):
        check(first.outcome(n), "failed", reason="error")
    for n in range(pool_max):
        first.submit(n, "sleep", LONG_SLEEP, notify=["started"])
    for n in range(pool_max):
        first.begun(id=n)
    assert not server.log.events("spawn-failed") and not server.log.events("accept-paused")
    for client in rest:
        client.close()
    wait_until(lambda: first.stats()["clients"]["connected"] == 1, "all others gone")
    assert server.client().hello_event


def test_a_reload_that_wants_more_files_than_there_are(daemon):
    """The log warns as at the start, once for each step up."""
    settings = {"pool_start": 1, "pool_max": 2, "client_max": 8, "log_level": "info"}
    server = daemon.make(settings, preexec_fn=limit_descriptors(256)).start()

    def wanted(count, **settings):
        server.write_config(**settings)
        server.signal(signal.SIGHUP)
        server.log.wait("reload", count)
        return [line["wanted"] for line in server.log.events("few-files")]

    assert wanted(1) == []
    (more,) = wanted(2, pool_max=40)
    assert more > 256
    assert wanted(3) == [more]
    assert wanted(4, client_max=100) == [more, more + 92]
    assert wanted(5, pool_max=2, client_max=8) == [more, more + 92]


def test_descriptors_do_not_leak(daemon):
    server = daemon(pool_start=1, pool_max=2)
    server.wait_idle(1)

    def count():
        return len(proc.descriptors(server.pid))

    before = count()
    for n in range(30):
        client = Client(server.address)
        client.submit("a", "crash", "kill")
        client.outcome("a")
        client.reset() if n % 2 else client.close()
    server.wait_idle(1)
    wait_until(lambda: count() <= before, f"{before} descriptors again")
