"""The command shows a crash as a debugger does: names and lines from the objects on this machine."""

import json
import os
import re
import shutil
import subprocess

import pytest

from harness.daemon import COMMAND, environment
from harness.wait import BUILD, DEADLINE

MODULE = os.path.join(BUILD, "modules", "crash.so")
SOURCE = os.path.join(os.path.dirname(__file__), "..", "..", "modules", "crash.c")
DONE, FAILED, LOST, SOME_FAILED = 0, 1, 70, 123


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def offset_of(symbol, path=MODULE):
    return re.search(rf"^0*([0-9a-f]+) [tT] {symbol}$", output_of("nm", path), re.M)[1]


def build_id_of(path=MODULE):
    return re.search(r"Build ID: ([0-9a-f]+)", output_of("readelf", "-n", path))[1]


def crash(*frames):
    """A payload as of a job `failed` `error`. A frame: path, offset in hex, build id."""
    backtrace = [{"object": path, "offset": f"0x{at}", "build_id": build_id} for path, at, build_id in frames]
    return {"worker": 1, "crash": {"signal": "SIGSEGV", "code": "SEGV_MAPERR", "backtrace": backtrace}}


def show(payload, *arguments, **env):
    """Gives the payload to `taskmaster crash -`; returns the lines behind the first."""
    result = subprocess.run(
        [COMMAND, "crash", "-", *arguments],
        input=json.dumps(payload),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env=environment(**env),
    )
    assert (result.returncode, result.stderr) == (DONE, ""), result
    first, *frames = result.stdout.splitlines()
    assert first == "SIGSEGV (SEGV_MAPERR): no memory is mapped there", result.stdout
    return frames


def test_names_and_lines_of_a_module():
    at = offset_of("crash_segv")
    (frame,) = show(crash((MODULE, at, build_id_of())))
    assert re.fullmatch(rf"#0 0x{at} crash_segv \(\) at modules/crash\.c:\d+ \(crash\.so\)", frame), frame
    with open(SOURCE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    number = int(re.search(r":(\d+) ", frame)[1])
    assert "crash_segv(" in "".join(lines[number - 5 : number]), frame


def test_a_module_that_was_replaced():
    """Its lines would be wrong."""
    at = offset_of("crash_segv")
    assert show(crash((MODULE, at, "0123456789abcdef"))) == [
        f"#0 0x{at} ?? ({MODULE}+0x{at})",
        f"no names for {MODULE}: it has another build id: {build_id_of()} here, 0123456789abcdef in the crash",
    ]


def test_a_module_that_is_gone(tmp_path):
    path = f"{tmp_path}/crash.so"
    assert show(crash((path, "11a9", ""))) == [f"#0 0x11a9 ?? ({path}+0x11a9)", f"no names for {path}: it is missing here"]


def test_a_separate_debug_file(tmp_path):
    at = offset_of("crash_segv")
    path = shutil.copy(MODULE, tmp_path)
    subprocess.run(["objcopy", "--only-keep-debug", path, f"{tmp_path}/crash.debug"], check=True)
    subprocess.run(["strip", path], check=True)
    assert show(crash((path, at, "")))[0] == f"#0 0x{at} ?? ({path}+0x{at})"
    subprocess.run(["objcopy", f"--add-gnu-debuglink={tmp_path}/crash.debug", path], check=True)
    assert "crash_segv () at modules/crash.c:" in show(crash((path, at, build_id_of(path))))[0]


def test_nothing_is_asked_over_the_network(tmp_path):
    """libdw would ask the servers of this variable for the debug information of a stripped module."""
    path = shutil.copy(MODULE, tmp_path)
    subprocess.run(["strip", path], check=True)
    payload = tmp_path / "payload"
    payload.write_text(json.dumps(crash((path, offset_of("crash_segv"), build_id_of(path)))))
    trace = f"{tmp_path}/trace"
    with open(payload, encoding="utf-8") as file:
        subprocess.run(
            ["strace", "-f", "-e", "trace=socket,connect", "-o", trace, COMMAND, "crash", "-"],
            stdin=file,
            check=True,
            capture_output=True,
            timeout=DEADLINE,
            env=environment(DEBUGINFOD_URLS="http://127.0.0.1:9", HOME=str(tmp_path), ASAN_OPTIONS="detect_leaks=0"),
        )
    with open(trace, encoding="utf-8") as file:
        calls = file.read()
    assert "exited with 0" in calls and "socket(" not in calls, calls


def test_json_is_as_it_came():
    payload = crash((MODULE, "11a9", "00"))
    result = subprocess.run(
        [COMMAND, "crash", "-", "--json"], input=json.dumps(payload), capture_output=True, text=True, env=environment()
    )
    assert (result.returncode, json.loads(result.stdout)) == (DONE, payload)


def test_a_payload_without_a_crash():
    result = subprocess.run(
        [COMMAND, "crash", "-"], input='{"worker":1}', capture_output=True, text=True, env=environment()
    )
    assert (result.returncode, result.stdout) == (FAILED, "") and "no crash" in result.stderr, result


# ---- with a worker that has crashed


@pytest.fixture
def crashed(daemon):
    """A daemon, and the job that has crashed there."""
    server = daemon(pool_start=1)
    failed = server.client().run("crash", "segv")
    assert failed["reason"] == "error", failed
    return server, failed["job"]


def run(server, *arguments, status=DONE, **kwargs):
    result = subprocess.run(
        [COMMAND, *arguments, "--server", server.address],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env=environment(),
        **kwargs,
    )
    assert result.returncode == status, result
    return result


FRAME = r"#0 0x[0-9a-f]+ crash_segv \(\) at modules/crash\.c:\d+ \(crash\.so\)"
HEAD = r"SIGSEGV \(SEGV_MAPERR\): no memory is mapped there; address 0x8, thread main, fingerprint ([0-9a-f]{8})"


def test_run_shows_the_crash_of_its_job(daemon):
    lines = run(daemon(pool_start=1), "run", "crash", "segv", status=LOST).stderr.splitlines()
    assert "was ended by SIGSEGV" in lines[0], lines
    assert re.fullmatch("  " + HEAD, lines[1]) and re.fullmatch("  " + FRAME, lines[2]), lines
    assert any("main () at worker/main.c:" in line for line in lines), lines


def test_run_each_shows_its_place(daemon):
    result = run(daemon(pool_start=1), "run", "crash", "--each", input="segv\nabort\n", status=SOME_FAILED)
    places = [line for line in result.stderr.splitlines() if line.startswith("  ")]
    assert len(places) == 2, result.stderr
    for place, function in zip(places, ("crash_segv", "crash_abort")):
        assert re.fullmatch(rf"  crash [0-9a-f]{{8}}: {function} \(\) at modules/crash\.c:\d+ \(crash\.so\)", place), place


def test_a_crash_is_found_by_its_job_and_its_fingerprint(crashed):
    server, job = crashed
    (row,) = json.loads(run(server, "crashes", "--json").stdout)
    assert (row["module"], row["signal"], row["count"], row["last_job"]) == ("crash", "SIGSEGV", 1, job), row
    assert run(server, "crashes", "--module", "fib").stdout == "no crashes\n"
    table = run(server, "crashes", "--module", "crash").stdout.splitlines()
    assert len(table) == 2 and "crash_segv () at modules/crash.c:" in table[1], table
    for name in (job, row["fingerprint"]):
        titles, values, empty, head, frame, *_ = run(server, "crash", name).stdout.splitlines()
        assert "fingerprint" in titles and job in values and empty == "", values
        assert re.fullmatch(HEAD, head)[1] == row["fingerprint"] and re.fullmatch(FRAME, frame), (head, frame)
    assert "no crash with" in run(server, "crash", "no-such-job", status=FAILED).stderr


def test_an_event_of_run_is_read_again(daemon):
    event = run(daemon(pool_start=1), "run", "crash", "abort", "--json", status=LOST).stdout
    result = subprocess.run([COMMAND, "crash", "-"], input=event, capture_output=True, text=True, env=environment())
    assert result.returncode == DONE and "crash_abort () at modules/crash.c:" in result.stdout, result


def test_a_recursion_is_short(daemon):
    lines = run(daemon(pool_start=1), "run", "crash", "overflow", status=LOST).stderr.splitlines()
    assert re.search(r" to #63 as #\d+$", lines[-1]), lines
    assert len(lines) < 30, lines
