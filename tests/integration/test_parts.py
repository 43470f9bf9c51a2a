"""Parts: a result of any size in constant memory, at the reader's pace."""

import contextlib
import os
import signal
import statistics
import time

import pytest

from harness import proc
from harness.client import check
from harness.stream import Parts, read_stream
from harness.wait import BUILD, DEADLINE, SANITIZED, SCALE, wait_until

MODULES = os.path.join(BUILD, "tests", "modules")
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
ENDLESS = f"{1 << 50} {64 * KIB}"


@pytest.fixture
def parts(daemon):
    return lambda **config: daemon(**{"module_dir": MODULES, "breaker_crashes": 0, **config})


def begin(client, payload, id=1, **fields):
    """Submits a job of the module parts; returns its `started` event."""
    client.submit(id, "parts", payload, notify=["part", "started"], **fields)
    started = Parts(client)._event()
    check(started, "started", id=id)
    return started


def pid_of(observer, started):
    return next(w["pid"] for w in observer.workers() if w["id"] == started["worker"])


def blocked(pid):
    """Waits until the process sleeps, look after look: nobody reads its parts."""
    looks = []

    def look():
        entry = proc.stat(pid)
        looks.append((entry[0], entry[2]))
        return len(looks) > 8 and set(looks[-8:]) == {("S", entry[2])}

    wait_until(look, f"process {pid} to be blocked", interval=0.01)


def idle(observer):
    return all(worker["state"] == "idle" for worker in observer.workers())


# ---- what comes


@pytest.mark.parametrize("size", [1, 8, 100, 4096, 64 * KIB, 1000 * 1000])
def test_order_and_numbers(parts, size):
    client = parts().client()
    total = min(size * 3000 + size // 2, 30 * MIB)
    client.submit(1, "parts", f"{total} {size}", notify=["part"])
    count, got, end = read_stream(client)
    assert (count, got) == ((total + size - 1) // size, total)
    check(end, "done", size=len(str(count)))
    assert end.payload == str(count).encode()


def test_every_byte(parts):
    client = parts().client()
    client.submit(1, "parts", "100000 30000", notify=["part"])
    for seq, size in enumerate([30000, 30000, 30000, 10000]):
        part = client.expect("part", id=1, seq=seq, size=size)
        assert part.payload == seq.to_bytes(8, "little") + b"." * (size - 8)
    end = client.expect("done", id=1)
    stats = client.stats()
    for figures in (stats["modules"]["parts"], stats["pools"]["default"]):
        assert figures["bytes_out"] == 100000 + end["size"], figures


def test_empty_parts(parts):
    client = parts().client()
    client.submit(1, "parts", "3 0", notify=["part"])
    for seq in range(3):
        client.expect("part", seq=seq, size=0)
    client.expect("done")


def test_the_result_is_behind_the_parts(parts):
    client = parts().client()
    client.submit(1, "parts", f"{MIB} {64 * KIB} late", notify=["part"])
    count, _, end = read_stream(client)
    assert count == 16
    check(end, "done")
    assert end.payload == b"16"


def test_without_the_word_pieces_are_gathered(parts):
    client = parts(payload_max=100000, client_output_max=200000).client()
    result = client.done("parts", "100 30")
    assert len(result) == 101 and result.endswith(b"4")
    client.submit(2, "parts", "200000 1000")
    check(client.outcome(2), "failed", reason="too-large")


def test_a_part_is_at_most_payload_max(parts):
    client = parts(payload_max=1024, client_output_max=8192).client()
    client.submit(1, "parts", "3072 1024", notify=["part"])
    assert read_stream(client)[:2] == (3, 3072)
    client.submit(2, "parts", "3072 1025", notify=["part"])
    check(client.recv(), "failed", id=2, reason="too-large")


def test_two_streams_of_a_connection(parts):
    client = parts(pool_max=2, pool_start=2).client()
    for id in (1, 2):
        client.submit(id, "parts", f"{20 * MIB} {10 * KIB * id}", notify=["part"])
    seen, ends = {1: 0, 2: 0}, []
    reader = Parts(client, skip=lambda event: ends.append(event) or len(ends) < 2)
    for part in reader:
        assert part["seq"] == seen[part["id"]] == part.head
        seen[part["id"]] += 1
    assert seen == {1: 2048, 2: 1024}
    assert sorted(end["id"] for end in ends) == [1, 2]
    for end in ends:
        check(end, "done")


def test_a_slow_stream_holds_up_no_other_connection(parts):
    server = parts(pool_max=2, pool_start=2)
    slow, fast = server.client(), server.client()
    begin(slow, ENDLESS)
    fast.submit(1, "parts", f"{50 * MIB} {64 * KIB}", notify=["part"])
    assert read_stream(fast)[1] == 50 * MIB


def test_neighbours_are_not_prefetched(parts):
    """Tiny jobs before and behind streams, one worker: all come, each once, in the order of their assignment."""
    client = parts(pool_start=1, pool_max=1).client()
    ids = list(range(60))
    for id in ids:
        if id % 10 == 5:
            client.submit(id, "parts", f"{MIB} 50000", notify=["part"])
        else:
            client.submit(id, "parts", "1 1")
    ends, seen = [], {}
    for part in Parts(client, skip=lambda end: ends.append(end) or len(ends) < len(ids)):
        assert part["seq"] == seen.get(part["id"], 0) == part.head
        seen[part["id"]] = part["seq"] + 1
    assert [end["id"] for end in ends] == ids
    assert set(seen) == {id for id in ids if id % 10 == 5} and set(seen.values()) == {21}


# ---- memory


def rss_kb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@pytest.mark.skipif(SANITIZED, reason="memory of the sanitizer")
@pytest.mark.timeout(120)
def test_a_long_stream_takes_little_memory(parts):
    """4 GiB with LONG_TESTS, to a reader that stops now and then until the worker waits."""
    total = 4 * GIB if os.environ.get("LONG_TESTS") else GIB // 2
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    pid = pid_of(observer, begin(client, f"{total} {64 * KIB}"))
    master = server.process.pid
    blocked(pid)
    before = rss_kb(master), rss_kb(pid)
    most, count = [0, 0], 0
    reader = Parts(client)
    for part in reader:
        assert part["seq"] == part.head == count
        count += 1
        if count % (total // (64 * KIB) // 8) == 0 and count * 64 * KIB < total:
            blocked(pid)
        if count % 64 == 0:
            most = [max(m, rss_kb(p)) for m, p in zip(most, (master, pid))]
    check(reader.end, "done")
    assert count == total // (64 * KIB)
    assert most[0] <= before[0] + 512 and most[1] <= before[1] + 256, f"{before} kB before, {most} kB"


@pytest.mark.skipif(SANITIZED, reason="memory of the sanitizer")
@pytest.mark.timeout(120)
def test_a_hundred_streams_take_little_memory(parts):
    """Nobody reads. A stream may cost 64 KiB in the master."""
    streams, size = 100, 8 * MIB
    server = parts(pool_start=streams, pool_max=streams, client_max=200, worker_window=1)
    observer = server.client()
    wait_until(lambda: len(observer.workers()) == streams and idle(observer), "all workers")
    clients = [server.client(receive_buffer=32 * KIB) for _ in range(streams)]
    before = rss_kb(server.process.pid)
    pids = {pid_of(observer, begin(client, f"{size} {16 * KIB}")) for client in clients}
    assert len(pids) == streams
    for pid in pids:
        blocked(pid)
    after = rss_kb(server.process.pid)
    assert after - before < streams * 64 + 4096, f"{before} kB before, {after} kB"
    for client in clients:
        count, got, end = read_stream(client)
        assert (count, got) == (size // (16 * KIB), size)
        check(end, "done")
    assert rss_kb(server.process.pid) - before < streams * 64 + 4096


@pytest.mark.skipif(SANITIZED, reason="memory of the sanitizer")
def test_the_streams_of_a_connection_share_its_room(parts):
    """256 KiB in all, or one part: here of 4 MiB."""
    server = parts(pool_start=16, pool_max=16, worker_window=1)
    client, observer = server.client(receive_buffer=32 * KIB), server.client()
    wait_until(lambda: len(observer.workers()) == 16 and idle(observer), "all workers")
    before = rss_kb(server.process.pid)
    for id in range(16):
        client.submit(id, "parts", f"{16 * MIB} {4 * MIB}", notify=["part"])
    wait_until(lambda: not any(w["state"] == "idle" for w in observer.workers()), "all streams")
    for worker in observer.workers():
        blocked(worker["pid"])
    after = rss_kb(server.process.pid)
    assert after - before < 9 * KIB, f"{before} kB before, {after} kB"


# ---- stops


def cancel_blocked(server, payload):
    """The time in ms from a cancel to the end of its job, by the master's clock, with nobody reading."""
    client, observer = server.client(), server.client()
    started = begin(client, payload)
    blocked(pid_of(observer, started))
    observer.send(op="watch", what=["jobs"])
    observer.event("ok")
    client.send(op="cancel", target=1)
    stopping, ended = (observer.event("watch", state=state) for state in ("stopping", "failed"))
    count, _, end = read_stream(client)
    assert count > 0
    if end.name == "ok":  # before the last word
        end = client.recv()
    check(end, "failed", id=1, reason="cancelled", step="stop-flag", by="submitter")
    return ended["at_ms"] - stopping["at_ms"]


@pytest.mark.parametrize("how", ["heed", "deaf"])
def test_cancel_while_the_worker_waits(parts, how):
    """Mostly within 100 ms, as this machine may be busy, and never by a signal. Nothing blocks a stop. A job with
    missing parts is not done, whatever its module says."""
    server = parts(pool_start=1, pool_max=1)
    payload = f"{1 << 50} {64 * KIB}" if how == "heed" else f"{100 * MIB} {64 * KIB} deaf"
    taken = [cancel_blocked(server, payload) for _ in range(5)]
    assert statistics.median(taken) < 100 * SCALE, taken
    assert server.log.events("worker-ended") == []


def test_kill_while_the_worker_waits(parts):
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    started = begin(client, ENDLESS)
    blocked(pid_of(observer, started))
    observer.send(op="kill", job=started["job"])
    observer.event("ok")
    check(read_stream(client)[2], "failed", reason="cancelled", step="sigkill", by="client")


def test_time_limit_while_the_worker_waits(parts):
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    started = begin(client, ENDLESS, timeout_ms=300)
    wait_until(lambda: idle(observer), "the time limit")
    check(read_stream(client)[2], "failed", reason="timeout", step="stop-flag", job=started["job"])


@pytest.mark.parametrize("how", ["reset", "close"])
def test_the_client_goes(parts, how):
    """The module finds out, without a stop. The worker lives."""
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    pid = pid_of(observer, begin(client, ENDLESS))
    blocked(pid)
    getattr(client, how)()
    wait_until(lambda: idle(observer), "the worker to be free")
    assert [w["pid"] for w in observer.workers()] == [pid]
    assert observer.stats()["jobs"]["orphaned"] == 1


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_reader_stalls(parts, tmp_path, kind):
    listen = f"unix:{tmp_path}/socket" if kind == "unix" else "127.0.0.1:0"
    server = parts(pool_start=1, pool_max=1, part_stall_ms=300, listen=listen)
    client, observer = server.client(), server.client()
    begin(client, ENDLESS)
    begun = time.monotonic()
    wait_until(lambda: idle(observer), "the end of the job")
    assert time.monotonic() - begun >= 0.29
    end = read_stream(client)[2]
    check(end, "failed", id=1, reason="cancelled", by="reader", step="stop-flag")
    assert client.done("parts", "1 1") == b".1"


def test_a_slow_reader_does_not_stall(parts):
    """It takes a little, much less than the kernel's buffer, for several times part-stall-ms."""
    server = parts(pool_start=1, pool_max=1, part_stall_ms=400 * SCALE)
    client, observer = server.client(receive_buffer=64 * KIB), server.client()
    pid = pid_of(observer, begin(client, ENDLESS))
    blocked(pid)
    end = time.monotonic() + 2 * SCALE
    while time.monotonic() < end:
        got = len(client.sock.recv(32 * KIB))
        assert got
        with contextlib.suppress(AssertionError):
            wait_until(lambda: False, "a pause", timeout=0.05)
    assert not idle(observer)


def test_a_dying_worker(parts):
    """Parts may be missing at the end, never in between. What nobody reads takes no memory."""
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    pid = pid_of(observer, begin(client, ENDLESS))
    blocked(pid)
    os.kill(pid, signal.SIGKILL)
    server.log.wait("worker-ended", pid=pid)
    count, _, end = read_stream(client)
    assert count > 0
    check(end, "failed", reason="error", signal="SIGKILL")


@pytest.mark.parametrize("size", [1 * MIB, 100 * MIB])
def test_a_worker_exits_behind_its_parts(parts, size):
    client = parts(pool_start=1, pool_max=1).client()
    client.submit(1, "parts", f"{size} {64 * KIB} exit", notify=["part"])
    check(read_stream(client)[2], "failed", reason="error", exit_status=7)


# ---- the operator


def test_a_reload_amid_a_stream(parts):
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    pid = pid_of(observer, begin(client, f"{200 * MIB} {64 * KIB}"))
    blocked(pid)
    server.write_config(payload_max=1024)
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    count, got, end = read_stream(client)
    assert got == 200 * MIB
    check(end, "done")
    server.log.wait("worker-ended", pid=pid)


def test_a_drain_amid_a_stream(parts):
    server = parts(pool_start=1, pool_max=1, drain_timeout_ms=30000)
    client, observer = server.client(), server.client()
    blocked(pid_of(observer, begin(client, f"{100 * MIB} {64 * KIB}")))
    server.signal(signal.SIGTERM)
    reader = Parts(client, skip=lambda event: event.name == "draining")
    assert sum(part["size"] for part in reader) == 100 * MIB
    check(reader.end, "done")
    client.gone()


def test_a_drain_does_not_wait_for_a_reader_for_ever(parts):
    server = parts(pool_start=1, pool_max=1, drain_timeout_ms=300)
    client, observer = server.client(), server.client()
    blocked(pid_of(observer, begin(client, ENDLESS)))
    server.signal(signal.SIGTERM)
    server.log.wait("worker-ended")
    reader = Parts(client, skip=lambda event: event.name == "draining")
    for _ in reader:
        pass
    check(reader.end, "failed", reason="shutdown")


# ---- slow readers of everything (section 10)


def test_a_client_with_parts_waiting_is_read_from(parts):
    """Requests are answered behind the parts, however many wait."""
    server = parts(pool_start=1, pool_max=1)
    client, observer = server.client(), server.client()
    blocked(pid_of(observer, begin(client, f"{64 * MIB} {16 * MIB}")))
    for id in range(100):
        client.send(op="ping", id=id)
    client.send(op="cancel", target=1)
    wait_until(lambda: idle(observer), "the cancel to be heard", timeout=DEADLINE)


def test_long_ids_count(parts):
    """Many tiny parts wait, and their ids are longer than the parts. They stay within the bound of a connection, so its
    cancels are heard."""
    server = parts(pool_start=8, pool_max=8, worker_window=1)
    client, observer = server.client(receive_buffer=4 * KIB), server.client()
    ids = ["\x01" * 63 + str(n) for n in range(8)]
    for id in ids:
        client.submit(id, "parts", "100000 1", notify=["part"])
    wait_until(lambda: not any(w["state"] == "idle" for w in observer.workers()), "all streams")
    for worker in observer.workers():
        blocked(worker["pid"])
    assert observer.ask("clients")[0]["output"] <= 300 * KIB
    for id in ids:
        client.send(op="cancel", target=id)
    wait_until(lambda: idle(observer), "the cancels to be heard")
