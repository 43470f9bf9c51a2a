"""The command line client against the real taskqueued."""

import json
import os
import re
import signal
import subprocess

import pytest
from conftest import Factory

from harness import proc
from harness.daemon import COMMAND, environment
from harness.wait import DEADLINE, wait_until

DONE, FAILED, USAGE, UNREACHABLE, LOST, AGAIN, SOME_FAILED, TIMEOUT = 0, 1, 64, 69, 70, 75, 123, 124
LONG_SLEEP = json.dumps({"ms": 60000})


class Command:
    """The queue comes from the environment, and there is no other server."""

    def __init__(self, queue):
        self.env = environment(TASKMASTER_QUEUE=queue.address, TASKMASTER_SERVER="127.0.0.1:1", TERM="xterm")

    def start(self, *arguments):
        return proc.spawn(
            [COMMAND, *arguments],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments, status=DONE, input=""):
        """Returns the output on stdout, and that on stderr unless the status is 0."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(input, DEADLINE * 3)
        finally:
            proc.end(process)
        assert process.returncode == status, (arguments, process.returncode, out[-500:], err)
        if status:
            return out + err
        assert err == "", (arguments, err)
        return out

    def submit(self, *arguments):
        """Returns the id of a kept job."""
        job = self("submit", "--queue", *arguments).rstrip("\n")
        assert re.fullmatch(r"q\d+", job), job
        return job

    def shell(self, script):
        result = subprocess.run(
            ["bash", "-c", script.replace("taskmaster", COMMAND)], env=self.env, capture_output=True, text=True
        )
        return result.returncode, result.stdout, result.stderr

    def state(self, job):
        return json.loads(self("status", "--queue", "--json", job))["state"]

    def wait_state(self, job, state):
        wait_until(lambda: self.state(job) == state, f"{job} {state}")


@pytest.fixture(scope="module")
def shared_queue(tmp_path_factory):
    factory = Factory(tmp_path_factory.mktemp("kept"))
    root = tmp_path_factory.mktemp("files")
    master = factory(pool_max=4, modules={"readfile": {"config": {"root": str(root)}}})
    queue = factory.make_queue({}, master).start()
    queue.linked()
    queue.files = root
    yield queue
    factory.end()


@pytest.fixture
def run(shared_queue):
    return Command(shared_queue)


# ---- submit, wait


def test_a_pipe_of_submit_and_wait(run):
    script = "for n in 30 31 32; do taskmaster submit --queue fib $n; done | xargs taskmaster wait"
    assert run.shell(script) == (0, "832040\n1346269\n2178309\n", "")
    assert run.shell("taskmaster submit --queue fib 30 | xargs taskmaster wait") == (0, "832040", "")


def test_a_wait_may_be_repeated_and_ends_with_forget(run):
    job = run.submit("echo", "x")
    assert run("wait", job) == run("wait", job) == "x"
    event = json.loads(run("wait", job, "--json"))
    assert event["event"] == "done" and event["job"] == job and event["payload"] == "x", event
    assert run("forget", job) == f"{job} is forgotten\n"
    assert "unknown-job" in run("wait", job, status=FAILED)
    assert "unknown-job" in run("forget", job, status=FAILED)


def test_exit_statuses(run):
    """As those of run."""
    failed = run.submit("math", '{"op":"div","x":1,"y":0}')
    assert "div-by-zero" in run("wait", failed, status=FAILED)
    slow = run.submit("sleep", LONG_SLEEP, "--timeout-ms", "50")
    assert "timeout" in run("wait", slow, status=TIMEOUT)
    lost = run.submit("crash", "segv")
    assert "SIGSEGV" in run("wait", lost, status=LOST)
    late = run.submit("echo", "x", "--delay", "1000")
    assert run("wait", late, "--timeout", "0.3", status=TIMEOUT).endswith("has not ended in time\n")
    assert run("cancel", "--queue", late) == f"cancelled {late}, which was delayed\n"
    assert "cancelled" in run("wait", late, status=FAILED)
    told = run("wait", failed, run.submit("echo", "x"), status=SOME_FAILED)
    assert "div-by-zero" in told and told.startswith("x\n"), told
    assert "unknown-job" in run("wait", "q999999999", status=FAILED)
    run("wait", "q1", "--server", "127.0.0.1:1", status=UNREACHABLE)


# ---- run


def test_run(run):
    assert run("run", "--queue", "fib", "30") == "832040"
    assert run("run", "--queue", "--each", "fib", input="5\n10\n15\n") == "5\n55\n610\n"
    assert run("run", "--queue", "--each", "--retries", "1", "fib", input="5\n10\n") == "5\n55\n"


def test_a_key_joins(run):
    first = run.submit("fib", "30", "--key", "thirty")
    assert run.submit("fib", "30", "--key", "thirty") == first
    assert json.loads(run("run", "--queue", "fib", "30", "--key", "thirty", "--json"))["job"] == first
    told = run("submit", "--queue", "fib", "31", "--key", "thirty", status=FAILED)
    assert told.startswith(f"taskmaster: refused (key-conflict, job {first}): "), told


def test_retries(run):
    again = ("--retries", "1", "--retry-delay", "0")
    told = run("run", "--queue", "--progress", "crash", "exit 3", *again, status=LOST)
    assert re.search(r"failed \(error, attempt 1\), runs again in 0\.\d{3} s: .*\n.*exit status 3, attempt 2\)", told), told
    told = run("run", "--queue", "crash", "fail busy", *again, "--retry-on", "module,error", status=FAILED)
    assert "code busy, attempt 2" in told, told


def test_a_failed_job_again(run, shared_queue):
    name = "later.txt"
    job = run.submit("readfile", json.dumps({"path": name}))
    run("wait", job, status=FAILED)
    listed = json.loads(run("jobs", "--queue", "--state", "failed", "--module", "readfile", "--json"))
    assert [row["job"] for row in listed] == [job], listed
    (shared_queue.files / name).write_text("here")
    assert run("retry", job) == f"{job} runs again\n"
    assert run("wait", job) == "here"
    assert "taskmaster: " in run("retry", job, status=FAILED)


def test_failed_jobs_again_by_a_selection(run):
    jobs = [run.submit("crash", "fail x") for _ in range(3)]
    assert run("wait", *jobs, status=SOME_FAILED).count("code x") == 3
    listed = json.loads(run("jobs", "--queue", "--module", "crash", "--reason", "module", "--json"))
    assert set(jobs) <= {row["job"] for row in listed}
    assert run("retry", "--module", "crash", "--reason", "module") == f"{len(listed)} jobs run again\n"
    assert run("wait", *jobs, status=SOME_FAILED).count("attempt 2") == 3
    assert run("forget", *jobs) == "".join(f"{job} is forgotten\n" for job in jobs)


# ---- looking, steering


def test_delayed_jobs(run):
    job = run.submit("echo", "x", "--delay", "3600", "--priority", "9", "--ttl", "60")
    other = run.submit("echo", "x", "--at", "2036-12-24T18:00:00+01:00")
    listed = run("jobs", "--queue", "--state", "delayed").splitlines()
    assert [line.split()[:2] for line in listed[1:]] == [[job, "delayed"], [other, "delayed"]], listed
    assert "delayed" in run("status", "--queue", job)
    assert run("peek", "--queue", job) == "x"
    assert run("cancel", "--queue", "--state", "delayed") == "cancelled 2 jobs\n"
    assert "bad-request" in run("submit", "--queue", "echo", "x", "--at", "soon", status=FAILED)


def test_pause_and_resume(run):
    assert run("pause", "--queue", "wc") == "module wc is paused\n"
    assert run("pause", "--queue", "wc") == "module wc was paused already\n"
    job = run.submit("wc", "a b")
    assert run("run", "--queue", "echo", "x") == "x"
    assert run.state(job) == "waiting"
    assert run("resume", "--queue", "wc") == "module wc is resumed\n"
    assert json.loads(run("wait", job))["words"] == 2


def test_cancel_and_kill(run):
    for command, words in (("cancel", "cancelled"), ("kill", "killed")):
        job = run.submit("sleep", LONG_SLEEP)
        run.wait_state(job, "running")
        assert run(command, "--queue", job) == f"{words} {job}, which was running\n"
        assert "cancelled" in run("wait", job, status=FAILED)


def test_backup(run, shared_queue, tmp_path):
    job = run.submit("echo", "x", "--delay", "3600")
    copy = tmp_path / "copy"
    assert run("backup", str(copy)) == "the copy is complete\n"
    run("cancel", "--queue", job)
    assert os.path.exists(copy)
    assert "taskmaster: " in run("backup", str(copy), status=FAILED)


def test_the_other_commands(run, shared_queue):
    assert run("ping", "--queue").startswith("taskqueued/")
    assert "taskqueued/" in run("stats", "--queue")
    assert json.loads(run("stats", "--queue", "--json"))["master"]["connected"]
    assert run("workers", "--queue").splitlines()[0].split()[0] == "id"
    assert "echo" in run("modules", "--queue")
    assert "taskmaster/" in run("clients", "--queue")
    assert run("nodes").splitlines()[0].split() == ["node", "self", "since", "version", "seen", "held"]
    assert json.loads(run("nodes", "--queue", "--json"))["nodes"][0]["self"]
    screen = run("top", "--queue", "-1")
    assert "taskqueued/" in screen and "MODULE" in screen and "WORKER" in screen, screen
    assert "unknown-op" in run("services", "--queue", status=FAILED)
    assert "no pools" in run("pools", "--queue", status=FAILED)


def test_while_the_master_is_away(queue):
    run = Command(queue(master=False))
    run.submit("echo", "x")
    assert "unavailable" in run("workers", "--queue", status=FAILED)
    assert re.search(r"^echo .* 1 ", run("top", "--queue", "-1"), re.M)
    assert json.loads(run("top", "--queue", "-1", "--json"))["workers"] == []


def test_the_server_by_its_address(shared_queue):
    job = Command(shared_queue).submit("echo", "x")
    for arguments in (("run", "echo", "x"), ("submit", "echo", "x"), ("wait", job), ("resume", "fib")):
        result = subprocess.run(
            [COMMAND, *arguments, "--server", shared_queue.address],
            env=environment(TASKMASTER_QUEUE="127.0.0.1:1"),
            capture_output=True,
            text=True,
        )
        assert result.returncode == DONE, result


# ---- ends of the queue


def test_no_room(queue):
    run = Command(queue(master=False, job_max=1))
    run.submit("echo", "x")
    assert "queue-full" in run("submit", "--queue", "echo", "x", status=AGAIN)
    assert "queue-full" in run("run", "--queue", "echo", "x", status=AGAIN)


def test_kill_9_of_everything(queue, daemon):
    """A wait that is under way hears of the end all the same; the job runs again."""
    master = daemon()
    master.config["listen"] = master.address
    kept = queue(master=master).keep_address()
    run = Command(kept)
    done = run.submit("echo", "y")
    assert run("wait", done) == "y"
    job = run.submit("sleep", json.dumps({"ms": 300, "value": "x"}))
    run.wait_state(job, "running")
    wait = run.start("wait", done, job, "--reconnect", "60")
    assert wait.stdout.readline() == "y\n"
    kept.kill()
    master.kill()
    master.start()
    kept.start()
    out, err = wait.communicate(timeout=DEADLINE * 3)
    proc.end(wait)
    assert (wait.returncode, json.loads(out)) == (DONE, "x"), (out, err)
    assert err == "taskmaster: the connection is lost; connecting again\n"


def test_a_wait_begins_before_the_queue(queue):
    kept = queue(master=False).keep_address()
    run = Command(kept)
    job = run.submit("echo", "x", "--delay", "1000")
    kept.kill()
    assert "cannot connect" in run("wait", job, "--reconnect", "0.1", status=UNREACHABLE)
    wait = run.start("wait", job, "--reconnect", "60")
    kept.start()
    wait_until(lambda: kept.stats()["clients"]["connected"] >= 2, "the client that waits")
    run("cancel", "--queue", job)
    out, err = wait.communicate(timeout=DEADLINE)
    proc.end(wait)
    assert wait.returncode == FAILED and "cancelled" in err, (out, err)


def test_a_wait_without_reconnect_ends_with_the_queue(queue):
    kept = queue(master=False)
    run = Command(kept)
    job = run.submit("echo", "x")
    wait = run.start("wait", job)
    wait_until(lambda: kept.stats()["clients"]["connected"] >= 2, "the client that waits")
    kept.kill()
    kept.expected_status = -signal.SIGKILL
    out, err = wait.communicate(timeout=DEADLINE)
    proc.end(wait)
    assert (wait.returncode, out) == (UNREACHABLE, ""), err
