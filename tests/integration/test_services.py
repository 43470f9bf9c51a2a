"""Services (protocol, sections 5, 6 and 8): names of connections, and the ends of jobs submitted for a name."""

import pytest
from harness.client import check, start
from harness.wait import wait_until

LONG_SLEEP = '{"ms":600000}'


def ok(client, op, **fields):
    client.send(op=op, **fields)
    return client.expect("ok", op=op)


def register(client, name):
    return ok(client, "register", name=name)


def refused(client, code, op, **fields):
    client.send(op=op, **fields)
    return client.expect("error", op=op, code=code)


def services(client):
    client.send(op="services")
    return client.expect("services").json()


def owner_of(client, name):
    return next((service["owner"] for service in services(client) if service["name"] == name), None)


def register_once_free(client, name):
    """The server sees the end of the owner's connection in a turn of its own."""

    def tries():
        client.send(op="register", name=name)
        return client.recv().name == "ok"

    wait_until(tries, what=f"{name} is free")


# ---- names


def test_a_name_has_one_owner(daemon):
    server = daemon()
    one, other = server.client(client="one"), server.client(client="other")
    assert {"register", "unregister", "services"} <= set(one.hello_event["features"])
    register(one, "a.b-c_D9")
    register(one, "a.b-c_D9")
    taken = refused(other, "name-taken", "register", name="a.b-c_D9", id="x")
    check(taken, "error", id="x")
    assert taken["owner"]["name"] == "one" and isinstance(taken["owner"]["client"], int)
    refused(other, "denied", "unregister", name="a.b-c_D9")
    (service,) = services(other)
    assert service["owner"] == taken["owner"] and service["since_ms"] >= 0
    assert (service["name"], service["delivered"], service["dropped"]) == ("a.b-c_D9", 0, 0)
    ok(one, "unregister", name="a.b-c_D9")
    assert services(other) == []
    refused(one, "unknown-service", "unregister", name="a.b-c_D9")
    register(other, "a.b-c_D9")
    refused(one, "name-taken", "register", name="a.b-c_D9")


def test_a_client_without_a_name(daemon):
    server = daemon()
    one, other = server.client(), server.client()
    register(one, "x")
    taken = refused(other, "name-taken", "register", name="x")
    assert taken["owner"]["name"] is None


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "x" * 65, 7, None])
def test_a_wrong_name(shared, name):
    event = refused(shared.client(), "bad-request", "register", name=name)
    assert "name" in event["message"]


def test_sixty_four_names_of_a_connection(daemon):
    server = daemon()
    client, other = server.client(), server.client()
    for i in range(64):
        register(client, f"s{i}")
    refused(client, "too-many", "register", name="one-more")
    register(client, "s63")
    assert [service["name"] for service in services(client)] == [f"s{i}" for i in range(64)]
    register(other, "one-more")
    refused(client, "name-taken", "register", name="one-more")
    ok(client, "unregister", name="s0")
    register(client, "s0")


@pytest.mark.parametrize("way", ["close", "shutdown", "reset", "garbage"])
def test_a_name_is_free_once_its_owner_has_gone(daemon, way):
    server = daemon()
    owner, heir = server.client(), server.client()
    start(owner, "sleep", LONG_SLEEP)
    register(owner, "x")
    if way == "garbage":
        owner.send_raw("garbage\n")
    else:
        getattr(owner, way)()
    register_once_free(heir, "x")
    heir.send(op="cancel", job=server.workers()[0]["job"])


def test_two_owners_fight_for_a_name(daemon):
    """Each registers and unregisters as fast as it can: a name never has two owners."""
    server = daemon()
    names = ["a", "b", "c"]
    clients = [server.client(client=name) for name in names]
    rounds = 200
    for _ in range(rounds):
        for client in clients:
            client.send(op="register", name="x")
            client.send(op="unregister", name="x")
    for client in clients:
        for _ in range(rounds):
            won, parted = client.recv(), client.recv()
            if won.name == "ok":
                check(parted, "ok", op="unregister")
                continue
            check(won, "error", code="name-taken")
            assert won["owner"]["name"] in names, won
            assert parted["code"] in ("denied", "unknown-service"), parted
    assert services(clients[0]) == []
