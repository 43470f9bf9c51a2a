"""A bare Debian 12 in a directory, and commands in it.

Each command has namespaces of its own: its processes end with it, and taskmasterd's own ports are free. apt-get alone
has the network of this machine. All this needs root.
"""

import os
import shlex
import shutil
import subprocess
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CACHE = os.path.join(ROOT, "build/bare-bookworm.tar")
MAKING = os.path.join(ROOT, "build/bare-bookworm.new.tar")
CACHE_SECONDS = 24 * 3600  # the lists of packages in it age

# Mounts what a container has, then becomes the command. What is mounted stays in its namespace. The root of a chroot is no
# mount: then each mount in it is made private.
ENTER = """
mount --make-rprivate / 2>/dev/null || cut -d ' ' -f 5 /proc/self/mountinfo | xargs -n 1 mount --make-private
ip link set lo up
mount -t proc proc "$0/proc"
mount -t tmpfs tmpfs "$0/dev/shm"
exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
"""

# Places that change in any Debian by the use of apt and dpkg, and by making a user. Users are never removed.
RESTLESS = ("/dev", "/proc", "/sys", "/tmp", "/run", "/packages", "/var/cache", "/var/log/apt", "/var/lib/apt", "/var/lib/dpkg",
            "/etc/apt/sources.list.d", "/var/log/dpkg.log", "/etc/gshadow-", "/etc/shadow-")


def make_cache():
    """Makes the archive of a bare Debian, unless a fresh one is there."""
    if os.path.exists(CACHE) and time.time() - os.path.getmtime(CACHE) < CACHE_SECONDS:
        return
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", "--skip=cleanup/apt/lists", "--aptopt=Acquire::Retries 3",
         '--aptopt=Acquire::Languages "none"', "bookworm", MAKING, "http://deb.debian.org/debian"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert made.returncode == 0, made.stdout
    os.replace(MAKING, CACHE)


UNSHARE = ["unshare", "--mount", "--propagation", "unchanged", "--pid", "--fork", "--kill-child"]
UNSHARE_NET = ["--net", "--uts"]


class First:
    """Process 1 of namespaces of its own."""

    def __init__(self, command):
        self.unshare = subprocess.Popen(
            [*UNSHARE, *UNSHARE_NET, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        with open(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children", encoding="utf-8") as children:
            while not (found := children.read().split()) and self.unshare.poll() is None:
                children.seek(0)
                time.sleep(0.01)
        self.pid = int(found[0]) if found else None

    def end(self, signal_number):
        """Sends it the signal, as an engine does. The value is its exit status, and its output."""
        os.kill(self.pid, signal_number)
        output, _ = self.unshare.communicate(timeout=60)
        return self.unshare.returncode, output

    def kill(self):
        self.unshare.kill()
        self.unshare.wait()


class Bare:
    def __init__(self, path):
        self.path = str(path)
        os.makedirs(self.path)
        subprocess.run(["tar", "-xf", CACHE, "-C", self.path], check=True)

    def free(self):
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=False)

    def write(self, name, text, mode=0o644):
        with open(self.path + name, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path + name, mode)

    def read(self, name):
        with open(self.path + name, encoding="utf-8") as file:
            return file.read()

    def exists(self, name):
        return os.path.lexists(self.path + name)

    def run(self, command, network=False, status=0):
        """Runs a shell command, and returns its output."""
        done = subprocess.run(
            [*UNSHARE, *([] if network else UNSHARE_NET), "sh", "-ec", ENTER, self.path, "sh", "-ec", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == status, f"{command}\n{done.stdout}"
        return done.stdout

    def start(self, command):
        """Starts a command as process 1 of namespaces of its own."""
        return First(["sh", "-ec", ENTER, self.path, *command])

    def apt(self, *arguments):
        return self.run(shlex.join(["apt-get", "-q", "-y", "-o", "Acquire::Retries=3", *arguments]), network=True)

    def publish(self, directory):
        """Makes a copy of this directory an archive for apt, which takes from Debian what these packages depend on."""
        self.write("/etc/apt/sources.list.d/taskmaster.list", "deb [trusted=yes] file:/packages ./\n")
        shutil.rmtree(self.path + "/packages", ignore_errors=True)
        shutil.copytree(directory, self.path + "/packages", ignore=lambda _, names: [n for n in names if "dbgsym" in n])
        self.apt("update", "-o", "Dir::Etc::sourcelist=sources.list.d/taskmaster.list", "-o", "Dir::Etc::sourceparts=-",
                 "-o", "APT::Get::List-Cleanup=0")

    def files(self):
        """All paths but those that any use of apt changes."""
        found = set()
        for directory, directories, names in os.walk(self.path):
            inside = directory[len(self.path):]
            directories[:] = [name for name in directories if f"{inside}/{name}" not in RESTLESS]
            found.update(f"{inside}/{name}" for name in directories + names)
        found.difference_update(RESTLESS)
        return found
