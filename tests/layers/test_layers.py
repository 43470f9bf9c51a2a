"""scripts/layers finds an upward include, an upward call and a circle, each planted in a copy of the tree."""

import os
import shutil
import subprocess

import pytest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))


def layers(root, objects):
    command = [os.path.join(ROOT, "scripts", "layers"), "--root", root, "--objects", objects]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources and of their objects."""
    for folder in ("src", "queue", "gateway", "worker", "client", "modules", "include"):
        shutil.copytree(os.path.join(ROOT, folder), tmp_path / folder)
        objects = os.path.join(BUILD, "obj", folder)
        if os.path.isdir(objects):
            shutil.copytree(objects, tmp_path / "obj" / folder)
    return tmp_path


def plant(tree, path, text):
    """Adds a source file and its object."""
    (tree / path).write_text(text)
    target = tree / "obj" / (path[:-2] + ".o")
    subprocess.run(["cc", "-c", "-o", target, tree / path], check=True)


def look(tree):
    return layers(str(tree), str(tree / "obj"))


def test_the_tree_has_no_fault(tree):
    status, text = look(tree)
    assert text.startswith("0 faults in "), text
    assert status == 0


def test_an_upward_include(tree):
    with open(tree / "src/base/heap.h", "a") as file:
        file.write('#include "jobs/job.h"\n')
    status, text = look(tree)
    assert status == 1
    assert "src/base/heap.h:" in text
    assert ": includes src/jobs/job.h; src/base may use include, src/common\n" in text


def test_an_include_between_neighbours(tree):
    with open(tree / "src/clients/session.c", "a") as file:
        file.write('#include "workers/link.h"\n')
    assert ": includes src/workers/link.h; src/clients may use " in look(tree)[1]


def test_the_queue_uses_nothing_of_the_master(tree):
    with open(tree / "queue/kept/keep.h", "a") as file:
        file.write('#include "jobs/job.h"\n')
    assert "queue/kept/keep.h:" in (text := look(tree)[1])
    assert ": includes src/jobs/job.h; queue/kept may use " in text


def test_a_header_of_another_folder_alone(tree):
    with open(tree / "src/master.c", "a") as file:
        file.write('#include "net/conn_internal.h"\n')
    assert "includes src/net/conn_internal.h, which is for its own folder" in look(tree)[1]


def test_a_library_in_the_wrong_place(tree):
    with open(tree / "src/jobs/pool.c", "a") as file:
        file.write("#include <jansson.h>\n")
    assert "src/jobs/pool.c: includes <jansson.h>; src/jobs does without\n" in look(tree)[1]


def test_a_library_by_way_of_a_header(tree):
    with open(tree / "worker/text.h", "a") as file:
        file.write('#include "common/json_load.h"\n')
    text = look(tree)[1]
    assert "worker/text.c: includes <jansson.h> by way of src/common/json_load.h; worker does without\n" in text


def test_a_circle_of_headers(tree):
    (tree / "src/base/ring.h").write_text('#include "base/gnir.h"\n')
    (tree / "src/base/gnir.h").write_text('#include "base/ring.h"\n')
    status, text = look(tree)
    assert status == 1
    assert "files include each other in a circle:\n    src/base/gnir.h -> src/base/ring.h\n" in text


def test_an_upward_call(tree):
    plant(tree, "src/base/planted.c", "void job_free(void *); void planted(void) { job_free(0); }\n")
    assert "src/base/planted.c: uses job_free of src/jobs/job.c; src/base may use include, src/common\n" in look(tree)[1]


def test_a_circle_of_calls(tree):
    plant(tree, "src/base/one.c", "void two(void); void one(void) { two(); }\n")
    plant(tree, "src/base/two.c", "void three(void); void two(void) { three(); }\n")
    plant(tree, "src/base/three.c", "void one(void); void three(void) { one(); }\n")
    status, text = look(tree)
    assert status == 1
    assert "    src/base/one.c -> src/base/two.c (two)\n" in text
    assert "    src/base/three.c -> src/base/one.c (one)\n" in text


def test_no_objects(tree):
    done = subprocess.run([os.path.join(ROOT, "scripts", "layers"), "--root", tree, "--objects", tree / "none"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "has no objects; run make before" in done.stderr
