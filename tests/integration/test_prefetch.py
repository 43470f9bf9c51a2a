"""A worker on short jobs may prefetch its next ones. Clients must not see this: by the protocol, a prefetched job waits
until it has begun."""

import contextlib
import json
import os
import signal
import threading

import pytest

from harness import proc
from harness.client import check, message
from harness.daemon import MODULES
from harness.wait import BUILD, DEADLINE, SCALE, Deadline, wait_until

TEST_MODULES = os.path.join(BUILD, "tests", "modules")
LONG_SLEEP = json.dumps({"ms": 60000})
BEHIND = 6


@pytest.fixture
def busy(daemon):
    """One worker with quick jobs until now, on a long job, with prefetched jobs behind it."""

    def make(**config):
        server = daemon(**{"pool_start": 1, "pool_max": 1, **config})
        server.wait_idle(1)
        client = server.client()
        for n in range(50):
            client.submit(f"warm-{n}", "echo")
        for n in range(50):
            check(client.outcome(f"warm-{n}"), "done")
        data = [message("x", op="submit", id=f"short-{n}", module="echo") for n in range(30)]
        data.append(message(LONG_SLEEP, op="submit", id="long", module="sleep", notify=["started"]))
        data += [
            message(f"r{n}", op="submit", id=n, module="echo", notify=["started"])
            for n in range(BEHIND)
        ]
        client.send_raw(b"".join(data))
        for n in range(30):
            check(client.outcome(f"short-{n}"), "done")
        client.event("started", id="long")
        stats = server.wait_jobs(running=1, waiting=BEHIND)
        assert stats["modules"]["echo"]["waiting"] == BEHIND, stats["modules"]
        return server, client

    return make


def test_they_are_waiting(busy):
    server, client = busy()
    assert not [event for event in client.kept if event.name == "started"], "begun behind a long job"
    for n in range(BEHIND):
        client.send(op="cancel", id="c", target=n)
        assert client.event("ok", id="c")["state"] == "waiting"
        event = client.outcome(n)
        check(event, "failed", reason="cancelled")
        assert "order" not in event and "step" not in event, event
    client.send(op="kill", target="long")
    check(client.outcome("long"), "failed", reason="cancelled")
    event = client.run("echo", id="next")
    check(event, "done")
    assert event["order"] >= 82, "after the 50 and the 30 short ones and the long one"


@pytest.mark.parametrize("end", ["kill -9", "kill", "timeout"])
def test_only_the_job_that_it_is_on_is_lost_with_a_worker(busy, end):
    server, client = busy(job_timeout_ms=500 * SCALE if end == "timeout" else 0, kill_grace_ms=60)
    if end == "kill -9":
        os.kill(server.begun_pids()[0], signal.SIGKILL)
        check(client.outcome("long"), "failed", reason="error", signal="SIGKILL")
    elif end == "kill":
        client.send(op="kill", target="long")
        check(client.outcome("long"), "failed", reason="cancelled", step="sigkill")
    else:
        check(client.outcome("long"), "failed", reason="timeout")
    ends = [client.outcome(n) for n in range(BEHIND)]
    assert [event.payload for event in ends] == [b"r%d" % n for n in range(BEHIND)]
    assert [event["order"] for event in ends] == list(range(82, 82 + BEHIND))


def test_client_reset_drops_them(busy):
    server, client = busy()
    client.reset()
    stats = server.wait_jobs(running=1, waiting=0)
    assert stats["jobs"]["dropped"] == BEHIND, stats["jobs"]
    os.kill(server.worker_pids("busy")[0], signal.SIGKILL)
    stats = server.wait_jobs(running=0)
    assert stats["jobs"]["orphaned"] == 1


def test_drain_ends_them_as_shutdown(busy):
    server, client = busy(drain_timeout_ms=60000)
    server.signal(signal.SIGTERM)
    for n in range(BEHIND):
        event = client.outcome(n)
        check(event, "failed", reason="shutdown")
        assert "order" not in event, event
    client.send(op="kill", target="long")
    check(client.outcome("long"), "failed", reason="cancelled")
    client.close()
    assert server.wait_exit() == 0


def test_their_time_limit_begins_when_they_do(daemon):
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    client = server.client()
    for n in range(50):
        client.done("echo", id=n)
    client.send_raw(
        message("x", op="submit", id="a", module="echo")
        + message(json.dumps({"ms": 400}), op="submit", id="long", module="sleep")
        + message("x", op="submit", id="b", module="echo", timeout_ms=150)
    )
    event = client.outcome("b")
    check(event, "done")
    assert event["wait_us"] >= 350000, event


def test_a_free_worker_takes_what_waits_behind_a_long_job(daemon):
    """First in, first out to the first free worker: no job is stuck behind the long one."""
    server = daemon(pool_start=2, pool_max=2, job_max=500)
    server.wait_idle(2)
    client = server.client()
    for round in range(5):
        data = [message("x", op="submit", id=f"before-{n}", module="echo") for n in range(60)]
        data.append(message(LONG_SLEEP, op="submit", id="long", module="sleep"))
        data += [message("x", op="submit", id=f"after-{n}", module="echo") for n in range(60)]
        client.send_raw(b"".join(data))
        for word in ("before", "after"):
            for n in range(60):
                check(client.outcome(f"{word}-{n}"), "done")
        client.send(op="kill", target="long")
        check(client.outcome("long"), "failed", reason="cancelled")
        server.wait_idle(2)


def test_an_idle_worker_takes_what_waits_behind_one_that_is_tiny_as_a_rule(daemon):
    """With enough workers on tiny jobs, no further worker is woken. If the jobs turn out to be long, the idle workers
    get the rest."""
    processors = os.cpu_count()
    long, short = 2 * processors, 40
    server = daemon(pool_start=long + 2, pool_max=long + 2, job_max=1000, kill_grace_ms=100)
    server.wait_idle(long + 2)
    client = server.client()
    nothing = json.dumps({"ms": 0})
    for _ in range(3):
        for n in range(100):
            client.submit(f"warm-{n}", "sleep", nothing)
        for n in range(100):
            check(client.outcome(f"warm-{n}"), "done")
        data = [message(LONG_SLEEP, op="submit", id=f"long-{n}", module="sleep") for n in range(long)]
        data += [message(nothing, op="submit", id=n, module="sleep") for n in range(short)]
        client.send_raw(b"".join(data))
        for n in range(short):
            check(client.outcome(n), "done")
        server.wait_jobs(running=long, waiting=0)
        for n in range(long):
            client.send(op="kill", target=f"long-{n}")
            check(client.outcome(f"long-{n}"), "failed", reason="cancelled")
        server.wait_idle(long + 2)


@pytest.mark.parametrize("workers", ["one", "more than are needed"])
def test_nothing_is_forgotten_beside_many_that_come_and_go(daemon, workers):
    """Behind one job, a worker prefetches and loses more jobs than there are claim words."""
    wanted = 1 if workers == "one" else 2 * os.cpu_count()
    pool = 1 if workers == "one" else wanted + 2
    server = daemon(pool_start=pool, pool_max=pool, job_max=1000, worker_window=32)
    server.wait_idle(pool)
    client = server.client()
    for _ in range(100):
        for n in range(pool):
            client.submit(n, "echo", "x")
        for n in range(pool):
            check(client.outcome(n), "done")
    for _ in range(20):
        data = [message("x", op="submit", id=f"stays-{n}", module="echo") for n in range(wanted + 3)]
        for n in range(70):
            data.append(message("x", op="submit", id=n, module="echo"))
            data.append(message(op="cancel", target=n))
        client.send_raw(b"".join(data))
        for n in range(wanted + 3):
            check(client.outcome(f"stays-{n}"), "done")
        for n in range(70):
            assert client.outcome(n).name in ("done", "failed")
        server.wait_jobs(running=0, waiting=0)
    assert server.stats()["pool"]["exits"] == 0


def test_they_count_for_job_max(daemon):
    """Prefetched jobs still count as waiting."""
    server = daemon(pool_start=1, pool_max=1, job_max=5)
    server.wait_idle(1)
    client = server.client()
    for n in range(50):
        client.done("echo", id=n)
    client.send_raw(
        message(LONG_SLEEP, op="submit", id="long", module="sleep", notify=["started"])
        + b"".join(message("x", op="submit", id=n, module="echo") for n in range(10))
    )
    client.event("started", id="long")
    for n in range(5, 10):
        check(client.outcome(n), "overload", reason="queue-full", queued=5, running=1)
    client.send(op="kill", target="long")
    check(client.outcome("long"), "failed")
    for n in range(5):
        check(client.outcome(n), "done")


def test_crashes_among_short_jobs_cost_themselves_only(daemon):
    server = daemon(pool_start=2, pool_max=2, job_max=1000)
    client = server.client()
    data = []
    for n in range(400):
        kill = n % 20 == 19
        data.append(
            message("kill" if kill else str(n), op="submit", id=n, module="crash" if kill else "echo")
        )
    client.send_raw(b"".join(data))
    for n in range(400):
        event = client.outcome(n, 3 * DEADLINE)
        if n % 20 == 19:
            check(event, "failed", reason="error", signal="SIGKILL")
        else:
            assert event.payload == str(n).encode(), event
    assert server.wait_idle(2)["pool"]["exits"] == 20


def test_results_of_every_small_size(daemon):
    """Small results may go through the shared memory, large ones through the connection."""
    server = daemon(pool_start=1, pool_max=1, job_max=3000)
    client = server.client()
    sizes = [*range(700), 4095, 4096, 4097, 65535, 65536, 65537, *range(0, 3000, 7)]
    client.send_raw(
        b"".join(
            message(bytes([n % 256]) * size, op="submit", id=n, module="echo")
            for n, size in enumerate(sizes)
        )
    )
    for n, size in enumerate(sizes):
        event = client.recv()
        check(event, "done", id=n, size=size)
        assert event.payload == bytes([n % 256]) * size


def test_results_of_one_worker_come_in_order(daemon):
    """The way of a result does not matter. Failures are among them."""
    server = daemon(pool_start=1, pool_max=1, job_max=3000)
    client = server.client()
    data = []
    for n in range(400):
        if n % 11 == 5:
            data.append(message("{}", op="submit", id=n, module="math"))
        else:
            size = (3, 499, 500, 501, 5000, 100000)[n % 6]
            data.append(message("x" * size, op="submit", id=n, module="echo"))
    # Read while writing: the sockets' buffers have no room for all payloads.
    writer = threading.Thread(target=lambda: [client.send_raw(piece) for piece in data])
    writer.start()
    try:
        for n in range(400):
            event = client.recv()
            check(event, "failed" if n % 11 == 5 else "done", id=n, order=n + 1)
    finally:
        writer.join()


def test_output_of_short_jobs_is_tagged_with_the_job_that_printed_it(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=200)
    client = server.client()
    client.send_raw(
        b"".join(
            message(f"stdout line-{n}", op="submit", id=n, module="crash") for n in range(60)
        )
    )
    jobs = {}
    for n in range(60):
        event = client.outcome(n)
        check(event, "done")
        jobs[f"line-{n}"] = event["job"]
    server.log.wait("worker-output", text="line-59")
    lines = {line["text"]: line["job"] for line in server.log.events("worker-output")}
    wrong = {text: (lines.get(text), job) for text, job in jobs.items() if lines.get(text) != job}
    assert not wrong, f"{len(wrong)} of 60 under another job, as (tag, job): {wrong}"


def test_output_of_a_job_that_crashes_among_short_ones(daemon):
    """The details of the crash belong to this job, not to its neighbours."""
    server = daemon(pool_start=1, pool_max=1, job_max=200)
    client = server.client()
    for round in range(5):
        client.send_raw(
            b"".join(
                message(f"stdout before-{n}", op="submit", id=n, module="crash") for n in range(20)
            )
            + message("abort", op="submit", id="abort", module="crash")
            + b"".join(
                message(f"stdout after-{n}", op="submit", id=f"a{n}", module="crash")
                for n in range(20)
            )
        )
        for n in range(20):
            check(client.outcome(n), "done")
            check(client.outcome(f"a{n}"), "done")
        event = client.outcome("abort")
        check(event, "failed", reason="error", signal="SIGABRT")
        assert b"before-" not in (event.payload or b""), event
        assert b"after-" not in (event.payload or b""), event


def test_a_large_result_outlives_the_crash_behind_it(daemon):
    """The worker dies with unread messages, so its connection is reset. Its finished jobs still count."""
    server = daemon(pool_start=1, pool_max=1)
    server.wait_idle(1)
    client = server.client()
    for n in range(20):
        jobs = [(f"e{n}-{i}", "echo", "x") for i in range(30)]
        jobs += [(f"big{n}", "crash", "big 900000"), (f"small{n}", "echo", "y")]
        jobs += [(f"die{n}", "crash", "kill")]
        jobs += [(f"f{n}-{i}", "echo", "z") for i in range(30)]
        client.send_raw(
            b"".join(message(data, op="submit", id=id, module=module) for id, module, data in jobs)
        )
        for id, _, _ in jobs:
            event = client.outcome(id)
            if id == f"die{n}":
                check(event, "failed", reason="error", signal="SIGKILL")
            else:
                check(event, "done")
        assert server.stats()["jobs"]["failed"]["error"] == n + 1


def grow_receive_buffer(client, size):
    """The kernel enlarges the master's receive buffer with the traffic."""
    for n in range(60):
        client.submit(f"grow-{n}", "crash", f"big {size}")
    for n in range(60):
        assert len(client.outcome(f"grow-{n}").payload) == size


@pytest.mark.parametrize(
    "results, size, grown",
    [
        pytest.param(20, 250 * 1024, True, id="more in all than one large result"),
        pytest.param(20, 250 * 1024, False, id="more than there is room for"),
        pytest.param(20, 9000, False, id="more than there is room for, of small ones"),
        pytest.param(15, 9000, False, id="one more than there is room for"),
    ],
)
def test_results_that_lie_unread_when_their_worker_dies_are_done(daemon, results, size, grown):
    """The worker is quick, and the master is stopped. At its death, the worker has unread jobs, so the kernel discards
    the worker's unsent data. If the master's buffer has no room for all results, the worker waits."""
    behind, more = 9, 60
    server = daemon(
        pool_start=1, pool_max=1, job_max=500, payload_max=256 * 1024, worker_window=32
    )
    server.wait_idle(1)
    client = server.client()
    if grown:
        grow_receive_buffer(client, size)
    client.done("echo", "x", id="small")  # nothing is prefetched behind a large result
    data = [
        message("x", op="submit", id="first", module="echo"),
        message("x", op="submit", id="second", module="echo"),
        message("stop-master", op="submit", id="stop", module="crash"),
    ]
    data += [message(f"big {size}", op="submit", id=n, module="crash") for n in range(results)]
    data.append(message("kill", op="submit", id="kill", module="crash"))
    data += [message("x" * 16000, op="submit", id=f"b{n}", module="wc") for n in range(behind)]
    data += [message("x", op="submit", id=f"more-{n}", module="echo") for n in range(more)]
    pid = server.worker_pids("idle")[0]
    client.send_raw(b"".join(data))
    wait_until(lambda: proc.stat(server.pid)[0] == "T", "the master stopped")
    with contextlib.suppress(Deadline):
        wait_until(lambda: not proc.alive(pid), "the worker's death", timeout=1.5)
    server.signal(signal.SIGCONT)
    for n in range(results):
        event = client.outcome(n)
        check(event, "done")
        assert len(event.payload) == size
    check(client.outcome("kill"), "failed", reason="error", signal="SIGKILL")
    for n in range(behind):
        check(client.outcome(f"b{n}"), "done")
    for n in range(more):
        check(client.outcome(f"more-{n}"), "done")


def test_nobody_waits_behind_a_long_job_while_others_are_done(daemon):
    """An endless line, and a worker with prefetched jobs behind an unexpectedly long one."""
    short, back = 8000, 40
    server = daemon(pool_start=2, pool_max=2, job_max=10000, worker_window=32)
    server.wait_idle(2)
    client = server.client()
    for n in range(20):
        client.done("fib", "20", id=n)
    data = [message("20", op="submit", id=f"a{n}", module="fib") for n in range(200)]
    data.append(message(LONG_SLEEP, op="submit", id="long", module="sleep"))
    data += [message("20", op="submit", id=n, module="fib") for n in range(short)]
    client.send_raw(b"".join(data))
    for n in range(200):
        check(client.outcome(f"a{n}"), "done")
    late = set(range(back))  # the first jobs behind the long one
    ended = 0
    while late:
        event = client.find(lambda event: isinstance(event.get("id"), int))
        check(event, "done")
        late.discard(event["id"])
        ended += 1
    assert ended < short / 2, f"{ended} later ones were done before the last of the first {back}"
    client.send(op="kill", target="long")
    check(client.outcome("long"), "failed", reason="cancelled")


@pytest.mark.parametrize("victim", ["echo", "sleep"])
def test_whoever_closes_the_connection_pays_for_it(daemon, victim):
    """The job behind it does not pay, even though its result does not go through the connection."""
    server = daemon(pool_start=1, pool_max=1, job_max=500)
    server.wait_idle(1)
    client = server.client()
    for n in range(20):
        client.done("echo", "x", id=n)
    payload = "x" if victim == "echo" else json.dumps({"ms": 300})
    data = [message("x", op="submit", id=f"a{n}", module="echo") for n in range(30)]
    data.append(message("closefds", op="submit", id="closer", module="crash"))
    data += [message(payload, op="submit", id="victim", module=victim)]
    data += [message("x", op="submit", id=f"b{n}", module="echo") for n in range(30)]
    client.send_raw(b"".join(data))
    check(client.outcome("closer"), "failed", reason="error")
    check(client.outcome("victim"), "done")
    for n in range(30):
        check(client.outcome(f"a{n}"), "done")
        check(client.outcome(f"b{n}"), "done")


def test_the_last_words_of_a_crash_are_its_own(daemon):
    """The worker is ahead of the master's view."""
    server = daemon(pool_start=1, pool_max=1, job_max=500, preload=["crash"])
    server.wait_idle(1)
    client = server.client()
    for n in range(50):
        client.done("echo", "x", id=n)
    data = [message("x", op="submit", id=f"a{n}", module="echo") for n in range(20)]
    data.append(message("abort-saying why", op="submit", id="crash", module="crash"))
    data += [message("x", op="submit", id=f"b{n}", module="echo") for n in range(20)]
    client.send_raw(b"".join(data))
    event = client.outcome("crash")
    check(event, "failed", reason="error", signal="SIGABRT")
    assert event.json()["output"] == "why\n", event
    for n in range(20):
        check(client.outcome(f"a{n}"), "done")
        check(client.outcome(f"b{n}"), "done")


def test_a_worker_that_is_told_to_end_may_though_much_waits_for_it(daemon, tmp_path):
    """Its reclaimed jobs are still on their way to the worker. Its modules' last hooks run all the same."""
    for place, name in ((TEST_MODULES, "probe.so"), (MODULES, "sleep.so")):
        (tmp_path / name).symlink_to(os.path.join(place, name))
    server = daemon(
        pool_start=1,
        pool_max=1,
        job_max=500,
        worker_window=32,
        kill_grace_ms=5000,
        module_dir=str(tmp_path),
    )
    server.wait_idle(1)
    client = server.client()
    for n in range(20):
        client.done("probe", "inits", id=n)
    data = [message("inits", op="submit", id=f"a{n}", module="probe") for n in range(2)]
    data.append(message('{"ms":300}', op="submit", id="long", module="sleep", notify=["started"]))
    data += [message("x" * 16384, op="submit", id=n, module="probe") for n in range(60)]
    client.send_raw(b"".join(data))
    client.event("started", id="long")
    server.signal(signal.SIGHUP)
    assert server.log.wait("worker-ended", worker=1)["why"] == "it exited with status 0"
    assert server.log.events("worker-output", worker=1, text="probe ends")
    check(client.outcome("long"), "done")
    for n in range(60):
        check(client.outcome(n), "done")
