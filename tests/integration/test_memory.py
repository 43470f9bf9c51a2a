"""The two budgets for memory: payloads of unfinished jobs, and unread output of clients."""

import subprocess

from harness import proc
from harness.client import message
from harness.daemon import COMMAND
from harness.wait import DEADLINE, SANITIZED, SCALE, wait_until
from test_admission import occupy, release

MIB = 1 << 20


def half(server, size, of):
    """A client with a payload on its way: the server has received `size` of its `of` bytes."""
    client = server.client()
    before = server.stats()["queue"]["bytes"]
    data = message(b"x" * of, op="submit", id="half", module="echo")
    at = data.index(b"\n") + 1 + size
    client.send_raw(data[:at])
    server.wait_stats(lambda s: s["queue"]["bytes"] >= before + size, "the half there")
    return client, data[at:]


def output(server):
    return server.stats()["output"]


def done_unread(server, client, count, module, payload):
    """Runs so many jobs of a client that does not read. All workers are busy until the last submit: otherwise unread
    results could stop the server's reading before it."""
    workers = server.stats()["pool"]["max"]
    others = occupy(server, workers)
    done = server.stats()["jobs"]["done"]
    client.send_raw(b"".join(message(payload, op="submit", id=n, module=module) for n in range(count)))
    server.wait_jobs(waiting=count)
    release(others, workers)
    server.wait_stats(lambda s: s["jobs"]["done"] == done + count, "all done", 3 * DEADLINE)


# ---- payloads


def test_halves_never_make_a_whole_submit_overload(daemon):
    """Above the budget, the largest half payload is dropped, and its client learns so at its end. A half takes up to
    twice its size in memory, depending on the pieces of arrival. Here this changes neither the largest one nor the
    number of dropped ones."""
    server = daemon(pool_start=1, pool_max=1, payload_max=200000, payload_total_max=500000)
    halves = [half(server, size, 200000) for size in (30000, 140000, 60000)]
    client = occupy(server, 1)
    for n in range(2):
        client.submit(n, "echo", b"y" * 150000, notify=["accepted"])
        client.event("accepted", id=n)
    release(client, 1)
    assert [len(client.outcome(n).payload) for n in range(2)] == [150000] * 2
    for client, rest in halves:
        client.send_raw(rest)
    ends = [client.outcome("half") for client, _ in halves]
    assert [end.name for end in ends] == ["done", "overload", "done"], ends
    assert ends[1]["reason"] == "memory", ends[1]
    server.wait_stats(lambda s: s["queue"]["bytes"] == 0, "the bytes given back")


def test_unread_results_refuse_nobodys_submits(daemon):
    """Unread results have a budget of their own, and retry_after_ms is long enough."""
    server = daemon(
        pool_start=1, pool_max=1, payload_max=10 * MIB, payload_total_max=10 * MIB
    )
    reader = server.client(receive_buffer=4096)
    reader.submit("large", "crash", "big 10000000")
    server.wait_stats(lambda s: s["output"]["bytes"] >= MIB, "an unread result")
    client = server.client()
    whole = b"x" * 9000000
    assert client.done("echo", whole) == whole
    occupy(server, 1, client)
    client.submit(0, "echo", whole, notify=["accepted"])
    client.event("accepted", id=0)
    refused = client.run("echo", whole, id=1)
    assert refused["reason"] == "memory" and refused["retry_after_ms"] >= 50, refused
    release(client, 1)
    client.outcome(0)
    assert len(reader.outcome("large").payload) == 10000000
    server.wait_stats(lambda s: s["queue"]["bytes"] == 0, "the bytes given back")


# ---- output


def test_who_reads_nothing_pays_for_the_output(daemon, tmp_path):
    """Above output-total-max, the server drops the client with the longest time since its last read. Clients with
    little unread output stay."""
    most, large = 32 * MIB, 8000000
    server = daemon(
        pool_start=2,
        pool_max=2,
        payload_max=8 * MIB,
        output_total_max=most,
        listen=["127.0.0.1:0", f"unix:{tmp_path}/sock"],
    )
    small = server.client(f"unix:{tmp_path}/sock")  # a socket with a small buffer in the kernel
    small.submit("small", "crash", "big 900000")
    server.wait_stats(lambda s: s["jobs"]["done"] == 1, "the small result there")
    assert 0 < output(server)["bytes"] <= MIB
    idle = [server.client(receive_buffer=4096) for _ in range(20)]
    seen = []

    def look():
        seen.append(output(server)["bytes"])
        return seen[-1]

    for n, client in enumerate(idle):
        client.submit(n, "crash", f"big {large}")
        done = n + 2
        server.wait_stats(lambda s: s["jobs"]["done"] >= done, "its result there")
        look()
    server.log.wait("client-dropped")
    lines = server.log.events("client-dropped")
    assert all("output-total-max" in line["why"] and line["hint"] for line in lines), lines
    wait_until(lambda: look() <= most, "the output within its bounds")
    assert max(seen) <= most + 2 * 8 * MIB, seen
    idle[0].gone()
    assert len(small.outcome("small").payload) == 900000
    assert len(idle[-1].outcome(19).payload) == large


def test_stats_tell_of_the_output(daemon):
    server = daemon(pool_start=1, job_max=2000, output_total_max=100 * MIB)
    client = server.client(receive_buffer=4096)
    assert output(server) == {"bytes": 0, "bytes_max": 100 * MIB}
    done_unread(server, client, 1000, "crash", "big 10000")  # small results, copied by the server
    held = output(server)["bytes"]
    assert MIB < held < 20000000, held  # except for the bytes in the kernel's buffers
    for n in range(1000):
        client.outcome(n)
    server.wait_stats(lambda s: s["output"]["bytes"] == 0, "all of it taken", DEADLINE)


def test_a_client_that_reads_without_a_pause_loses_nothing(daemon, tmp_path):
    """With the default settings, workers outrun any reader of results of 16 MiB."""
    server = daemon()
    lines = 12 if SANITIZED else 40
    result = subprocess.run(
        [COMMAND, "--server", server.address, "run", "--each", "crash"],
        input=b"big 16777216\n" * lines,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=6 * DEADLINE,
        check=False,
    )
    assert result.returncode == 0, result.stderr[:1000]
    assert len(result.stdout) == lines * (16777216 + 1)
    assert int(proc.status_field(server.pid, "VmHWM").split()[0]) < 200000 * SCALE


def test_clients_that_do_not_read_are_bounded_and_delay_nobody(daemon):
    """35 clients get results of 16 MiB for tiny submits. Output stays within output-total-max plus the running jobs'
    results, and another client is served."""
    most = 256 * MIB
    server = daemon(pool_start=2, pool_max=2, job_max=1000, output_total_max=most)
    idle = [server.client(receive_buffer=4096) for _ in range(35)]
    for client in idle:
        client.send_raw(
            b"".join(message("big 16777216", op="submit", id=n, module="crash") for n in range(4))
        )
    other = server.client()
    seen = []

    def full():
        assert other.done("echo", "x") == b"x"
        seen.append(output(server)["bytes"])
        stats = server.stats()
        return stats["jobs"]["running"] == 0 and seen[-1] > most / 2

    wait_until(full, "no job runs any more", 6 * DEADLINE)
    assert max(seen) <= most + 2 * 17 * MIB, seen
    assert proc.rss_kb(server.pid) < (most + 128 * MIB) / 1024 * SCALE
    assert other.done("echo", b"y" * 1000000) == b"y" * 1000000


def test_memory_goes_back_after_results_were_read_late(daemon):
    """The results stay long after their jobs, and are read after the trim for the jobs."""
    server = daemon(pool_start=2, job_max=200000, log_level="info")
    server.client().done("echo", "x")
    before = proc.rss_kb(server.pid)
    count = 60000
    client = server.client(receive_buffer=4096)
    done_unread(server, client, count, "echo", "0123456789abcdef")
    client.shutdown()
    assert output(server)["bytes"] > MIB
    # The master returns free memory every 5 s; once for the jobs.
    wait_until(lambda: server.stats()["uptime_ms"] > 12000, "the first trim", 20)
    assert [event.name for event in client.rest(3 * DEADLINE)].count("done") == count
    wait_until(lambda: proc.rss_kb(server.pid) <= 2 * before * SCALE, "memory given back", 10 * SCALE)
