"""What a service manager hears of a daemon, and the sockets that it holds for one (doc/operating.md)."""

import signal
import threading
import time

import pytest

from harness.client import Client, ask, check, open_socket, start
from harness.daemon import run_master
from harness.http import Connection
from harness.manager import Manager
from harness.wait import wait_until


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def managed(daemon, manager, **config):
    """A taskmasterd with one socket for clients."""
    if not manager.sockets:
        manager.listen()
    return manager.manages(daemon.make(config))


# ---- its life


def test_ready_comes_behind_the_workers(daemon, manager):
    server = managed(daemon, manager, pool_start=2, pools={"slow": {"pool-start": 1}}).start()
    manager.wait("READY=1")
    assert sorted(w["state"] for w in server.workers()) == ["idle"] * 3


def test_ready_comes_without_workers_when_their_time_is_over(daemon, manager):
    server = managed(daemon, manager, pool_start=1, worker_path="/bin/false", start_timeout_ms=300)
    begun = time.monotonic()
    server.start()
    assert not manager.heard("READY=1") or time.monotonic() - begun > 0.3
    manager.wait("READY=1")
    assert time.monotonic() - begun > 0.3


def is_ready_again(manager, count):
    """The count-th reload, and READY=1 behind it."""
    began = manager.wait("RELOADING=1", count)
    (stamp,) = [int(line[15:]) for line in began if line.startswith("MONOTONIC_USEC=")]
    assert 0 <= time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6 - stamp < 10e6
    manager.wait("READY=1", count + 1)
    order = [m[0] for m in manager.messages if m[0] in ("READY=1", "RELOADING=1")]
    assert order == ["READY=1"] + ["RELOADING=1", "READY=1"] * count


@pytest.mark.parametrize("kind", ["taskmasterd", "taskqueued"])
def test_each_reload_is_told(daemon, manager, kind):
    manager.listen()
    master = manager.manages(daemon.make())
    server = master if kind == "taskmasterd" else manager.manages(daemon.make_queue({}, daemon()))
    server.start()
    manager.wait("READY=1")
    server.write_config(log_level="info")
    server.signal(signal.SIGHUP)
    is_ready_again(manager, 1)
    check(ask(server.client(), "reload"), "ok")
    is_ready_again(manager, 2)
    server.write_config(log_level="loud")  # a fault: the daemon goes on with its settings
    server.signal(signal.SIGHUP)
    is_ready_again(manager, 3)


@pytest.mark.parametrize("by", ["signal", "client"])
def test_the_end_is_told_once_with_its_time(daemon, manager, by):
    server = managed(daemon, manager, drain_timeout_ms=60000, kill_grace_ms=400).start()
    client = server.client()
    start(client, "sleep", '{"ms":200}')
    if by == "signal":
        server.signal(signal.SIGTERM)
    else:
        check(ask(client, "drain"), "ok")
    message = manager.wait("STOPPING=1")
    assert message == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=70400000"]
    assert server.wait_exit() == 0
    assert len(manager.heard("STOPPING=1")) == 1


def test_the_status_follows_the_work(daemon, manager):
    server = managed(daemon, manager, pool_start=2, pool_max=2).start()
    client = server.client()
    begun = time.monotonic()
    while "0 busy, 2 idle, 0 waiting" not in manager.statuses() or time.monotonic() - begun < 1.5:
        client.done("echo", "x")
    seconds = time.monotonic() - begun
    assert len(manager.statuses()) <= seconds + 2, manager.statuses()
    for id in "abc":
        client.submit(id, "sleep", '{"ms":60000}')
    manager.wait("STATUS=2 busy, 0 idle, 1 waiting")
    server.signal(signal.SIGTERM)
    manager.wait("STATUS=draining: 2 busy, 0 idle, 0 waiting")


def test_the_status_of_a_queue(daemon, manager):
    manager.listen()
    server = manager.manages(daemon.make_queue({}, daemon())).start()
    manager.wait("READY=1")
    manager.wait("STATUS=0 with the master, 0 waiting, 0 delayed")
    server.put("echo", "x", delay_ms=60000)
    manager.wait("STATUS=0 with the master, 0 waiting, 1 delayed")


# ---- the watchdog


def test_the_watchdog_hears_of_a_turning_loop(daemon, manager):
    manager.environment["WATCHDOG_USEC"] = "200000"
    server = managed(daemon, manager).start()
    begun = time.monotonic()
    manager.wait("WATCHDOG=1", 5)
    assert time.monotonic() - begun > 0.25
    server.signal(signal.SIGSTOP)
    count = len(manager.heard("WATCHDOG=1"))
    server.signal(signal.SIGCONT)
    manager.wait("WATCHDOG=1", count + 2)


@pytest.mark.parametrize("kind", ["foreign pid", "no number", "zero"])
def test_without_a_watchdog_there_is_none(daemon, manager, kind):
    manager.environment["WATCHDOG_USEC"] = {"foreign pid": "2000", "no number": "2s", "zero": "0"}[kind]
    if kind == "foreign pid":
        manager.environment["WATCHDOG_PID"] = "1"
    managed(daemon, manager).start()
    manager.wait("STATUS=0 busy, 1 idle, 0 waiting")
    assert not manager.heard("WATCHDOG=1")


def test_a_manager_that_is_gone_is_noticed_once(daemon, manager):
    manager.environment["NOTIFY_SOCKET"] = "/nowhere/notify"
    server = managed(daemon, manager).start()
    server.log.wait("notify-failed", socket="/nowhere/notify")
    check(server.client().run("echo", "x"), "done")
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    assert len(server.log.events("notify-failed")) == 1


# ---- sockets


def test_clients_wait_for_a_daemon_that_is_not_there_yet(daemon, manager):
    address = manager.listen()
    early = Client(address, hello=False)
    server = managed(daemon, manager).start()
    early.hello()
    assert early.done("echo", "x") == b"x"
    early.close()
    assert server.addresses == [address]


def test_the_file_of_a_unix_socket_stays(daemon, manager, tmp_path):
    path = str(tmp_path / "socket")
    manager.listen_unix(path)
    server = managed(daemon, manager).start()
    server.client(f"unix:{path}").done("echo", "x")
    assert server.stop() == []
    waiting = open_socket(f"unix:{path}")
    server.start()
    waiting.close()
    server.client(f"unix:{path}").done("echo", "x")


def test_sockets_are_found_by_their_name(daemon, manager):
    other, first, second = manager.listen("http"), manager.listen(), manager.listen()
    server = managed(daemon, manager).start()
    wait_until(lambda: server._listening("clients") == [first, second], "both sockets")
    for address in (first, second):
        assert server.client(address).done("echo", "x") == b"x"
    assert [event["name"] for event in server.log.events("socket-ignored")] == ["http"]
    assert other not in server._listening("clients")


def test_the_sockets_of_another_process_are_left_alone(daemon, manager):
    manager.environment["LISTEN_PID"] = "1"
    address = manager.listen()
    server = managed(daemon, manager)
    server.write_config(listen="127.0.0.1:0")
    server.start()
    assert server.address != address


def refused_start(server, *words):
    server.launch()
    assert server.wait_exit() == 78
    server.expected_status = 78
    for word in words:
        assert word in server.log.text(), server.log.text()


def test_a_listen_besides_is_refused(daemon, manager):
    server = managed(daemon, manager)
    server.write_config(listen="127.0.0.1:0")
    refused_start(server, "listen: found beside 1 sockets of the service manager for clients")


def test_strangers_need_a_token(daemon, manager):
    manager.listen(host="0.0.0.0")
    refused_start(managed(daemon, manager), "others than this machine may reach")
    server = managed(daemon, manager, allow_open_listen=True).start()
    assert server.client().done("echo", "x") == b"x"


def test_strangers_need_a_token_of_the_gateway(daemon, manager):
    manager.listen("http", host="0.0.0.0")
    server = manager.manages(daemon.make_gateway({"allow-writes": None}, daemon()))
    refused_start(server, "others than this machine may reach: set access-file\n")


def test_a_socket_for_datagrams_is_refused(daemon, manager):
    manager.sockets.append(manager.notify.dup())
    manager.names.append("clients")
    refused_start(managed(daemon, manager), "no listening stream socket", "Accept=no")


def test_a_reload_that_adds_listen_fails(daemon, manager):
    server = managed(daemon, manager).start()
    server.write_config(listen="127.0.0.1:0")
    event = ask(server.client(), "reload")
    check(event, "error", code="bad-config", key="listen")
    server.write_config(listen=None)
    check(ask(server.client(), "reload"), "ok")


def test_a_check_knows_no_sockets(daemon, manager, monkeypatch):
    monkeypatch.setenv("LISTEN_FDS", "x")
    assert run_master("-t", "--listen=127.0.0.1:0").returncode == 0


# ---- restarts

CONNECTIONS = 1000
RESTARTS = 10


class Callers:
    """Many clients one after another, until so many connections have had their answer. `call` makes one, and returns
    its outcome."""

    def __init__(self, call, connections):
        self.call = call
        self.connections = connections
        self.lock = threading.Lock()
        self.begun = 0
        self.outcomes = {}
        self.faults = []
        self.threads = [threading.Thread(target=self._run) for _ in range(8)]
        for thread in self.threads:
            thread.start()

    def _take(self):
        with self.lock:
            self.begun += 1
            return self.begun <= self.connections

    def _run(self):
        while self._take():
            try:
                outcome = self.call()
            except Exception as error:  # every one of them is a connection that was refused or lost
                self.faults.append(repr(error))
                continue
            with self.lock:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def restart(self, server, times):
        """Restarts the daemon among the calls. Returns the number of calls by outcome."""
        for restart in range(times):
            goal = (restart + 1) * self.connections // (times + 1)
            wait_until(lambda: self.begun >= goal, f"{goal} connections", timeout=60)
            server.signal(signal.SIGTERM)
            assert server.wait_exit() == 0
            server.start()
        for thread in self.threads:
            thread.join()
        assert not self.faults, self.faults[:5]
        assert sum(self.outcomes.values()) == self.connections
        return self.outcomes


@pytest.mark.timeout(120)
def test_ten_restarts_refuse_none_of_a_thousand_connections(daemon, manager):
    def call():
        with Client(manager.address) as client:
            result = client.run("sleep", '{"ms":5,"value":1}', timeout=30)
            if result.name == "done":
                return "done"
            assert result["reason"] == "shutdown", result
            assert "order" not in result, result  # the job had not begun: it may be sent elsewhere
            return "told"

    server = managed(daemon, manager, pool_start=2, pool_max=4, log_level="info", drain_timeout_ms=30000).start()
    outcomes = Callers(call, CONNECTIONS).restart(server, RESTARTS)
    assert outcomes["done"] > CONNECTIONS / 2, outcomes


@pytest.mark.timeout(120)
def test_restarts_of_the_gateway_cost_nobody_a_request(daemon, manager):
    address = manager.listen("http")

    def call():
        connection = Connection(address, timeout=30)
        try:
            return connection.ask("POST", "/v1/jobs?module=sleep", '{"ms":5,"value":1}').status
        finally:
            connection.close()

    http = manager.manages(daemon.make_gateway({}, daemon(pool_max=4))).start()
    assert Callers(call, 300).restart(http, 4) == {200: 300}
