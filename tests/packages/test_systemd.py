"""The packages on a Debian that systemd runs: what the maintainer scripts and the units do together."""

import pytest

from booted import Booted

DAEMONS = ("taskmasterd", "taskqueued", "taskmaster-http")
NAMES = " ".join(DAEMONS)
SERVICES = " ".join(f"{name}.service" for name in DAEMONS)
SOCKETS = " ".join(f"{name}.socket" for name in DAEMONS)
HEALTHY = r"exec 3<>/dev/tcp/127.0.0.1/8741; printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3; grep '200 OK' <&3"

# Connects again and again until /var/tmp/enough is there. Prints the number of answers; each other line is a refusal.
CALLER = """
for count in {1..100000}; do
    taskmaster ping --server %s >/dev/null || echo refused
    [ ! -e /var/tmp/enough ] || break
done
echo $count
"""


@pytest.fixture
def machine(debian, older_packages):
    """A booted Debian that can install our packages, of version 0.0.1 at first."""
    debian.apt("install", "--no-install-recommends", "systemd", "systemd-sysv", "logrotate")
    before = debian.files()
    debian.publish(older_packages)
    debian.apt("install", "--download-only", *DAEMONS)
    booted = Booted(debian)
    booted.before, booted.debian = before, debian
    yield booted
    booted.power_off()


def main_pids(machine):
    return machine.run(f"systemctl show --value -p MainPID {SERVICES}").split()


def since(machine, units):
    """When these units became active."""
    return machine.run(f"systemctl show --value -p ActiveEnterTimestampMonotonic {units}").split()


def test_daemons_live_with_systemd(machine, packages):
    machine.run(f"apt-get -q -y install {NAMES}")
    machine.run(f"systemctl is-active {SERVICES} {SOCKETS}")
    machine.run(f"systemctl is-enabled {SERVICES} {SOCKETS}")
    assert machine.run("taskmaster run fib 30") == "832040"
    assert machine.run("taskmaster --server unix:/run/taskmasterd/socket run fib 20") == "6765"
    assert machine.run("taskmaster wait $(taskmaster submit --queue fib 30)") == "832040"
    machine.run(HEALTHY)
    assert [machine.run(f"stat -c %U /proc/{pid}").strip() for pid in main_pids(machine)] == list(DAEMONS)

    an_upgrade_refuses_nobody(machine, packages)
    logrotate_has_the_log_opened_again(machine)
    a_killed_daemon_comes_back(machine)
    a_purge_leaves_nothing(machine)


def an_upgrade_refuses_nobody(machine, packages):
    pids, sockets = main_pids(machine), since(machine, SOCKETS)
    machine.debian.publish(packages)
    callers = " & ".join(f"( {CALLER % address} ) >/var/tmp/caller.{number} 2>&1" for number, address in enumerate(
        ("127.0.0.1:7741", "127.0.0.1:7742", "unix:/run/taskmasterd/socket")))
    machine.run(f"{callers} & apt-get -q -y upgrade; touch /var/tmp/enough; wait")
    assert not set(pids) & set(main_pids(machine)), "a daemon of before runs"
    assert since(machine, SOCKETS) == sockets
    machine.run(f"systemctl is-active {SERVICES}")
    for number in range(3):
        answers = machine.debian.read(f"/var/tmp/caller.{number}")
        assert answers.strip().isdigit() and int(answers) > 10, answers
    assert machine.run("taskmaster wait $(taskmaster submit --queue fib 30)") == "832040"
    machine.run(HEALTHY)


def logrotate_has_the_log_opened_again(machine):
    machine.run("""
        sed -i 's|"log-file": null|"log-file": "/var/log/taskmasterd/daemon.log"|' /etc/taskmaster/taskmasterd.conf
        systemctl reload taskmasterd
        until grep reload /var/log/taskmasterd/daemon.log; do sleep 0.1; done
        logrotate --force /etc/logrotate.d/taskmasterd
        grep reload /var/log/taskmasterd/daemon.log.1
        until grep reopen /var/log/taskmasterd/daemon.log; do sleep 0.1; done
    """)


def a_killed_daemon_comes_back(machine):
    machine.run("systemctl kill --signal=KILL --kill-who=main taskmasterd.service")
    assert machine.run("taskmaster run fib 30") == "832040", "the socket keeps the caller until the daemon is there"


def a_purge_leaves_nothing(machine):
    machine.run(f"apt-get -q -y remove {NAMES}")
    machine.run(f"! systemctl is-active {SERVICES} {SOCKETS}")
    machine.run("! grep -h '^task' /proc/[0-9]*/comm")
    machine.run(f"apt-get -q -y purge {NAMES}; apt-get -q -y autoremove --purge")
    machine.run("! ls -d /run/task*")
    machine.power_off()
    left = {name for name in machine.debian.files() - machine.before if name.startswith(("/etc", "/usr", "/var"))}
    assert [name for name in left if "task" in name] == []
