"""Protocol section 9, stats: the figures of ended jobs, and of the server's process."""

import json
import os
import shutil

import pytest

from harness.client import check, message
from harness.daemon import MODULES
from harness.wait import wait_until

BUCKETS = 41
JOBS, BATCH = 100000, 2000


def histogram(times):
    counts = [0] * BUCKETS
    for us in times:
        counts[min(max(us.bit_length() - 1, 0), BUCKETS - 1)] += 1
    return counts


def check_times(figures, times):
    assert figures["counts"] == histogram(times)
    assert figures["max"] == max(times) and figures["sum"] == sum(times)
    ordered = sorted(times)
    for name, part in (("p50", 50), ("p90", 90), ("p99", 99)):
        truth = ordered[-(-len(times) * part // 100) - 1]
        assert histogram([figures[name]]) == histogram([truth]), (name, figures[name], truth)
        assert figures[name] <= figures["max"]


def test_histograms_are_those_of_the_events(daemon):
    server = daemon(pool_start=3, pool_max=3, job_max=2 * BATCH, pools={"other": {"pool-start": 1, "job-max": BATCH}},
                    modules={"wc": {"pool": "other"}})
    client = server.client()
    done = {"echo": [], "wc": []}
    for first in range(0, JOBS, BATCH):
        batch = range(first, first + BATCH)
        client.send_raw(b"".join(message("x" * 16, op="submit", id=n, module="wc" if n % 10 == 0 else "echo")
                                 for n in batch))
        for _ in batch:
            event = client.recv()
            check(event, "done")
            done["wc" if event["id"] % 10 == 0 else "echo"].append(event)
    stats = client.stats()
    for module, pool in (("echo", "default"), ("wc", "other")):
        events = done[module]
        for figures in (stats["modules"][module], stats["pools"][pool]):
            check_times(figures["wait_us"], [event["wait_us"] for event in events])
            check_times(figures["run_us"], [event["run_us"] for event in events])
            assert figures["bytes_in"] == 16 * len(events)
            assert figures["bytes_out"] == sum(event["size"] for event in events)
            assert figures["longest_ms"] == 0 and figures["longest_job"] is None
    assert min(event["run_us"] for event in done["echo"]) >= 1


def test_a_result_in_its_slot_has_its_own_run_time(daemon):
    """Tiny jobs behind each other are told together; none of them ran for as long as they all."""
    server = daemon(pool_start=1, pool_max=1)
    client = server.client()
    client.submit("first", "sleep", json.dumps({"ms": 100}))
    for n in range(60):
        client.submit(n, "echo", "x")
    client.submit("last", "sleep", json.dumps({"ms": 100}))
    check(client.outcome("first"), "done")
    events = [client.outcome(n) for n in range(60)]
    assert sorted(event["run_us"] for event in events)[30] < 5000
    assert all(event["run_us"] >= 1 for event in events)
    check(client.outcome("last"), "done")


def test_failed_jobs_count_and_waiting_ones_do_not(daemon):
    server = daemon(pool_start=1, pool_max=1, breaker_crashes=0)
    client = server.client()
    check(client.run("math", "1/0"), "failed", reason="module")
    check(client.run("crash", "segv"), "failed", reason="error")
    client.submit("long", "sleep", json.dumps({"ms": 60000}))
    client.submit("waits", "sleep", "{}")
    server.wait_jobs(running=1, waiting=1)
    client.send(op="cancel", target="waits")
    check(client.outcome("waits"), "failed", reason="cancelled")
    modules = client.stats()["modules"]
    assert modules["crash"]["crashes"] == {"SIGSEGV": 1} and modules["math"]["crashes"] == {}
    assert sum(modules["math"]["run_us"]["counts"]) == 1
    assert sum(modules["crash"]["wait_us"]["counts"]) == 1
    assert sum(modules["sleep"]["run_us"]["counts"]) == 0
    wait_until(lambda: client.stats()["modules"]["sleep"]["longest_ms"] > 20, "the job running for a while")
    stats = client.stats()
    job = server.workers()[0]["job"]
    assert stats["modules"]["sleep"]["longest_job"] == job
    assert stats["pools"]["default"]["longest_job"] == job
    assert stats["pools"]["default"]["longest_ms"] > 20
    assert stats["modules"]["math"]["longest_job"] is None


def test_figures_stay_over_a_reload(daemon):
    server = daemon(pool_start=1)
    client = server.client()
    check(client.run("echo", "x"), "done")
    before = client.stats()["modules"]["echo"]
    client.send(op="reload", id="r")
    client.recv()
    after = client.stats()["modules"]["echo"]
    assert (before["run_us"], before["bytes_in"]) == (after["run_us"], after["bytes_in"])


def modules(client):
    client.send(op="modules", id="m")
    event = client.find(lambda e: e.get("id") == "m", what="the modules")
    check(event, "modules")
    return {module["name"]: module for module in event.json()}


def test_modules(daemon):
    server = daemon(pool_start=2, pool_max=2, pools={"slow": {"pool-start": 1}}, modules={
        "sleep": {"pool": "slow"}, "wc": {"enabled": False},
        "echo": {"config": {"url": "x", "db": {"password": "hidden"}, "api_key": ["hidden"]}}})
    client = server.client()
    before = modules(client)
    assert list(before) == sorted(before) and {"echo", "fib", "sleep", "wc", "crash"} <= set(before)
    for module in before.values():
        assert module["loaded_by"] == 0 and module["version"] is None and module["describe"] is None, module
        assert module["breaker"]["state"] == "closed" and module["done"] == 0, module
        assert module["file"].endswith(f"/{module['name']}.so") and os.path.exists(module["file"]), module
    assert before["echo"]["config"] == {"url": "x", "db": {"password": "***"}, "api_key": "***"}
    assert before["fib"]["config"] == {} and before["fib"]["pool"] == "default" and before["fib"]["enabled"] is True
    assert before["sleep"]["pool"] == "slow" and before["wc"]["enabled"] is False
    check(client.run("crash", "segv"), "failed", reason="error")
    check(client.run("echo", "x"), "done")
    check(client.run("sleep", '{"ms":1}'), "done")
    after = modules(client)
    for name in ("echo", "sleep"):
        assert after[name]["version"] == "1.0" and after[name]["loaded_by"] == 1, after[name]
        assert after[name]["done"] == 1 and json.loads(after[name]["describe"])["help"], after[name]
    assert after["fib"]["describe"] is None and after["crash"]["failed"] == 1
    wait_until(lambda: modules(client)["crash"]["loaded_by"] == 0, "the crashed worker gone")
    assert json.loads(modules(client)["crash"]["describe"])["help"], "told by a worker that has crashed"


def test_modules_whose_files_go(daemon, tmp_path):
    """A module with jobs so far stays in the list, without a file; so do all when the directory goes."""
    directory = tmp_path / "modules"
    directory.mkdir()
    for name in ("echo", "wc"):
        shutil.copy(os.path.join(MODULES, f"{name}.so"), directory)
    client = daemon(module_dir=str(directory), pool_start=1).client()
    for name in ("echo", "wc"):
        check(client.run(name, "x"), "done")
    (directory / "wc.so").unlink()
    after = modules(client)
    assert after["wc"]["file"] is None and after["wc"]["done"] == 1
    assert after["echo"]["file"] == str(directory / "echo.so")
    shutil.rmtree(directory)
    assert [module["file"] for module in modules(client).values()] == [None, None]


def test_descriptors_of_a_log_that_moves(daemon, tmp_path):
    server = daemon()
    client = server.client()
    for file in (str(tmp_path / "log"), None):
        server.write_config(log_file=file)
        client.send(op="reload")
        check(client.recv(), "ok", op="reload", changed=["log-file"])
        server.wait_idle(1)
        wait_until(lambda: client.stats()["process"]["descriptors"] == open_descriptors(server),
                   f"our own count being right with log-file {file}")


def open_descriptors(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_process(daemon):
    server = daemon(pool_start=2, pool_max=2)
    server.wait_idle(2)
    clients = [server.client() for _ in range(20)]
    process = clients[0].stats()["process"]
    assert process["pid"] == server.pid
    assert 1 << 20 < process["rss"] < 1 << 30 and process["cpu_us"] > 0
    assert 0 <= process["loop_lag_us"]["p99"] <= process["loop_lag_us"]["max"]
    wait_until(lambda: clients[0].stats()["process"]["descriptors"] == open_descriptors(server),
               "our own count being right")
    for client in clients[1:]:
        client.close()
    check(clients[0].run("crash", "segv"), "failed", reason="error")
    wait_until(lambda: clients[0].stats()["process"]["descriptors"] == open_descriptors(server) < 40,
               "our own count being right")
