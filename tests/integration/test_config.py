"""Issue item 6: the configuration file, the options, -t, -T, --help, and the exit codes."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from harness import proc
from harness.client import check
from harness.daemon import COMMAND, MASTER, MODULES, WORKER, environment, run_master
from harness.fakes import release
from harness.wait import BUILD, DEADLINE, SCALE, wait_until

USAGE, CANNOT_BIND, NO_RIGHTS, CONFIGURATION = 64, 69, 77, 78

# Every key of the issue.
KEYS = """listen socket-mode worker-listen worker-path pool-start pool-max job-max module-dir preload pools modules
header-timeout-ms payload-timeout-ms hello-timeout-ms linger-ms payload-max payload-total-max output-total-max dead-letters
start-timeout-ms drain-timeout-ms job-timeout-ms kill-grace-ms client-max client-job-max monitor-max
client-output-max token-file access-file allow-open-listen user group log-level log-format log-file worker-window
idle-timeout-ms worker-max-jobs worker-max-rss max-wait-ms memory-max files-max core-max file-size-max nice
oom-score-adj ping-interval-ms ping-misses begin-timeout-ms dead-kill-ms allow-debug
breaker-window-ms breaker-crashes breaker-pause-ms log-jobs slow-ms
no-new-privs drain-waiting""".split()


@pytest.fixture
def config(tmp_path):
    """Writes a configuration file and runs -t on it."""
    path = tmp_path / "test.json"

    def run(text, *options, **kwargs):
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return run_master("-t", "-c", str(path), *options, cwd=str(tmp_path), **kwargs)

    run.path = path
    return run


def refused(result, *words):
    assert result.returncode == CONFIGURATION, (result.returncode, result.stderr)
    for word in words:
        assert word in result.stdout + result.stderr, f"{word!r} is not in {result}"


# ---- faults: file, line, key, accepted range


@pytest.mark.parametrize(
    "key, value, words",
    [
        ("pool-max", 0, ["1"]),
        ("pool-max", -1, ["1"]),
        ("pool-max", 1.5, ["1"]),
        ("pool-max", "4", ["1"]),
        ("pool-max", None, ["1"]),
        ("pool-max", True, ["1"]),
        ("pool-max", 2**40, []),
        ("pool-start", -1, ["0"]),
        ("job-max", -1, ["0"]),
        ("job-max", [], ["0"]),
        ("kill-grace-ms", "5 s", []),
        ("nice", -21, ["-20 to 19"]),
        ("nice", 0.5, ["-20 to 19"]),
        ("oom-score-adj", 1001, ["-1000 to 1000"]),
        ("worker-max-rss", -1, ["0"]),
        ("breaker-pause-ms", 60001, ["1 to 60000"]),
        ("drain-waiting", "stop", ["fail or run"]),
        ("dead-letters", "a/b", ["drop", "[A-Za-z0-9_.-]"]),
        ("dead-letters", "", []),
        ("payload-max", 0, []),
        ("hello-timeout-ms", -5, []),
        ("allow-open-listen", "yes", ["true"]),
        ("allow-open-listen", 1, ["true"]),
        ("log-level", "loud", ["debug", "info", "warn", "error"]),
        ("log-format", "xml", ["text", "json"]),
        ("listen", 7741, []),
        ("listen", [], []),
        ("listen", "", []),
        ("listen", "127.0.0.1", []),
        ("listen", "127.0.0.1:70000", []),
        ("listen", "127.0.0.1:-1", []),
        ("listen", "127.0.0.1:http", []),
        ("listen", ["127.0.0.1:0", 5], []),
        ("listen", "unix:", []),
        ("listen", "unix:" + "x" * 200, []),
        ("worker-path", 5, []),
        ("worker-path", "", []),
        ("worker-listen", "unix:/tmp/x", []),
        ("preload", "../echo", []),
        ("preload", [5], []),
        ("modules", [], []),
        ("modules", {"echo": 5}, ["echo"]),
        ("modules", {"echo": {"enabled": "no"}}, ["echo", "enabled"]),
        ("modules", {"echo": {"timeout-ms": -1}}, ["echo", "timeout-ms"]),
        ("modules", {"echo": {"timeout": 1}}, ["echo", "timeout"]),
        ("modules", {"echo": {"config": 5}}, ["echo", "config"]),
        ("modules", {"../echo": {}}, ["../echo"]),
        ("modules", {"echo": {"pool": "none"}}, ["modules.echo.pool", "none", "default or an entry of pools"]),
        ("modules", {"echo": {"pool": 5}}, ["modules.echo.pool"]),
        ("pools", [], ["at most 64"]),
        ("pools", {f"p{n}": {} for n in range(65)}, ["65", "at most 64"]),
        ("pools", {"default": {}}, ["pools.default", "top level"]),
        ("pools", {"a_b": {}}, ["pools.a_b", "1 to 32 of [a-z0-9-]"]),
        ("pools", {"a" * 33: {}}, ["1 to 32 of [a-z0-9-]"]),
        ("pools", {"": {}}, ["1 to 32 of [a-z0-9-]"]),
        ("pools", {"a": 5}, ["pools.a"]),
        ("pools", {"a": {"pool-max": 0}}, ["pools.a.pool-max", "1 to 10000"]),
        ("pools", {"a": {"pool-max": 2, "pool-start": 3}}, ["pools.a.pool-start", "at most pool-max, 2"]),
        ("pools", {"a": {"preload": ["../echo"]}}, ["pools.a.preload", "../echo"]),
        ("pools", {"a": {"jobmax": 5}}, ["pools.a.jobmax", "did you mean job-max?"]),
        ("pools", {"a": {"listen": "127.0.0.1:0"}}, ["pools.a.listen", "unknown key; expected pool-max, "]),
        ("token-file", "/no/such/file", ["/no/such/file"]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_bad_value_is_told_with_file_line_key_and_range(config, key, value, words):
    text = '{\n  "linger-ms": 5,\n\n  %s: %s\n}\n' % (json.dumps(key), json.dumps(value))
    refused(config(text), f"{config.path}:4:", key, *words)


@pytest.mark.parametrize("key", ["colour", "pool_max", "Pool-max", "pool-maxx", ""])
def test_an_unknown_key_is_an_error(config, key):
    refused(config('{\n"job-max": 5,\n%s: 1\n}' % json.dumps(key)), f"{config.path}:3:", key)


def test_a_key_twice_is_an_error(config):
    refused(config('{"job-max": 5,\n"job-max": 6}'), str(config.path), "job-max")


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '{"job-max": 5} x', '{"job-max": 05}', "\0"])
def test_a_file_that_is_no_json_object(config, text):
    refused(config(text), f"{config.path}:")


@pytest.mark.parametrize(
    "data, words",
    [
        (b"\xef\xbb\xbf{}", ["byte order mark", "U+FEFF"]),
        ("{}".encode("utf-16"), ["UTF-16", "UTF-8"]),
        (b"\xfe\xff\x00{\x00}", ["UTF-16"]),
        (b"\x1f\x8b\x08\x00", ["gzip"]),
        (b"\xef\xbb", ["UTF-8"]),
        ('{\ufeff"job-max": 5}'.encode(), ["U+FEFF", "not seen"]),
        ('{"job-max":\u00a05}'.encode(), ["U+00A0", "not seen"]),
        ("{\u201cjob-max\u201d: 5}".encode(), ["U+201C", 'quote is "']),
        ('{"job-max": \u00e4}'.encode(), ["U+00E4"]),
        ('{"\ufeffjob-max": 5}'.encode(), ["<U+FEFF>job-max"]),
        ('{"listen": ["\u200b127.0.0.1:0"]}'.encode(), ["<U+200B>127.0.0.1:0"]),
    ],
    ids=str,
)
def test_what_is_not_seen_is_named(config, data, words):
    config.path.write_bytes(data)
    result = run_master("-t", "-c", str(config.path))
    refused(result, f"{config.path}:1", *words)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:7741", "http://localhost:7741/", "tcp://[::1]:7741"])
def test_an_address_is_no_url(config, address):
    scheme = address.partition("//")[0] + "//"
    refused(config({"listen": address}), "listen", f'no "{scheme}"', "HOST:PORT")
    command = subprocess.run([COMMAND, "ping", "--server", address], capture_output=True, text=True, env=environment())
    assert command.returncode == USAGE and f"no '{scheme}'" in command.stderr, command


def test_a_file_that_is_too_large_is_told_with_the_limit(config):
    config.path.write_text(" " * (4 << 20) + "{}")
    refused(run_master("-t", "-c", str(config.path)), str(config.path), "4194304")


def test_the_line_of_a_syntax_error(config):
    refused(config('{\n\n"job-max": 5,\n"pool-max" 4\n}'), f"{config.path}:4")


def test_a_missing_file(tmp_path):
    refused(run_master("-c", str(tmp_path / "none.json")), "none.json")


def test_a_directory_as_file(tmp_path):
    refused(run_master("-c", str(tmp_path)), str(tmp_path))


def test_an_explicit_pool_start_over_pool_max_is_a_configuration_error(config):
    refused(config('{"pool-start": 5,\n"pool-max": 4}'), "pool-start", "4")
    refused(config('{"pool-max": 1}', "--pool-start=2"), "pool-start")
    refused(config('{"pool-start": 3}', "--pool-max=2"), "pool-start")
    refused(config('{"pool-start": 5}'), "pool-start", "4")
    assert config('{"pool-max": 1}').returncode == 0, "the default gives way"


def test_the_real_start_refuses_what_t_refuses(config):
    config.path.write_text('{"pool-max": 0}')
    refused(run_master("-c", str(config.path)), "pool-max")


# ---- pools


def test_the_line_of_a_key_of_a_pool(config):
    text = """{
  "pools": {
    "a": { "pool-max": 3 },
    "b": { "job-max": 3,
           "pool-max": "many" }
  }
}"""
    refused(config(text), f"{config.path}:5: pools.b.pool-max: ")


def test_a_pool_has_defaults_of_its_own():
    """The values of the top level do not hold for other pools."""
    pools = json.dumps({"a": {"nice": -5, "preload": "echo"}, "b": {}})
    found = settings("--pool-max=9", "--pool-start=3", "--job-max=5", "--preload=fib", f"--pools={pools}")["pools"]
    assert list(found) == ["a", "b"]
    assert (found["b"]["pool-start"], found["b"]["pool-max"], found["b"]["job-max"]) == (0, 4, 100)
    assert (found["a"]["preload"], found["b"]["preload"]) == (["echo"], [])
    assert (found["a"]["nice"], found["b"]["nice"]) == (-5, 0)


def test_the_keys_of_a_pool_stand_at_the_top_level_too():
    found = settings('--pools={"a": {}}')
    own = found["pools"]["a"]
    assert not set(own) - set(found)
    differing = {key for key in own if own[key] != found[key]}
    assert differing == {"pool-start", "payload-total-max"}


def test_pools_of_a_file_and_of_an_option(config):
    """The option takes the place of the file's pools, and names of pools are looked up behind both."""
    text = {"pools": {"a": {}}, "modules": {"echo": {"pool": "a"}}}
    assert config(text).returncode == 0
    refused(config(text, '--pools={"b": {}}'), f"{config.path}:1: modules.echo.pool: ", '"a"')
    refused(config(text, '--modules={"fib": {"pool": "b"}}'), "--modules=", "fib.pool: ", '"b"')
    assert config(text, '--pools={"b": {}}', '--modules={"fib": {"pool": "b"}}').returncode == 0


def test_t_looks_for_the_preload_of_every_pool(config):
    text = '{"pools": {\n"a": {"preload": ["echo"]},\n"b": {"preload": ["no_such_module"]}}}'
    refused(config(text), f"{config.path}:3: pools.b: ", "no_such_module.so")


# ---- a public listen address


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:7741", ["127.0.0.1:0", "0.0.0.0:0"]])
def test_a_non_loopback_listen_without_a_token_file_is_refused(config, listen):
    refused(config({"listen": listen}), "listen", "token-file", "allow-open-listen")


def test_a_non_loopback_listen_with_a_token_file(config, tmp_path, daemon):
    (tmp_path / "tokens").write_text("a-token-of-some-length\n")
    (tmp_path / "tokens").chmod(0o600)
    server = daemon.make({"listen": "0.0.0.0:0", "token_file": str(tmp_path / "tokens")})
    server.token = "a-token-of-some-length"
    server.start()
    assert server.client(f"127.0.0.1:{server.port}").done("echo", "x") == b"x"


def test_allow_open_listen(daemon):
    server = daemon(listen="0.0.0.0:0", allow_open_listen=True)
    assert server.client(f"127.0.0.1:{server.port}").done("echo", "x") == b"x"


# ---- usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["--colour=1"],
        ["--colour"],
        ["-x"],
        ["-c"],
        ["extra"],
        ["--pool-max"],
        ["-t", "extra"],
        ["--", "-t"],
    ],
    ids=" ".join,
)
def test_usage(arguments):
    result = run_master(*arguments)
    assert result.returncode == USAGE, (result.returncode, result.stderr)
    assert re.fullmatch(r"taskmasterd: [^\n]+ \(try --help\)\n", result.stderr), result.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["-c"], "-c needs the name of a file"),
        (["--pool-max"], "--pool-max needs a value: --pool-max=VALUE"),
        (["--pool-max", "4"], "--pool-max needs a value: --pool-max=VALUE"),
        (["--poolmax", "4"], "--poolmax is not a key, did you mean --pool-max?"),
        (["--poolmax=4"], "--poolmax is not a key, did you mean --pool-max?"),
        (["-tT"], "-tT is not an option"),
        (["-t", "-T"], "found both -t and -T, expected one of them"),
        (["--init"], "found --init without -t, which it belongs to"),
        (["-T", "--init"], "found --init without -t, which it belongs to"),
        (["--"], "-- is not an option"),
    ],
    ids=str,
)
def test_usage_says_what_is_wrong(arguments, words):
    assert words in run_master(*arguments).stderr


@pytest.mark.parametrize("option", ["--pool-max=0", "--pool-max=many", "--log-level=loud", "--pool-max="])
def test_a_bad_value_of_an_option(option):
    """The error names the key, the value and the accepted range, as for the file. The status is the one for wrong
    settings."""
    result = run_master("-t", option)
    assert result.returncode in (USAGE, CONFIGURATION), result.stderr
    assert option.partition("=")[0][2:] in result.stderr


# ---- -t, -T, --help, --version


def test_t_checks_a_good_file(config):
    assert config({"job-max": 5, "preload": ["echo"], "modules": {"fib": {"timeout-ms": 5}}}).returncode == 0


def test_t_loads_every_module_in_a_child(config, tmp_path):
    """-t reports an unloadable module. A crashing module costs only a child."""
    modules = tmp_path / "modules"
    shutil.copytree(MODULES, modules)
    assert config({"module-dir": str(modules), "modules": {}}).returncode == 0
    (modules / "broken.so").write_text("no module")
    result = config({"module-dir": str(modules)})
    refused(result, "broken")
    (modules / "broken.so").unlink()
    shutil.copy(os.path.join(BUILD, "tests", "modules", "constructor_crash.so"), modules)
    refused(config({"module-dir": str(modules)}), "constructor_crash")


@pytest.fixture
def initialise(config, tmp_path):
    """Runs -t, by default with --init, on the shipped modules and some others."""
    modules = tmp_path / "modules"
    shutil.copytree(MODULES, modules)
    for name in ("init_fails", "init_does", "probe"):
        shutil.copy(os.path.join(BUILD, "tests", "modules", f"{name}.so"), modules)

    def run(*options, **settings):
        settings = {key.replace("_", "-"): value for key, value in settings.items()}
        return config({"module-dir": str(modules), **settings}, *(options or ("--init",)))

    return run


def test_t_init_finds_a_typo_in_the_settings_of_a_module(initialise):
    settings = {"readfile": {"config": {"rot": "/tmp"}}}
    assert initialise("--log-level=info", modules=settings).returncode == 0, "not asked for"
    result = initialise(modules=settings)
    refused(result, "module readfile: ", "the settings are not fine")
    assert "ok echo 1.0" in result.stdout and "ok init_fails" in result.stdout, result
    assert initialise(modules={"readfile": {"config": {"root": "/tmp"}}}).returncode == 0


def test_t_init_looks_at_those_that_are_named(initialise):
    """--init calls the modules named by preload or modules. It skips disabled ones."""
    refused(initialise(preload=["init_fails"]), "module init_fails: call 1 with {}")
    refused(initialise(modules={"init_fails": {"config": {"a": 1}}}), 'call 1 with {"a":1}')
    assert initialise(modules={"init_fails": {"enabled": False}}).returncode == 0
    assert initialise().returncode == 0


def test_t_init_shows_what_a_module_says(initialise):
    result = initialise(modules={"probe": {"config": {"secret": 7}}})
    assert result.returncode == 0, result
    assert 'probe begins with {"secret":7}\n' in result.stderr
    assert result.stdout.index("probe ends\n") < result.stdout.index("ok probe 1.0\n")


def test_t_init_of_a_module_that_says_much(initialise):
    """The module's whole output is shown, then the worker's message on a line of its own."""
    result = initialise(modules={"init_does": {"config": {"do": "talk"}}})
    assert result.returncode == 0, result
    lines = result.stdout.splitlines()
    end = lines.index("ok init_does -")
    assert lines[end - 2001 : end] == [f"{n:060}" for n in range(2000)] + ["and so on"]


@pytest.mark.parametrize(
    "what, words",
    [
        ("hang", "it took longer than start-timeout-ms, 500"),
        ("abort", "it ends in Aborted"),
        ("exit", "it ends the process with status 0"),
    ],
)
def test_t_init_of_a_module_that_does_not_return(initialise, what, words):
    settings = {"init_does": {"config": {"do": what}}}
    timeout_ms = 500 if what == "hang" else 30000
    result = initialise(modules=settings, start_timeout_ms=timeout_ms)
    refused(result, f"init_does.so: loading and initialising {words}")
    assert "ok probe 1.0" in result.stdout, "the others are checked all the same"


@pytest.fixture
def constructor(config, tmp_path, monkeypatch):
    """Runs -t on several modules. The first one acts while being loaded."""
    modules = tmp_path / "modules"
    shutil.copytree(MODULES, modules)
    shutil.copy(os.path.join(BUILD, "tests", "modules", "constructor.so"), modules)

    def run(what, start_timeout_ms=10000, **kwargs):
        monkeypatch.setenv("CONSTRUCTOR", what)
        settings = {"module-dir": str(modules), "start-timeout-ms": start_timeout_ms}
        return config(settings, **kwargs)

    return run


@pytest.mark.parametrize("what", ["hang", "fork and hang"])
def test_t_does_not_wait_for_a_module_that_hangs(constructor, what):
    result = constructor(what, start_timeout_ms=1000 * SCALE)
    refused(result, "constructor.so: loading it took longer than start-timeout-ms")
    assert "ok echo 1.0" in result.stdout, "the others are checked all the same"
    assert not proc.orphans(DEADLINE), "the child's processes die with it"


def test_t_of_a_module_that_ends_the_process(constructor):
    result = constructor("exit")
    refused(result, "constructor.so: loading it ends the process with status 0")
    assert "ok echo 1.0" in result.stdout


def test_t_loads_modules_as_a_worker_does(constructor, monkeypatch):
    """A child of -t has a worker's environment, and none of our descriptors."""
    monkeypatch.setenv("LD_BIND_NOW", "1")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    monkeypatch.setenv("KEPT_FOR_THE_MODULE", "yes")
    ours = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(ours, True)
    try:
        result = constructor("show", pass_fds=[ours])
    finally:
        os.close(ours)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert "ok constructor 1.0" in lines and "env KEPT_FOR_THE_MODULE=yes" in lines
    assert not [line for line in lines if line.startswith(("env LD_", "env MALLOC_"))], lines
    assert {line for line in lines if line.startswith("fd ")} == {"fd 0", "fd 1", "fd 2"}


def test_t_names_line_and_key_of_a_module_that_is_missing(config):
    text = '{\n"preload": ["gone"],\n"modules": {\n"away": {},\n"off": {"enabled": false}}}'
    result = config(text)
    refused(result, f"{config.path}:2: preload: there is no gone.so")
    refused(result, f"{config.path}:4: modules.away: there is no away.so")
    assert "off.so" not in result.stderr


def test_t_says_once_that_the_worker_cannot_be_run(config, tmp_path):
    worker = tmp_path / "worker"
    worker.write_bytes(b"\x7fELF broken")
    worker.chmod(0o755)
    result = config('{\n"worker-path": "%s"}' % worker)
    refused(result, f'{config.path}:2: worker-path: cannot run "{worker}"')
    assert result.stderr.count("cannot run") == 1, result.stderr


# ---- settings not possible on this machine: found by -t, at the start and by a reload


def paths(folder):
    """Settings with unusable paths: (key, value, reason)."""
    (folder / "file").write_text("")
    return [
        ("module-dir", folder / "none", "No such file or directory"),
        ("module-dir", folder / "file", "Not a directory"),
        ("worker-path", folder / "none", "No such file or directory"),
        ("worker-path", folder / "file", "Permission denied"),
        ("worker-path", folder, "Is a directory"),
    ]


def test_a_path_that_cannot_be_used(config, daemon, tmp_path):
    server = daemon()
    server.wait_idle(1)
    for count, (key, path, reason) in enumerate(paths(tmp_path), 1):
        text = '{\n"listen": "127.0.0.1:0",\n"%s": "%s"}' % (key, path)
        words = f'{config.path}:3: {key}: found "{path}", expected a '
        refused(config(text), words, reason)
        refused(run_master("-c", str(config.path)), words, reason)
        refused(run_master("--listen=127.0.0.1:0", f"--{key}={path}"), f"--{key}={path}: found")

        server.write_config(**{"module-dir": None, "worker-path": None, key: str(path)})
        server.signal(signal.SIGHUP)
        why = server.log.wait("reload-failed", count)["why"]
        assert f"{server.config_path}:" in why and f'{key}: found "{path}"' in why, why
    assert server.client().done("echo", "x") == b"x"
    assert server.stats()["pool"]["exits"] == 0, "the pool is as it was"


@pytest.mark.parametrize("key", ["user", "group"])
def test_nobody_of_that_name(config, key):
    text = '{\n"listen": "127.0.0.1:0",\n"%s": "no-such-one"}' % key
    words = f'{config.path}:3: {key}: found "no-such-one", expected the name of a {key}'
    refused(config(text), words)
    result = run_master("-c", str(config.path))
    refused(result, words)
    assert "listening" not in result.stderr


def as_stranger():
    os.setgroups([])
    os.setgid(65533)
    os.setuid(65533)


def test_only_root_becomes_somebody_else():
    if os.getuid() != 0:
        pytest.skip("needs root")
    result = run_master("--listen=127.0.0.1:0", "--user=nobody", preexec_fn=as_stranger)
    assert result.returncode == NO_RIGHTS, (result.returncode, result.stderr)
    assert '--user=nobody: found "nobody", which only root can become' in result.stderr
    assert "listening" not in result.stderr
    checked = run_master("-t", "--user=nobody", preexec_fn=as_stranger)
    assert checked.returncode == 0 and "warning: --user=nobody" in checked.stderr, checked


def test_what_the_user_cannot_read_is_told_before_a_reload_fails(daemon, tmp_path):
    if os.getuid() != 0:
        pytest.skip("needs root")
    (tmp_path / "tokens").write_text("a-token-of-some-length\n")
    (tmp_path / "tokens").chmod(0o600)
    (tmp_path / "access").write_text("ops another-token-of-ours all\n")
    (tmp_path / "access").chmod(0o600)
    files = {"token-file": str(tmp_path / "tokens"), "access-file": str(tmp_path / "access")}
    server = daemon.make({"user": "nobody", **files})
    server.token = "a-token-of-some-length"
    server.write_config()
    os.chmod(server.config_path, 0o600)
    server.start()
    told = [line["why"] for line in server.log.events("settings", level="warn")]
    assert len(told) == 3 and all("user nobody cannot read" in why for why in told), told
    assert told[0].startswith(f"{server.config_path}: "), told
    assert ": token-file: " in told[1] and ": access-file: " in told[2], told
    checked = run_master("-t", "-c", server.config_path)
    assert checked.returncode == 0 and checked.stderr.count("reloads would fail") == 3, checked


def test_a_token_that_can_be_guessed_is_warned_of(daemon, tmp_path):
    """A warning at the start, by -t and at a reload. It does not show the token."""
    tokens = tmp_path / "tokens"
    tokens.write_text("sixteen-bytes-ok\nnot-16-bytes-ok\n")
    tokens.chmod(0o600)
    server = daemon.make({"token-file": str(tokens)})
    server.token = "sixteen-bytes-ok"
    server.write_config()
    checked = run_master("-t", "-c", server.config_path)
    assert checked.returncode == 0 and "has 1 of 2 tokens that can be guessed" in checked.stderr
    server.start()
    (line,) = server.log.events("settings", level="warn")
    assert "token-file: " in line["why"] and "the shortest is of 15 bytes" in line["why"], line
    tokens.write_text("sixteen-bytes-ok\n")
    server.signal(signal.SIGHUP)
    server.log.wait("reload")
    assert len(server.log.events("settings", level="warn")) == 1
    tokens.write_text("sixteen-bytes-ok\n8-bytes!\n")
    server.signal(signal.SIGHUP)
    server.log.wait("reload", 2)
    assert "the shortest is of 8 bytes" in server.log.events("settings", level="warn")[-1]["why"]
    assert "not-16-bytes-ok" not in server.log.text() + checked.stderr


def test_modules_that_the_user_cannot_use(daemon, tmp_path):
    if os.getuid() != 0:
        pytest.skip("needs root")
    modules = tmp_path / "modules"
    shutil.copytree(MODULES, modules)
    modules.chmod(0o700)
    words = f'found "{modules}", expected a directory that can be read by user nobody'
    for options in (["-t"], ["--listen=127.0.0.1:0"]):
        refused(run_master(*options, "--user=nobody", f"--module-dir={modules}"), words)


def test_t_finds_addresses_that_cannot_be_had(config, tmp_path):
    (tmp_path / "file").write_text("")
    listen = ["127.0.0.1:7799", "localhost:7799", "127.0.0.1:0", "127.0.0.1:0"]
    listen += ["unix:none/sock", f"unix:{tmp_path}/file", "no-such-host.invalid:1"]
    result = config({"allow-open-listen": True, "listen": listen, "worker-listen": "127.0.0.1:7799"})
    refused(result)
    for words in [
        'listen: found "localhost:7799", which "127.0.0.1:7799" of listen has taken',
        'worker-listen: found "127.0.0.1:7799", which "127.0.0.1:7799" of listen has taken',
        'listen: found "unix:none/sock", expected an existing directory',
        f'listen: found "unix:{tmp_path}/file", which is there and is no socket',
        'listen: found "no-such-host.invalid:1"',
    ]:
        assert words in result.stderr, (words, result.stderr)
    assert "127.0.0.1:0" not in result.stderr, "a port of the kernel's choice is another each time"


def test_what_cannot_be_listened_on_is_named(tmp_path):
    result = run_master("--listen=no-such-host.invalid:1", "--allow-open-listen=true")
    assert result.returncode == CANNOT_BIND, (result.returncode, result.stderr)
    assert "cannot-listen address=no-such-host.invalid:1 setting=\"--listen=" in result.stderr


def test_t_does_not_listen(config, daemon):
    """-t works beside a daemon on the same port."""
    server = daemon()
    assert config({"listen": server.address}).returncode == 0


def settings(*arguments):
    result = run_master("-T", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_T_prints_the_effective_settings_as_json(tmp_path):
    path = tmp_path / "test.json"
    path.write_text('{"job-max": 5, "pool-max": 9, "modules": {"fib": {"timeout-ms": 7}}}')
    found = settings("-c", str(path), "--pool-max=3", "--listen=127.0.0.1:1,unix:/tmp/x")
    assert not set(KEYS) - set(found), set(KEYS) - set(found)
    assert found["job-max"] == 5 and found["pool-max"] == 3, "an option wins"
    assert found["listen"] == ["127.0.0.1:1", "unix:/tmp/x"]
    assert found["modules"]["fib"]["timeout-ms"] == 7


def test_T_defaults():
    found = settings()
    assert found["listen"] in ("127.0.0.1:7741", ["127.0.0.1:7741"])
    assert found["worker-listen"] == "127.0.0.1:0"
    assert (found["pool-start"], found["pool-max"], found["job-max"]) == (2, 4, 100)
    assert found["payload-max"] == 16777216 and found["hello-timeout-ms"] == 10000
    assert found["job-timeout-ms"] == 0 and found["allow-open-listen"] is False
    # In the build tree, the daemon finds its worker and modules beside itself.
    assert found["worker-path"] == WORKER and found["module-dir"] == MODULES


def test_T_output_is_a_configuration_with_the_same_effect(tmp_path):
    before = settings("--pool-max=7", "--kill-grace-ms=12", "--preload=echo,fib", '--pools={"a": {"nice": 5}}')
    path = tmp_path / "again.json"
    path.write_text(json.dumps({k: v for k, v in before.items() if v is not None}))
    assert settings("-c", str(path)) == before


def test_T_keeps_secrets(tmp_path):
    (tmp_path / "tokens").write_text("a-token-of-some-length\n")
    result = run_master("-T", f"--token-file={tmp_path}/tokens")
    assert result.returncode == 0 and "a-token-of-some-length" not in result.stdout


def test_help_lists_every_key():
    result = run_master("--help")
    assert result.returncode == 0
    for key in KEYS + ["-c", "-t", "-T", "--version"]:
        assert key in result.stdout, f"{key} is not in --help"
    assert "100" in result.stdout and "16777216" in result.stdout, "no defaults"


@pytest.mark.parametrize("path", [MASTER, WORKER, COMMAND], ids=os.path.basename)
def test_version_everywhere(path):
    result = subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=DEADLINE, env=environment()
    )
    assert result.returncode == 0 and release() in result.stdout, result


def test_every_key_is_an_option(tmp_path):
    """Each key's value from -T is accepted as --key=value, and changes nothing."""
    before = settings()
    arguments = []
    for key, value in before.items():
        if value is None or value == []:
            continue
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, list):
            text = ",".join(value)
        elif isinstance(value, dict):
            text = json.dumps(value)
        else:
            text = str(value)
        arguments.append(f"--{key}={text}")
    assert settings(*arguments) == before


def test_the_last_of_two_options_wins():
    assert settings("--job-max=5", "--job-max=6")["job-max"] == 6


def test_a_relative_worker_path_and_module_dir(daemon, tmp_path):
    shutil.copy(WORKER, tmp_path / "w")
    shutil.copytree(MODULES, tmp_path / "m")
    server = daemon.make({"worker_path": "./w", "module_dir": "m"}, cwd=str(tmp_path)).start()
    assert server.client().done("echo", "x") == b"x"


# ---- start


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "unix:{}/sock"])
def test_cannot_bind_what_another_has(daemon, tmp_path, listen):
    server = daemon(listen=listen.format(tmp_path))
    begin = time.monotonic()
    result = run_master(f"--listen={server.address}")
    took = time.monotonic() - begin
    assert result.returncode == CANNOT_BIND, (result.returncode, result.stderr)
    last = result.stderr.splitlines()[-1]
    assert f"cannot-listen address={server.address} " in last, result.stderr
    assert 'why="Address already in use"' in last, result.stderr
    assert took < 1.5 * SCALE, f"{took:.2f} s until it gave up"
    assert server.client().done("echo", "x") == b"x"


def test_cannot_bind_a_unix_path_that_is_no_socket(tmp_path):
    """A regular file is not removed."""
    (tmp_path / "file").write_text("precious")
    result = run_master(f"--listen=unix:{tmp_path}/file")
    assert result.returncode == CANNOT_BIND, (result.returncode, result.stderr)
    assert (tmp_path / "file").read_text() == "precious"
    assert "a file that is not a socket is there already" in result.stderr
    assert "address-in-use" not in result.stderr, "nothing to wait for"


def test_cannot_bind_a_missing_directory(tmp_path):
    assert run_master(f"--listen=unix:{tmp_path}/none/sock").returncode == CANNOT_BIND


def test_cannot_bind_the_worker_port(daemon):
    taken = socket.create_server(("127.0.0.1", 0))
    try:
        port = taken.getsockname()[1]
        result = run_master("--listen=127.0.0.1:0", f"--worker-listen=127.0.0.1:{port}")
        assert result.returncode == CANNOT_BIND, (result.returncode, result.stderr)
    finally:
        taken.close()


def test_a_foreign_address_cannot_be_bound():
    result = run_master("--listen=192.0.2.1:7741", "--allow-open-listen=true")
    assert result.returncode == CANNOT_BIND, (result.returncode, result.stderr)


def stat_of(path):
    found = os.stat(path)
    return found.st_uid, found.st_gid, oct(found.st_mode & 0o7777)


@pytest.mark.parametrize("mode, bits", [(None, "0o660"), ("0600", "0o600"), ("0666", "0o666")])
def test_the_mode_of_a_socket(daemon, tmp_path, mode, bits):
    """The umask does not matter."""
    server = daemon.make(
        {"listen": f"unix:{tmp_path}/sock", "socket-mode": mode}, preexec_fn=lambda: os.umask(0o027)
    ).start()
    assert stat_of(tmp_path / "sock") == (os.geteuid(), os.getegid(), bits)
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert not (tmp_path / "sock").exists()


def test_whose_a_socket_is(daemon, tmp_path):
    """The daemon's user can connect to the socket, by owner or by group."""
    if os.getuid() != 0:
        pytest.skip("needs root")
    server = daemon(user="nobody", listen=f"unix:{tmp_path}/sock")
    assert stat_of(tmp_path / "sock") == (65534, 65534, "0o660")
    other = daemon(group="nogroup", listen=f"unix:{tmp_path}/other")
    assert stat_of(tmp_path / "other") == (0, 65534, "0o660")
    assert other.client().done("echo", "x") == b"x"

    # In root's directory the socket file outlives the daemon, and the next daemon replaces the file.
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert server.log.wait("socket-left")["path"] == f"{tmp_path}/sock"
    again = daemon(user="nobody", listen=f"unix:{tmp_path}/sock")
    assert again.client().done("echo", "x") == b"x"


def test_a_socket_in_a_directory_of_the_user_is_removed(daemon):
    if os.getuid() != 0:
        pytest.skip("needs root")
    folder = f"/tmp/taskmaster-socket-{os.getpid()}"
    os.mkdir(folder, 0o755)
    try:
        os.chown(folder, 65534, 65534)
        server = daemon(user="nobody", listen=f"unix:{folder}/sock")
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
        assert os.listdir(folder) == []
    finally:
        shutil.rmtree(folder)


def test_listening_lines(daemon):
    """The kernel chooses a port for 0. The log line has the port, its address and its role."""
    server = daemon(listen=["127.0.0.1:0", "127.0.0.1:0"])
    lines = server.log.events("listening")
    assert sorted(line["role"] for line in lines) == ["clients", "clients", "workers"]
    assert all(re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", line["address"]) for line in lines), lines


def test_without_a_file_it_runs_on_defaults(daemon):
    server = daemon.make({})
    server.command_line = [MASTER, "--listen=127.0.0.1:0", "--log-format=json"]
    server.start()
    assert server.client().done("fib", "20") == b"6765"
    assert server.stats()["pool"]["max"] == 4


def test_as_root_without_user_one_warning(daemon, tmp_path):
    if os.getuid() != 0:
        pytest.skip("needs root")
    server = daemon.make({"log_level": "warn", "listen": f"unix:{tmp_path}/sock"})
    server.stderr = open(server.log.path, "ab")
    server.start()
    server.stderr.close()

    def warnings():
        return [
            line
            for line in server.log.events()
            if line["level"] == "warn" and "root" in json.dumps(line)
        ]

    server.client().done("echo", "x")
    assert len(warnings()) == 1, server.log.text()


def test_user_and_group(daemon):
    if os.getuid() != 0:
        pytest.skip("needs root")
    server = daemon(user="nobody", pool_start=1)
    server.wait_idle(1)
    assert server.client().done("echo", "x") == b"x"
    for pid in [server.pid, *server.worker_pids()]:
        assert set(proc.status_field(pid, "Uid").split()) == {"65534"}
        assert set(proc.status_field(pid, "Gid").split()) == {"65534"}
        assert proc.status_field(pid, "CapEff").strip("0") == ""
        groups = set(proc.status_field(pid, "Groups").split())
        assert groups <= {"65534"}, "root's groups are kept"
    assert not server.log.events("running-as-root")
    check(server.client().run("crash", "kill"), "failed", reason="error")


def test_workers_are_at_home_where_their_user_is(daemon):
    if os.getuid() != 0:
        pytest.skip("needs root")
    nobody = pwd.getpwnam("nobody")
    commands = {"exec": {"config": {"commands": {"env": ["/usr/bin/env"]}}}}
    server = daemon(user="nobody", modules=commands, pool_start=1)
    lines = server.client().done("exec", "env").decode().splitlines()
    expected = {f"HOME={nobody.pw_dir}", "USER=nobody", "LOGNAME=nobody"}
    assert expected <= set(lines), lines


def test_user_as_nobody_in_particular(daemon):
    """An unknown user is a fault of the configuration."""
    if os.getuid() != 0:
        pytest.skip("needs root")
    result = run_master("--listen=127.0.0.1:0", "--user=no-such-user-here")
    assert result.returncode == CONFIGURATION, (result.returncode, result.stderr)
    assert "no-such-user-here" in result.stderr


def test_reload_with_user_still_works(daemon, tmp_path):
    """After the change of user, the daemon can still read files readable for the new user."""
    if os.getuid() != 0:
        pytest.skip("needs root")
    server = daemon.make({"user": "nobody", "job_max": 5})
    folder = f"/tmp/taskmaster-test-{os.getpid()}"
    os.mkdir(folder, 0o755)
    try:
        server.config_path = f"{folder}/config.json"
        server.start()
        server.write_config(job_max=6)
        os.chmod(server.config_path, 0o644)
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.stats()["queue"]["max"] == 6, "the reload")
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("program", ["taskmasterd", "taskqueued"])
def test_the_printed_file_is_all_defaults_with_comments_and_without(tmp_path, program):
    def run(*args):
        result = subprocess.run([os.path.join(BUILD, program), *args], capture_output=True, text=True, timeout=DEADLINE)
        assert result.returncode == 0, result.stderr
        return result.stdout

    text, path = run("--print-conf"), tmp_path / "conf"
    defaults = run("-T")
    for written in (text, re.sub(r'^  // "', '  "', text, flags=re.MULTILINE)):
        path.write_text(written)
        assert run("-T", "-c", str(path)) == defaults
    for key in re.findall(r'^  // "([a-z-]+)"', text, re.MULTILINE):  # each alone has its commas right
        path.write_text(text.replace(f'  // "{key}"', f'  "{key}"'))
        run("-T", "-c", str(path))
