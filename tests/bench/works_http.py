"""The work about taskmaster-http: small POSTs over 64 connections, and over a few beside 500 half-sent requests."""

import json
import os
import re
import socket

from processes import BUILD, Group, log_of, medians, program, rss_kb, wait_for
from systems import Taskmaster
from works import rounds_of, say

CONNECTIONS, SIZE = 64, 16
HALVES = 500
FEW = 4  # connections beside the halves: a load that leaves the processors time


class Gateway:
    def __init__(self, group):
        self.master = Taskmaster(group, "master")
        path = os.path.join(group.directory, "http.json")
        with open(path, "w") as file:
            json.dump({"listen": "127.0.0.1:0", "server": f"127.0.0.1:{self.master.port}", "allow-writes": True}, file)
        self.process = group.start([os.path.join(BUILD, "taskmaster-http"), "-c", path])
        self.port = int(wait_for("no port", self.ports, self.process)[0])
        wait_for("no master", lambda: "master-connected" in log_of(self.process), self.process)

    def ports(self):
        return re.findall(r"role=http address=\S+:(\d+)", log_of(self.process))

    def connect(self, request):
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.sendall(request)
        return sock


def posts(gateway, connections, ms):
    return program("http", gateway.port, connections, SIZE, ms, gateway.process.pid)


def show(title, rounds):
    line = medians(rounds)
    say(
        f"  {title:32} {line['jobs_per_s']:9.0f} jobs/s  p50 {line['p50_us']:8.1f} us  p99 {line['p99_us']:8.1f} us"
        f"  gateway {line['cpu_us_per_job']:7.2f} us/job"
    )


def beside_halves(gateway, plan):
    """The same few connections, alone and beside half-sent requests, in turn."""

    def run(with_halves):
        request = b"POST /v1/jobs?module=echo HTTP/1.1\r\nHost: 127"
        socks = [gateway.connect(request) for _ in range(HALVES if with_halves else 0)]
        found = posts(gateway, FEW, plan.run_ms)
        for sock in socks:
            sock.close()
        return found

    return rounds_of(plan.rounds, [("alone", False), ("beside", True)], run)


def http(plan):
    say(f"HTTP: POST of {SIZE} B, {plan.rounds} rounds of {plan.run_ms} ms")
    with Group() as group:
        gateway = Gateway(group)
        posts(gateway, CONNECTIONS, 200)
        many = [posts(gateway, CONNECTIONS, plan.run_ms) for _ in range(plan.rounds)]
        show(f"{CONNECTIONS} connections", many)
        rounds = beside_halves(gateway, plan)
        show(f"{FEW} connections", rounds["alone"])
        show(f"{FEW}, beside {HALVES} half-sent requests", rounds["beside"])
        return {
            "connections": CONNECTIONS,
            "halves": HALVES,
            "few": FEW,
            "rounds": {"many": many, **rounds},
            "rss_kb": rss_kb(gateway.process.pid),
        }


WORKS = {"http": http}
