"""Protocol section 2: the hello, tokens, and connections before their hello."""

import json
import re
import signal
import time

import pytest

from harness import proc
from harness.client import Client, check, header
from harness.fakes import release
from harness.wait import wait_until


def refused(client, code):
    """The connection's only event is this fatal error, then the close."""
    event = client.recv()
    check(event, "error", code=code, fatal=True)
    assert isinstance(event.get("message"), str) and event["message"], event
    client.closed()
    return event


def test_hello_says_what_is_there(shared):
    hello = shared.client().hello_event
    check(hello, "hello", protocol=1, server=f"taskmasterd/{release()}", header_max=4096)
    assert hello["payload_max"] == 16777216
    assert re.fullmatch(r"[a-z0-9]+", hello["boot"]), hello
    assert isinstance(hello["features"], list)


def test_hello_tells_the_limits(daemon):
    server = daemon(
        job_max=77,
        client_job_max=5,
        payload_max=2048,
        payload_total_max=300000,
        client_output_max=200000,
        kill_grace_ms=4321,
    )
    check(
        server.client().hello_event,
        "hello",
        header_max=4096,
        payload_max=2048,
        id_max=64,
        context_max=1024,
        job_max=77,
        client_job_max=5,
        payload_total_max=300000,
        client_output_max=200000,
        kill_grace_ms=4321,
    )
    assert daemon().client().hello_event["client_job_max"] == 0, "no limit of its own by default"


def test_a_reload_tells_new_connections_of_the_new_limits(daemon):
    server = daemon(job_max=77, payload_max=65536)
    old = server.client()
    server.write_config(job_max=5, client_job_max=2, payload_max=4096)
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    check(server.client().hello_event, "hello", job_max=5, client_job_max=2, payload_max=4096)
    check(old.run("echo", "x" * 65536), "done", size=65536)


def test_payload_max_in_hello_is_the_configured_one(daemon):
    assert daemon(payload_max=65536).client().hello_event["payload_max"] == 65536


def test_hello_with_all_fields(shared):
    client = shared.client(client="thumbs/1.2", module="echo", token="unused")
    client.send("hi", op="submit", id=1)
    check(client.outcome(1), "done")


def test_requests_may_follow_hello_at_once(shared):
    client = shared.client(hello=False)
    client.send_raw(
        header(op="hello", protocol=1, id="h")
        + header(op="submit", id="a", module="echo", size=3)
        + b"abc"
        + header(op="ping", id="p")
    )
    check(client.recv(), "hello")
    assert client.outcome("a").payload == b"abc"
    client.event("pong", id="p")


def test_hello_echoes_its_id(shared):
    client = shared.client(hello=False)
    client.send(op="hello", protocol=1, id=7)
    client.expect("hello", id=7)


@pytest.mark.parametrize("op", ["ping", "submit", "stats", "nonsense"])
def test_anything_before_hello_is_hello_required(shared, op):
    client = shared.client(hello=False)
    client.send_raw(header(op=op, id="x") + header(op="hello", protocol=1))
    refused(client, "hello-required")


@pytest.mark.parametrize(
    "version", [0, 2, 99, 2**53 - 1], ids=["zero", "two", "ninety-nine", "largest"]
)
def test_another_version_is_bad_version(shared, version):
    client = shared.client(hello=False)
    client.send(op="hello", protocol=version)
    refused(client, "bad-version")


def test_the_version_is_looked_at_first(shared):
    client = shared.client(hello=False)
    client.send(op="hello", protocol=2, colour="red", client=17, token=False)
    refused(client, "bad-version")


@pytest.mark.parametrize(
    "line",
    [
        b'{"op":"hello"}\n',
        b'{"op":"hello","protocol":"1"}\n',
        b'{"op":"hello","protocol":true}\n',
        b'{"op":"hello","protocol":1.0}\n',
    ],
    ids=["missing", "string", "true", "fraction"],
)
def test_a_version_that_is_none(shared, line):
    client = shared.client(hello=False)
    client.send_raw(line)
    event = client.recv()
    assert event.name == "error" and event["fatal"] is True, event
    assert event["code"] in ("bad-version", "bad-request"), event
    client.closed()


@pytest.mark.parametrize(
    "fields, named",
    [
        ({"client": 5}, "client"),
        ({"client": 5, "colour": "red"}, "client"),
        ({"module": 5}, "module"),
        ({"module": "../etc"}, "module"),
        ({"id": ""}, "id"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_any_error_in_the_first_hello_is_fatal(shared, fields, named):
    client = shared.client(hello=False)
    client.send(op="hello", protocol=1, **fields)
    assert named in refused(client, "bad-request")["message"]


def test_unknown_fields_of_a_hello_are_listed(shared):
    """A newer client need not connect twice. Fields of other requests are unknown in a hello, too."""
    client = shared.client(hello=False)
    client.send(op="hello", protocol=1, resume={"job": "k-1"}, id="h", module="echo", context=1)
    client.expect("hello", id="h", ignored=["resume", "context"], ignored_count=2)
    client.send("hi", op="submit", id=1)
    check(client.outcome(1), "done")


def test_a_hello_that_is_understood_has_nothing_ignored(shared):
    hello = shared.client(client="t", module="echo").hello_event
    assert "ignored" not in hello and "ignored_count" not in hello


@pytest.mark.parametrize("count", [1, 100, 400])
def test_the_list_of_ignored_fields_is_cut(shared, count):
    """The list is cut at 1,024 bytes of JSON text. The harness checks the header's limit of 4,096 bytes."""
    client = shared.client(hello=False)
    names = [f"n{i:03}" for i in range(count)]
    client.send(op="hello", protocol=1, id="\x01" * 64, **dict.fromkeys(names, 1))
    hello = client.expect("hello", ignored_count=count)
    assert len(json.dumps(hello["ignored"], separators=(",", ":"))) <= 1024
    assert hello["ignored"] == names[:146]


def test_only_in_the_hello_unknown_fields_are_ignored(shared):
    client = shared.client()
    client.send(op="ping", colour="red")
    assert "colour" in client.expect("error", code="bad-request", op="ping")["message"]
    client.silent()


def test_hello_has_no_payload(shared):
    client = shared.client(hello=False)
    client.send("abc", op="hello", protocol=1)
    refused(client, "bad-request")


def test_a_second_hello_is_a_bad_request_and_not_fatal(shared):
    client = shared.client()
    client.send(op="hello", protocol=1, id="again")
    event = client.expect("error", code="bad-request", op="hello", id="again")
    assert event.get("fatal") is not True, event
    client.silent()


def test_a_second_hello_of_another_version_is_not_fatal(shared):
    client = shared.client()
    client.send(op="hello", protocol=2)
    assert client.expect("error", code="bad-request").get("fatal") is not True
    client.silent()


def test_boot_differs_between_two_starts(daemon):
    boots = {daemon().client().hello_event["boot"] for _ in range(2)}
    assert len(boots) == 2


def test_job_ids_are_unique_across_restarts(daemon):
    ids = set()
    for _ in range(2):
        client = daemon().client()
        ids |= {client.run("echo", id=n)["job"] for n in range(3)}
    assert len(ids) == 6


# ---- tokens


@pytest.fixture
def guarded(daemon, tmp_path):
    (tmp_path / "tokens").write_text(
        "# the old one\nfirst-token-of-all\n\n  # the new one\nsecond-token-of-all\n"
    )
    (tmp_path / "tokens").chmod(0o600)

    def make(**config):
        server = daemon.make({"token_file": str(tmp_path / "tokens"), **config})
        server.token = "first-token-of-all"
        return server.start()

    return make


@pytest.mark.parametrize("token", ["first-token-of-all", "second-token-of-all"])
def test_a_right_token(guarded, token):
    assert guarded().client(token=token).done("echo", "in") == b"in"


@pytest.mark.parametrize(
    "token", [None, "first-token-of-al", "first-token-of-all ", "third", "# the old one", "\n"]
)
def test_a_wrong_token_is_unauthorized(guarded, token):
    client = guarded().client(hello=False)
    client.send_raw(header(op="hello", protocol=1, **({} if token is None else {"token": token})))
    client.send(op="ping")
    refused(client, "unauthorized")


NO_TOKENS = {"empty": "", "null": None, "number": 17, "too long": "t" * 257, "list": ["first-token-of-all"]}


@pytest.mark.parametrize("token", NO_TOKENS.values(), ids=NO_TOKENS.keys())
def test_what_can_be_no_token_is_unauthorized(guarded, token):
    client = guarded().client(hello=False)
    client.send(op="hello", protocol=1, token=token)
    error = refused(client, "unauthorized")
    assert "expected a string of 1 to 256 bytes" in error["message"]
    assert "first-token" not in error["message"]


@pytest.mark.parametrize("token", NO_TOKENS.values(), ids=NO_TOKENS.keys())
def test_a_token_is_ignored_where_none_is_asked_for(shared, token):
    assert shared.client(token=token).done("echo", "in") == b"in"


def test_a_token_is_asked_for_on_unix_sockets_too(guarded, tmp_path):
    server = guarded(listen=f"unix:{tmp_path}/sock")
    client = server.client(hello=False)
    client.send(op="hello", protocol=1)
    refused(client, "unauthorized")
    assert server.client().done("echo", "in") == b"in"


def test_the_token_is_not_in_the_log(guarded):
    server = guarded()
    server.client().done("echo", "x")
    client = server.client(hello=False)
    client.send(op="hello", protocol=1, token="a-wrong-secret")
    refused(client, "unauthorized")
    text = server.log.text()
    assert "first-token-of-all" not in text and "a-wrong-secret" not in text


def test_a_wrong_token_is_told_after_a_while(guarded):
    """The delay makes guessing one token after the other useless, and no other client waits. A half-closed client is
    told, too."""
    server = guarded()
    begin = time.monotonic()
    wrong = [server.client(hello=False) for _ in range(20)]
    for client in wrong:
        client.send(op="hello", protocol=1, token="third-token-of-all")
        client.send(op="hello", protocol=1, token="first-token-of-all")
    for client in wrong[::2]:
        client.shutdown()
    assert server.client().done("echo", "in") == b"in"
    for client in wrong:
        refused(client, "unauthorized")
    assert time.monotonic() - begin >= 0.1


def test_who_named_a_revoked_token_is_ended(guarded, tmp_path):
    """A client with a revoked token is ended; its jobs go on as after any fatal error. Clients with another token are
    unharmed."""
    server = guarded(pool_start=2)
    old, new = server.client(token="first-token-of-all"), server.client(token="second-token-of-all")
    old.submit("a", "sleep", '{"ms":300,"value":1}', notify=["started"])
    old.event("started", id="a")
    (tmp_path / "tokens").write_text("second-token-of-all\n")
    server.token = "second-token-of-all"
    server.signal(signal.SIGHUP)
    check(old.recv(), "error", code="unauthorized", fatal=True)
    check(old.recv(), "done", id="a")
    old.closed()
    assert new.done("echo", "in") == b"in"
    client = server.client(hello=False)
    client.send(op="hello", protocol=1, token="first-token-of-all")
    refused(client, "unauthorized")
    (tmp_path / "tokens").write_text("another-token-of-all\n")
    server.token = "another-token-of-all"
    server.signal(signal.SIGHUP)
    check(new.recv(), "error", code="unauthorized", fatal=True)
    assert server.client().done("echo", "in") == b"in"


# ---- connections without a hello


def test_strangers_take_no_place_of_a_client(daemon):
    """A client finds its place beside any number of unauthenticated connections. The oldest of them end, with a
    reason."""
    server = daemon(client_max=3)
    clients = [server.client() for _ in range(3)]
    strangers = [server.client(hello=False) for _ in range(130)]
    for client in strangers[:30]:  # 30 came after the first 100
        refused(client, "too-slow")
    assert clients[0].stats()["clients"]["connected"] == 3
    fourth = server.client(hello=False)
    fourth.send(op="hello", protocol=1, id="h")
    check(fourth.recv(), "error", code="too-many-clients", op="hello", id="h", fatal=True)
    assert [client.done("echo", "in") for client in clients] == [b"in"] * 3
    for client in strangers + [fourth]:
        client.close()


def test_a_burst_of_clients_loses_nobody(daemon):
    """Each hello comes right behind its connect, while the server is stopped."""
    server = daemon(pool_start=2, client_max=400)
    server.wait_idle(2)
    server.signal(signal.SIGSTOP)
    wait_until(lambda: proc.stat(server.pid)[0] == "T", "the server stopped")
    clients = [server.client(hello=False) for _ in range(400)]
    for client in clients:
        client.send(op="hello", protocol=1)
    server.signal(signal.SIGCONT)
    for client in clients:
        client.expect("hello")
    assert clients[0].done("echo", "x") == b"x"
    server.check_stats = False  # the server has no place for another client


# ---- the number of clients


def test_too_many_clients(daemon):
    server = daemon(client_max=2)
    first, second = server.client(), server.client()
    third = Client(server.address, hello=False)
    third.send(op="hello", protocol=1)
    refused(third, "too-many-clients")
    second.close()
    # The place is free again once the server has seen the close.

    def again():
        with Client(server.address, hello=False) as client:
            client.send(op="hello", protocol=1)
            return client.recv().name == "hello"

    wait_until(again, "a place for another client")
    assert first.done("echo", "still here") == b"still here"
    first.close()
    server.check_stats = False  # the client for stats may come before the closes are seen


def static_data(pid):
    """The bytes of the daemon's writable sections: those of its file, and the anonymous one behind them."""
    with proc.looking_into(), open(f"/proc/{pid}/mem", "rb") as memory:
        found, end = b"", None
        for line in proc.maps(pid).splitlines():
            area, rights, _, _, _, *path = line.split()
            begin, area_end = (int(edge, 16) for edge in area.split("-"))
            ours = bool(path) and path[0].endswith("/taskmasterd")
            if rights.startswith("rw") and (ours or (not path and begin == end)):
                memory.seek(begin)
                found += memory.read(area_end - begin)
            if ours:
                end = area_end
        return found


@pytest.mark.parametrize("token", ["first-token-of-all", "a-wrong-secret-of-somebody"])
def test_no_token_stays_in_the_memory_for_requests(guarded, token):
    server = guarded()
    client = server.client(hello=False)
    client.send(op="hello", protocol=1, client="the-name-beside-it", token=token)
    client.recv()
    data = static_data(server.pid)
    assert b"the-name-beside-it" in data, "the wrong place to look at"
    assert token.encode() not in data
