"""The Containerfile, step by step in bare Debians, as no engine for containers may be here.

The first stage takes its time with a compiler in a Debian of its own: CONTAINERFILE=whole carries it out. Without that,
only its last step, the installation, is done, from the build that is here.
"""

import os
import signal
import subprocess
import time

import pytest

import containerfile
from bare import ROOT, Bare

BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))


@pytest.fixture(scope="module")
def stages():
    with open(f"{ROOT}/Containerfile", encoding="utf-8") as file:
        return containerfile.stages(file.read())


@pytest.fixture
def new_debian(bare_cache, tmp_path):
    made = []

    def new():
        made.append(Bare(tmp_path / f"debian{len(made)}"))
        return made[-1]

    yield new
    for debian in made:
        debian.free()


def build_tree(stages, new_debian, tmp_path):
    """The tree of the stage `build`."""
    if os.environ.get("CONTAINERFILE") == "whole":
        return containerfile.Image(new_debian(), stages["build"], {}, ROOT).debian.path
    _, command = stages["build"][-1]
    install = command.rpartition(" && ")[2].replace("DESTDIR=", f"BUILD={os.path.relpath(BUILD, ROOT)} DESTDIR={tmp_path}/build")
    subprocess.run(install, shell=True, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return f"{tmp_path}/build"


def wait_healthy(image, process):
    deadline = time.monotonic() + 30
    while (health := image.execute(process, image.health)).returncode != 0:
        assert time.monotonic() < deadline, health.stdout
        time.sleep(0.1)


def test_the_image_is_healthy_runs_jobs_and_drains(stages, new_debian, tmp_path):
    trees = {"build": build_tree(stages, new_debian, tmp_path)}
    image = containerfile.Image(new_debian(), stages[list(stages)[-1]], trees, ROOT)
    assert image.user != "root"
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        process = image.start()
        try:
            wait_healthy(image, process)
            assert image.execute(process, ["taskmaster", "run", "fib", "30"]).stdout.strip() == "832040"
            status, output = process.end(number)
            assert status == 0, output
        finally:
            process.kill()
