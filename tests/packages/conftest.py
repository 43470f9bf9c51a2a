"""The packages, built once for all tests here, and a bare Debian to install them into."""

import fcntl
import glob
import os
import subprocess

import pytest

from bare import ROOT, Bare, make_cache

BUILT = os.path.join(ROOT, "build/packages")


def once(request, name, make):
    """Calls make() in the first of pytest's processes that comes here; the others wait for its end."""
    if os.geteuid() != 0:
        pytest.skip("a Debian in a directory needs root")
    worker = getattr(request.config, "workerinput", {"testrunuid": "alone"})
    run = f"{worker['testrunuid']} {os.getppid()}"
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with open(os.path.join(ROOT, f"build/{name}.lock"), "a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            make()
            lock.truncate(0)
            lock.write(run)


def build():
    if os.environ.get("PACKAGES_BUILT"):
        return
    built = subprocess.run(
        [os.path.join(ROOT, "scripts/packages")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False)
    assert built.returncode == 0, built.stdout


@pytest.fixture(scope="session")
def packages(request):
    """The directory of the built packages. The variable PACKAGES_BUILT takes packages of before."""
    once(request, "packages", build)
    return BUILT


@pytest.fixture(scope="session")
def bare_cache(request):
    once(request, "bare", make_cache)


@pytest.fixture(scope="session")
def older_packages(packages, tmp_path_factory):
    """The same packages as version 0.0.1."""
    older = tmp_path_factory.mktemp("older")
    for deb in glob.glob(f"{packages}/*.deb"):
        if "dbgsym" in deb:
            continue
        tree = tmp_path_factory.mktemp("deb") / "tree"
        subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
        control = (tree / "DEBIAN/control").read_text()
        version = control.partition("\nVersion: ")[2].partition("\n")[0]
        (tree / "DEBIAN/control").write_text(control.replace(version, "0.0.1"))
        name = os.path.basename(deb).replace(version, "0.0.1")
        subprocess.run(["dpkg-deb", "-b", "--root-owner-group", "-Znone", tree, older / name], check=True, stdout=subprocess.PIPE)
    with open(older / "Packages", "wb") as index:
        subprocess.run(["dpkg-scanpackages", "."], cwd=older, check=True, stdout=index, stderr=subprocess.DEVNULL)
    return older


@pytest.fixture
def debian(bare_cache, packages, tmp_path):
    """A bare Debian, with an archive for apt of our packages."""
    machine = Bare(tmp_path / "debian")
    machine.publish(packages)
    yield machine
    machine.free()
