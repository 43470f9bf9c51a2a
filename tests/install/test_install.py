"""`make install` into an empty tree, and a run from that tree."""

import os
import re
import shutil
import signal
import subprocess

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))

HELLO = """
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    return tm_reply(job, "hello", 5);
}

TM_MODULE(.name = "hello", .version = "1.0", .run = run);
"""

PROGRAM = """
#include <stdio.h>
#include <taskmaster/client.h>
#include <taskmaster/version.h>

int main(void)
{
    return printf("%s %s\\n", TASKMASTER_VERSION, tm_client_version()) < 0;
}
"""


def make(target, tree, *variables):
    subprocess.run(
        [
            "make",
            "-s",
            target,
            f"BUILD={os.path.relpath(BUILD, ROOT)}",
            "PREFIX=/usr",
            f"DESTDIR={tree}",
            *variables,
        ],
        cwd=ROOT,
        check=True,
        stdin=subprocess.DEVNULL,
    )


FLAGS = {"CPPFLAGS": "-DX=1 -UX", "CFLAGS": "-O0 -g3", "LDFLAGS": "-Wl,-O1 -Wl,--as-needed"}


def commands(*arguments, **environ):
    """The compiler's commands for a build from nothing, without running them."""
    variables = {key: value for key, value in os.environ.items() if key not in (*FLAGS, "CC", "AR", "WERROR")}
    made = subprocess.run(
        ["make", "-n", "BUILD=no-such-build", *arguments, "test-programs", "sweep-programs"],
        cwd=ROOT, env=variables | environ, capture_output=True, text=True, check=True,
    )
    text = made.stdout.replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if " -o no-such-build" in line]


@pytest.mark.parametrize("how", ["command line", "environment"])
@pytest.mark.parametrize("variant", [[], ["SAN=1"], ["COVERAGE=1"]], ids=["plain", "san", "coverage"])
def test_whoever_builds_has_the_last_word(how, variant):
    given = FLAGS | {"CC": "mycc"}
    if how == "environment":
        lines = commands(*variant, **given)
    else:
        lines = commands(*variant, *(f"{key}={value}" for key, value in given.items()))
    assert len(lines) > 150
    for line in lines:
        words = line.split()
        assert words[0] == "mycc" and "-Werror" not in words, line
        assert [word for word in words if word.startswith("-O")][-1] == "-O0", line
        compiles, links = "-c" in words or "-shared" in words, "-c" not in words
        if compiles and "-D_GNU_SOURCE" in words:
            assert words.index("-DX=1") > words.index("-D_GNU_SOURCE"), line
            assert not [word for word in words if "_FORTIFY_SOURCE" in word], line
        if links:
            assert FLAGS["LDFLAGS"] in line, line
    assert any("--wrap=socket" in line for line in lines), "our own flags are lost"


def test_flags_that_are_in_the_way_of_ours():
    fortify = [line for line in commands() if "-D_FORTIFY_SOURCE=2" in line]
    assert len(fortify) > 150
    lines = commands("CPPFLAGS=-D_FORTIFY_SOURCE=3")
    assert not any("_FORTIFY_SOURCE=2" in line for line in lines)


def test_warnings_are_errors_where_that_is_asked_for():
    assert not any("-Werror" in line for line in commands())
    assert all("-Werror" in line for line in commands("WERROR=1") if " -c " in line)


def test_a_build_with_flags_of_ones_own(tmp_path):
    arguments = [f"{key}={value}" for key, value in FLAGS.items()]
    subprocess.run(
        ["make", "-s", "-j2", f"BUILD={tmp_path}", "CC=cc", "AR=ar", *arguments, f"{tmp_path}/taskmaster"],
        cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True,
    )
    subprocess.run([tmp_path / "taskmaster", "--version"], check=True, capture_output=True)


def files(tree):
    return sorted(
        os.path.relpath(os.path.join(directory, name), tree)
        for directory, _, names in os.walk(tree)
        for name in names
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    make("install", tree)
    return tree


@pytest.fixture
def server(tree, tmp_path):
    """A daemon from the installed tree, with its modules and those of tmp_path/modules. The value is its address."""
    modules = tmp_path / "modules"
    shutil.copytree(tree / "usr/lib/taskmaster/modules", modules)
    compile(tree, HELLO, modules / "hello.so", "-shared", "-fPIC")
    yield from run_daemon(tree, f"--module-dir={modules}")


@pytest.fixture
def plain_server(tree):
    """A daemon from the installed tree without any setting of a path."""
    yield from run_daemon(tree)


def run_daemon(tree, *options, name="taskmasterd"):
    daemon = subprocess.Popen(
        [tree / "usr/sbin" / name, "--listen=127.0.0.1:0", *options],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    seen = ""
    for line in daemon.stderr:
        seen += line
        found = re.search(r" listening role=clients address=(\S+)", line)
        if found:
            yield found[1]
            break
    else:
        pytest.fail(f"the daemon did not start:\n{seen}")
    daemon.send_signal(signal.SIGTERM)
    daemon.stderr.read()
    assert daemon.wait() == 0


@pytest.fixture
def queue(tree, plain_server, tmp_path):
    """A queue from the installed tree, on `plain_server`."""
    yield from run_daemon(tree, f"--master={plain_server}", f"--store-path={tmp_path}/store", name="taskqueued")


def compile(tree, source, target, *options):
    subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{tree}/usr/include"]
        + ["-o", target, "-x", "c", "-", "-x", "none", *options],
        input=source,
        text=True,
        check=True,
    )


def command(tree, address, *arguments):
    return subprocess.run(
        [tree / "usr/bin/taskmaster", "--server", address, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


def test_files_are_where_they_belong(tree):
    found = files(tree / "usr")
    for name in (
        "bin/taskmaster",
        "sbin/taskmasterd",
        "sbin/taskqueued",
        "sbin/taskmaster-http",
        "libexec/taskmaster/taskmaster-worker",
        "lib/libtaskmaster.a",
        "lib/libtaskmaster.so",
        "lib/libtaskmaster.so.0",
        "lib/pkgconfig/libtaskmaster.pc",
        "include/taskmaster/client.h",
        "include/taskmaster/module.h",
        "include/taskmaster/version.h",
        "share/bash-completion/completions/taskmaster",
        "share/zsh/site-functions/_taskmaster",
        "share/doc/taskmaster/README.md",
        "share/doc/taskmaster/cluster.md",
        "share/doc/taskmaster/protocol.md",
        "share/doc/taskmaster/queue.md",
        "share/doc/taskmaster/examples/taskqueued.conf",
        "share/man/man1/taskmaster.1",
        "share/man/man5/taskmasterd.conf.5",
        "share/man/man5/taskqueued.conf.5",
        "share/man/man7/taskmaster-modules.7",
        "share/man/man8/taskmasterd.8",
        "share/man/man8/taskqueued.8",
    ):
        assert name in found
    modules = {name for name in found if name.startswith("lib/taskmaster/modules/")}
    names = ("echo", "exec", "fib", "kv", "math", "readfile", "sleep", "wc")
    assert modules == {f"lib/taskmaster/modules/{name}.so" for name in names}
    settings = ["etc/taskmaster/" + name for name in os.listdir(f"{ROOT}/conf") if name.endswith(".conf")]
    assert files(tree) == sorted(settings) + [f"usr/{name}" for name in found], "something lies outside of PREFIX"


DIRECTORIES = {
    "LIBDIR": ("/usr/lib/m68k-linux-gnu", "libtaskmaster.so.0"),
    "SYSCONFDIR": ("/usr/settings", "taskmaster/taskmasterd.conf"),
    "MANDIR": ("/usr/manual", "man8/taskmasterd.8"),
    "DOCDIR": ("/usr/papers", "operating.md"),
    "UNITDIR": ("/lib/units", "taskmasterd.service"),
    "SYSUSERSDIR": ("/lib/users", "taskmasterd.conf"),
}


def test_each_directory_has_a_variable(tmp_path):
    variables = [f"{name}={directory}" for name, (directory, _) in DIRECTORIES.items()]
    make("install", tmp_path, *variables)
    found = files(tmp_path)
    for directory, name in DIRECTORIES.values():
        assert f"{directory[1:]}/{name}" in found
    assert [name for name in found if name.startswith(("etc/", "usr/lib/lib", "usr/share/man", "usr/share/doc"))] == []
    unit = (tmp_path / "lib/units/taskmasterd.service").read_text()
    assert "/usr/settings/taskmaster/taskmasterd.conf" in unit and "/etc/taskmaster" not in unit
    assert "libdir=${prefix}/lib/m68k-linux-gnu\n" in (
        tmp_path / "usr/lib/m68k-linux-gnu/pkgconfig/libtaskmaster.pc").read_text()
    make("uninstall", tmp_path, *variables)
    assert files(tmp_path) == []


def test_settings_of_the_operator_survive_a_second_installation_and_the_end(tmp_path):
    make("install", tmp_path)
    settings = tmp_path / "etc/taskmaster/taskmasterd.conf"
    settings.write_text('{"pool-max": 7}')
    make("install", tmp_path)
    assert settings.read_text() == '{"pool-max": 7}'
    make("uninstall", tmp_path)
    assert files(tmp_path) == ["etc/taskmaster/taskmasterd.conf"]


def test_each_installed_module_has_a_section_with_its_failure_codes(tree):
    page = (tree / "usr/share/man/man7/taskmaster-modules.7").read_text()
    sections = dict(re.findall(r"^\.Sh (\S+)\n(.*?)(?=^\.Sh )", page, re.M | re.S))
    for module in (tree / "usr/lib/taskmaster/modules").iterdir():
        section = sections[module.stem.upper()]
        with open(f"{ROOT}/modules/{module.stem}.c", encoding="utf-8") as file:
            codes = set(re.findall(r'tm_fail\(job, "([a-z-]+)"', file.read()))
        assert codes == set(re.findall(r"^\.Ql ([a-z]+(?:-[a-z]+)*) [,.:]", codes_of(section), re.M))


def codes_of(section):
    """The text behind the item of the failure codes, up to the next item or sentence."""
    text = section.partition(".It failure codes\n")[2]
    return re.split(r"^\.(?:It|El|With)", text, flags=re.M)[0].partition("\nWith\n")[0]


def test_runs_from_the_installed_tree(tree, plain_server):
    assert command(tree, plain_server, "run", "fib", "20") == "6765"


def test_a_queue_runs_from_the_installed_tree(tree, queue):
    job = command(tree, queue, "submit", "--queue", "fib", "20")
    assert command(tree, queue, "wait", job) == "6765"


def test_a_module_needs_the_installed_header_alone(tree, server):
    assert command(tree, server, "run", "hello") == "hello"


def pkg_config(tree):
    return {**os.environ, "PKG_CONFIG_PATH": f"{tree}/usr/lib/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": str(tree)}


def variable(tree, name):
    command = ["pkg-config", f"--variable={name}", "libtaskmaster"]
    return subprocess.check_output(command, env=pkg_config(tree), text=True).strip()


def test_the_example_modules_are_built_beside_the_installed_header(tree, server, tmp_path):
    """As somebody would who writes a module: copy the examples, build them, install them where pkg-config says."""
    with open(f"{ROOT}/include/taskmaster/module.h", encoding="utf-8") as header:
        assert variable(tree, "abi_version") == re.search(r"define TM_ABI (\d+)", header.read())[1]
    assert variable(tree, "moduledir").removeprefix(str(tree)) == "/usr/lib/taskmaster/modules"
    shutil.copytree(tree / "usr/share/doc/taskmaster/examples/modules", tmp_path / "examples")
    (tmp_path / "dest").mkdir()
    for arguments in (["-j2"], ["install", f"DESTDIR={tmp_path}/dest", "moduledir="]):
        subprocess.run(["make", "-s", *arguments], cwd=tmp_path / "examples", env=pkg_config(tree), check=True)
    assert sorted(files(tmp_path / "dest")) == [
        name + ".so" for name in ("echo", "exec", "fib", "kv", "math", "readfile", "sleep", "wc")]
    os.replace(tmp_path / "dest/fib.so", tmp_path / "modules/fib.so")
    assert command(tree, server, "run", "fib", "20") == "6765"


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_the_program_of_the_readme_is_built_with_pkg_config(tree, plain_server, tmp_path, kind):
    with open(f"{ROOT}/README.md", encoding="utf-8") as file:
        readme = file.read()
    (tmp_path / "fib30.c").write_text(re.search(r"This is\n`fib30.c`:\n\n```c\n(.*?)^```", readme, re.M | re.S)[1])
    command = re.search(r"`(cc fib30.c \$.*?)`", readme)[1]
    if kind == "static":
        command = command.replace("libtaskmaster)", "--static libtaskmaster | sed s/-ltaskmaster/-l:libtaskmaster.a/)")
    subprocess.run(
        [command],
        shell=True,
        cwd=tmp_path,
        env=pkg_config(tree),
        check=True,
    )
    libraries = {"LD_LIBRARY_PATH": f"{tree}/usr/lib"} if kind == "shared" else {}
    output = subprocess.run(
        [tmp_path / "a.out", plain_server],
        env={**os.environ, **libraries},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert output == "832040\n"


def test_the_library_says_its_release(tree, tmp_path):
    program = tmp_path / "program"
    compile(tree, PROGRAM, program, f"{tree}/usr/lib/libtaskmaster.a", "-ljansson")
    assert subprocess.check_output([program], text=True) == "0.2.0 0.2.0\n"


@pytest.mark.parametrize("destdir", ["", "/"])
def test_ldconfig_is_named_where_it_is_due(tmp_path, destdir):
    """A staged tree becomes a package, and a package runs ldconfig at its installation."""
    output = subprocess.check_output(
        ["make", "-s", "install", f"BUILD={os.path.relpath(BUILD, ROOT)}"]
        + [f"PREFIX={tmp_path}", f"DESTDIR={destdir}"],
        cwd=ROOT,
        text=True,
    )
    assert ("ldconfig" in output) == (destdir == "")


def test_uninstall_leaves_no_file(tree, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)
    make("uninstall", copy)
    assert files(copy) == []
    for directory in ("lib/taskmaster", "libexec/taskmaster", "include/taskmaster", "share/doc/taskmaster"):
        assert not (copy / "usr" / directory).exists(), f"{directory} is left, empty"
    make("uninstall", copy)


def test_uninstall_keeps_what_it_did_not_install(tree, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)
    own = ["lib/taskmaster/modules/mine.so", "share/doc/taskmaster/examples/mine.conf"]
    for name in own:
        (copy / "usr" / name).write_text("precious")
    make("uninstall", copy)
    assert files(copy / "usr") == own
