"""`taskmaster support-bundle`: what is in it, whose it is, and above all what is not."""

import json
import os
import pwd
import stat
import subprocess
import tarfile

import pytest

from harness.client import check, start
from harness.daemon import COMMAND, environment
from harness.wait import DEADLINE

NOBODY = "unix:/nonexistent/socket"


def run(*arguments, cwd, status=0, **env):
    places = {"TASKMASTER_SERVER": NOBODY, "TASKMASTER_QUEUE": NOBODY, "TASKMASTER_HTTP": NOBODY, **env}
    result = subprocess.run(
        [COMMAND, "support-bundle", "--interval", "0.1", *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=DEADLINE,
        env=environment(**places),
    )
    assert result.returncode == status, result
    return result


def logged(daemon, tmp_path, config, **popen):
    """A taskmasterd with a file for its log."""
    server = daemon.make({**config, "log-file": str(tmp_path / "master.log")}, **popen)
    server.log.path = str(tmp_path / "master.log")
    return server.start()


def unpack(path):
    """The files by name, without the folder."""
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        folders = {member.name.split("/")[0] for member in members}
        assert len(folders) == 1 and folders.pop().startswith("taskmaster-support-"), members
        for member in members:
            assert member.isfile() and member.mode == 0o600 and ".." not in member.name, member
        return {m.name.split("/", 1)[1]: tar.extractfile(m).read() for m in members}


def test_what_is_in_it(daemon, queue, tmp_path):
    master = logged(daemon, tmp_path, {})
    q = queue(master=master)
    check(master.client().run("crash", "segv"), "failed")
    result = run(cwd=tmp_path, TASKMASTER_SERVER=master.address, TASKMASTER_QUEUE=q.address)
    name = result.stdout.decode().strip()
    assert result.stderr == b"" and name.startswith("taskmaster-support-") and name.endswith(".tar"), result
    assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600
    files = unpack(tmp_path / name)
    for file in ("README.txt", "versions.txt", "doctor.json", "machine/meminfo.txt", "taskmasterd/workers.json"):
        assert files[file], files.keys()
    assert json.loads(files["taskmasterd/stats.json"])["jobs"]["submitted"] == 1
    assert json.loads(files["taskqueued/stats.json"])["server"].startswith("taskqueued/")
    assert json.loads(files["taskmasterd/crashes.json"])[0]["signal"] == "SIGSEGV"
    assert json.loads(files["taskmasterd/settings.json"])["pool-max"] == 2
    assert b"Max open files" in files["taskmasterd/process-limits.txt"]
    assert b"crash.so" in files["taskmasterd/module-files.txt"]
    assert b"job-end" in files["taskmasterd/log.txt"]
    assert "module-crashes" in [f["check"] for f in json.loads(files["doctor.json"])["findings"]]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_log_of_somebody_else(daemon, tmp_path):
    """A user starts our program, with a link to a file of root's as its log."""
    link, secret = tmp_path / "log", tmp_path / "shadow"
    (tmp_path / "own.log").touch()
    os.chown(tmp_path / "own.log", pwd.getpwnam("nobody").pw_uid, -1)
    link.symlink_to(tmp_path / "own.log")
    server = daemon.make({"user": "nobody", "log-file": str(link)})
    server.log.path = str(tmp_path / "own.log")
    master = server.start()
    run("own.tar", cwd=tmp_path, TASKMASTER_SERVER=master.address)
    assert b"listening" in unpack(tmp_path / "own.tar")["taskmasterd/log.txt"]
    secret.write_text("root:shadow\n")
    link.unlink()
    link.symlink_to(secret)
    run("other.tar", cwd=tmp_path, TASKMASTER_SERVER=master.address)
    assert "taskmasterd/log.txt" not in unpack(tmp_path / "other.tar")
    assert b"root:shadow" not in (tmp_path / "other.tar").read_bytes()


def test_nobody_is_there(tmp_path):
    """The worst day is the one for a bundle."""
    run("bundle.tar", cwd=tmp_path)
    files = unpack(tmp_path / "bundle.tar")
    assert b"No such file" in files["taskmasterd/errors.txt"], files
    assert json.loads(files["doctor.json"])["summary"] == "cannot tell"


def test_no_secret_is_in_it(daemon, queue, tmp_path):
    """Each secret is planted where an operator, a module's author or a client may have put one."""
    secrets = {}

    def plant(where):
        secrets[where] = f"plant-{len(secrets):02}-{os.urandom(8).hex()}"
        return secrets[where]

    def file(name, text):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    tokens = file("tokens", f"{plant('token-file')}\n{plant('a second token')}\n")
    access = file("access", f"# users\nops {plant('access-file')} all\nweb\t{plant('access-file, a tab')}  submit\n")
    ours = file("ours", secrets["a second token"] + "\n")
    config = {
        "password": plant("a setting by its name"),
        "plain": plant("a setting without a telling name"),
        "list": [{"dsn": f"postgres://user:{plant('an address')}@host/db"}],
        "pin": 4711,
    }
    master = logged(
        daemon,
        tmp_path,
        {
            "pool-max": 1,
            "token-file": tokens,
            "access-file": access,
            "modules": {"echo": {"config": config}},
            "log-jobs": "all",
        },
        env={"SECRET_TOKEN": plant("the environment")},
    )
    master.token = secrets["a second token"]
    for words in (
        f"password={plant('the log, password=')}",
        f"Authorization: Bearer {plant('the log, Bearer')}",
        f"https://bob:{plant('the log, an address')}@host/",
        f'{{"api_key": "{plant("the log, JSON")}"}}',
        f"token: '{plant('the log, quotes')} {plant('the log, behind a blank')}'",
        f"token = {plant('the log, a blank')}",
        f"run --password {plant('the log, an option')}",
        secrets["token-file"],
    ):
        master.client(client=words[:64] if len(words) > 64 else words).close()
    client = master.client()
    watcher = master.client(client=f"password={plant('the name of a client')}")
    start(client, "sleep", json.dumps({"ms": 60000, "value": plant("a payload")}), "a", context=plant("a context"))
    client.submit("b", "echo", plant("a waiting payload"), context={"deep": plant("a deep context")})
    master_token = file("master-token", secrets["token-file"])
    q = queue(master=master.address, master_token_file=master_token, token_file=file("qtokens", plant("queue") + "\n"))
    q.token = secrets["queue"]
    run(
        "--token-file", ours, "bundle.tar", cwd=tmp_path, TASKMASTER_SERVER=master.address, TASKMASTER_QUEUE=q.address
    )
    watcher.close()
    files = unpack(tmp_path / "bundle.tar")
    for where, secret in secrets.items():
        for name, content in files.items():
            assert secret.encode() not in content, f"{where} is in {name}"
    settings = json.loads(files["taskmasterd/settings.json"])
    assert settings["token-file"] == tokens
    assert settings["modules"]["echo"]["config"] == {
        "password": "***",
        "plain": "***",
        "list": [{"dsn": "***"}],
        "pin": 4711,
    }
    assert b"client-hello" in files["taskmasterd/log.txt"] and b"***" in files["taskmasterd/log.txt"]
    assert len(json.loads(files["taskmasterd/jobs.json"])) == 2


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "there").write_text("precious")
    (tmp_path / "link").symlink_to("target")
    for name in ("there", "link", "nosuch/file"):
        assert b"cannot make" in run(name, cwd=tmp_path, status=1).stderr
    assert (tmp_path / "there").read_text() == "precious" and not (tmp_path / "target").exists()


def test_standard_output(tmp_path):
    (tmp_path / "out.tar").write_bytes(run("-", cwd=tmp_path).stdout)
    assert "README.txt" in unpack(tmp_path / "out.tar")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk(tmp_path):
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [COMMAND, "support-bundle", "--interval", "0.1", "--server", NOBODY, "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
        )
    assert result.returncode == 1 and b"No space left" in result.stderr, result
