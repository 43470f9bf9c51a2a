"""A crashing worker leaves a post-mortem: the module crashes in every place and way, and the frames name the place."""

import os
import re
import resource
import subprocess
import time

import pytest

from harness.client import check
from harness.wait import BUILD, DEADLINE, SANITIZED

MODULES = os.path.join(BUILD, "modules")
TEST_MODULES = os.path.join(BUILD, "tests", "modules")

plain = pytest.mark.skipif(SANITIZED, reason="the sanitizer speaks first")


def build_id(path):
    text = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True).stdout
    return re.search(r"Build ID: (\w+)", text)[1]


def function(frame, files=TEST_MODULES):
    """The function of a frame; of another file than the test modules the file's name."""
    name = os.path.basename(frame["object"])
    path = os.path.join(files, name)
    if not os.path.isfile(path):
        return name
    command = ["addr2line", "-f", "-e", path, frame["offset"]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def functions(crash, files=TEST_MODULES):
    return [function(frame, files) for frame in crash["backtrace"]]


def modules(tmp_path, *names):
    """A directory of these modules alone."""
    folder = tmp_path / "modules"
    folder.mkdir()
    for name in names:
        source = os.path.join(TEST_MODULES, name)
        os.symlink(source if os.path.exists(source) else os.path.join(MODULES, name), folder / name)
    return str(folder)


@pytest.fixture
def server(daemon):
    return daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1)


def die(client, way, module="die"):
    """The post-mortem of that way to die; None without one."""
    event = client.run(module, way)
    check(event, "failed", reason="error")
    crash = event.json().get("crash")
    assert crash is None or crash["signal"] == event["signal"], event
    return crash


# ---- what it says


def test_a_static_function_is_named(server):
    client = server.client()
    event = client.run("die", "static")
    crash = event.json()["crash"]
    assert list(crash) == ["signal", "code", "address", "thread", "fingerprint", "backtrace"]
    assert (crash["signal"], crash["code"], crash["address"]) == ("SIGSEGV", "SEGV_MAPERR", "0x8")
    assert crash["thread"] == "main"
    assert re.fullmatch("[0-9a-f]{8}", crash["fingerprint"])
    assert functions(crash)[:3] == ["third", "second", "first"]
    path = os.path.join(TEST_MODULES, "die.so")
    assert os.path.samefile(crash["backtrace"][0]["object"], path)
    assert crash["backtrace"][0]["build_id"] == build_id(path)
    names = [os.path.basename(frame["object"]) for frame in crash["backtrace"]]
    assert "taskmaster-worker" in names and "libc.so.6" in names, "down to main()"
    line = server.log.wait("worker-lost", job=event["job"])
    assert line["fingerprint"] == crash["fingerprint"]
    assert line["frame"] == "die.so+" + crash["backtrace"][0]["offset"]


def test_without_symbols(daemon, tmp_path):
    """A stripped module has the same offsets, build id and fingerprint."""
    subprocess.run(["strip", "-o", tmp_path / "die.so", os.path.join(TEST_MODULES, "die.so")], check=True)
    stripped = die(daemon(module_dir=str(tmp_path)).client(), "static")
    whole = die(daemon(module_dir=TEST_MODULES).client(), "static")
    assert functions(stripped)[:3] == ["third", "second", "first"]
    assert stripped["fingerprint"] == whole["fingerprint"]
    assert stripped["backtrace"][0]["build_id"] == whole["backtrace"][0]["build_id"]


# way: signal, code, and functions at the top, the C library left out
WAYS = {
    "divide": ("SIGFPE", "FPE_INTDIV", ["divide"]),
    "trap": ("SIGILL", "ILL_ILLOPN", ["trap"]),
    "abort": ("SIGABRT", "SI_TKILL", ["fail_assertion"]),
    "bus": ("SIGBUS", "BUS_ADRERR", ["behind_the_end"]),
    "sys": ("SIGSYS", "SYS_SECCOMP", ["forbidden_call"]),
    "free-twice": ("SIGABRT", "SI_TKILL", ["free_twice"]),
    "free-nowhere": ("SIGSEGV", "SEGV_MAPERR", ["free_nowhere"]),
    "call-nothing": ("SIGSEGV", "SEGV_MAPERR", ["call", "call_nothing"]),
    "call-anything": ("SIGSEGV", "SEGV_MAPERR", ["call", "call_anything"]),
    "handler-before-ours": ("SIGSEGV", "SEGV_MAPERR", ["third", "second", "first", "handler_before_ours"]),
}


@plain
@pytest.mark.parametrize("way", WAYS)
def test_each_way(server, way):
    signal, code, names = WAYS[way]
    crash = die(server.client(), way)
    assert (crash["signal"], crash["code"]) == (signal, code)
    assert ("address" in crash) == (code != "SI_TKILL")
    found = [name for name in functions(crash) if name not in ("libc.so.6", "")]
    assert found[: len(names)] == names, crash
    if way.startswith("call"):
        assert crash["backtrace"][0] == {
            "object": "",
            "offset": "0x0" if way == "call-nothing" else "0x414141414140",
            "build_id": "",
        }


@plain
def test_a_full_stack(server):
    crash = die(server.client(), "full")
    assert functions(crash) == ["fill_the_stack"] * 64


def test_a_deep_stack(server):
    crash = die(server.client(), "deep")
    assert functions(crash) == ["third", "second", "first"] + ["deep"] * 61


@plain
def test_a_broken_stack(server):
    """The place of the fault is known, and the handler ends within a second."""
    begin = time.monotonic()
    crash = die(server.client(), "smash")
    assert functions(crash)[0] == "smash"
    assert time.monotonic() - begin < DEADLINE / 2


# ---- threads


def test_another_thread(server):
    crash = die(server.client(), "thread")
    assert crash["thread"] == "stitcher"
    assert functions(crash)[:4] == ["third", "second", "first", "thread_first"]


@plain
def test_a_full_stack_of_a_thread(server):
    """There are frames if the thread has a stack for signals, and otherwise just the signal."""
    client = server.client()
    assert functions(die(client, "full-thread-with-stack")) == ["fill_the_stack"] * 64
    assert die(client, "full-thread") is None


def test_ten_threads_at_once(server):
    crash = die(server.client(), "ten-threads")
    assert functions(crash)[:4] == ["third", "second", "first", "thread_together"]


def test_ten_workers_at_once(daemon):
    server = daemon(module_dir=TEST_MODULES, pool_start=10, pool_max=10, breaker_crashes=0)
    server.wait_idle(10)
    client = server.client()
    for n in range(10):
        client.submit(n, "die", "static")
    crashes = [client.outcome(n, 4 * DEADLINE).json()["crash"] for n in range(10)]
    assert len({crash["fingerprint"] for crash in crashes}) == 1
    assert all(functions(crash)[0] == "third" for crash in crashes)


# ---- where


def test_in_init(daemon):
    server = daemon(module_dir=TEST_MODULES, modules={"die": {"config": {"init": "static"}}})
    event = server.client().run("die", "x")
    check(event, "failed", reason="error", signal="SIGSEGV")
    assert functions(event.json()["crash"])[:5] == ["third", "second", "first", "go", "init"]


def test_in_init_of_a_preload(daemon):
    """There is no job yet: the module is known all the same."""
    server = daemon(
        module_dir=TEST_MODULES,
        pool_start=1,
        preload=["die"],
        start_timeout_ms=60000,
        modules={"die": {"config": {"init": "static"}}},
    )
    line = server.log.wait("worker-lost", module="die")
    assert line["frame"].startswith("die.so+0x")
    crash = server.client().ask("crashes")[0]
    assert (crash["module"], crash["last_job"]) == ("die", None)


def test_in_a_constructor(server):
    crash = die(server.client(), "x", "constructor_crash")
    assert "crash" in functions(crash), crash
    assert any(frame["object"].endswith("/constructor_crash.so") for frame in crash["backtrace"])


def test_in_fini(server):
    client = server.client()
    assert client.done("die", "fini static") == b"fini static"
    server.signal(1)
    line = server.log.wait("worker-ended", module="die")
    assert re.match(r"die\.so\+0x", line["frame"])
    assert client.ask("crashes", module="die")[0]["fingerprint"] == line["fingerprint"]


# ---- nothing of ours


@pytest.mark.parametrize("way", ["child", "child-with-our-memory"])
def test_a_child_of_the_worker_leaves_nothing(server, way):
    client = server.client()
    assert client.done("die", way) == way.encode()
    assert client.ask("crashes") == []
    event = client.run("die", "static")
    check(event, "failed", reason="error", signal="SIGSEGV")


def test_a_handler_of_the_module_wins(server):
    event = server.client().run("die", "own-handler")
    check(event, "failed", reason="error", exit_status=51)
    assert "crash" not in event.json()


@pytest.mark.parametrize("way", ["blocked", "ours-without-info"])
def test_a_worker_without_post_mortem_dies_as_ever(server, way):
    assert die(server.client(), way) is None
    assert server.client().ask("crashes") == []


@plain
@pytest.mark.parametrize("way", ["leave-handler", "leave-stack"])
def test_the_next_module_crashes_with_our_handler_and_stack(daemon, tmp_path, way):
    folder = modules(tmp_path, "die.so", "crash.so")
    client = daemon(module_dir=folder, pool_start=1, pool_max=1).client()
    assert client.done("die", way) == way.encode()
    crash = die(client, "overflow", "crash")
    assert functions(crash, MODULES) == ["deeper"] * 64


# ---- the request, and limits


def test_crashes_are_counted_by_place(server):
    client = server.client()
    assert client.ask("crashes") == []
    for way in ("static", "deep", "static"):  # two of these crash in the same three functions
        last = client.run("die", way)
    abort = client.run("die", "abort")
    found = client.ask("crashes")
    assert [entry["signal"] for entry in found] == ["SIGABRT", "SIGSEGV"]
    assert [entry["count"] for entry in found] == [1, 3]
    assert [entry["last_job"] for entry in found] == [abort["job"], last["job"]]
    entry = found[1]
    assert list(entry) == [
        "fingerprint", "module", "signal", "first_ms", "last_ms", "count", "last_job", "crash",
    ]  # fmt: skip
    assert entry["module"] == "die"
    assert 0 <= entry["last_ms"] <= entry["first_ms"]
    assert entry["crash"] == last.json()["crash"]
    assert entry["fingerprint"] == entry["crash"]["fingerprint"]
    named = client.ask("crashes", module="die")
    assert [entry["fingerprint"] for entry in named] == [entry["fingerprint"] for entry in found]
    assert client.ask("crashes", module="echo") == []


def test_frames_are_cut_to_payload_max(daemon):
    """The outermost frames are left out; the request still has them all."""
    server = daemon(module_dir=TEST_MODULES, pool_start=1, pool_max=1, payload_max=2048)
    client = server.client()
    event = client.run("die", "deep")
    assert len(event.payload) <= 2048
    cut = event.json()["crash"]
    whole = client.ask("crashes")[0]["crash"]
    assert 0 < len(cut["backtrace"]) < 64 == len(whole["backtrace"])
    assert cut["backtrace"] == whole["backtrace"][: len(cut["backtrace"])]


def test_a_core_file_appears_where_the_limits_allow(daemon, tmp_path):
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as file:
        if file.read().startswith("|"):
            pytest.skip("core files go to a program")
    if SANITIZED or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("core files are off")

    def limit():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    server = daemon.make(
        {"module_dir": TEST_MODULES, "pool_start": 1, "pool_max": 1, "core_max": 1 << 30}, preexec_fn=limit, cwd=str(tmp_path)
    ).start()
    event = server.client().run("die", "static")
    assert "core dumped" in event["message"]
    assert functions(event.json()["crash"])[0] == "third"
