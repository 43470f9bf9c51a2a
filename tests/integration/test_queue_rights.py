"""Tokens and rights at taskqueued (doc/queue.md, section 2): whose a job is, and who may do what with it."""

import json
import os

import pytest
from harness.client import ask, check, refused
from harness.queued import put, wait

HOUR = 3600000

TOKENS = {
    "web": ["submit"],
    "batch": ["submit"],
    "eye": ["observe"],
    "hand": ["control"],
    "root": ["admin"],
    "few": ["submit", "module:fib"],
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    from conftest import Factory

    directory = tmp_path_factory.mktemp("rights")
    path = str(directory / "access")
    lines = [{"name": name, "token": f"token-{name}-0123456789", "rights": rights} for name, rights in TOKENS.items()]
    with open(path, "w") as file:
        file.write("\n".join(access_line(line) for line in lines) + "\n")
    os.chmod(path, 0o600)
    factory = Factory(directory)
    server = factory.make_queue({"access-file": path}, factory())
    server.token = "token-root-0123456789"
    server.check_stats = False
    yield server.start()
    factory.end()


def access_line(line):
    return f"{line['name']} {line['token']} {' '.join(line['rights'])}"


@pytest.fixture
def people(pair):
    clients = {name: pair.client(token=f"token-{name}-0123456789") for name in TOKENS}
    yield clients
    for client in clients.values():
        client.close()


def test_owners(people):
    job = put(people["web"], "echo", "x", delay_ms=HOUR)
    about = ask(people["eye"], "status", job=job).json()
    assert about["owner"] == "web"
    check(ask(people["web"], "cancel", job=job), "ok")


def test_own_jobs_need_no_right(people, pair):
    job = put(people["web"], "echo", "x", delay_ms=HOUR)
    other = pair.client(token="token-web-0123456789")
    check(ask(other, "status", job=job), "status")
    check(ask(other, "peek", job=job), "peek")
    check(ask(other, "cancel", job=job), "ok")
    check(wait(other, job), "failed", by="submitter")
    check(ask(other, "retry", job=job), "ok")
    check(wait(other, job), "done")
    check(ask(other, "forget", job=job), "ok")


@pytest.mark.parametrize("op", ["cancel", "kill", "peek", "forget", "retry"])
def test_jobs_of_others_need_control(people, op):
    job = put(people["web"], "echo", "x", delay_ms=HOUR)
    for name in ("batch", "eye", "root"):
        refused(people[name], op, "denied", "control", job=job)
    assert ask(people["hand"], op, job=job).get("code") != "denied"
    ask(people["hand"], "cancel", job=job)


def test_wait_for_jobs_of_others(people):
    job = put(people["web"], "echo", "x")
    for name in ("batch", "eye", "root"):
        check(wait(people[name], job), "error", op="wait", code="denied")
    for name in ("web", "hand"):
        check(wait(people[name], job), "done")


def test_status_of_others_needs_observe(people):
    job = put(people["web"], "echo", "x", delay_ms=HOUR)
    refused(people["batch"], "status", "denied", "observe", job=job)
    check(ask(people["eye"], "status", job=job), "status")
    ask(people["hand"], "cancel", job=job)


def test_rights_of_the_other_requests(people):
    for op, right in (("stats", "observe"), ("jobs", "observe"), ("workers", "observe"), ("modules", "observe")):
        refused(people["web"], op, "denied", right)
        check(ask(people["eye"], op), op)
    for op in ("cancel", "kill", "retry"):
        refused(people["web"], op, "denied", "control", select={"module": "none"})
        check(ask(people["hand"], op, select={"module": "none"}), "ok", count=0)
    for op in ("pause", "resume"):
        refused(people["hand"], op, "denied", "admin", module="none")
        check(ask(people["root"], op, module="none"), "ok")
    refused(people["hand"], "backup", "denied", "admin", path="/nowhere")
    people["eye"].submit(1, "echo")
    check(people["eye"].recv(), "error", code="denied")


def test_some_modules_alone(people):
    people["few"].submit(1, "echo", "x")
    check(people["few"].recv(), "error", code="denied", id=1)
    assert people["few"].done("fib", "10", id=2) == b"55"


def test_keys_belong_to_owners(people):
    jobs = {name: put(people[name], "echo", f"of {name}", key="same", delay_ms=HOUR) for name in ("web", "batch")}
    assert jobs["web"] != jobs["batch"]
    for job in jobs.values():
        check(ask(people["hand"], "cancel", job=job), "ok")
    check(wait(people["web"], jobs["web"]), "failed", reason="cancelled", by="client", by_name="hand")


def test_jobs_of_an_owner(people):
    jobs = [put(people[name], "echo", "x", delay_ms=HOUR) for name in ("web", "batch", "web")]
    listed = [job["job"] for job in ask(people["eye"], "jobs", owner="web", state="delayed").json()]
    assert listed == [jobs[0], jobs[2]]
    check(ask(people["hand"], "cancel", select={"owner": "web", "state": "delayed"}), "ok", count=2)
    check(ask(people["hand"], "cancel", select={"owner": "batch", "state": "delayed"}), "ok", count=1)


def test_a_quota_of_an_owner(daemon, tmp_path):
    path = str(tmp_path / "access")
    with open(path, "w") as file:
        file.write("\n".join(f"{name} token-{name}-0123456789 all" for name in ("a", "b")) + "\n")
    os.chmod(path, 0o600)
    server = daemon.make_queue({"access-file": path, "owner-job-max": 2}, daemon())
    server.token = "token-a-0123456789"
    server.start()
    a, b = server.client(), server.client(token="token-b-0123456789")
    for n in range(2):
        put(a, "echo", "x", delay_ms=HOUR, id=n)
    a.submit("full", "echo", context=json.dumps(1))
    check(a.outcome("full"), "overload", reason="client-quota")
    put(b, "echo", "x")
