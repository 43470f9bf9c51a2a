"""taskmaster-http as a daemon: its start and end, its settings, and the daemons behind it."""

import os
import signal
import subprocess
import threading

import pytest

from harness.daemon import environment
from harness.http import GATEWAY, Connection
from harness.manager import Manager
from harness.wait import DEADLINE, wait_until


def run_gateway(*args):
    return subprocess.run(
        [GATEWAY, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
        env=environment(),
    )


def fib(http, number="10", **more):
    return http.post("/v1/jobs?module=fib", number, **more)


def begin_sleep(http, ms, name="sleep"):
    """A connection with a job in progress."""
    connection = http.connect()
    connection.request("POST", f"/v1/jobs?module={name}", f'{{"ms":{ms}}}')
    http.master.wait_stats(lambda s: s["pool"]["busy"] == 1, "the job")
    return connection


# ---- the start


def test_first_request(shared_http):
    response = fib(shared_http, "30")
    assert (response.status, response.text) == (200, "832040"), response


@pytest.mark.parametrize(
    "settings, words",
    [
        (["--listen=0.0.0.0:0"], 'listen=0.0.0.0:0: found "0.0.0.0:0", which others than this machine may reach: set'),
        (["--listen=8741"], "--listen=8741"),
        (["--server=nowhere"], "--server=nowhere"),
        (["--queue-server=[::1]:0"], '--queue-server=[::1]:0: found "[::1]:0", expected a port from 1'),
        (["--queue-server=unix:"], "--queue-server=unix:"),
        (["--access-file=/nonexistent"], "access-file"),
        (["--token-file=/nonexistent"], "token-file"),
        (["--queue-token-file=/nonexistent"], "queue-token-file"),
        (["--hosts=a,a,"], "hosts"),
    ],
)
def test_wrong_settings(settings, words):
    for option in ([], ["-t"]):
        ended = run_gateway(*option, *settings)
        assert ended.returncode == 78 and words in ended.stderr, ended


def test_the_check_and_the_print():
    assert run_gateway("-t", "--listen=127.0.0.1:0").stdout == "the settings are fine\n"
    assert '"connection-max": 7' in run_gateway("-T", "--connection-max=7").stdout
    assert run_gateway("--version").stdout.startswith("taskmaster-http ")


def test_a_unix_socket(gateway, tmp_path):
    http = gateway(listen=f"unix:{tmp_path}/http.sock", socket_mode="0600")
    assert fib(http).text == "55"
    assert os.stat(tmp_path / "http.sock").st_mode & 0o777 == 0o600


def test_a_service_manager_holds_the_socket(daemon, tmp_path):
    manager = Manager(tmp_path)
    try:
        address = manager.listen("http")
        http = manager.manages(daemon.make_gateway({}, daemon())).start()
        manager.wait("READY=1")
        assert http.addresses == [address]
        assert fib(http).text == "55"
        http.signal(signal.SIGTERM)
        manager.wait("STOPPING=1")
        assert http.wait_exit() == 0
    finally:
        manager.close()


# ---- the daemons


def test_no_master_yet(daemon):
    master = daemon.make()
    http = daemon.make_gateway({"server": "127.0.0.1:1"}, master).start()
    response = fib(http)
    assert (response.status, response.json["code"]) == (503, "unavailable"), response
    assert int(response.headers["Retry-After"]) >= 1
    http.log.wait("master-unreachable", address="127.0.0.1:1")


def test_a_master_that_comes_later_and_goes(daemon):
    master = daemon()
    master.config["listen"] = master.address
    master.kill()
    http = daemon.make_gateway({"server": master.address}).start()
    assert fib(http).status == 503
    master.start()
    http.wait_connected()
    assert fib(http).text == "55"
    master.kill()
    http.log.wait("master-lost")
    for response in (fib(http), http.get("/v1/stats")):
        assert response.status == 503 and response.json["detail"].startswith("the master "), response
    master.start()
    http.wait_connected(count=2)
    assert fib(http).text == "55"


def test_a_master_that_is_killed_amid_a_job(gateway):
    http = gateway()
    connection = begin_sleep(http, 60000)
    http.master.kill()
    http.master.expected_status = -signal.SIGKILL
    response = connection.getresponse()
    assert (response.status, b"lost" in response.read()) == (502, True)


def test_no_queue(gateway):
    response = gateway().post("/v1/jobs?module=fib", "10", {"Prefer": "respond-async"})
    assert response.status == 501 and "queue-server" in response.json["detail"], response


def test_a_token_for_the_master(gateway, daemon, tmp_path):
    (tmp_path / "master").write_text("sesame-of-the-master\n")
    master = daemon(token_file=str(tmp_path / "master"))
    (tmp_path / "wrong").write_text("another-word-for-it\n")
    http = daemon.make_gateway({"token-file": str(tmp_path / "wrong")}, master)
    http.launch()
    http.log.wait("listening", role="http")
    http.addresses = http._listening("http")
    http.log.wait("master-unreachable")
    assert fib(http).status == 503
    (tmp_path / "wrong").write_text("sesame-of-the-master\n")
    http.signal(signal.SIGHUP)
    http.wait_connected()
    assert fib(http).text == "55"
    master.token = "sesame-of-the-master"


# ---- settings read again


def test_a_reload(gateway):
    http = gateway()
    http.write_config(allow_writes=False)
    http.signal(signal.SIGHUP)
    assert http.log.wait("reload")["changed"] == "allow-writes"
    assert fib(http).status == 403
    http.write_config(listen="127.0.0.1:1", allow_writes=True)
    http.signal(signal.SIGHUP)
    http.log.wait("reload-ignored", key="listen")
    wait_until(lambda: fib(http).status == 200, "the second reload")
    http.write_config(server="")
    http.signal(signal.SIGHUP)
    http.log.wait("reload-failed")
    assert fib(http).status == 200


def test_the_log_is_opened_again(gateway, tmp_path):
    path = tmp_path / "file.log"
    http = gateway()
    http.write_config(log_file=str(path))
    http.signal(signal.SIGHUP)
    wait_until(lambda: path.exists() and "reload" in path.read_text(), "the log's file")
    path.rename(tmp_path / "file.log.1")
    http.signal(signal.SIGUSR1)
    wait_until(lambda: path.exists() and "reopen" in path.read_text(), "the new file")


def test_the_access_log(gateway):
    http = gateway()
    fib(http, "10", headers={"X-Secret": "no"})
    line = http.log.wait("request", path="/v1/jobs")
    assert (line["method"], line["status"], line["bytes"]) == ("POST", 200, 2)
    assert line["job"] and line["us"] > 0 and line["peer"].startswith("127.0.0.1:")
    assert "module" not in str(line)


# ---- the end


def test_a_request_in_progress_is_answered(gateway):
    http = gateway(drain_timeout_ms=60000)
    connection = begin_sleep(http, 300)
    idle = http.connect()
    assert idle.ask("GET", "/").status == 200
    http.signal(signal.SIGTERM)
    http.log.wait("drain", requests=1)
    response = connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (200, "close")
    response.read()
    idle.close()
    assert http.wait_exit() == 0


def test_a_long_request_is_cut_off(gateway):
    http = gateway(drain_timeout_ms=200)
    connection = begin_sleep(http, 60000)
    http.signal(signal.SIGTERM)
    http.log.wait("drain-timeout", requests=1)
    assert http.wait_exit() == 0
    with pytest.raises(ConnectionError):
        connection.getresponse()
    http.master.wait_stats(lambda s: not s["jobs"]["running"], "the end of its job")


def test_the_second_signal_ends_at_once(gateway):
    http = gateway(drain_timeout_ms=60000)
    begin_sleep(http, 60000)
    http.signal(signal.SIGTERM)
    http.log.wait("drain")
    http.signal(signal.SIGINT)
    assert http.wait_exit() == 0
    assert http.log.events("end-at-once")


def test_a_watch_does_not_delay_the_end(gateway):
    http = gateway(drain_timeout_ms=60000)
    with http.stream("GET", "/v1/watch") as stream:
        stream.next()
        http.signal(signal.SIGTERM)
        stream.rest()
    assert http.wait_exit() == 0


# ---- restarts

REQUESTS = 400
RESTARTS = 4


class Callers:
    """Clients with a connection for each request, until REQUESTS have had their answer."""

    def __init__(self, http):
        self.http = http
        self.lock = threading.Lock()
        self.begun = 0
        self.outcomes = {}
        self.faults = []
        self.threads = [threading.Thread(target=self._run) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def _take(self):
        with self.lock:
            self.begun += 1
            return self.begun <= REQUESTS

    def _run(self):
        while self._take():
            try:
                response = Connection(self.http.address).ask("POST", "/v1/jobs?module=sleep", '{"ms":2,"value":1}')
                outcome = response.text if response.status == 200 else f"{response.status} {response.json.get('reason')}" + (response.text if not response.json.get("reason") else "")
            except Exception as error:  # a connection that was refused or lost
                outcome = None
                self.faults.append(repr(error))
            with self.lock:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def wait(self, goal):
        wait_until(lambda: self.begun >= goal, f"{goal} requests", timeout=60)

    def join(self):
        for thread in self.threads:
            thread.join()


def test_restarts_refuse_nobody(daemon, tmp_path):
    """Of the gateway and of the master in turns; a service manager holds the sockets."""
    managers = [Manager(tmp_path / name) for name in ("m", "h") if not (tmp_path / name).mkdir()]
    managers[0].listen()
    address = managers[1].listen("http")
    try:
        master = managers[0].manages(daemon.make({"pool-start": 2, "log-level": "info"})).start()
        config = {"server": managers[0].address, "log-level": "info"}
        http = managers[1].manages(daemon.make_gateway(config, master)).start()
        assert http.address == address
        callers = Callers(http)
        for restart in range(RESTARTS):
            callers.wait((restart + 1) * REQUESTS // (RESTARTS + 1))
            server = (http, master)[restart % 2]
            server.signal(signal.SIGTERM)
            assert server.wait_exit() == 0
            server.start()
        callers.join()
        assert not callers.faults, callers.faults[:5]
        # A job that waited in the master when it drained is told, and has not begun.
        assert set(callers.outcomes) <= {"1", "503 shutdown"}, callers.outcomes
        assert callers.outcomes["1"] > REQUESTS * 9 / 10, callers.outcomes
    finally:
        for manager in managers:
            manager.close()
