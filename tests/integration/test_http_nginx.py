"""taskmaster-http behind a real nginx, with the lines of taskmaster-http(8)."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from harness import proc
from harness.daemon import BUILD
from harness.http import Connection, Stream
from harness.wait import DEADLINE, wait_until

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")

CONF = """
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    upstream gateway {{ server {address}; keepalive 4; }}
    server {{
        listen unix:{dir}/nginx.sock;
        {location}
    }}
}}
"""


def manual_lines():
    """The location block of the manual."""
    with open(os.path.join(ROOT, "doc", "taskmaster-http.8"), encoding="utf-8") as file:
        block = re.search(r"^location / \{\n.*?^\}\n", file.read(), re.M | re.S)[0]
    assert "proxy_pass http://127.0.0.1:8741;" in block
    return block.replace("http://127.0.0.1:8741", "http://gateway")


def listens(path):
    """The file is there before nginx listens."""
    with socket.socket(socket.AF_UNIX) as sock:
        return sock.connect_ex(path) == 0


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A gateway on a unix socket behind nginx; `site` is nginx's address."""
    from conftest import Factory

    assert shutil.which("nginx"), "nginx-light is not installed (scripts/setup test)"
    directory = tmp_path_factory.mktemp("nginx")
    os.chmod(directory, 0o755)
    factory = Factory(directory)
    modules = str(directory / "modules")
    shutil.copytree(os.path.join(BUILD, "modules"), modules)
    shutil.copy(os.path.join(BUILD, "tests", "modules", "live.so"), modules)
    master = factory(module_dir=modules, pool_start=2, log_level="info")
    config = {"listen": f"unix:{directory}/http.sock", "hosts": "jobs.example.org"}
    http = factory.make_gateway(config, master).start()
    conf = directory / "nginx.conf"
    conf.write_text(CONF.format(dir=directory, address=http.address, location=manual_lines()))
    nginx = proc.spawn(["nginx", "-e", f"{directory}/nginx.log", "-p", str(directory), "-c", str(conf)])
    http.site = f"unix:{directory}/nginx.sock"
    wait_until(lambda: nginx.poll() is not None or listens(f"{directory}/nginx.sock"), "nginx")
    yield http
    nginx.terminate()
    nginx.wait(DEADLINE)
    factory.end()


@pytest.fixture
def site(proxied):
    connection = Connection(proxied.site)
    yield connection
    connection.close()


HOST = {"Host": "jobs.example.org"}


def test_a_job(site):
    for number, result in (("10", "55"), ("20", "6765")):
        response = site.ask("POST", "/v1/jobs?module=fib", number, HOST)
        assert (response.status, response.text) == (200, result), response
        assert response.headers["Taskmaster-Job"]


def connections(http):
    """The inodes of the gateway's connected sockets."""
    with open("/proc/net/unix", encoding="utf-8") as file:
        lines = [line.split() for line in file]
    path = http.address.removeprefix("unix:")
    return {line[6] for line in lines if line[-1] == path and line[5] == "03"}


def test_the_connection_to_the_gateway_is_kept(proxied, site):
    seen = set()
    for _ in range(20):
        assert site.ask("POST", "/v1/jobs?module=fib", "10", HOST).status == 200
        seen |= connections(proxied)
    assert 1 <= len(seen) <= 4, seen


def test_a_large_body_both_ways(site):
    body = os.urandom(3 << 20)
    assert site.ask("POST", "/v1/jobs?module=echo", body, HOST).body == body


def test_a_page_of_this_site_may_write(site):
    own = {**HOST, "Origin": "https://jobs.example.org"}
    assert site.ask("POST", "/v1/jobs?module=fib", "10", own).status == 200
    foreign = {**HOST, "Origin": "https://evil.example"}
    assert site.ask("POST", "/v1/jobs?module=fib", "10", foreign).status == 403
    assert site.ask("GET", "/v1/stats", None, {"Host": "evil.example"}).status == 421


def test_events_come_as_they_happen(site):
    begun = time.monotonic()
    with Stream(site, "POST", "/v1/jobs?module=sleep", '{"ms":2000,"value":1}', HOST) as stream:
        assert stream.find("started") and time.monotonic() - begun < 1.5, "nginx holds the events back"
        assert stream.find("done").json["payload"] == "1"


def test_a_client_that_goes_takes_its_job_along(proxied, site):
    site.request("POST", "/v1/jobs?module=sleep", '{"ms":60000}', HOST)
    proxied.master.wait_stats(lambda s: s["jobs"]["running"] == 1, "the job")
    site.close()
    proxied.master.wait_stats(lambda s: s["jobs"]["running"] == 0, "the end of the job")


def test_a_gateway_that_starts_again(proxied, site):
    assert site.ask("GET", "/healthz", None, HOST).status == 200
    proxied.process.terminate()
    assert proxied.wait_exit() == 0
    proxied.start()
    assert site.ask("POST", "/v1/jobs?module=fib", "10", HOST).text == "55"


def test_nginx_has_no_complaint(proxied):
    log = subprocess.run(["cat", f"{proxied.directory}/nginx.log"], stdout=subprocess.PIPE, text=True, check=True).stdout
    bad = [line for line in log.splitlines() if re.search(r"\[(warn|error|crit|alert|emerg)\]", line)]
    assert not [line for line in bad if "using inherited" not in line], log
