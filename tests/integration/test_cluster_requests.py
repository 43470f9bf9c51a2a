"""Any node answers for any job: doc/queue.md with two nodes, of which `front` has no master. So each of its jobs runs at
`back`, and whatever is asked at `front` of a job comes through the store."""

import json
import os
import threading
import uuid

import pytest
from conftest import end_cluster
from harness.client import ask, check, refused
from harness.cluster import PATIENT, Cluster
from harness.queued import put, wait
from harness.wait import wait_until

HOUR = 3600000
DIVISION = json.dumps({"op": "div", "x": 1, "y": 0})
LONG = json.dumps({"ms": 600000})
LARGE = bytes(range(256)) * 4096
PAIRS = [("front", "back"), ("back", "front")]
both_ways = pytest.mark.parametrize("here, there", PAIRS, ids=["front to back", "back to front"])
anywhere = pytest.mark.parametrize("where", ["front", "back"])


# `witness` has a pool of one worker: its jobs run in their order.
BACK = {"pool-max": 4, "pools": {"single": {"pool-max": 1}}, "modules": {"witness": {"pool": "single"}}}


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.queue_settings = PATIENT
    made.redis.start()
    made.make("front", master=False).launch()
    made.make("back", master=BACK).launch()
    for node in made.nodes:
        node.ready()
    yield made
    end_cluster(made)


@pytest.fixture
def nodes(shared_cluster):
    """{name: a client of this node}"""
    yield {node.name: node.client() for node in shared_cluster.nodes}
    for node in shared_cluster.nodes:
        for client in node.queue.clients:
            client.close()
        node.queue.clients.clear()


def own_module():
    """A module of this test alone. It need not exist."""
    return "only-" + uuid.uuid4().hex[:8]


def own_key():
    return "key-" + uuid.uuid4().hex[:8]


def number(job):
    return int(job[1:])


def status(client, job):
    return ask(client, "status", job=job).json()


def becomes(client, job, state):
    wait_until(lambda: status(client, job)["state"] == state, f"{job} to be {state}")


def waiting(client, module=None, payload="x", **fields):
    """A detached job of a paused module."""
    return put(client, module or paused_module(client), payload, **fields)


def paused_module(client):
    module = own_module()
    check(ask(client, "pause", module=module), "ok", was=False)
    return module


def accepted(client, id, module, payload="", notify=(), **fields):
    client.submit(id, module, payload, notify=["accepted", *notify], **fields)
    return client.event("accepted", id=id)["job"]


def names_until_end(client, id):
    """The names of all events of a submit or wait, and the last event."""
    names = []
    while True:
        event = client.find(lambda event: event.get("id") == id, what=f"an event of {id}")
        names.append(event.name)
        if event.name in ("done", "failed", "error"):
            return names, event


# ---- the nodes


def test_each_node_knows_all(shared_cluster):
    seen = {node.name: node.nodes() for node in shared_cluster.nodes}
    for name, rows in seen.items():
        assert sorted(row["node"] for row in rows) == ["back", "front"]
        assert [row["node"] for row in rows if row["self"]] == [name]
        for row in rows:
            assert row["lease_ms"] > 0 and row["seen_ms"] >= 0 and row["held"] >= 0, row
            assert row["version"] and row["since"].endswith("Z"), row
    assert {row["epoch"] for row in seen["front"]} == {row["epoch"] for row in seen["back"]}


@anywhere
def test_hello_tells_of_nodes(nodes, where):
    assert "nodes" in nodes[where].hello_event["features"]


def test_ids_are_unique_and_in_order_over_all_nodes(nodes):
    module = paused_module(nodes["front"])
    jobs = {name: [] for name in nodes}
    for _ in range(20):
        for name, client in nodes.items():
            jobs[name].append(number(waiting(client, module)))
    assert all(numbers == sorted(numbers) for numbers in jobs.values())
    assert len({*jobs["front"], *jobs["back"]}) == 40
    later = number(waiting(nodes["back"], module))
    assert jobs["front"][0] < later and jobs["back"][0] < later
    check(ask(nodes["front"], "cancel", select={"module": module}), "ok", count=41)


# ---- submit and wait


@anywhere
def test_the_events_of_a_submit(nodes, where):
    client = nodes[where]
    client.submit(1, "live", "progress 0.5 half\nsay hi", notify=["accepted", "started", "progress"], context="mine")
    job = client.expect("accepted", id=1)["job"]
    client.expect("started", id=1, job=job)
    check(client.expect("progress", id=1, job=job), "progress", message="half")
    done = client.expect("done", id=1, job=job, context="mine", size=2)
    assert done.payload == b"hi" and done["run_us"] >= 0 and "attempt" not in done


@anywhere
def test_large_payloads_and_results(nodes, where):
    nodes[where].submit(1, "echo", LARGE)
    assert nodes[where].outcome(1).payload == LARGE


@both_ways
def test_submitted_here_and_waited_for_there(nodes, here, there):
    job = put(nodes[here], "echo", "hi", context={"a": 1})
    for name in (there, here, there):
        event = wait(nodes[name], job)
        check(event, "done", job=job, context={"a": 1}, size=2)
        assert event.payload == b"hi"


@both_ways
def test_a_wait_before_the_end(nodes, here, there):
    job = put(nodes[here], "live", "progress 0.5 half\nsay hi", delay_ms=300)
    nodes[there].send(op="wait", id="w", job=job, notify=["started", "progress"])
    names, last = names_until_end(nodes[there], "w")
    assert names == ["started", "progress", "done"] and last.payload == b"hi"


@both_ways
def test_many_waits_at_both_nodes(nodes, here, there):
    jobs = [put(nodes[here], "echo", str(n), delay_ms=200) for n in range(50)]
    for client in nodes.values():
        for job in jobs:
            client.send(op="wait", id=job, job=job)
    for client in nodes.values():
        got = {job: client.event("done", id=job).payload for job in jobs}
        assert [got[job] for job in jobs] == [str(n).encode() for n in range(50)]


@both_ways
def test_not_yet(nodes, here, there):
    job = waiting(nodes[here])
    for timeout in (0, 50):
        check(wait(nodes[there], job, timeout_ms=timeout), "error", code="not-yet")
    refused(nodes[there], "forget", "not-yet", job=job)
    refused(nodes[there], "retry", "not-yet", job=job)
    check(ask(nodes[there], "cancel", job=job), "ok", state="waiting")


@both_ways
def test_forgotten_there_is_unknown_here(nodes, here, there):
    job = put(nodes[here], "echo", "hi")
    check(wait(nodes[here], job), "done")
    check(ask(nodes[there], "forget", job=job), "ok")
    for client in nodes.values():
        check(wait(client, job), "error", code="unknown-job")
        for op in ("status", "forget", "peek", "retry", "cancel"):
            refused(client, op, "unknown-job", job=job)


@both_ways
def test_many_jobs_through_one_node(nodes, here, there):
    client = nodes[here]
    for n in range(300):
        client.submit(n, "echo", str(n))
    for n in range(300):
        assert client.outcome(n).payload == str(n).encode()


# ---- failures and retries


@anywhere
def test_a_retry_is_told(nodes, where):
    nodes[where].submit(
        1, "math", DIVISION, retries=1, retry_on=["module"], retry_delay_ms=20, notify=["started", "retry"]
    )
    for name in ("started", "retry", "started", "failed"):
        nodes[where].expect(name, id=1)
    nodes[where].silent()


@both_ways
def test_a_wait_hears_of_a_retry(nodes, here, there):
    job = put(nodes[here], "math", DIVISION, delay_ms=300, retries=1, retry_on=["module"], retry_delay_ms=50)
    nodes[there].send(op="wait", id="w", job=job, notify=["retry"])
    retry = nodes[there].expect("retry", id="w", attempt=1, reason="module")
    assert 39 <= retry["delay_ms"] <= 61 and retry["message"]
    check(nodes[there].recv(), "failed", id="w", attempt=2, reason="module", code="div-by-zero")


@anywhere
def test_a_module_asks_for_another_try(nodes, where):
    job = put(nodes[where], "live", "attempt\ntill 2\nretry 10", retries=5, retry_on=[])
    done = wait(nodes[where], job)
    check(done, "done", attempt=3)
    assert done.payload == f"{job} 3 ".encode()


@both_ways
def test_retry_of_a_failed_job(nodes, here, there):
    job = put(nodes[here], "math", DIVISION)
    check(wait(nodes[here], job), "failed", reason="module")
    check(ask(nodes[there], "retry", job=job), "ok", count=1)
    for client in nodes.values():
        check(wait(client, job), "failed", attempt=2, reason="module")
    fine = put(nodes[here], "echo")
    wait(nodes[here], fine)
    refused(nodes[there], "retry", "not-failed", job=fine)


def test_retry_of_a_selection(nodes):
    module = paused_module(nodes["front"])
    jobs = [waiting(nodes[name], module) for name in ("front", "back") for _ in range(10)]
    check(ask(nodes["front"], "cancel", select={"module": module}), "ok", count=20)
    check(ask(nodes["back"], "retry", select={"module": module, "reason": "timeout"}), "ok", count=0)
    check(ask(nodes["back"], "retry", select={"module": module, "reason": "cancelled"}), "ok", count=20)
    assert status(nodes["front"], jobs[0])["state"] == "waiting"
    check(ask(nodes["front"], "cancel", select={"module": module}), "ok", count=20)


# ---- keys


@both_ways
def test_a_key_is_one_job(nodes, here, there):
    key = own_key()
    job = put(nodes[here], "echo", "hi", key=key, delay_ms=300)
    check(ask_submit(nodes[there], "echo", "hi", key=key), "accepted", job=job, joined=True)
    check(ask_submit(nodes[there], "echo", "ho", key=key), "error", code="key-conflict", job=job)
    nodes[there].submit("joins", "echo", "hi", key=key, context="other", notify=["started"])
    names, done = names_until_end(nodes[there], "joins")
    assert names == ["started", "done"] and done.payload == b"hi"
    check(done, "done", job=job, context="other")
    nodes[there].submit("late", "echo", "hi", key=key)
    check(nodes[there].outcome("late"), "done", job=job)


def ask_submit(client, module, payload, **fields):
    client.submit("ask", module, payload, detach=True, **fields)
    return client.find(lambda event: event.get("id") == "ask", what="the answer to a submit")


@both_ways
def test_the_key_of_a_failed_job_is_free(nodes, here, there):
    key = own_key()
    job = put(nodes[here], "math", DIVISION, key=key)
    check(wait(nodes[here], job), "failed")
    other = put(nodes[there], "math", DIVISION, key=key)
    assert other != job
    wait(nodes[there], other)
    fine = put(nodes[there], "math", json.dumps({"op": "add", "x": 1, "y": 1}), key=key)
    check(wait(nodes[here], fine), "done")
    check(ask(nodes[here], "retry", job=job), "error", code="key-conflict", job=fine)


def test_the_same_keys_at_both_nodes_at_once(nodes):
    """Whichever node is first: there is one job of each key."""
    prefix, found = own_key(), {"front": [], "back": []}

    def submit(name):
        for n in range(100):
            nodes[name].submit(n, "echo", "same", key=f"{prefix}-{n}", detach=True)
        found[name] += [nodes[name].event("accepted", id=n)["job"] for n in range(100)]

    threads = [threading.Thread(target=submit, args=(name,)) for name in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found["front"] == found["back"] and len(set(found["front"])) == 100
    for job in found["front"]:
        assert wait(nodes["front"], job).payload == b"same"


@both_ways
def test_cancel_of_a_joined_submit_ends_that_one_alone(nodes, here, there):
    key = own_key()
    job = accepted(nodes[here], 1, "echo", "hi", key=key, delay_ms=500)
    assert accepted(nodes[there], 2, "echo", "hi", key=key) == job
    check(ask(nodes[there], "cancel", target=2), "ok", job=job)
    check(nodes[there].outcome(2), "failed", reason="cancelled")
    check(nodes[here].outcome(1), "done", job=job)


# ---- when


@both_ways
def test_a_delay(nodes, here, there):
    job = put(nodes[here], "echo", "x", delay_ms=HOUR)
    about = status(nodes[there], job)
    assert about["state"] == "delayed" and HOUR - 60000 < about["delay_ms"] <= HOUR + 1000  # of another clock
    check(ask(nodes[there], "cancel", job=job), "ok", state="delayed")
    check(wait(nodes[here], job), "failed", reason="cancelled")


@anywhere
def test_max_wait_ms(nodes, where):
    job = accepted(nodes[where], 1, paused_module(nodes[where]), "x", max_wait_ms=200)
    check(nodes[where].outcome(1), "failed", job=job, reason="expired")
    for client in nodes.values():
        check(wait(client, job), "failed", reason="expired")


def test_the_ttl_of_an_outcome(nodes):
    job = put(nodes["front"], "echo", "x", ttl_ms=200)
    wait_until(lambda: ask(nodes["back"], "status", job=job).name == "error", "the end of the outcome")
    check(wait(nodes["front"], job), "error", code="unknown-job")


def test_a_short_ttl_leaves_open_waits_elsewhere_their_outcome(nodes):
    """The others are told of the end, and read the outcome then: it may not have gone by that time."""
    for number in range(100):
        job = put(nodes["front"], "echo", "x", ttl_ms=1, delay_ms=5, id=f"put {number}")
        check(wait(nodes["front"], job), "done")


def test_order_and_priorities_over_all_nodes(nodes, shared_cluster):
    """One worker runs the jobs: highest priority first, and equals by their numbers, which grow with the time of the
    submit."""
    admin = nodes["front"]
    check(ask(admin, "pause", module="witness"), "ok", was=False)
    jobs = []
    for n in range(30):
        priority = (1, 5, 9)[n % 3]
        client = nodes[("front", "back")[n % 2]]
        jobs.append((9 - priority, number(put(client, "witness", f"p{n} ok 0", priority=priority))))
    check(ask(nodes["back"], "resume", module="witness"), "ok", was=True)
    for _, job in jobs:
        check(wait(admin, f"q{job}"), "done")
    ran = sorted((run for run in shared_cluster.runs() if run.token.startswith("p")), key=lambda run: run.began)
    assert [number(run.job) for run in ran] == [job for _, job in sorted(jobs)]


# ---- pause


@both_ways
def test_pause_here_holds_there(nodes, here, there):
    module = "echo"
    try:
        check(ask(nodes[here], "pause", module=module), "ok", was=False)
        wait_until(lambda: paused(nodes[there], module), "the pause at the other node")
        job = put(nodes[here], module, "hi")
        check(wait(nodes[there], job, timeout_ms=150), "error", code="not-yet")
        check(ask(nodes[there], "resume", module=module), "ok", was=True)
        assert wait(nodes[here], job).payload == b"hi"
    finally:
        ask(nodes[here], "resume", module=module)


def paused(client, module):
    return client.stats()["modules"].get(module, {}).get("paused", False)


def test_pause_of_everything(nodes):
    try:
        check(ask(nodes["front"], "pause"), "ok", was=False)
        wait_until(lambda: ask(nodes["back"], "pause").get("was"), "the pause at the other node")
        job = put(nodes["back"], "echo", "hi")
        check(wait(nodes["back"], job, timeout_ms=150), "error", code="not-yet")
    finally:
        check(ask(nodes["back"], "resume"), "ok", was=True)
    assert wait(nodes["front"], job).payload == b"hi"


# ---- cancel and kill


@both_ways
def test_cancel_of_a_waiting_job(nodes, here, there):
    job = accepted(nodes[here], 1, paused_module(nodes[here]), "x", context="c")
    check(ask(nodes[there], "cancel", job=job), "ok", job=job, state="waiting")
    check(nodes[here].outcome(1), "failed", job=job, reason="cancelled", by="client", context="c")
    for client in nodes.values():
        refused(client, "cancel", "unknown-job", job=job)


@anywhere
@pytest.mark.parametrize("op, module, payload", [("cancel", "sleep", LONG), ("kill", "live", "sleep 60000")])
def test_cancel_and_kill_of_a_running_job(nodes, where, op, module, payload):
    """The job runs at `back`, wherever it is asked."""
    client = nodes["front"]
    client.submit(1, module, payload, notify=["started"])
    job = client.event("started", id=1)["job"]
    check(ask(nodes[where], op, job=job), "ok", job=job, state="running")
    check(client.outcome(1), "failed", reason="cancelled")
    assert status(nodes["back"], job)["outcome"]["reason"] == "cancelled"


@anywhere
def test_cancel_by_target_of_a_running_job(nodes, where):
    client = nodes[where]
    client.submit(1, "sleep", LONG, notify=["started"])
    job = client.event("started", id=1)["job"]
    check(ask(client, "cancel", target=1), "ok", job=job, state="running")
    check(client.outcome(1), "failed", reason="cancelled")


@both_ways
def test_cancel_of_a_selection(nodes, here, there):
    module = paused_module(nodes[here])
    jobs = [waiting(nodes[here], module) for _ in range(150)]
    accepted(nodes[here], "mine", module, "x")
    check(ask(nodes[there], "cancel", select={"module": module, "state": "delayed"}), "ok", count=0)
    check(ask(nodes[there], "cancel", select={"module": module}), "ok", count=151)
    check(nodes[here].outcome("mine"), "failed", reason="cancelled")
    assert status(nodes[here], jobs[0])["state"] == "failed"


def test_kill_of_a_selection_that_runs(nodes):
    client = nodes["front"]
    for n in range(3):
        client.submit(n, "live", "sleep 60000", notify=["started"])
    for n in range(3):
        client.event("started", id=n)
    check(ask(client, "kill", select={"module": "live", "state": "running"}), "ok", count=3)
    for n in range(3):
        check(client.outcome(n), "failed", reason="cancelled")


# ---- the ends of connections


@pytest.mark.parametrize("end", ["close", "reset"])
def test_link_at_a_node_without_the_job(nodes, shared_cluster, end):
    client = shared_cluster.nodes[0].client()
    client.submit(1, "sleep", LONG, link=True, notify=["started"])
    job = client.event("started", id=1)["job"]
    getattr(client, end)()
    check(wait(nodes["back"], job), "failed", reason="cancelled", by="link")


@both_ways
def test_link_counts_for_the_last_one_of_all_nodes(nodes, shared_cluster, here, there):
    key = own_key()
    first = node(shared_cluster, here).client()
    job = accepted(first, 1, "echo", "hi", key=key, delay_ms=600, link=True)
    assert accepted(nodes[there], 1, "echo", "hi", key=key, link=True) == job
    first.close()
    check(nodes[there].outcome(1), "done", job=job)


@anywhere
def test_a_submit_outlives_its_connection(nodes, shared_cluster, where):
    client = node(shared_cluster, where).client()
    job = accepted(client, 1, "echo", "hi", delay_ms=200)
    client.reset()
    assert wait(nodes["front"], job).payload == b"hi"


def node(cluster, name):
    return next(node for node in cluster.nodes if node.name == name)


# ---- looking at jobs


def test_status_of_a_running_job(nodes):
    client = nodes["front"]
    client.submit(1, "sleep", LONG, notify=["started"], context="c", timeout_ms=50000, retries=2)
    job = client.event("started", id=1)["job"]
    for asker in nodes.values():
        about = status(asker, job)
        assert about["state"] == "running" and about["attempt"] == 1 and about["module"] == "sleep", about
        assert about["retries"] == 2 and about["limits"]["timeout_ms"] == 50000 and about["size"] == len(LONG), about
        assert about["outcome"] is None and about["detached"] is False, about
    check(ask(client, "cancel", job=job), "ok", state="running")
    check(client.outcome(1), "failed", reason="cancelled")
    for asker in nodes.values():
        about = status(asker, job)
        assert about["state"] == "failed" and about["outcome"]["reason"] == "cancelled", about


@anywhere
def test_jobs_lists_those_of_all_nodes(nodes, where):
    module = paused_module(nodes[where])
    jobs = [waiting(nodes[name], module) for _ in range(12) for name in ("front", "back")]
    late = waiting(nodes["front"], module, delay_ms=HOUR)
    everything = sorted([*jobs, late], key=number)
    client = nodes[where]
    assert listed(client, module=module) == everything
    assert listed(client, module=module, state="delayed") == [late]
    assert listed(client, module=module, limit=5) == everything, "page by page"
    check(ask(client, "cancel", select={"module": module}), "ok", count=25)
    assert listed(client, module=module, state="failed", reason="cancelled") == everything


def listed(client, **fields):
    """All pages of `jobs`."""
    found, after = [], {}
    while True:
        answer = ask(client, "jobs", **fields, **after)
        check(answer, "jobs")
        found += [row["job"] for row in answer.json()]
        if "after" not in answer:
            return found
        after = {"after": answer["after"]}


@both_ways
def test_peek(nodes, here, there):
    job = waiting(nodes[here], payload="some payload")
    assert ask(nodes[there], "peek", job=job).payload == b"some payload"
    check(ask(nodes[there], "cancel", job=job), "ok")
    assert ask(nodes[there], "peek", job=job).payload == b"some payload"
    fine = put(nodes[here], "echo", "hi")
    wait(nodes[here], fine)
    refused(nodes[there], "peek", "not-waiting", job=fine)


def test_stats_count_the_jobs_of_all_nodes(nodes):
    module = paused_module(nodes["front"])
    for name in ("front", "back"):
        for _ in range(5):
            waiting(nodes[name], module)
        waiting(nodes[name], module, delay_ms=HOUR)
    for client in nodes.values():
        wait_until(lambda client=client: counted(client, module) == (10, 2), "the counts of all nodes")
    check(ask(nodes["front"], "cancel", select={"module": module}), "ok", count=12)
    for client in nodes.values():
        wait_until(lambda client=client: counted(client, module) == (0, 0), "the counts after the cancel")


def counted(client, module):
    row = client.stats()["modules"].get(module, {"waiting": 0, "delayed": 0})
    return row["waiting"], row["delayed"]


# ---- watch, monitor


@anywhere
def test_watch_tells_of_jobs_at_all_nodes(nodes, shared_cluster, where):
    watcher = node(shared_cluster, where).client()
    check(ask(watcher, "watch", what=["jobs"], module="live"), "ok")
    wait_until(lambda: is_told_of_a_start(watcher, nodes["back"]), "the watch known at all nodes")
    jobs = [put(nodes[name], "live", "say hi") for name in ("front", "back")]
    failing = put(nodes["front"], "live", "fail", retries=1, retry_on=["module"], retry_delay_ms=10)
    told = {}
    wait_until(lambda: watched(watcher, told, {*jobs, failing}), "the ends of all jobs")
    for job in jobs:
        assert told[job] == ["waiting", "running", "done"]
    assert told[failing] == ["waiting", "running", "retry", "running", "failed"]


def is_told_of_a_start(watcher, client):
    told, job = {}, put(client, "live", "say hi")
    wait_until(lambda: watched(watcher, told, {job}), "the end of a job")
    return "running" in told[job]


def watched(watcher, told, wanted):
    """Hears of one more event; whether all these jobs have ended."""
    event = watcher.recv()
    if event.get("job") in wanted:
        told.setdefault(event["job"], []).append(event["state"])
    return all(told.get(job, [""])[-1] in ("done", "failed") for job in wanted)


@both_ways
def test_monitor(nodes, here, there):
    good = put(nodes[here], "echo", "x", delay_ms=300)
    bad = waiting(nodes[here])
    for ref, job in (("good", good), ("bad", bad)):
        check(ask(nodes[there], "monitor", ref=ref, job=job), "ok")
    check(nodes[there].event("down", ref="good"), "down", job=good, reason="done")
    check(ask(nodes[here], "cancel", job=bad), "ok")
    check(nodes[there].event("down", ref="bad"), "down", job=bad, reason="cancelled")
    check(ask(nodes[there], "monitor", ref=1, job=good), "ok")
    check(nodes[there].event("down", ref=1), "down", reason="done")


# ---- owners and bounds


@pytest.fixture
def owned(cluster, tmp_path):
    """Two nodes with tokens of `web` and `batch`."""
    path = os.path.join(tmp_path, "access")
    with open(path, "w") as file:
        file.write("".join(f"{name} {token(name)} {right}\n" for name, right in
                           (("web", "submit"), ("batch", "submit"), ("root", "admin observe"))))
    os.chmod(path, 0o600)
    cluster.redis.start()
    for name in ("front", "back"):
        settings = {**PATIENT, "access-file": path, "owner-job-max": 3, "job-max": 5}
        cluster.make(name, master=False, queue=settings)
        cluster.nodes[-1].queue.token = token("root")
        cluster.nodes[-1].start()
    return cluster.nodes


def token(name):
    return f"token-{name}-0123456789"


def test_owners_and_bounds_over_all_nodes(owned):
    web, batch = ([node.client(token=token(name)) for node in owned] for name in ("web", "batch"))
    jobs = [put(web[n % 2], "echo", "x") for n in range(3)]
    for client in web:
        check(ask_submit(client, "echo", "x"), "overload", reason="client-quota")
    for op in ("cancel", "peek", "forget", "retry"):
        refused(batch[1], op, "denied", job=jobs[0])
    for n in range(2):
        put(batch[n], "echo", "x")
    for client in batch:
        check(ask_submit(client, "echo", "x"), "overload", reason="queue-full")
    check(ask(web[1], "cancel", job=jobs[0]), "ok", state="waiting")
    put(batch[0], "echo", "x")
