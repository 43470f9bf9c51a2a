"""`taskmaster services` and `taskmaster register`, against a real daemon. test_services.py has the protocol."""

import json
import os
import signal
import subprocess

import pytest
from harness import proc
from harness.client import check
from harness.daemon import COMMAND, environment
from harness.wait import DEADLINE, wait_until

DONE, FAILED, LOST_SERVER, SOME_FAILED = 0, 1, 69, 123

# Prints some of the event, then the payload; a failed job's command fails.
SHOW = 'echo "$TASKMASTER_EVENT $TASKMASTER_SUBMIT_ID ${TASKMASTER_REASON-none} $TASKMASTER_CONTEXT"; cat'


class Registered:
    """A running `taskmaster register`."""

    def __init__(self, server, tmp_path, *options, name="s", env=None):
        self.server, self.out, self.err = server, tmp_path / "out", tmp_path / "err"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = proc.spawn(
                [COMMAND, "register", name, *options, "--server", server.address],
                env=environment(**(env or {})),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self.client = server.client(client="web")
        wait_until(lambda: name in [s["name"] for s in self.client.ask("services")], f"{name} is registered")

    def submit(self, id, module="echo", payload="", **fields):
        self.client.submit(id, module, payload, service="s", **fields)
        return self.client.event("accepted", id=id)["job"]

    def wait_text(self, text, path=None):
        wait_until(lambda: text in (path or self.out).read_text(), f"{text!r} is printed")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@pytest.fixture
def registered(daemon, tmp_path):
    made = []

    def make(*options, **fields):
        made.append(Registered(daemon(pool_start=1, pool_max=1), tmp_path, *options, **fields))
        return made[0]

    yield make
    for one in made:
        proc.end(one.process)


def test_a_line_for_each_event(registered):
    service = registered()
    job = service.submit("x", payload="hi", context={"a": [1]})
    service.submit(2, "math", '{"op":"div","x":1,"y":0}')
    service.wait_text("failed ")
    assert service.stop() == DONE
    first, second = service.out.read_text().splitlines()
    assert first.startswith("done ") and f"job={job}" in first and "from=web" in first, first
    assert "submit_id=x" in first and 'context={"a":[1]}' in first
    assert second.startswith("failed ") and "code=div-by-zero" in second, second
    assert service.err.read_text() == ""


def test_the_time_of_timeout(daemon):
    command = [COMMAND, "register", "s", "--server", daemon().address, "--timeout", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert (done.returncode, done.stderr) == (124, "taskmaster: the time of --timeout is over\n"), done


def test_a_long_event_is_printed_whole(registered):
    service = registered()
    context = "c" * 1000
    service.submit("x", "math", json.dumps({"op": "o" * 100, "x": 1, "y": 0}), context=context)
    service.wait_text("\n")
    assert service.stop() == DONE
    (line,) = service.out.read_text().splitlines()
    assert context in line and len(line) > 1024, line


def test_json_has_the_payload(registered):
    service = registered("--json")
    job = service.submit("x", payload="hi")
    service.wait_text("\n")
    assert service.stop(signal.SIGINT) == DONE
    event = json.loads(service.out.read_text())
    assert (event["event"], event["job"], event["service"], event["payload"]) == ("done", job, "s", "hi"), event


def test_a_command_for_each_event(registered):
    service = registered("--exec", SHOW, env={"TASKMASTER_REASON": "stale", "TASKMASTER_" + 100 * "X": "long"})
    service.submit("x", payload="hi\n", context={"a": [1]})
    service.submit(2, "math", '{"op":"div","x":1,"y":0}')
    service.wait_text("failed 2 module")
    assert service.stop() == DONE
    assert service.out.read_text() == 'done x none {"a":[1]}\nhi\nfailed 2 module \n'


def test_the_commands_run_one_after_the_other(registered, tmp_path):
    service = registered("--exec", f"echo $TASKMASTER_JOB; while ! test -e {tmp_path}/go; do sleep 0.01; done")
    jobs = [service.submit(n) for n in range(3)]
    service.wait_text(jobs[0])
    assert service.out.read_text().split() == jobs[:1]
    (tmp_path / "go").touch()
    service.wait_text(jobs[2])
    assert service.out.read_text().split() == jobs
    assert service.stop() == DONE


def test_a_result_larger_than_the_owners_limit(daemon, tmp_path):
    """The submitter came before a reload made the limit less, the owner came behind it."""
    server = daemon(pool_start=1, pool_max=1, payload_max=65536)
    old = server.client()
    server.write_config(payload_max=4096)
    server.signal(signal.SIGHUP)
    server.log.wait("renewed")
    service = Registered(server, tmp_path, "--exec", "wc -c")
    try:
        old.submit(1, "echo", 50000 * "x", service="s")
        old.event("accepted", id=1)
        service.wait_text("50000")
        assert service.stop() == DONE
    finally:
        proc.end(service.process)


def test_a_payload_larger_than_a_pipe_and_one_that_is_not_read(registered):
    service = registered("--exec", '[ "$TASKMASTER_SUBMIT_ID" = 1 ] || wc -c')
    payload = b"x" * 5_000_000
    service.submit(1, payload=payload)
    service.submit(2, payload=payload)
    service.wait_text("5000000")
    assert service.stop() == DONE


def test_commands_that_fail(registered):
    service = registered("--exec", '[ "$TASKMASTER_SUBMIT_ID" != 2 ] || exit 7; '
                         '[ "$TASKMASTER_SUBMIT_ID" != 3 ] || kill -9 $$; echo "$TASKMASTER_JOB"')
    jobs = [service.submit(n) for n in (1, 2, 3, 4)]
    service.wait_text(jobs[3])
    assert service.stop() == SOME_FAILED
    assert service.out.read_text().split() == [jobs[0], jobs[3]]
    one, other = service.err.read_text().splitlines()
    assert jobs[1] in one and "status 7" in one and jobs[2] in other and "signal 9" in other


def test_events_sent_before_a_signal_are_taken(registered, tmp_path):
    service = registered("--exec", f'echo "$TASKMASTER_JOB"; while ! test -e {tmp_path}/go; do sleep 0.01; done')
    jobs = [service.submit(n) for n in range(5)]
    service.server.wait_stats(lambda s: s["services"]["delivered"] == 5, "all are delivered")
    service.wait_text(jobs[0])
    service.process.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    assert service.process.wait(DEADLINE) == DONE
    assert service.out.read_text().split() == jobs
    assert service.client.ask("services") == []


def test_a_signal_is_heeded_while_events_come(registered):
    """More events are always there: the name is given back before all are taken."""
    service = registered("--exec", "sleep 0.05")
    other = service.server.client()
    for n in range(40):
        service.submit(n)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: other.ask("services") == [], "the name is given back")
    assert service.process.poll() is None
    assert service.process.wait(DEADLINE) == DONE


def test_a_second_signal_ends_it_within_a_command(registered, tmp_path):
    service = registered("--exec", f"echo $$ > {tmp_path}/pid; exec sleep 3600")
    service.submit(1)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "the command runs")
    service.process.send_signal(signal.SIGTERM)

    def ended():
        """Signals within a moment of the first one are the same one."""
        service.process.send_signal(signal.SIGTERM)
        return service.process.poll() is not None

    wait_until(ended, "the second signal's effect")
    assert service.process.returncode == -signal.SIGTERM
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_command_may_use_taskmaster(registered):
    """TASKMASTER_SERVER is no field of an event, and stays."""
    service = registered("--exec", f"{COMMAND} services --json --server $TASKMASTER_SERVER", env={"TASKMASTER_SERVER": "x"})
    service.submit(1)
    service.wait_text("x", service.err)
    assert service.stop() == SOME_FAILED


def test_a_name_that_is_taken(registered, daemon):
    service = registered()
    result = subprocess.run(
        [COMMAND, "register", "s", "--server", service.server.address], capture_output=True, env=environment()
    )
    assert result.returncode == FAILED and b"name-taken" in result.stderr, result


def test_the_end_of_the_server(registered):
    service = registered()
    service.server.signal(signal.SIGTERM)
    assert service.process.wait(DEADLINE) == LOST_SERVER
    assert service.err.read_text().startswith("taskmaster: ")


def test_services(registered):
    service = registered()
    other = service.server.client(client="other")
    other.send(op="register", name="z")
    check(other.recv(), "ok")
    result = subprocess.run(
        [COMMAND, "services", "--server", service.server.address], capture_output=True, env=environment(), text=True
    )
    head, first, second = result.stdout.splitlines()
    assert head.split() == ["name", "client", "owner", "since", "delivered", "dropped"]
    assert first.split()[0] == "s" and second.split()[0::2][:2] == ["z", "other"], result.stdout
