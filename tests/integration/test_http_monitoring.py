"""doc/monitoring with its real readers: promtool judges the metrics and the rules, a real Prometheus scrapes the gateway
and evaluates the rules and the dashboard."""

import contextlib
import json
import os
import re
import subprocess
import urllib.parse

import pytest

from harness import proc
from harness.client import check
from harness.http import Connection
from harness.wait import DEADLINE, wait_until

DOC = os.path.join(os.path.dirname(__file__), "..", "..", "doc", "monitoring")


def promtool(*args, stdin=""):
    done = subprocess.run(["promtool", *args], cwd=DOC, input=stdin, capture_output=True, text=True, timeout=DEADLINE * 3)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def crash(master, times):
    client = master.client()
    for _ in range(times):
        check(client.run("crash", "segv"), "failed")


def test_metrics_are_clean(gateway):
    """Also while a module crashes, jobs fail and run, and the queue has some."""
    http = gateway(queue=True)
    crash(http.master, 5)
    for module, payload in (("fib", "20"), ("math", "1/0"), ("crash", "segv"), ("nothing", "")):
        http.post(f"/v1/jobs?module={module}", payload)
    for number in range(3):
        http.post("/v1/jobs?module=fib", "10", {"Prefer": "respond-async"})
    text = http.get("/metrics").text
    assert promtool("check", "metrics", stdin=text) == ""
    assert 'taskmasterd_crashes_total{module="crash",signal="SIGSEGV"}' in text
    assert int(re.search(r"^taskmaster_http_requests_total (\d+)$", text, re.M).group(1)) in (6, 7)
    assert int(re.search(r"^taskmaster_http_requests (\d+)$", text, re.M).group(1)) >= 1


def test_the_rules_and_their_tests_pass():
    promtool("check", "config", "prometheus.yml")
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_each_rule_has_a_test():
    with open(os.path.join(DOC, "alerts.yml")) as file:
        rules = set(re.findall(r"alert: (\w+)", file.read()))
    with open(os.path.join(DOC, "alerts_test.yml")) as file:
        assert rules == set(re.findall(r"alertname: (\w+)", file.read()))


# ---- Prometheus


class Prometheus:
    """A real one, that scrapes the gateway every second. The rules are the shipped ones, with times for a test."""

    def __init__(self, directory, gateway):
        self.directory = str(directory)
        with open(os.path.join(DOC, "alerts.yml")) as file:
            rules = re.sub(r"for: \w+", "for: 0s", file.read())
        rules = rules.replace("oldest_seconds > 60", "oldest_seconds > 0.5").replace("> 0.1", "> 0.001")
        with open(os.path.join(self.directory, "alerts.yml"), "w") as file:
            file.write(rules)
        with open(os.path.join(DOC, "prometheus.yml")) as file:
            config = file.read().replace("127.0.0.1:8741", gateway.address).replace("15s", "1s")
        with open(os.path.join(self.directory, "prometheus.yml"), "w") as file:
            file.write("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n" + config)
        self.log = os.path.join(self.directory, "log")
        with open(self.log, "w") as log:
            self.process = proc.spawn(
                ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                 "--web.listen-address=127.0.0.1:0"],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.address = wait_until(self.find_address, "Prometheus' address", DEADLINE * 3)

    def find_address(self):
        with open(self.log) as log:
            text = log.read()
        assert self.process.poll() is None, text
        found = re.search(r'msg="Listening on" address=(127\.0\.0\.1:\d+)', text)
        return "Server is ready" in text and found and found.group(1)

    def get(self, path):
        with contextlib.closing(Connection(self.address)) as connection:
            answer = connection.ask("GET", "/api/v1/" + path)
        assert answer.status == 200, (path, answer)
        return answer.json["data"]

    def query(self, expression):
        return self.get("query?" + urllib.parse.urlencode({"query": expression}))["result"]

    def alerts(self):
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"}

    def wait_alert(self, *names):
        wait_until(lambda: set(names) <= self.alerts(), f"the alerts {names}", DEADLINE * 3, interval=0.1)

    def stop(self):
        proc.end(self.process)


@pytest.fixture
def prometheus(tmp_path):
    started = []

    def make(gateway):
        directory = tmp_path / "prometheus"
        directory.mkdir()
        started.append(Prometheus(directory, gateway))
        return started[-1]

    yield make
    for server in started:
        server.stop()


def expressions():
    """Those of the dashboard, with values in the places of its variables."""
    with open(os.path.join(DOC, "grafana.json")) as file:
        dashboard = json.load(file)
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    values = {"$job": "taskmaster", "$instance": ".*", "$__rate_interval": "1m"}
    for name, value in values.items():
        found = [expression.replace(name, value) for expression in found]
    return found


def test_prometheus_scrapes_and_evaluates(daemon, prometheus):
    """Alerts come for an overload, an old line, a crash and an open breaker, and for a master that is away."""
    master = daemon(pool_start=1, pool_max=1, job_max=1, breaker_pause_ms=60000,
                    pools={"none": {"pool-max": 1, "pool-start": 0}}, modules={"wc": {"pool": "none"}})
    queue = daemon.make_queue({}, master).start()
    queue.linked()
    http = daemon.make_gateway({}, master, queue).start()
    server = prometheus(http)
    crash(master, 1)
    wait_until(lambda: server.query("taskmasterd_up == 1"), "the first scrape", DEADLINE * 3)
    quiet = {"TaskmasterDown", "TaskqueuedDown", "TaskmasterNoWorker", "TaskmasterBreakerOpen", "TaskmasterOverload"}
    assert not server.alerts() & quiet
    crash(master, 5)
    client = master.client()
    client.submit("long", "sleep", json.dumps({"ms": 60000}))
    client.submit("waits", "sleep", "{}")
    for number in range(5):
        check(client.run("echo", "x", id=number), "overload")
    check(client.run("crash", "segv"), "failed", reason="unavailable")
    server.wait_alert("TaskmasterQueueOld", "TaskmasterOverload", "TaskmasterBreakerOpen", "TaskmasterCrashes",
                      "TaskmasterQueueFull")
    for expression in expressions():
        server.query(expression)
    rules = [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == 18 and all(rule["health"] == "ok" for rule in rules), rules
    for name in ("long", "waits"):
        client.send(op="kill", target=name)
        client.outcome(name)
    master.stop()
    server.wait_alert("TaskmasterDown", "TaskqueuedMasterAway")
    http.stop()
    server.wait_alert("TaskmasterGatewayDown")


def test_the_dashboard_has_only_known_metrics(gateway):
    """Each metric of the dashboard and of the rules is one of the gateway's."""
    http = gateway(queue=True)
    known = set(re.findall(r"# TYPE (\w+)", http.get("/metrics").text))
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    texts = expressions()
    with open(os.path.join(DOC, "alerts.yml")) as file:
        texts += re.findall(r"task\w+d_\w+(?=[ {\[)])", file.read())
    used = {name for text in texts for name in re.findall(r"task(?:masterd|queued|master_http)_\w+", text)}
    assert used <= known, used - known
