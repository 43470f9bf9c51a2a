"""The dialogues with a daemon under a fault.

A dialogue talks to the daemon. Each submitted job must end on a living connection; its kind of end depends on the
fault.
"""

import os
import signal

from daemon import STEP

TOKENS = "first-token-long-enough\nsecond-token-long-enough\n"


def ends(client, *ids):
    return [client.outcome(id, STEP) for id in ids]


def hello(d):
    with d.client(client="sweep/1", module="echo") as client:
        client.ask("stats")


def hello_tcp(d):
    with d.client(d.tcp()):
        pass


def submit(d):
    with d.client(d.tcp()) as client:
        client.run("echo", b"small", timeout=STEP)


def submit_large(d):
    with d.client(d.tcp()) as client:
        client.run("echo", b"x" * 700_000, timeout=STEP)


def submit_all_fields(d):
    with d.client() as client:
        client.submit(
            "all",
            "wc",
            b"one two\n",
            context={"a": [1, 2.5, None]},
            notify=["accepted", "started"],
            timeout_ms=5000,
            link=True,
        )
        ends(client, "all")


def submit_many(d):
    with d.client() as client:
        for id in range(40):
            client.submit(id, "echo", b"x" * id)
        ends(client, *range(40))


def overload(d):
    with d.client() as client:
        for id in range(12):
            client.submit(id, "sleep", b'{"ms":20}')
        ends(client, *range(12))


def unknown_module(d):
    with d.client() as client:
        client.run("no-such-module", b"", timeout=STEP)


def module_fails(d):
    with d.client() as client:
        client.run("math", b'{"op":"div","x":1,"y":0}', timeout=STEP)


def crash(d):
    with d.client() as client:
        client.run("crash", b"segv", id=1, timeout=STEP)
        client.run("echo", b"", id=2, timeout=STEP)


def exits(d):
    with d.client() as client:
        client.run("crash", b"exit 3", timeout=STEP)


def prints(d):
    with d.client() as client:
        client.run("crash", b"stdout some line", id=1, timeout=STEP)
        client.run("crash", b"flood 100000", id=2, timeout=STEP)


def cancel_waiting(d):
    with d.client() as client:
        for id in range(4):
            client.submit(id, "sleep", b'{"ms":30}')
        client.send(op="cancel", target=3)
        ends(client, *range(4))


def stop_running(d, op, module, payload):
    with d.client() as client:
        client.submit("long", module, payload, notify=["started"])
        event = client.find(lambda e: e.name == "started" or e.ends_submit(), STEP, "the start")
        if event.name == "started":
            client.send(op=op, target="long")
            ends(client, "long")


def cancel_running(d):
    stop_running(d, "cancel", "sleep", b'{"ms":60000}')


def kill_running(d):
    stop_running(d, "kill", "crash", b"loop-term")


def timeout(d):
    with d.client() as client:
        client.run("crash", b"loop", timeout=STEP, timeout_ms=20)


def reports(d):
    with d.client() as client:
        client.run("echo", b"", timeout=STEP)
        client.ask("stats")
        client.ask("workers")


def answered(client, op, **fields):
    """A request and its answer, whatever that is."""
    client.send(op=op, id=op, **fields)
    return client.find(lambda event: event.get("id") == op, STEP, f"the answer to {op}")


def reports_on_jobs(d):
    with d.client() as client:
        for id in range(4):
            client.submit(id, "sleep", b'{"ms":30}', notify=["accepted"])
        last = client.find(lambda e: e.get("id") == 3, STEP, "the last job")
        for op in ("jobs", "clients", "modules", "crashes", "services"):
            answered(client, op)
        for op in ("status", "peek"):
            answered(client, op, job=last.get("job", "none-1"))
        ends(client, *(range(3) if last.ends_submit() else range(4)))


def select(d):
    with d.client() as client:
        for id in range(6):
            client.submit(id, "sleep", b'{"ms":60000}')
        answered(client, "cancel", select={"module": "sleep"})
        answered(client, "kill", select={"module": "sleep"})
        for id in range(6):  # what came too late, or was refused
            client.send(op="kill", target=id)
        ends(client, *range(6))


def watches(d):
    with d.client() as watcher, d.client() as client:
        answered(watcher, "watch", what=["jobs", "workers", "pools", "clients"])
        client.run("echo", b"", id=1, timeout=STEP)
        client.run("crash", b"segv", id=2, timeout=STEP)
        answered(watcher, "unwatch")


def monitors(d):
    with d.client() as watcher, d.client() as client:
        client.submit("a", "sleep", b'{"ms":30}', notify=["accepted"])
        event = client.find(lambda e: e.name == "accepted" or e.ends_submit(), STEP, "the job")
        things = [{"job": event.get("job", "none-1")}, {"worker": 1}, {"pool": "default"}, {"service": "none"}]
        for ref, thing in enumerate(things):
            answered(watcher, "monitor", ref=ref, **thing)
        if event.name == "accepted":
            ends(client, "a")
        for ref in range(len(things)):
            answered(watcher, "demonitor", ref=ref)


def serves(d):
    """The ends of jobs go to a service, and wait for the next owner."""
    with d.client() as client:
        with d.client() as owner:
            answered(owner, "register", name="sweep")
            ends_for(client, "sweep")
        ends_for(client, "sweep")
        answered(client, "register", name="sweep")
        answered(client, "unregister", name="sweep")


def ends_for(client, service):
    for id in range(3):
        fields = {"detach": True} if id else {}
        client.submit(id, "echo", b"x" * 2000, service=service, notify=["accepted"], **fields)
        client.find(lambda e, id=id: e.get("id") == id, STEP, "the answer to submit")


def parts(d):
    """A result in parts, and one whose reader has gone."""
    with d.client() as client:
        client.submit("a", "parts", b"300000 50000", notify=["part", "usage"])
        ends(client, "a")
    client = d.client()
    client.submit("b", "parts", b"3000000 50000", notify=["part", "started"])
    client.reset()


def progress(d):
    with d.client() as client:
        client.submit("a", "live", b"progress 0.25 a quarter", notify=["progress", "usage"], soft_timeout_ms=20)
        ends(client, "a")


def bad_json(d):
    with d.client() as client:
        client.send_raw(b'{"op":"ping",}\n')
        client.rest(STEP)


def bad_request(d):
    with d.client() as client:
        client.send(b"0123456789" * 700, op="ping", nonsense=1, id=1)
        client.recv(STEP)
        client.send(op="cancel", job="none-1")
        client.recv(STEP)


def long_header(d):
    with d.client() as client:
        client.send_raw(b"x" * 5000)
        client.rest(STEP)


def half_header(d):
    with d.client() as client:
        client.send_raw(b'{"op":"pi')
        client.send_raw(b'ng"}\n')
        client.event("pong", STEP)


def reset(d):
    client = d.client()
    for id in range(6):
        client.submit(id, "sleep", b'{"ms":20}')
    client.reset()


def half_close(d):
    with d.client(d.tcp()) as client:
        for id in range(3):
            client.submit(id, "echo", b"x" * 20_000)
        client.shutdown()
        ends(client, 0, 1, 2)
        client.rest(STEP)


def link_ends(d):
    with d.client() as client:
        client.submit(1, "sleep", b'{"ms":60000}', link=True)
        client.shutdown()
        client.rest(STEP)


def half_payload(d):
    client = d.client()
    client.send_raw(b'{"op":"submit","id":1,"module":"echo","size":50000}\n' + b"x" * 30_000)
    client.reset()


def reloads(d, text=None):
    before = d.log().count(" reload")
    d.write_config(text)
    d.signal(signal.SIGHUP)
    d.watch(lambda: d.ended() or d.log().count(" reload") > before, STEP, "the reload")


def reload_good(d):
    d.settings["job-max"] = 7
    d.settings["modules"] = {"fib": {"timeout-ms": 50}, "exec": {"config": {"a": [1]}}}
    reloads(d)
    with d.client() as client:
        client.run("echo", b"", timeout=STEP)


def reload_bad(d):
    reloads(d, '{"pool-max": 0}')
    with d.client() as client:
        client.run("echo", b"", timeout=STEP)


def worker_killed(d):
    with d.client() as client:
        pids = [worker["pid"] for worker in client.workers()]
        for pid in pids:
            with d.talking("kill"):
                os.kill(pid, signal.SIGKILL)
        client.run("echo", b"", timeout=STEP)


def too_many(d):
    clients = []
    try:
        for _ in range(3):
            clients.append(d.client())
        with d.client(hello=False) as client:
            client.send(op="hello", protocol=1)
            client.rest(STEP)
    finally:
        for client in clients:
            client.close()
    d.watch(lambda: d.ended() or is_admitted(d), STEP, "room for the next client")


def is_admitted(d):
    try:
        with d.client():
            return True
    except (AssertionError, OSError):
        return False


def drain(d):
    with d.client() as client:
        for id in range(4):
            client.submit(id, "sleep", b'{"ms":30}')
        client.send(op="ping", id="p")
        client.event("pong", STEP)
        d.signal(signal.SIGTERM)
        ends(client, 0, 1, 2, 3)
        client.rest(STEP)


def tokens(d):
    with d.client(token="second-token-long-enough"):
        pass


# name: (dialogue, settings)
SCENARIOS = {
    "hello": (hello, {}),
    "hello-tcp": (hello_tcp, {}),
    "submit": (submit, {}),
    "submit-large": (submit_large, {}),
    "submit-all-fields": (submit_all_fields, {}),
    "submit-many": (submit_many, {}),
    "overload": (overload, {"pool-max": 1, "job-max": 2}),
    "unknown-module": (unknown_module, {}),
    "module-fails": (module_fails, {}),
    "crash": (crash, {}),
    "exit": (exits, {}),
    "output": (prints, {}),
    "cancel-waiting": (cancel_waiting, {"pool-max": 1}),
    "cancel-running": (cancel_running, {}),
    "kill-running": (kill_running, {}),
    "timeout": (timeout, {}),
    "reports": (reports, {}),
    "reports-on-jobs": (reports_on_jobs, {"pool-max": 1}),
    "select": (select, {}),
    "watch": (watches, {}),
    "monitor": (monitors, {}),
    "service": (serves, {}),
    "parts": (parts, {}),
    "progress": (progress, {}),
    "bad-json": (bad_json, {}),
    "bad-request": (bad_request, {}),
    "long-header": (long_header, {}),
    "half-header": (half_header, {}),
    "reset": (reset, {}),
    "half-close": (half_close, {}),
    "link": (link_ends, {}),
    "half-payload": (half_payload, {}),
    "reload-good": (reload_good, {}),
    "reload-bad": (reload_bad, {}),
    "worker-killed": (worker_killed, {}),
    "too-many-clients": (too_many, {"client-max": 3}),
    "drain": (drain, {}),
}

# Runs of the daemon with an end of their own: options, and the configuration's text if not the usual one.
COMMANDS = {
    "check": (["-t"], None),
    "print": (["-T"], None),
    "bad-config": ([], '{"pool-max": "many"}'),
    "bad-json-config": ([], '{"pool-max": '),
    "bad-option": (["--pool-max=x"], None),
}


def everything(d):
    """One of each, quickly: the dialogue for system calls."""
    for dialogue in (submit, submit_large, crash, cancel_running, prints, reset, half_close):
        with d.talking(dialogue.__name__):
            dialogue(d)
    with d.talking("reload"):
        d.settings["job-max"] = 50
        reloads(d)
    for dialogue in (reports, reports_on_jobs, select, watches, monitors, serves, bad_json, link_ends):
        with d.talking(dialogue.__name__):
            dialogue(d)
