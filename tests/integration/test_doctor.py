"""`taskmaster doctor`: each fault is found on a real daemon in that state, with what to do and the exit status."""

import json
import os
import resource
import shutil
import subprocess

import pytest

from harness import proc
from harness.client import Client, ask, check, start
from harness.daemon import COMMAND, MASTER, MODULES, WORKER, environment
from harness.wait import DEADLINE, wait_until

FINE, WARNINGS, CRITICAL, UNKNOWN = 0, 1, 2, 3
LONG_SLEEP = json.dumps({"ms": 60000})
NOBODY = "unix:/nonexistent/socket"


def begin(*arguments, **env):
    """A doctor in a hurry, who finds no other daemon of this machine."""
    places = {"TASKMASTER_QUEUE": None, "TASKMASTER_HTTP": NOBODY, **env}
    return proc.spawn(
        [COMMAND, "doctor", "--interval", "0.1", "--json", *arguments],
        env=environment(**{key: value for key, value in places.items() if value}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process):
    out, err = process.communicate(timeout=DEADLINE)
    assert err == "", err
    answer = json.loads(out)
    assert process.returncode == answer["status"], answer
    return answer


def examine(server, *arguments, **env):
    return end(begin("--server", server.address, *arguments, **env))


def found(answer, check, about, level="warning"):
    """The one finding of this check."""
    findings = [f for f in answer["findings"] if f["check"] == check]
    assert len(findings) == 1, answer
    finding = findings[0]
    assert (finding["about"], finding["level"]) == (about, level), finding
    assert finding["advice"], finding
    assert answer["status"] == {"warning": WARNINGS, "critical": CRITICAL, "unknown": UNKNOWN}[level], answer
    return finding


def test_fine(daemon):
    server = daemon()
    answer = examine(server)
    assert answer == {"status": FINE, "summary": "fine", "examined": answer["examined"], "findings": []}
    assert answer["examined"][0].startswith("taskmasterd/")


def test_words_for_people(daemon):
    server = daemon(pool_max=1)
    client = server.client()
    for id in range(3):
        start(client, "sleep", LONG_SLEEP, id) if id == 0 else client.submit(id, "sleep", LONG_SLEEP)
    server.wait_stats(lambda s: s["queue"]["waiting"] == 2, "two waiting jobs")
    result = subprocess.run(
        [COMMAND, "doctor", "--interval", "0.1", "--server", server.address],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert (result.returncode, result.stderr) == (WARNINGS, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("warning   pool default: all 1 workers"), lines
    assert lines[1].startswith("          -> set pool-max of the pool to 2"), lines
    assert lines[2].startswith("examined taskmasterd/") and lines[2].endswith(": warnings"), lines


def test_pool_full_with_the_figure(daemon):
    """Two workers, and three times as many jobs as they can do: the figure is not less than needed."""
    server = daemon(pool_start=2, pool_max=2, job_max=10000, worker_window=1)
    client = server.client()
    ids = iter(range(1, 100000))
    for _ in range(20):
        client.submit(next(ids), "sleep", '{"ms":50}')
    process = begin("--server", server.address)
    while process.poll() is None:
        for _ in range(3):
            client.submit(next(ids), "sleep", '{"ms":50}')
        client.recv(what="the end of a job")
    finding = found(end(process), "pool-full", "pool default")
    figure = int(finding["advice"].split("--pool-max ")[1])
    assert 3 <= figure <= 30, finding


@pytest.mark.parametrize("job_max, level", [(1000000, "warning"), (500, "critical")])
def test_a_line_that_grows(daemon, job_max, level):
    server = daemon(pool_max=1, job_max=job_max)
    client, process, id = server.client(), begin("--server", server.address), 0
    while process.poll() is None:
        if id < 400:
            id += 1
            client.submit(id, "sleep", LONG_SLEEP)
            server.client().close()
    found(end(process), "line-grows", "pool default", level)


def test_a_full_line(daemon):
    server = daemon(pool_max=1, job_max=1)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    client.submit("b", "sleep", LONG_SLEEP)
    server.wait_stats(lambda s: s["queue"]["waiting"] == 1, "the waiting job")
    finding = found(examine(server), "line-full", "pool default", "critical")
    assert "1 jobs wait" in finding["text"], finding


def test_a_paused_pool(daemon):
    server = daemon()
    client = server.client()
    check(ask(client, "pause"), "ok")
    client.submit("a", "echo", "x")
    server.wait_stats(lambda s: s["queue"]["waiting"] == 1, "the waiting job")
    assert found(examine(server), "pool-paused", "pool default")["advice"] == "taskmaster resume default"


def test_an_open_breaker_and_its_crashes(daemon):
    server = daemon(breaker_crashes=2, breaker_pause_ms=60000)
    client = server.client()
    for _ in range(2):
        check(client.run("crash", "segv"), "failed", reason="error")
    check(client.run("crash", "segv"), "failed", reason="unavailable")
    answer = examine(server)
    found(answer, "breaker-open", "module crash", "critical")
    crash = [f for f in answer["findings"] if f["check"] == "module-crashes"]
    assert len(crash) == 1 and "SIGSEGV; crashes at this place: 2," in crash[0]["text"], answer
    assert crash[0]["advice"].startswith("taskmaster crash "), crash


def test_a_module_that_fails(daemon):
    server = daemon()
    client = server.client()
    for _ in range(20):
        check(client.run("math", '{"op":"div","x":1,"y":0}'), "failed", reason="module")
    assert "20 of 20" in found(examine(server), "module-fails", "module math")["text"]


def test_a_module_without_a_file(daemon):
    server = daemon(modules={"nosuch": {"config": {}}})
    assert "nosuch.so" in found(examine(server), "module-without-file", "module nosuch")["advice"]


def test_a_client_that_does_not_read(daemon):
    server = daemon()
    client = Client(server.address, receive_buffer=4096, client="sloth/1")
    server.clients.append(client)
    client.submit("a", "echo", "x" * (8 << 20))
    seen = []

    def rests(stats):
        seen.append(stats["output"]["bytes"])
        return seen[-1] > 1 << 20 and len(seen) > 10 and len(set(seen[-10:])) == 1

    server.wait_stats(rests, "unread output, and nothing of it taken any more")
    finding = [f for f in examine(server)["findings"] if f["check"] == "client-unread"]
    assert len(finding) == 1 and "sloth/1" in finding[0]["text"], finding


def test_rooms_that_fill(daemon):
    server = daemon(client_max=5, payload_total_max=10 << 20, payload_max=9 << 20, output_total_max=9 << 20)
    client = server.client()
    check(ask(client, "pause"), "ok")
    client.submit("a", "echo", "x" * (9 << 20))
    server.wait_stats(lambda s: s["queue"]["bytes"] >= 9 << 20, "the payload")
    others = [server.client() for _ in range(3)]
    findings = {f["check"]: f for f in examine(server)["findings"]}
    assert findings["payloads-full"]["level"] == "warning", findings
    assert findings["clients-full"]["level"] == "critical", findings
    assert others


def test_a_server_that_drains(daemon):
    server = daemon(drain_timeout_ms=60000)
    client = server.client()
    start(client, "sleep", LONG_SLEEP, "a")
    observer = server.client()
    process = begin("--server", server.address)
    wait_until(lambda: observer.stats()["clients"]["connected"] == 3, "the doctor")
    check(ask(client, "drain"), "ok")
    found(end(process), "draining", "taskmasterd/" + release())
    client.send(op="kill", target="a")


def release():
    return subprocess.run([COMMAND, "--version"], capture_output=True, text=True).stdout.split()[1]


def test_nobody_is_there(daemon):
    answer = end(begin(TASKMASTER_SERVER=NOBODY, TASKMASTER_QUEUE=NOBODY))
    assert (answer["status"], answer["summary"], answer["examined"]) == (UNKNOWN, "cannot tell", []), answer
    assert [f["check"] for f in answer["findings"]] == ["unreachable"] * 3, answer
    for finding, (program, address) in zip(
        answer["findings"], (("taskmasterd", "--server"), ("taskqueued", "TASKMASTER_QUEUE"))
    ):
        assert f"systemctl status {program} " in finding["advice"] and address in finding["advice"], finding


def test_rights_that_are_missing(daemon, tmp_path):
    access = tmp_path / "access"
    access.write_text("web 0123456789abcdef submit\nops fedcba9876543210 observe\n")
    access.chmod(0o600)
    server = daemon(access_file=str(access))
    server.token = "fedcba9876543210"
    assert [f["check"] for f in examine(server)["findings"]] == ["unreachable"]
    for token, status in (("0123456789abcdef", UNKNOWN), ("fedcba9876543210", FINE)):
        file = tmp_path / "token"
        file.write_text(token)
        file.chmod(0o600)
        answer = examine(server, "--token-file", str(file))
        assert answer["status"] == status, answer


def test_a_queue_and_its_master(daemon, queue):
    master = daemon()
    q = queue(master=master)
    q.linked()
    answer = end(begin(TASKMASTER_SERVER=master.address, TASKMASTER_QUEUE=q.address))
    assert [name.split("/")[0] for name in answer["examined"]] == ["taskmasterd", "taskqueued"], answer
    assert [f["about"] for f in answer["findings"]] == [f"taskmaster-http {NOBODY}"], answer
    master.stop()
    finding = found(examine(q, "--queue"), "master-away", f"master {master.address}", "critical")
    assert "refused" in finding["text"], finding


def test_a_queue_with_held_paused_and_poisoned_modules(daemon, queue):
    master = daemon(pool_max=1, job_max=0)
    q = queue(master=master, job_max=5)
    q.linked()
    with q.client() as client:
        check(ask(client, "pause", module="echo"), "ok")
    q.put("echo")
    q.put("nosuch")
    for _ in range(3):
        q.put("echo")
    q.wait_stats(lambda s: s["modules"].get("nosuch", {}).get("held_ms"), "the held module")
    findings = {f["check"]: f for f in examine(q, "--queue")["findings"]}
    assert findings["module-held"]["about"] == "module nosuch", findings
    assert findings["module-paused"]["about"] == "module echo", findings
    assert findings["queue-full"]["level"] == "critical", findings


# ---- this machine


def test_too_few_descriptors(daemon):
    limits = (400, 400)
    server = daemon.make(
        {"client-max": 1000}, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    ).start()
    finding = found(examine(server), "limit-files", "taskmasterd")
    assert "may have 400 open files" in finding["text"] and "LimitNOFILE=1134" in finding["advice"], finding


def test_first_to_be_killed_for_want_of_memory(daemon):
    def give_itself_up():
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("300")

    found(examine(daemon.make(preexec_fn=give_itself_up).start()), "oom-score", "taskmasterd")


def test_files_that_are_open_to_everybody(daemon, tmp_path):
    """A token that others read, modules that others write."""
    modules = str(tmp_path / "modules")
    shutil.copytree(MODULES, modules)
    os.chmod(os.path.join(modules, "fib.so"), 0o757)
    token = tmp_path / "token"
    token.write_text("0123456789abcdef")
    token.chmod(0o600)
    server = daemon(module_dir=modules, token_file=str(token))
    token.chmod(0o604)
    os.chmod(server.config_path, 0o646)
    findings = examine(server, "--token-file", str(token))["findings"]
    assert sorted((f["check"], f["about"]) for f in findings) == sorted(
        [
            ("secret-open", str(token)),  # the daemon's
            ("secret-open", str(token)),  # ours
            ("writable", server.config_path),
            ("writable", os.path.join(modules, "fib.so")),
        ]
    ), findings
    server.token = token.read_text()


def test_strangers_that_need_no_token(daemon):
    server = daemon(listen=["127.0.0.1:0", "0.0.0.0:0"], allow_open_listen=True)
    found(examine(server), "open-listen", "0.0.0.0:0", "critical")


@pytest.fixture
def installed(tmp_path):
    """The command and the daemon in a prefix, with a configuration file; nothing runs."""
    for folder in ("bin", "libexec/taskmaster", "etc/taskmaster", "modules"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(COMMAND, tmp_path / "bin")
    shutil.copy(MASTER, tmp_path / "bin")
    shutil.copy(WORKER, tmp_path / "libexec/taskmaster")

    def examine(**settings):
        """The findings of the daemon's own check."""
        settings["module-dir"] = str(tmp_path / "modules")
        (tmp_path / "etc/taskmaster/taskmasterd.conf").write_text(json.dumps(settings))
        result = subprocess.run(
            [tmp_path / "bin/taskmaster", "doctor", "--json", "--server", "127.0.0.1:1"],
            capture_output=True,
            text=True,
            env=environment(),
        )
        answer = json.loads(result.stdout)
        assert answer["status"] == result.returncode, answer
        return answer["status"], [f["text"] for f in answer["findings"] if f["check"] == "settings"]

    return examine


def test_the_settings_of_a_daemon_that_does_not_run(installed):
    assert installed(**{"pool-start": 2}) == (UNKNOWN, [])
    status, texts = installed(**{"pool-starts": 2})
    assert status == CRITICAL and len(texts) == 1 and "unknown key pool-starts" in texts[0], texts


def test_a_module_that_does_not_load(installed, tmp_path):
    (tmp_path / "modules/bad.so").write_text("no module")
    status, texts = installed()
    assert status == CRITICAL and len(texts) == 1 and "bad.so: file too short" in texts[0], texts


def test_a_file_that_a_running_daemon_would_refuse(daemon):
    server = daemon()
    assert examine(server)["findings"] == []
    with open(server.config_path, "a", encoding="utf-8") as file:
        file.write("oops")
    finding = found(examine(server), "settings", "taskmasterd", "warning")
    assert server.config_path in finding["text"] and "oops" in finding["text"], finding


# ---- the gateway


def test_a_gateway_and_its_master(daemon, gateway):
    master = daemon()
    http = gateway(master)
    places = {"TASKMASTER_SERVER": master.address, "TASKMASTER_HTTP": http.address}
    answer = end(begin(**places))
    assert answer["status"] == FINE and answer["examined"][1:] == ["taskmaster-http"], answer
    check(ask(master.client(), "pause"), "ok")
    master.client().submit("a", "echo", "x")
    answer = end(begin(**places))
    found(answer, "gateway-ready", f"taskmaster-http {http.address}")
    master.stop()
    answer = end(begin(**places))
    finding = found(answer, "gateway-health", f"taskmaster-http {http.address}", "critical")
    assert finding["text"].startswith("its check of master: away"), finding
    assert "gateway-ready" not in [f["check"] for f in answer["findings"]], answer
