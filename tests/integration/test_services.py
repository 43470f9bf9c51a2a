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


# ---- jobs for a name


def submit(client, service, module="echo", payload="x", id="j", **fields):
    """Submits, and returns the event behind the submit."""
    client.submit(id, module, payload, service=service, **fields)
    return client.find(lambda event: event.get("id") == id, what="the answer to the submit")


def accepted(client, service, *args, **fields):
    event = submit(client, service, *args, **fields)
    check(event, "accepted")
    return event["job"]


def end_of(owner, job, name="done", service="s", **fields):
    event = owner.expect(name, job=job, service=service, **fields)
    assert "id" not in event, event
    return event


def operate(server, op, **fields):
    with server.client() as client:
        return ok(client, op, **fields)


def wait_dropped(server, count):
    """The service has no owner, so its own count cannot be asked for."""
    server.wait_stats(lambda s: s["services"]["dropped"] == count, f"{count} dropped events")
    server.log.wait("service-dropped", count)


def test_the_end_goes_to_the_owner(daemon):
    server = daemon()
    owner, client = server.client(), server.client(client="web/1")
    register(owner, "s")
    event = submit(client, "s", payload="hello", id="a1", context={"n": [1, 2.50]})
    check(event, "accepted", id="a1", position=0, context={"n": [1, 2.5]})
    done = end_of(owner, event["job"], submit_id="a1", context={"n": [1, 2.5]})
    assert done.payload == b"hello" and done["from"] == "web/1"
    assert {"order", "wait_us", "run_us", "size"} <= set(done) and "undelivered" not in done
    client.silent()
    owner.silent()
    (service,) = services(client)
    assert (service["delivered"], service["dropped"]) == (1, 0)
    assert server.stats()["services"] == {"registered": 1, "delivered": 1, "dropped": 0}


def test_an_id_is_free_at_once_and_echoed_as_it_was(daemon):
    server = daemon()
    owner, client = server.client(), server.client()
    register(owner, "s")
    for id in (7, "7", 7):
        job = accepted(client, "s", id=id)
        event = end_of(owner, job, submit_id=id)
        assert "from" not in event, event


def test_failures_go_to_the_owner_too(daemon):
    server = daemon(breaker_crashes=0)
    owner, client = server.client(), server.client()
    register(owner, "s")
    end_of(owner, accepted(client, "s", "math", '{"op":"div","x":1,"y":0}'), "failed", code="div-by-zero")
    lost = end_of(owner, accepted(client, "s", "crash", "segv"), "failed", reason="error", signal="SIGSEGV")
    assert lost.json()["module"] == "crash"
    job = accepted(client, "s", "sleep", LONG_SLEEP)
    wait_until(lambda: [w["job"] for w in server.workers() if w["begun"]] == [job], "the job begins")
    ok(client, "cancel", job=job)
    end_of(owner, job, "failed", reason="cancelled", by="client")


def test_a_refused_submit_is_answered_as_ever(daemon):
    server = daemon(pool_start=1, pool_max=1, job_max=1)
    owner, client = server.client(), server.client()
    register(owner, "s")
    check(submit(client, "s", "no-such", context=1), "failed", reason="unknown-module", context=1)
    accepted(client, "s", "sleep", LONG_SLEEP)
    server.wait_jobs(running=1)
    accepted(client, "s", "sleep", LONG_SLEEP)
    check(submit(client, "s", context=3), "overload", reason="queue-full", context=3)
    check(submit(client, "other", context=4), "error", code="unknown-service", op="submit", context=4)
    owner.silent()


def test_unknown_service_at_the_last_byte(daemon):
    server = daemon()
    owner, client = server.client(), server.client()
    register(owner, "s")
    client.send_raw(b'{"op":"submit","id":1,"module":"echo","service":"s","size":2}\nh')
    client.send_raw(b"")
    ok(owner, "unregister", name="s")
    client.send_raw(b"i")
    check(client.recv(), "error", code="unknown-service", id=1)
    client.send_raw(b'{"op":"submit","id":1,"module":"echo","service":"s","size":2}\nh')
    register(owner, "s")
    client.send_raw(b"i")
    end_of(owner, client.expect("accepted", id=1)["job"])


@pytest.mark.parametrize("field", [{"link": True}, {"link": "on-failure"}, {"notify": []}, {"detach": True}])
def test_not_with_link_detach_or_notify(shared, field):
    (name,) = field
    event = submit(shared.client(), "s", **field)
    check(event, "error", code="bad-request", op="submit")
    assert "service" in event["message"] and name in event["message"]


def test_it_is_a_feature(shared):
    assert "service" in shared.client().hello_event["features"]


def test_the_submitter_may_go_at_once(daemon):
    server = daemon(pool_start=1, pool_max=1)
    owner = server.client()
    register(owner, "s")
    operate(server, "pause")
    for way in ("close", "reset", "shutdown"):
        client = server.client()
        job = accepted(client, "s", id=way)
        getattr(client, way)()
        operate(server, "resume")
        end_of(owner, job, submit_id=way)
        operate(server, "pause")
    operate(server, "resume")
    jobs = server.stats()["jobs"]
    assert (jobs["done"], jobs["dropped"], jobs["orphaned"]) == (3, 0, 0)


def test_a_submitter_may_be_the_owner(daemon):
    client = daemon().client()
    register(client, "s")
    client.submit("j", "echo", "x", service="s")
    job = client.event("accepted", id="j")["job"]
    end_of(client, job, submit_id="j")


# ---- an owner that dies at each step of an event's way


def test_owner_dies_before_the_submit(daemon):
    server = daemon()
    owner, client = server.client(), server.client()
    register(owner, "s")
    owner.reset()
    wait_until(lambda: services(client) == [], "the name is free")
    check(submit(client, "s"), "error", code="unknown-service")


@pytest.mark.parametrize("way", ["close", "reset", "shutdown"])
@pytest.mark.parametrize("when", ["waits", "runs"])
def test_owner_dies_while_the_job(daemon, when, way):
    server = daemon(pool_start=1, pool_max=1)
    owner, client = server.client(), server.client()
    register(owner, "s")
    if when == "waits":
        operate(server, "pause")
    job = accepted(client, "s", "sleep", LONG_SLEEP)
    if when == "runs":
        wait_until(lambda: server.workers()[0]["begun"], "the job begins")
    getattr(owner, way)()
    wait_until(lambda: services(client) == [], "the name is free")
    ok(client, "kill", job=job)
    wait_dropped(server, 1)
    heir = server.client()
    register(heir, "s")
    assert [(s["delivered"], s["dropped"]) for s in services(heir)] == [(0, 1)]
    heir.silent()
    assert server.stats()["jobs"]["failed"]["cancelled"] == 1


def test_another_owner_by_the_end_gets_the_event(daemon):
    server = daemon(pool_start=1, pool_max=1)
    first, second, client = server.client(), server.client(), server.client()
    register(first, "s")
    operate(server, "pause")
    job = accepted(client, "s", payload="mine")
    first.close()
    register_once_free(second, "s")
    operate(server, "resume")
    assert end_of(second, job).payload == b"mine"
    assert [(s["delivered"], s["dropped"]) for s in services(client)] == [(1, 0)]


def test_an_event_written_but_not_read_is_delivered(daemon):
    """At most once: whoever takes the name later does not get it again."""
    server = daemon(pool_start=1, pool_max=1)
    owner, heir, client = server.client(), server.client(), server.client()
    register(owner, "s")
    accepted(client, "s")
    wait_until(lambda: services(client)[0]["delivered"] == 1, "the event is written")
    owner.reset()
    register_once_free(heir, "s")
    heir.silent()
    assert [(s["delivered"], s["dropped"]) for s in services(client)] == [(1, 0)]


def test_unregister_and_register_again(daemon):
    server = daemon(pool_start=1, pool_max=1)
    owner, client = server.client(), server.client()
    register(owner, "s")
    operate(server, "pause")
    jobs = [accepted(client, "s", id=n) for n in range(3)]
    ok(owner, "unregister", name="s")
    ok(client, "cancel", job=jobs[0])
    wait_dropped(server, 1)
    register(owner, "s")
    operate(server, "resume")
    for job in jobs[1:]:
        end_of(owner, job)


# ---- dead letters


def test_dead_letters(daemon):
    server = daemon(pool_start=1, pool_max=1, dead_letters="the.dead")
    owner, dead, client = server.client(), server.client(), server.client(client="me")
    register(owner, "s")
    register(dead, "the.dead")
    operate(server, "pause")
    jobs = [accepted(client, "s", id=n, context=n) for n in range(3)]
    own = accepted(client, "the.dead")
    ok(owner, "unregister", name="s")
    ok(client, "cancel", job=jobs[0])
    event = end_of(dead, jobs[0], "failed", submit_id=0, context=0, undelivered=True)
    assert event["from"] == "me"
    ok(client, "cancel", job=own)
    assert "undelivered" not in end_of(dead, own, "failed", service="the.dead")
    ok(dead, "unregister", name="the.dead")
    ok(client, "cancel", job=jobs[1])
    wait_dropped(server, 1)
    register(owner, "s")
    ok(client, "cancel", job=jobs[2])
    end_of(owner, jobs[2], "failed")


def test_dead_letters_by_a_reload(daemon):
    server = daemon(pool_start=1, pool_max=1)
    owner, dead, client = server.client(), server.client(), server.client()
    register(owner, "s")
    register(dead, "d")
    operate(server, "pause")
    jobs = [accepted(client, "s", id=n) for n in range(2)]
    ok(owner, "unregister", name="s")
    ok(client, "cancel", job=jobs[0])
    wait_dropped(server, 1)
    server.write_config(dead_letters="d")
    operate(server, "reload")
    ok(client, "cancel", job=jobs[1])
    end_of(dead, jobs[1], "failed", undelivered=True)


# ---- bounds


def test_client_job_max_counts_jobs_of_services(daemon):
    server = daemon(client_job_max=2, pool_start=1, pool_max=1)
    owner, client = server.client(), server.client()
    register(owner, "s")
    operate(server, "pause")
    accepted(client, "s", id=1)
    client.submit(2, "echo", "x", detach=True)
    client.expect("accepted", id=2)
    check(submit(client, "s", id=3), "overload", reason="client-quota")
    check(client.run("echo", id=4), "overload", reason="client-quota")
    check(client.run("echo", id=5, detach=True), "overload", reason="client-quota")
    operate(server, "resume")
    owner.expect("done")
    server.wait_jobs(running=0, waiting=0)
    accepted(client, "s", id=5)
    accepted(client, "s", id=6)


def begin_all_at_once(server, client, service, count, size):
    """Before the first result can hold the others. The kernel takes some MiB of the results."""
    server.wait_idle(count)
    operate(server, "pause")
    jobs = [accepted(client, service, payload=b"x" * size, id=id) for id in range(count)]
    operate(server, "resume")
    server.wait_jobs(running=0, waiting=0)
    return jobs


def test_jobs_for_an_owner_that_does_not_read_wait(daemon):
    """A quarter of client-output-max waits: the jobs are held, and others pass."""
    size, count = 2 * 1024 * 1024, 12
    server = daemon(pool_start=count, pool_max=count, payload_max=size, client_output_max=32 * size, worker_window=1)
    slow, client = server.client(receive_buffer=4096), server.client()
    register(slow, "s")
    jobs = begin_all_at_once(server, client, "s", count, size)
    held = accepted(client, "s")
    assert client.done("echo", "passes") == b"passes"
    assert server.stats()["queue"]["waiting"] == 1 and services(client)[0]["delivered"] == count
    assert {slow.expect("done", service="s")["job"] for _ in jobs} == set(jobs)
    end_of(slow, held)
    slow.silent()


def test_service_full(daemon):
    """More than half of client-output-max waits."""
    size, count = 2 * 1024 * 1024, 8
    server = daemon(pool_start=count, pool_max=count, payload_max=size, client_output_max=4 * size, worker_window=1)
    slow, client = server.client(receive_buffer=4096), server.client()
    register(slow, "s")
    register(slow, "t")
    jobs = begin_all_at_once(server, client, "t", count, size)
    check(submit(client, "s", context=5), "overload", reason="service-full", context=5)
    check(client.run("echo"), "done")
    assert server.stats()["jobs"]["overload"]["service-full"] == 1
    assert {slow.expect("done", service="t")["job"] for _ in jobs} == set(jobs)
    end_of(slow, accepted(client, "s"))


def test_an_heir_is_not_held_for_its_predecessor(daemon):
    size, count = 2 * 1024 * 1024, 8
    server = daemon(pool_start=count, pool_max=count, payload_max=size, client_output_max=16 * size, worker_window=1)
    slow, heir, client = server.client(receive_buffer=4096), server.client(), server.client()
    register(slow, "s")
    begin_all_at_once(server, client, "s", count, size)
    held = accepted(client, "s")
    assert server.stats()["queue"]["waiting"] == 1
    operate(server, "pause")
    slow.reset()
    register_once_free(heir, "s")
    operate(server, "resume")
    end_of(heir, held)


# ---- rights


def test_from_is_the_name_of_the_token(daemon, tmp_path):
    access = tmp_path / "access"
    access.touch(0o600)
    access.write_text(
        "web secret-of-the-web-0 submit\nserver secret-of-server-0 serve:s observe\n"
        "queue secret-of-queue-00 submit relay\nops secret-of-the-ops-0 all\n"
    )
    server = daemon.make({"access_file": str(access)})
    server.token = "secret-of-the-ops-0"
    server.start()
    owner = server.client(token="secret-of-server-0")
    web = server.client(token="secret-of-the-web-0", client="browser")
    queue = server.client(token="secret-of-queue-00")
    register(owner, "s")
    refused(owner, "denied", "register", name="t")
    assert end_of(owner, accepted(web, "s"))["from"] == "web"
    job = accepted(queue, "s", **{"for": "somebody", "origin": "q-1"})
    assert end_of(owner, job)["from"] == "somebody"
    refused(web, "denied", "register", name="s")
    assert services(owner)[0]["owner"]["name"] == "server"


def test_a_reload_takes_names_away(daemon, tmp_path):
    access = tmp_path / "access"
    access.touch(0o600)
    lines = "ops secret-of-the-ops-0 all\nserver secret-of-server-0 {}\n"
    access.write_text(lines.format("serve:a serve:b observe"))
    server = daemon.make({"access_file": str(access)})
    server.token = "secret-of-the-ops-0"
    server.start()
    owner = server.client(token="secret-of-server-0")
    register(owner, "a")
    register(owner, "b")
    access.write_text(lines.format("serve:b observe"))
    operate(server, "reload")
    wait_until(lambda: [s["name"] for s in services(owner)] == ["b"], "the name is free")
    register(server.client(), "a")


def test_status_names_the_service(daemon):
    server = daemon(pool_start=1, pool_max=1)
    owner, client = server.client(), server.client()
    register(owner, "s")
    operate(server, "pause")
    job = accepted(client, "s")
    client.send(op="status", job=job)
    status = client.expect("status").json()
    assert (status["service"], status["detached"], status["client"]) == ("s", False, None), status
    client.submit(2, "echo", "x")
    client.send(op="status", target=2)
    assert client.expect("status").json()["service"] is None
    operate(server, "resume")
    end_of(owner, job)


def test_a_drain_tells_the_owner(daemon):
    server = daemon(pool_start=1, pool_max=1)
    owner, client = server.client(), server.client()
    register(owner, "s")
    operate(server, "pause")
    job = accepted(client, "s")
    operate(server, "drain")
    end_of(owner, job, "failed", reason="shutdown", by="operator")
    owner.closed()
