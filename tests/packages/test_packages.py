"""The Debian packages: built, checked by lintian, installed into a bare Debian 12, upgraded, removed and purged."""

import os
import re
import shlex
import shutil

from bare import ROOT

# Without systemd, as in a container: the daemons start as they would from their units, and the command waits for them.
JOB = """
taskmasterd -c /etc/taskmaster/taskmasterd.conf --user=taskmasterd &
taskmaster ping --wait-ms 20000
taskmaster run fib 30
kill $!
wait $!
"""

ALL_DAEMONS = """
taskmasterd -c /etc/taskmaster/taskmasterd.conf --user=taskmasterd &
install -d -o taskqueued -g taskqueued -m 700 /var/lib/taskqueued /var/log/taskqueued
taskqueued -c /etc/taskmaster/taskqueued.conf --user=taskqueued --log-file=/var/log/taskqueued/queue.log &
taskmaster-http -c /etc/taskmaster/taskmaster-http.conf --user=taskmaster-http &
taskmaster ping --wait-ms 20000
taskmaster ping --queue --wait-ms 20000
taskmaster wait $(taskmaster submit --queue fib 30)
until bash -c 'exec 3<>/dev/tcp/127.0.0.1/8741; printf "GET /healthz HTTP/1.0\r\n\r\n" >&3; grep "200 OK" <&3'; do sleep 0.1; done
kill %1 %2 %3
wait
"""


def packages_of(debian):
    """Our installed packages, and their versions."""
    listed = debian.run("dpkg-query -W -f '${source:Package} ${Package} ${Version} ${db:Status-Status}\\n'")
    return {
        name: version for source, name, version, status in map(str.split, listed.splitlines())
        if source == "taskmasterd" and status == "installed"}


def test_one_package_runs_a_job(debian):
    """Without an archive: nothing but this file is there."""
    debian.run("rm /etc/apt/sources.list.d/taskmaster.list; cd packages; ls | grep -v '^taskmasterd_' | xargs rm -r")
    debian.run("apt-get -q -y install ./packages/taskmasterd_*.deb", network=True)
    assert set(packages_of(debian)) == {"taskmasterd"}
    assert "832040" in debian.run(JOB)


def test_debians_own_tests(debian):
    """What Debian's autopkgtest runs."""
    shutil.copytree(f"{ROOT}/debian/tests", debian.path + "/srv/tests")
    depends = re.findall(r"^Depends: (.*)", debian.read("/srv/tests/control"), re.M)
    debian.apt("install", "--no-install-recommends", *sorted(set(", ".join(depends).split(", "))))
    for name in re.findall(r"^Tests: (.*)", debian.read("/srv/tests/control"), re.M):
        debian.run(f"/srv/tests/{name}")


def test_from_an_older_version_to_the_end(debian, packages, older_packages):
    before = debian.files()
    debian.publish(older_packages)
    debian.apt("install", "taskmasterd", "taskqueued", "taskmaster-http", "taskmaster-client", "libtaskmaster-dev")
    assert set(packages_of(debian).values()) == {"0.0.1"}
    settings = debian.read("/etc/taskmaster/taskmasterd.conf") + "\n"
    debian.write("/etc/taskmaster/taskmasterd.conf", settings)

    debian.publish(packages)
    debian.apt("upgrade")
    versions = packages_of(debian)
    assert len(versions) == 6 and set(versions.values()) == {re.search(r"(\d+\.\d+\.\d+)", debian.run("taskmaster --version"))[1]}
    assert debian.read("/etc/taskmaster/taskmasterd.conf") == settings, "the operator's settings"
    assert "832040" in debian.run(f"timeout 60 bash -ec {shlex.quote(ALL_DAEMONS)}")
    assert os.listdir(debian.path + "/var/lib/taskqueued") != []

    debian.apt("remove", *versions)
    assert not debian.exists("/usr/sbin/taskmasterd")
    assert debian.read("/etc/taskmaster/taskmasterd.conf") == settings
    debian.apt("purge", *versions)
    debian.apt("autoremove", "--purge")
    assert debian.files() - before == set()
    assert before - debian.files() == set()
