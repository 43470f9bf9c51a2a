"""The steps of a Containerfile, carried out in bare Debians: enough of the language for ours, and no engine.

Files are copied with their modes and belong to root. Each RUN is a shell command of root with the network; the image's
command is process 1 of its own namespaces, under the image's user.
"""

import json
import os
import re
import shlex
import shutil
import subprocess


def instructions(text):
    """(instruction, argument) of each step, with the lines joined."""
    text = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", text).split("\n"):
        if line.strip():
            word, _, argument = line.partition(" ")
            yield word, argument.strip()


def stages(text):
    """The stages by name or number: lists of instructions after the FROM, which comes first."""
    found = {}
    for word, argument in instructions(text):
        if word == "FROM":
            image, _, name = argument.partition(" AS ")
            found[name or str(len(found))] = steps = [(word, image)]
        else:
            steps.append((word, argument))
    return found


class Image:
    """A stage carried out in a bare Debian. `trees`: directories of the other stages by name; `context`: of the files."""

    def __init__(self, debian, steps, trees, context):
        self.debian, self.trees, self.context = debian, trees, context
        self.directory, self.user, self.command, self.health = "/", "root", [], []
        for word, argument in steps:
            getattr(self, "do_" + word.lower())(argument)

    def do_from(self, image):
        assert image == "debian:12-slim", "not the Debian of these tests"

    def do_workdir(self, path):
        self.directory = path
        os.makedirs(self.debian.path + path, exist_ok=True)

    def do_run(self, command):
        self.debian.run(f"cd {self.directory}\n{command}", network=True)

    def do_copy(self, argument):
        words = shlex.split(argument)
        source = self.context
        if words[0].startswith("--from="):
            source = self.trees[words.pop(0).partition("=")[2]]
        name, target = words
        target = self.debian.path + os.path.normpath(os.path.join(self.directory, target))
        if os.path.isdir(f"{source}/{name}"):
            ignored = shutil.ignore_patterns(".git", "build") if source == self.context else None
            shutil.copytree(f"{source}/{name}", target, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(f"{source}/{name}", target)

    def do_user(self, name):
        self.user = name

    def do_expose(self, port):
        assert port.isdigit()

    def do_healthcheck(self, argument):
        self.health = json.loads(argument.partition(" CMD ")[2])

    def do_cmd(self, argument):
        self.command = json.loads(argument)

    def start(self):
        """Runs the image's command, which is process 1 there. The value is its process here."""
        return self.debian.start(["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--no-new-privs",
                                  *self.command])

    def execute(self, process, command):
        """A command beside process 1, as `docker exec` runs it."""
        return subprocess.run(
            ["nsenter", "-t", str(process.pid), "-n", "-p", "chroot", f"--userspec={self.user}", self.debian.path, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
