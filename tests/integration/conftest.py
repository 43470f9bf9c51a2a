"""Fixtures: a daemon for one test, or one shared by a file's read-only tests."""

import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness import proc  # noqa: E402
from harness.cluster import Cluster  # noqa: E402
from harness.daemon import COMMAND, MASTER, MODULES, WORKER, Daemon  # noqa: E402
from harness.http import GATEWAY, Http  # noqa: E402
from harness.queued import QUEUED, Queued  # noqa: E402
from harness.wait import BUILD  # noqa: E402


def pytest_configure(config):
    proc.become_subreaper()


def pytest_sessionstart(session):
    if session.config.option.collectonly:
        return
    missing = [path for path in (MASTER, WORKER, COMMAND, QUEUED, GATEWAY) if not os.access(path, os.X_OK)]
    if missing:
        pytest.exit(f"not built: {', '.join(missing)} (run make, or set BUILD)", returncode=3)


class Factory:
    """Makes daemons: daemon(pool_max=1) starts one with these settings."""

    def __init__(self, directory):
        self.directory = directory
        self.daemons = []

    def make(self, config=None, **popen):
        """Makes a daemon without starting it."""
        daemon = Daemon(str(self.directory), f"daemon{len(self.daemons)}", config or {}, **popen)
        self.daemons.append(daemon)
        return daemon

    def make_queue(self, config=None, master=None, **popen):
        """Makes a taskqueued without starting it."""
        name = f"queue{len(self.daemons)}"
        queue = Queued(str(self.directory), name, config or {}, master, **popen)
        self.daemons.append(queue)
        return queue

    def make_gateway(self, config=None, master=None, queue=None, **popen):
        """Makes a taskmaster-http without starting it."""
        name = f"http{len(self.daemons)}"
        gateway = Http(str(self.directory), name, config or {}, master, queue, **popen)
        self.daemons.append(gateway)
        return gateway

    def __call__(self, **config):
        return self.make(config).start()

    def end(self):
        problems = []
        for daemon in reversed(self.daemons):
            problems += [f"{daemon.name}: {problem}" for problem in daemon.stop()]
        if problems:
            logs = "\n".join(f"--- {d.name}\n{d.log.tail()}" for d in self.daemons)
            pytest.fail("\n".join(problems) + "\n" + logs, pytrace=False)


@pytest.fixture
def daemon(tmp_path):
    factory = Factory(tmp_path)
    yield factory
    factory.end()


@pytest.fixture
def queue(daemon):
    """Makes a taskqueued on a taskmasterd of its own: queue(job_max=5). `master`: another one, or an address."""

    def make(master=None, **config):
        if master is None:
            master = daemon()
        elif isinstance(master, str):
            config["master"] = master
            master = None
        return daemon.make_queue(config, master).start()

    return make


def end_cluster(cluster):
    problems = cluster.end()
    if problems:
        pytest.fail("\n".join(problems) + "\n" + cluster.logs(), pytrace=False)


@pytest.fixture
def cluster(tmp_path):
    """A Redis and nodes on it, none of them started: cluster.start(3)."""
    made = Cluster(tmp_path)
    yield made
    end_cluster(made)


@pytest.fixture
def gateway(daemon):
    """Makes a taskmaster-http on a taskmasterd of its own: gateway(access_file=PATH). `master`: another one;
    `queue=True`: with a taskqueued, too."""

    def make(master=None, queue=None, **config):
        if master is None:
            master = daemon()
        if queue is True:
            queue = daemon.make_queue({}, master).start()
            queue.linked()
        return daemon.make_gateway(config, master, queue).start()

    return make


@pytest.fixture(scope="module")
def shared_gateway(tmp_path_factory):
    """A gateway with a master and a queue, for tests that leave nothing behind."""
    factory = Factory(tmp_path_factory.mktemp("shared"))
    master = factory(pool_start=2, log_level="info")
    queue = factory.make_queue({"log-level": "info"}, master).start()
    queue.linked()
    yield factory.make_gateway({"log-level": "info"}, master, queue).start()
    factory.end()


@pytest.fixture
def shared_http(shared_gateway):
    yield shared_gateway
    for connection in shared_gateway.connections:
        connection.close()
    shared_gateway.connections.clear()


@pytest.fixture(scope="module")
def shared_pair(tmp_path_factory):
    """One queue and its master, for tests that leave nothing behind."""
    factory = Factory(tmp_path_factory.mktemp("shared"))
    master = factory(pool_start=2, log_level="info")
    server = factory.make_queue({"log-level": "info"}, master).start()
    server.linked()
    yield server
    factory.end()


@pytest.fixture
def shared_queue(shared_pair):
    yield shared_pair
    for client in shared_pair.clients:
        client.close()
    shared_pair.clients.clear()


@pytest.fixture
def live(daemon, tmp_path):
    """Makes daemons whose modules are the shipped ones and `live` of tests/modules."""
    modules = str(tmp_path / "modules")
    shutil.copytree(MODULES, modules)
    shutil.copy(os.path.join(BUILD, "tests", "modules", "live.so"), modules)
    return lambda **config: daemon(module_dir=modules, **config)


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory):
    """One daemon for tests that leave nothing behind."""
    factory = Factory(tmp_path_factory.mktemp("shared"))
    yield factory(pool_start=2, client_max=200, log_level="info")
    factory.end()


@pytest.fixture
def shared(shared_daemon):
    yield shared_daemon
    for client in shared_daemon.clients:
        client.close()
    shared_daemon.clients.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when != "call" or not report.failed:
        return
    arguments = getattr(item, "funcargs", {})
    daemons = list(arguments["daemon"].daemons) if "daemon" in arguments else []
    if "shared" in arguments:
        daemons.append(arguments["shared"])
    if "cluster" in arguments:
        report.sections.append(("logs of the cluster", arguments["cluster"].logs()))
    for daemon in daemons:
        report.sections.append((f"log of {daemon.name}", daemon.log.tail()))
