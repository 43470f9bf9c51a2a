"""conf/systemd and conf/sysusers.d, as systemd itself reads them."""

import glob
import os
import re
import shutil
import subprocess

import pytest

from harness.wait import BUILD

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
SERVICES = sorted(glob.glob(os.path.join(TOP, "conf", "systemd", "*.service")))
USERS = sorted(glob.glob(os.path.join(TOP, "conf", "sysusers.d", "*.conf")))
NAMES = [os.path.basename(path).removesuffix(".service") for path in SERVICES]
EXPOSURE_MAX = 1.5

# What no unit may lose.
KEPT = """Type=notify NotifyAccess=main KillMode=mixed OOMPolicy=continue OOMScoreAdjust=-500 Restart=on-failure
NoNewPrivileges=yes CapabilityBoundingSet= AmbientCapabilities= UMask=0077 ProtectSystem=strict ProtectHome=yes
PrivateTmp=yes PrivateDevices=yes PrivateMounts=yes ProtectHostname=yes ProtectClock=yes ProtectKernelTunables=yes
ProtectKernelModules=yes ProtectKernelLogs=yes ProtectControlGroups=yes ProtectProc=invisible ProcSubset=pid
DevicePolicy=closed RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes LockPersonality=yes
MemoryDenyWriteExecute=yes RemoveIPC=yes KeyringMode=private SystemCallArchitectures=native
SystemCallFilter=@system-service SystemCallFilter=~@privileged""".split()

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")


def lines(path):
    with open(path) as file:
        return [line.rstrip("\n") for line in file]


def value(path, key):
    (line,) = [line for line in lines(path) if line.startswith(f"{key}=")]
    return line.partition("=")[2]


def analyze(*args):
    result = subprocess.run(
        ["systemd-analyze", "--no-pager", *args], capture_output=True, text=True, timeout=30, env={**os.environ, "LANG": "C"}
    )
    return result.returncode, result.stdout + result.stderr


def test_systemd_finds_no_fault(tmp_path):
    """With our programs where the units expect the installed ones."""
    for path in glob.glob(os.path.join(TOP, "conf", "systemd", "*")):
        text = "\n".join(lines(path)) + "\n"
        for name in NAMES:
            program = os.path.join(BUILD, name)
            text = text.replace(f"/usr/sbin/{name}", program if os.path.exists(program) else "/bin/true")
        (tmp_path / os.path.basename(path)).write_text(text)
    units = [str(path) for path in tmp_path.iterdir()]
    assert len(units) == 6
    assert analyze("--man=no", "verify", *units) == (0, "")


@pytest.mark.parametrize("path", SERVICES, ids=NAMES)
def test_a_unit_exposes_little(path):
    status, text = analyze("security", "--offline=yes", path)
    exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])
    assert exposure <= EXPOSURE_MAX, text


@pytest.mark.parametrize("path", SERVICES, ids=NAMES)
def test_a_unit_keeps_its_lines(path):
    assert [line for line in KEPT if line not in lines(path)] == []
    assert {"64", "78"} <= set(value(path, "RestartPreventExitStatus").split())
    assert set(value(path, "RestrictAddressFamilies").split()) == {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert not [line for line in lines(path) if line.startswith(("PrivateUsers", "LoadCredential"))]


@pytest.mark.parametrize("path", SERVICES, ids=NAMES)
def test_a_socket_belongs_to_its_daemon(path):
    name = os.path.basename(path).removesuffix(".service")
    sockets = lines(path.replace(".service", ".socket"))
    assert "FileDescriptorName=" + ("http" if name == "taskmaster-http" else "clients") in sockets
    assert f"ListenStream=/run/{name}/socket" in sockets
    assert f"Also={name}.socket" in lines(path)
    assert value(path, "RuntimeDirectoryPreserve") == "yes"  # the socket's file stays over a restart


def test_each_daemon_has_its_own_user(tmp_path):
    text = subprocess.run(
        ["systemd-sysusers", "--dry-run", f"--root={tmp_path}", *map(os.path.abspath, USERS)],
        capture_output=True, text=True, timeout=30, env={**os.environ, "LANG": "C"},
    )
    assert text.returncode == 0, text
    for path in SERVICES:
        assert f"Creating user '{value(path, 'User')}'" in text.stderr, text
    assert len({value(path, "User") for path in SERVICES}) == len(SERVICES) == 3
