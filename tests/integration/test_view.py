"""A view into everything: status, jobs, peek, clients, and cancel and kill of a selection (protocol, section 8)."""

import os
import time

from harness.client import ask, check, message, refused, start
from harness.wait import BUILD, DEADLINE, SCALE, wait_until

LONG_SLEEP = '{"ms":600000}'
POOLS = {
    "pools": {"slow": {"pool-max": 2, "job-max": 100000}},
    "modules": {"sleep": {"pool": "slow"}},
    "job-max": 1000000,
}


def status(client, **fields):
    event = ask(client, "status", **fields)
    check(event, "status")
    return event.json()


def page(client, op="jobs", /, **fields):
    event = ask(client, op, **fields)
    check(event, op)
    assert event["more"] == ("after" in event)
    return event.json(), event.get("after")


def everything(client, op="jobs", /, **fields):
    items, after = page(client, op, **fields)
    while after:
        more, after = page(client, op, after=after, **fields)
        items += more
    return items


def accepted(client, id, module, payload="", **fields):
    client.submit(id, module, payload, notify=["accepted"], **fields)
    return client.event("accepted", id=id)["job"]


def fill(server, client, count):
    """One job runs, and so many wait behind it."""
    start(client, "sleep", LONG_SLEEP, id="s")
    client.send_raw(b"".join(message("", op="submit", id=n, module="echo") for n in range(count)))
    server.wait_jobs(waiting=count)


def end_all(client, /, **select):
    """Ends the jobs that a test leaves behind."""
    check(ask(client, "kill", select=select or {"module": "sleep"}), "ok", op="kill")


# ---- status


def test_status_of_a_running_and_of_a_waiting_job(daemon):
    server = daemon(pool_max=1)
    client = server.client(client="tester/1")
    started = start(client, "sleep", LONG_SLEEP, id="runs", timeout_ms=500000, soft_timeout_ms=400000)
    job = accepted(client, "waits", "echo", "abc", max_wait_ms=900000)
    waiting = status(client, target="waits")
    assert waiting == status(client, job=job) | {k: waiting[k] for k in ("age_ms", "wait_ms")}
    number = waiting["client"]["id"]
    assert waiting == {
        "job": job,
        "id": "waits",
        "origin": None,
        "module": "echo",
        "pool": "default",
        "state": "waiting",
        "position": 0,
        "age_ms": waiting["wait_ms"],
        "wait_ms": waiting["wait_ms"],
        "run_ms": None,
        "worker": None,
        "client": {"id": number, "name": "tester/1", "address": waiting["client"]["address"]},
        "owner": None,
        "service": None,
        "detached": False,
        "limits": {"timeout_ms": None, "soft_timeout_ms": None, "max_wait_ms": 900000},
        "progress": None,
        "size": 3,
    }
    assert waiting["client"]["address"].startswith("127.0.0.1:")
    running = status(client, target="runs")
    assert (running["state"], running["worker"]) == ("running", started["worker"])
    assert running["limits"] == {"timeout_ms": 500000, "soft_timeout_ms": 400000, "max_wait_ms": None}
    assert running["position"] is None
    assert running["age_ms"] >= running["run_ms"] >= 0
    assert running["size"] == len(LONG_SLEEP)
    end_all(client)


def test_status_of_no_job(shared):
    client = shared.client()
    refused(client, "status", "unknown-job", "none-1", job="none-1")
    refused(client, "status", "unknown-job", target="nothing")
    refused(client, "status", "bad-request", "either a field job or a field target")


def test_position_is_an_upper_bound(daemon):
    server = daemon(pool_max=1, job_max=100)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    for n in range(10):
        client.submit(n, "echo", "x")
    assert [status(client, target=n)["position"] for n in range(10)] == list(range(10))
    for n in (0, 3, 4):
        client.send(op="cancel", target=n)
        client.outcome(n)
    alive = [n for n in range(10) if n not in (0, 3, 4)]
    for place, n in enumerate(alive):
        assert place <= status(client, target=n)["position"] <= len(alive) - 1
    end_all(client)


def test_status_of_jobs_without_a_connection(daemon):
    server = daemon(pool_max=1)
    client = server.client(client="tester/1")
    client.send(op="register", name="results")
    client.event("ok", op="register")
    start(client, "sleep", LONG_SLEEP)
    client.submit("d", "echo", "x", detach=True)
    detached = status(client, job=client.event("accepted", id="d")["job"])
    assert (detached["client"], detached["detached"], detached["service"]) == (None, True, None)
    client.submit("r", "echo", "x", service="results")
    served = status(client, job=client.event("accepted", id="r")["job"])
    assert (served["client"], served["detached"], served["service"]) == (None, False, "results")
    assert [job["id"] for job in everything(client)] == ["a", "d", "r"]
    assert everything(client, "clients")[-1]["services"] == 1
    end_all(client)
    client.event("done", submit_id="r")


def test_progress(daemon):
    server = daemon(pool_max=1, module_dir=os.path.join(BUILD, "tests", "modules"))
    client = server.client()
    start(client, "live", "progress 0.25 half \"way\"\nwait", id="p")
    wait_until(lambda: status(client, target="p")["progress"], "a report")
    progress = status(client, target="p")["progress"]
    assert progress == {"fraction": 0.25, "message": 'half "way"', "age_ms": progress["age_ms"]}
    assert progress["age_ms"] < 1000 * DEADLINE
    end_all(client, pool="default")


# ---- jobs


def test_jobs_running_first_then_each_line(daemon):
    server = daemon(pool_start=2, pool_max=2, job_max=100, **{"modules": {"sleep": {"pool": "slow"}}, "pools": {"slow": {"pool-max": 1}}})
    client = server.client()
    start(client, "sleep", LONG_SLEEP, id="s")
    client.submit("t", "sleep", LONG_SLEEP)
    assert [(job["id"], job["state"], job["pool"]) for job in everything(client)] == [
        ("s", "running", "slow"),
        ("t", "waiting", "slow"),
    ]
    client.send(op="pause", pool="default")
    client.event("ok")
    for n in range(5):
        client.submit(n, "echo", "x")
    assert [job["id"] for job in everything(client)] == ["s", 0, 1, 2, 3, 4, "t"]
    assert [job["id"] for job in everything(client, limit=1)] == ["s", 0, 1, 2, 3, 4, "t"]
    assert [job["id"] for job in everything(client, limit=3, state="waiting")] == [0, 1, 2, 3, 4, "t"]
    assert [job["id"] for job in everything(client, pool="slow")] == ["s", "t"]
    assert [job["id"] for job in everything(client, module="echo", limit=2)] == [0, 1, 2, 3, 4]
    number = everything(client)[0]["client"]["id"]
    assert len(everything(client, client=number)) == 7
    assert everything(client, client=number + 1) == []
    assert everything(client, owner="nobody") == []
    assert everything(client, state="stopping") == []
    refused(client, "jobs", "unknown-pool", "none", pool="none")
    end_all(client)
    client.send(op="resume")
    client.event("ok")


def test_a_place_is_known_until_the_next_page(daemon):
    server = daemon(pool_max=1, job_max=1000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP)
    for n in range(10):
        client.submit(n, "echo", "x")
    _, first = page(client, limit=2)
    _, second = page(client, limit=2, after=first)
    refused(client, "jobs", "unknown-place", first, after=first)
    other = server.client()
    for _ in range(63):
        page(other, limit=1)
    page(client, limit=1, after=second)[0]
    for _ in range(64):
        page(other, limit=1)
    refused(client, "jobs", "unknown-place", after=second)
    refused(client, "jobs", "unknown-place", after="anything")
    refused(client, "jobs", "bad-request", "field limit", limit=0)
    refused(client, "jobs", "bad-request", "field limit", limit=1001)
    end_all(client)


def test_pages_of_a_long_line_while_jobs_end(daemon):
    """20,000 jobs of several clients wait in two pools. Those that wait all the time are there once, in their order."""
    server = daemon(pool_start=1, pool_max=1, job_max=20000, pools={"slow": {"pool-max": 1, "job-max": 20000}},
                    modules={"wc": {"pool": "slow"}})
    watcher = server.client()
    clients = [server.client() for _ in range(4)]
    for n, client in enumerate(clients):
        start(client, "sleep", LONG_SLEEP, id="s") if n == 0 else None
    watcher.send(op="pause")
    watcher.event("ok")
    for n in range(5000):
        for client in clients:
            client.submit(n, "wc" if n % 3 else "echo", "x")
    server.wait_jobs(waiting=20000)
    gone, listed, after = set(), [], None
    before = {job["job"] for job in everything(watcher, limit=1000)}
    assert len(before) == 20001
    items, after = page(watcher, limit=700, state="waiting")
    turn = 0
    while True:
        listed += items
        if not after:
            break
        # Some that were listed end, the last one too, and some that are yet to come.
        client = clients[turn % 4]
        for n in (turn * 7, turn * 7 + 1, 4999 - turn * 3):
            client.send(op="cancel", target=n)
            event = client.find(lambda event: event.name in ("ok", "error"))
            if event.name == "ok":
                gone.add(event["job"])
                client.outcome(n)
        last = items[-1]["job"]
        watcher.send(op="cancel", job=last, id="last")
        if watcher.find(lambda event: event.get("id") == "last").name == "ok":
            gone.add(last)
        items, after = page(watcher, limit=700, state="waiting", after=after)
        turn += 1
    names = [job["job"] for job in listed]
    assert len(names) == len(set(names))
    stays = {job["job"] for job in everything(watcher, limit=1000, state="waiting")}
    assert stays <= set(names) <= before
    assert len(stays) == 20000 - len(gone)
    numbers = [(job["pool"], int(job["job"].rpartition("-")[2])) for job in listed]
    assert numbers == sorted(numbers)
    check(ask(watcher, "cancel", select={"state": "waiting"}), "ok", count=len(stays))
    end_all(watcher)


# ---- cancel and kill of a selection


def test_cancel_of_a_selection(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1000)
    client, other = server.client(), server.client()
    start(client, "sleep", LONG_SLEEP, id="s")
    for n in range(20):
        (client if n % 2 else other).submit(n, "echo" if n < 10 else "wc", "x")
    server.wait_jobs(waiting=20)
    check(ask(other, "cancel", select={"module": "echo"}), "ok", op="cancel", count=10)
    for n in range(10):
        by = "submitter" if n % 2 == 0 else "client"
        check((client if n % 2 else other).outcome(n), "failed", reason="cancelled", by=by)
    check(ask(other, "cancel", select={"module": "echo"}), "ok", count=0)
    check(ask(other, "cancel", select={"module": "wc", "state": "running"}), "ok", count=0)
    check(ask(other, "cancel", select={"state": "running"}), "ok", count=1)
    check(client.outcome("s"), "failed", reason="cancelled", step="stop-flag", by="client")
    for n in range(10, 20):
        check((client if n % 2 else other).outcome(n), "done")


def test_kill_of_a_selection(daemon):
    server = daemon(pool_start=2, pool_max=2, job_max=100)
    client = server.client()
    for id in ("a", "b"):
        start(client, "sleep", LONG_SLEEP, id=id)
    client.submit("c", "sleep", LONG_SLEEP)
    check(ask(client, "kill", select={"pool": "default"}), "ok", op="kill", count=3)
    for id in ("a", "b"):
        check(client.outcome(id), "failed", reason="cancelled", step="sigkill")
    check(client.outcome("c"), "failed", reason="cancelled")


def test_a_wrong_selection(shared):
    client = shared.client()
    refused(client, "cancel", "bad-request", "field select is {}", "module, pool, owner and state", select={})
    refused(client, "cancel", "bad-request", "field select is []", select=[])
    refused(client, "cancel", "bad-request", "field select takes no member modul", select={"modul": "echo"})
    refused(client, "cancel", "bad-request", "field select.state is 7", select={"state": 7})
    refused(client, "kill", "bad-request", "field select.module is", select={"module": "a b"})
    refused(client, "kill", "bad-request", "needs either", select={"module": "echo"}, job="x-1")
    refused(client, "kill", "bad-request", "needs either", select={"module": "echo"}, worker=1)
    refused(client, "cancel", "unknown-pool", "none", select={"pool": "none"})
    check(ask(client, "cancel", select={"owner": "nobody", "state": "waiting", "pool": "default"}), "ok", count=0)


def test_selections_of_a_client_that_goes(daemon):
    """What is not done is left; the others' are done."""
    server = daemon(pool_max=1, job_max=30000)
    client, other = server.client(), server.client()
    fill(server, client, 20000)
    for n in range(50):
        other.send(op="cancel", select={"owner": "nobody"})
    other.send(op="cancel", select={"module": "echo"})
    other.reset()
    check(ask(client, "cancel", select={"module": "echo"}), "ok")
    assert everything(client, module="echo") == []
    end_all(client)


def test_jobs_submitted_behind_a_selection(daemon):
    """They are none of its jobs, though it takes several turns."""
    server = daemon(pool_start=1, pool_max=1, job_max=10000)
    client, other = server.client(), server.client()
    fill(server, client, 5000)
    other.send_raw(
        message(op="cancel", id="x", select={"module": "echo"}) + message("", op="submit", id="later", module="echo")
    )
    check(other.event("ok"), "ok", count=5000)
    end_all(client)
    check(other.outcome("later"), "done")


def test_too_many_selections(daemon):
    server = daemon(pool_max=1, job_max=30000)
    client = server.client()
    fill(server, client, 20000)
    client.send_raw(b"".join(message(op="cancel", id="x", select={"owner": "nobody"}) for n in range(101)))
    check(client.event("error"), "error", code="too-many", op="cancel")
    for _ in range(100):
        check(client.event("ok"), "ok", count=0)
    end_all(client)
    check(ask(client, "kill", select={"pool": "default"}), "ok")


def test_end_of_input_waits_for_a_selection(daemon):
    server = daemon(pool_max=1, job_max=3000)
    client, other = server.client(), server.client()
    fill(server, client, 2500)
    other.send(op="cancel", select={"state": "waiting"})
    other.shutdown()
    check(other.event("ok"), "ok", count=2500)
    other.closed()
    end_all(client)


def test_pings_while_100_000_jobs_are_cancelled(daemon):
    server = daemon(pool_max=1, job_max=100000)
    client, pinger = server.client(), server.client()
    start(client, "sleep", LONG_SLEEP, id="s")
    client.send_raw(b"".join(message("", op="submit", id=n, module="echo") for n in range(100000)))
    server.wait_jobs(waiting=100000)
    asker = server.client()
    asker.send(op="cancel", id="all", select={"state": "waiting"})
    slowest, pings = 0, 0
    ended = 0
    while ended < 100000:
        begin = time.monotonic()
        pinger.send(op="ping")
        pinger.expect("pong")
        slowest, pings = max(slowest, time.monotonic() - begin), pings + 1
        client.sock.settimeout(DEADLINE)
        client.input += client.sock.recv(1 << 20)
        ended += client.input.count(b'"reason":"cancelled"')
        del client.input[: client.input.rfind(b"\n") + 1]
    check(asker.event("ok"), "ok", count=100000)
    assert pings > 5
    assert slowest < 0.25 * SCALE
    check(ask(asker, "kill", select={"module": "sleep"}), "ok", count=1)


# ---- peek


def test_peek(daemon):
    server = daemon(pool_max=1)
    client, other = server.client(), server.client()
    running = start(client, "sleep", LONG_SLEEP, id="s")["job"]
    large = bytes(range(256)) * 4096
    jobs = {accepted(client, n, "echo", payload): payload for n, payload in enumerate([b"", b"a\0\n", large])}
    for job, payload in jobs.items():
        event = ask(other, "peek", job=job)
        check(event, "peek", job=job, module="echo", size=len(payload))
        assert event.payload == payload
    refused(other, "peek", "not-waiting", "running", job=running)
    refused(other, "peek", "unknown-job", job="none-1")
    refused(other, "peek", "bad-request", "field job")
    end_all(client)
    for n, payload in enumerate(jobs.values()):
        event = client.outcome(n)
        check(event, "done")
        assert event.payload == payload


def test_peek_at_a_job_that_ends_before_it_is_read(daemon):
    server = daemon(pool_max=1)
    client, other = server.client(), server.client(receive_buffer=4096)
    start(client, "sleep", LONG_SLEEP, id="s")
    large = bytes(range(256)) * 40000
    job = accepted(client, "large", "echo", large)
    other.send(op="peek", job=job)
    other.input += other.sock.recv(1000)  # the answer has begun
    client.send(op="cancel", job=job)
    check(client.outcome("large"), "failed", reason="cancelled")
    assert other.event("peek").payload == large
    wait_until(lambda: client.stats()["queue"]["bytes"] == len(LONG_SLEEP), "the payload to be freed")
    end_all(client)


# ---- clients


def test_clients(daemon, tmp_path):
    path = tmp_path / "socket"
    server = daemon(listen=["127.0.0.1:0", f"unix:{path}"], pool_max=1)
    client = server.client(client="first/1")
    unix = server.client(f"unix:{path}")
    start(client, "sleep", LONG_SLEEP, id="s")
    listed = everything(client, "clients")
    mine = next(item for item in listed if item["name"] == "first/1")
    assert mine["id"] == status(client, target="s")["client"]["id"]
    assert mine["address"] == status(client, target="s")["client"]["address"]
    assert (mine["jobs"], mine["owner"], mine["output"], mine["services"]) == (1, None, 0, 0)
    assert mine["connected_ms"] >= mine["idle_ms"] >= 0
    assert mine["monitors"] == 0
    client.send(op="monitor", ref="m", workers=True)
    client.event("ok", op="monitor")
    assert next(item for item in everything(client, "clients") if item["id"] == mine["id"])["monitors"] == 1
    assert "uid" not in mine
    local = next(item for item in listed if item["address"].startswith("unix:"))
    assert (local["uid"], local["gid"], local["pid"]) == (os.getuid(), os.getgid(), os.getpid())
    assert [item["id"] for item in everything(client, "clients", limit=1)] == [item["id"] for item in listed]
    unix.close()
    wait_until(lambda: len(everything(client, "clients")) == len(listed) - 1, "the client to be gone")
    end_all(client)


def test_clients_while_they_come_and_go(daemon):
    server = daemon(pool_max=1)
    first = server.client()
    others = [server.client() for _ in range(50)]
    items, after = page(first, "clients", limit=10)
    listed = list(items)
    closed = 0
    while after:
        for other in others[closed : closed + 4]:
            other.close()
        closed += 4
        wait_until(lambda: first.stats()["clients"]["connected"] <= 52 - closed, "clients to be gone")
        items, after = page(first, "clients", limit=10, after=after)
        listed += items
    numbers = [item["id"] for item in listed]
    assert numbers == sorted(set(numbers))
    assert {item["id"] for item in everything(first, "clients")} <= set(numbers)
    refused(first, "clients", "unknown-place", after="1-1")
    _, place = page(first, "clients", limit=1)
    refused(first, "jobs", "unknown-place", after=place)


# ---- rights


def test_rights(daemon, tmp_path):
    path = tmp_path / "access"
    tokens = {name: f"secret-token-of-{name}" for name in ("all", "see", "end", "own", "twin")}
    rights = {"all": "all", "see": "observe", "end": "control", "own": "submit", "twin": "submit"}
    path.touch(0o600)
    path.write_text("".join(f"{name} {tokens[name]} {rights[name]}\n" for name in tokens))
    server = daemon.make({"access_file": str(path), "pool_max": 1, "job_max": 100})
    server.token = tokens["all"]
    server.start()
    see, end, own, twin = (server.client(token=tokens[name]) for name in ("see", "end", "own", "twin"))
    again = server.client(token=tokens["own"])
    every = server.client(token=tokens["all"])
    started = start(every, "sleep", LONG_SLEEP, id="s")
    job = accepted(own, "mine", "echo", "abc")
    for client in (see, own, again, every):
        assert status(client, job=job)["owner"] == "own"
    for client in (end, twin):
        refused(client, "status", "denied", "right observe", job=job)
    for client in (end, own, again, every):
        assert ask(client, "peek", job=job).payload == b"abc"
    for client in (see, twin):
        refused(client, "peek", "denied", "right control", job=job)
    refused(own, "status", "denied", "right observe", job=started["job"])
    for client in (end, own):
        refused(client, "jobs", "denied", "right observe")
        refused(client, "clients", "denied", "right observe")
    assert [item["owner"] for item in everything(see)] == ["all", "own"]
    assert [item["id"] for item in everything(see, owner="own")] == ["mine"]
    assert sorted(item["owner"] for item in everything(see, "clients", limit=2)) >= ["all", "end"]
    for client in (see, own):
        refused(client, "cancel", "denied", "right control", select={"owner": "own"})
    check(ask(end, "cancel", select={"owner": "own"}), "ok", count=1)
    check(own.outcome("mine"), "failed", reason="cancelled", by="client", by_name="end")
    check(ask(end, "kill", select={"owner": "all"}), "ok", count=1)
