"""Tokens with names and rights: the access-file, `denied`, whose job it is, and who ended it (protocol, sections 3, 5, 6
and 8). No token may show in the log or in an error."""

import os
import signal

import pytest
from harness.client import check, header
from harness.daemon import run_master
from harness.wait import BUILD

LONG_SLEEP = '{"ms":600000}'

RIGHTS = ["submit", "observe", "control", "serve", "admin", "relay"]

# The right for each request. A release without one of them does not have it in `features`.
NEEDED = {
    "ping": None,
    "set": None,
    "cancel": None,
    "kill": None,
    "submit": "submit",
    "stats": "observe",
    "workers": "observe",
    "modules": "observe",
    "crashes": "observe",
    "jobs": "observe",
    "clients": "observe",
    "status": None,
    "peek": None,
    "services": "observe",
    "register": "serve",
    "unregister": None,
    "demonitor": None,
    "pause": "admin",
    "resume": "admin",
    "resize": "admin",
    "recycle": "admin",
    "reload": "admin",
    "log-level": "admin",
    "reopen": "admin",
    "watch": "observe",
    "unwatch": None,
    "drain": "admin",
}

FIELDS = {
    "set": {"module": "echo"},
    "cancel": {"job": "none-1"},
    "kill": {"job": "none-1"},
    "status": {"job": "none-1"},
    "peek": {"job": "none-1"},
    "submit": {"module": "echo", "id": "m"},
    "register": {"name": "some"},
    "unregister": {"name": "none"},
    "demonitor": {"ref": "none"},
    "resize": {"pool_max": 2},
    "log-level": {"level": "debug"},
    "watch": {"what": ["pools"]},
}


def token(name):
    return f"secret-token-of-{name}"


class Access:
    """A daemon with an access-file. `lines`: NAME -> rights."""

    def __init__(self, daemon, tmp_path, **settings):
        self.path = tmp_path / "access"
        self.write(ops="all relay")
        self.server = daemon.make({"access_file": str(self.path), **settings})
        self.server.token = token("ops")

    def write(self, **lines):
        self.path.touch(0o600)
        self.path.write_text("# NAME TOKEN RIGHT...\n" + "".join(f"{n} {token(n)} {r}\n" for n, r in lines.items()))

    def start(self, **lines):
        self.write(ops="all relay", **lines)
        self.server.start()
        return self

    def reload(self, count=1, **lines):
        self.write(ops="all relay", **lines)
        self.server.signal(signal.SIGHUP)
        return self.server.log.wait("reload", count)

    def client(self, name, **fields):
        return self.server.client(token=token(name), **fields)


@pytest.fixture
def access(daemon, tmp_path):
    made = Access(daemon, tmp_path, pool_start=1, pool_max=1)
    yield made
    assert "secret-token" not in made.server.log.text()


def denied(client, right, **fields):
    event = client.recv()
    check(event, "error", code="denied", **fields)
    assert f"right {right};" in event["message"], event
    assert "fatal" not in event and "secret" not in event["message"], event


def running(server, client, id, **fields):
    """Submits a long job, and returns the server's id once its worker has begun it."""
    client.submit(id, "sleep", LONG_SLEEP, notify=["started"], **fields)
    return client.begun(observer=server, id=id)["job"]


# ---- the requests


def test_each_right_and_each_request(access):
    access.start(**{right: right for right in RIGHTS}, none="module:nothing")
    features = access.client("ops").hello_event["features"]
    for right in RIGHTS:
        client = access.client(right)
        for op, needed in NEEDED.items():
            if needed == "admin" and op not in features or needed == right and op == "drain":
                continue
            if op in ("modules", "crashes") and op not in features:
                continue
            client.send(op=op, **{"id": op, **FIELDS.get(op, {})})
            if needed in (None, right):
                event = client.find(lambda e, op=op: e.get("id") in (op, "m"), what=op)
                assert event.get("code") != "denied", (right, op, event)
            else:
                denied(client, needed, op=op)


def test_submit_by_module_is_of_these_modules_alone(access):
    access.start(web="module:echo module:wc", all="all module:wc")
    client = access.client("web")
    assert client.hello_event["rights"] == ["submit"]
    assert client.done("echo", "hi") == b"hi"
    client.submit("a", "fib", "30", context={"n": 1})
    denied(client, "module:fib", op="submit", id="a", context={"n": 1})
    client.send(op="set", module="fib")
    client.expect("ok")
    client.send("30", op="submit", id="b")
    denied(client, "module:fib", id="b")
    check(client.run("wc", "hi"), "done")
    other = access.client("all")
    other.submit("a", "echo", "hi")
    denied(other, "module:echo", id="a")


def test_a_denied_payload_is_no_request(access):
    access.start(observer="observe")
    client = access.client("observer")
    client.submit("a", "echo", header(op="ping") * 1000)
    client.send(op="ping", id="p")
    denied(client, "submit", op="submit", id="a")
    client.expect("pong", id="p")


def test_the_fields_are_looked_at_first_and_the_job_last(access):
    access.start(web="submit")
    client = access.client("web")
    client.send(op="stats", job=1)
    client.expect("error", code="bad-request")
    client.send(op="submit", id="a", module="echo", attempt=0)
    client.expect("error", code="bad-request")
    client.send(op="cancel", job="none-1")
    client.expect("error", code="unknown-job")
    running(access.server, client, "a")
    client.submit("a", "sleep", LONG_SLEEP, origin="q-1")
    client.expect("error", code="duplicate-id", id="a")
    client.send(op="kill", target="a")


def test_the_kill_of_a_worker_is_the_operators(access):
    access.start(web="submit", boss="control", admin="admin")
    web, boss, admin = access.client("web"), access.client("boss"), access.client("admin")
    assert "kill-worker" in admin.hello_event["features"]
    web.submit("a", "sleep", LONG_SLEEP, notify=["started"])
    worker = web.event("started", id="a")["worker"]
    access.server.begun_pids()
    boss.send(op="kill", worker=worker)
    denied(boss, "admin", op="kill")
    admin.send(op="kill", worker=worker)
    admin.expect("ok")
    check(web.outcome("a"), "failed", reason="error", signal="SIGKILL", by="operator")


# ---- hello


def test_hello_tells_the_name_and_the_rights(access):
    access.start(web="observe module:echo serve:kv admin", gate="relay")
    for name, rights in {
        "ops": RIGHTS,
        "web": ["submit", "observe", "serve", "admin"],
        "gate": ["relay"],
    }.items():
        event = access.client(name).hello_event
        assert event["name"] == name and event["rights"] == rights, event
        assert {"origin", "attempt", "for"} <= set(event["features"])


def test_without_tokens_everybody_has_all_rights(shared):
    event = shared.client().hello_event
    assert event["rights"] == RIGHTS and "name" not in event, event


def test_both_files(access, tmp_path):
    """A token of the token-file has no name, and all rights but relay."""
    (tmp_path / "tokens").write_text("secret-token-of-the-token-file\n")
    access.server.config["token-file"] = str(tmp_path / "tokens")
    access.start(web="submit")
    event = access.server.client(token="secret-token-of-the-token-file").hello_event
    assert event["rights"] == RIGHTS[:-1] and "name" not in event, event
    assert access.client("web").hello_event["rights"] == ["submit"]
    client = access.server.client(hello=False)
    client.send(op="hello", protocol=1, token=token("webs"))
    check(client.recv(), "error", code="unauthorized", fatal=True)


# ---- whose job it is


def test_a_job_of_another_needs_control(access):
    access.start(web="submit", other="submit observe admin", boss="control")
    web, other, boss = access.client("web"), access.client("other"), access.client("boss")
    job = running(access.server, web, "a")
    for op in ("cancel", "kill"):
        other.send(op=op, job=job)
        denied(other, "control", op=op)
    boss.send(op="cancel", job=job)
    boss.expect("ok", job=job, state="running")
    check(web.outcome("a"), "failed", reason="cancelled", by="client", by_name="boss")


def test_connections_of_one_name_share_their_jobs(access):
    access.start(web="submit", other="submit")
    first, second = access.client("web"), access.client("web")
    job = running(access.server, first, "a")
    first.submit("b", "echo", "hi", notify=["accepted"])
    waiting = first.event("accepted", id="b")["job"]
    second.send(op="cancel", job=waiting)
    second.expect("ok", state="waiting")
    check(first.outcome("b"), "failed", reason="cancelled", by="submitter")
    second.send(op="kill", job=job)
    second.expect("ok", state="running")
    check(first.outcome("a"), "failed", reason="cancelled", by="submitter", step="sigkill")


def test_a_lost_connections_job_is_still_its_names(access):
    access.start(web="submit", other="submit")
    first = access.client("web")
    job = running(access.server, first, "a")
    first.reset()
    access.server.log.wait("client-closed", jobs=1)
    other = access.client("other")
    other.send(op="kill", job=job)
    denied(other, "control", op="kill")
    again = access.client("web")
    again.send(op="kill", job=job)
    again.expect("ok", job=job)
    access.server.wait_stats(lambda s: s["jobs"]["orphaned"] == 1, "the end of the orphan")


def test_without_a_name_a_job_is_its_connections(daemon, tmp_path):
    """All rights include control."""
    server = daemon(pool_max=1)
    first, second = server.client(), server.client(client="second/1.0")
    job = running(server, first, "a")
    second.send(op="cancel", job=job)
    check(first.outcome("a"), "failed", reason="cancelled", by="client", by_name="second/1.0")
    job = running(server, first, "b")
    server.client().send(op="cancel", job=job)
    event = first.outcome("b")
    check(event, "failed", reason="cancelled", by="client")
    assert "by_name" not in event
    running(server, first, "c")
    first.send(op="cancel", target="c")
    check(first.outcome("c"), "failed", reason="cancelled", by="submitter")


# ---- relays


@pytest.mark.parametrize("field", [{"origin": "q-17"}, {"attempt": 3}, {"for": "alice"}], ids=str)
def test_a_relays_fields_need_the_right(access, field):
    access.start(web="all", gate="submit relay")
    web, gate = access.client("web"), access.client("gate")
    web.submit("a", "echo", "hi", **field)
    denied(web, "relay", op="submit", id="a")
    check(gate.run("echo", "hi", **field), "done")


@pytest.mark.parametrize(
    "field",
    [
        {"origin": ""},
        {"origin": "x" * 65},
        {"origin": 7},
        {"attempt": 0},
        {"attempt": 1000001},
        {"attempt": "1"},
        {"for": ""},
        {"for": "é" * 33},
        {"for": None},
    ],
    ids=str,
)
def test_a_relays_fields_have_ranges(shared, field):
    client = shared.client()
    client.submit("a", "echo", "hi", **field)
    event = client.outcome("a")
    check(event, "error", code="bad-request")
    assert f"field {next(iter(field))} is" in event["message"], event


def test_for_makes_a_job_another_ones(access):
    access.start(gate="submit relay", alice="submit", bob="submit")
    gate, alice, bob = access.client("gate"), access.client("alice"), access.client("bob")
    job = running(access.server, gate, "a", **{"for": "alice"})
    bob.send(op="cancel", job=job)
    denied(bob, "control", op="cancel")
    alice.send(op="cancel", job=job)
    alice.expect("ok", job=job)
    check(gate.outcome("a"), "failed", reason="cancelled", by="submitter")
    job = running(access.server, gate, "b", **{"for": "alice"})
    access.client("gate").send(op="cancel", job=job)
    check(gate.outcome("b"), "failed", reason="cancelled", by="client", by_name="gate")
    job = running(access.server, gate, "c")
    alice.send(op="cancel", job=job)
    denied(alice, "control", op="cancel")
    gate.send(op="cancel", target="c")
    check(gate.outcome("c"), "failed", reason="cancelled", by="submitter")


def test_a_module_sees_origin_and_attempt(daemon):
    client = daemon(module_dir=os.path.join(BUILD, "tests", "modules"), pool_max=1).client()
    assert client.done("probe", "origin", origin="q-17", attempt=3) == b"q-17 3"
    for fields, attempt in [({"attempt": 1000000}, 1000000), ({"for": "alice"}, 1), ({}, 1)]:
        event = client.run("probe", "origin", **fields)
        assert event.payload == f"{event['job']} {attempt}".encode(), event
    for n in range(50):  # many at once: some are handed early
        client.submit(n, "probe", "origin", **({"origin": f"q-{n}"} if n % 2 else {}))
    for n in range(50):
        event = client.outcome(n)
        assert event.payload == (f"q-{n} 1" if n % 2 else f"{event['job']} 1").encode(), event


def test_the_log_names_owner_and_origin(access):
    access.start(gate="submit relay")
    gate = access.client("gate")
    event = gate.run("crash", "segv", origin="q-17", **{"for": "al\nice"})
    check(event, "failed", reason="error")
    line = access.server.log.wait("worker-lost", job=event["job"])
    assert line["owner"] == "al\nice" and line["origin"] == "q-17", line
    event = gate.run("crash", "segv", id="b")
    line = access.server.log.wait("worker-lost", job=event["job"])
    assert line["owner"] == "gate" and "origin" not in line, line


# ---- reload


def test_a_reload_adds_removes_and_changes(access):
    access.start(web="submit", gone="all")
    web, gone = access.client("web"), access.client("gone")
    web.send(op="stats", id="s")
    denied(web, "observe", op="stats")
    job = running(access.server, gone, "a")
    line = access.reload(web="observe", new="submit")
    assert line["changed"] == "access-file", line
    web.send(op="stats", id="s")
    web.event("stats", id="s")
    web.submit("a", "echo", "hi")
    denied(web, "submit", op="submit")
    gone.event("error", code="unauthorized", fatal=True)
    new = access.client("new")
    new.submit("b", "echo", "hi")
    ops = access.client("ops")
    ops.send(op="kill", job=job)
    check(gone.outcome("a"), "failed", reason="cancelled", by="client", by_name="ops")
    check(new.outcome("b"), "done")
    assert access.reload(2, web="observe", new="submit")["changed"] is None


def test_a_reload_may_begin_with_names(daemon, tmp_path):
    """Connections from before have no token."""
    server = daemon()
    client = server.client()
    access = Access(daemon, tmp_path)
    access.write(ops="all")
    server.write_config(access_file=str(access.path))
    server.token = token("ops")
    server.signal(signal.SIGHUP)
    check(client.event("error"), "error", code="unauthorized", fatal=True)
    assert server.client().hello_event["name"] == "ops"


BAD = [
    ("ops secret-token-of-ops all\n\nweb secret-token-of-ops submit\n", ":3: "),
    ("ops secret-token-of-ops all\nops secret-token-of-web submit\n", ":2: "),
    ("# ops\nops secret-token-of-ops everything\n", ":2: "),
    ("ops secret-token15 all\n", ":1: "),
    ("secret-token-of-ops all\n", ":1: "),
    ("# nothing\n", ": expected at least one line"),
]


@pytest.mark.parametrize("text, told", BAD, ids=["token", "name", "right", "short", "no-name", "empty"])
def test_a_fault_of_the_file(access, text, told):
    path = str(access.path)
    access.start(web="submit")
    web = access.client("web")
    access.path.write_text(text)
    for options in ([], ["-t"]):
        result = run_master(*options, f"--access-file={path}", "--listen=127.0.0.1:0")
        assert result.returncode == 78 and f"{path}{told}" in result.stderr, result
        assert "secret" not in result.stderr and "everything" not in result.stderr, result
    access.server.signal(signal.SIGHUP)
    line = access.server.log.wait("reload-failed")
    assert f"access-file: {path}{told}" in line["why"], line
    assert access.client("web").hello_event["rights"] == ["submit"]
    web.silent()


@pytest.mark.parametrize("mode", [0o644, 0o602])
def test_a_file_that_others_may_read(access, mode):
    access.start(web="submit")
    access.path.chmod(mode)
    result = run_master(f"--access-file={access.path}", "--listen=127.0.0.1:0")
    assert result.returncode == 78 and f"{access.path}: others may read or write it" in result.stderr, result
    access.server.signal(signal.SIGHUP)
    assert "others may read or write it" in access.server.log.wait("reload-failed")["why"]
    access.client("web")
    access.path.chmod(0o640)
    access.server.signal(signal.SIGHUP)
    access.server.log.wait("reload")


def test_the_settings_in_force_show_no_token(access):
    access.write(ops="all")
    result = run_master("-T", f"--access-file={access.path}")
    assert result.returncode == 0 and str(access.path) in result.stdout and "secret" not in result.stdout


def test_an_access_file_opens_other_addresses(access):
    access.server.config["listen"] = "0.0.0.0:0"
    access.start(web="submit")
    assert access.server.client(f"127.0.0.1:{access.server.port}", token=token("web"))


# ---- who ended it


def test_a_link_and_a_drain(daemon):
    server = daemon(pool_start=1, pool_max=1, drain_timeout_ms=1000)
    client, linked = server.client(), server.client()
    running(server, linked, "a", link=True)
    linked.shutdown()
    check(linked.outcome("a"), "failed", reason="cancelled", by="link")
    running(server, client, "b")
    client.submit("c", "echo", "hi")
    client.silent()
    server.signal(signal.SIGTERM)
    check(client.outcome("c"), "failed", reason="shutdown", by="operator")
    client.submit("d", "echo", "hi")
    check(client.outcome("d"), "failed", reason="shutdown", by="operator")
    check(client.outcome("b"), "failed", reason="shutdown", by="operator")


def test_the_first_one_stays(daemon):
    server = daemon(pool_start=1, pool_max=1, kill_grace_ms=60000)
    first, second = server.client(), server.client(client="second/1.0")
    job = running(server, first, "a")
    second.send(op="cancel", job=job)
    second.expect("ok", state="running")
    first.send(op="kill", target="a")
    event = first.outcome("a")
    check(event, "failed", reason="cancelled", by="client", by_name="second/1.0")


def test_a_crash_and_a_time_limit_are_nobodys(daemon):
    client = daemon().client()
    assert "by" not in client.run("crash", "segv")
    assert "by" not in client.run("sleep", LONG_SLEEP, timeout_ms=10)
    assert "by" not in client.run("nothing", "x")
