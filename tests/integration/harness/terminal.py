"""A terminal for the command: a pty, and the few ANSI sequences that it uses, as a screen of text."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios

from .wait import wait_until

# A process can be stopped by Ctrl-Z if its parent is in its session and has another group, as with a shell.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(pid, 0)
os._exit(os.waitstatus_to_exitcode(status))
"""

SEQUENCE = re.compile(rb"\x1b\[([?0-9;]*)([A-Za-z])")


class Terminal:
    def __init__(self, command, rows=24, cols=80, shell=False):
        if shell:
            command = [sys.executable, "-c", SHELL, *command]
        self.master, self.slave = pty.openpty()
        self.resize(rows, cols, tell=False)
        self.modes = termios.tcgetattr(self.slave)
        self.alternate = False
        self.resized = False
        self.clipped = False  # something beyond the screen was written since it was cleared
        self.cursor, self.rest, self.seen = True, b"", b""
        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, rows, cols, tell=True):
        """A screen of the old size may be on its way: a terminal clips it until the next one."""
        self.resized = tell
        self.rows, self.cols = rows, cols
        self.lines = [" " * cols for _ in range(rows)]
        self.at = (0, 0)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        if tell:
            os.kill(self.process.pid, signal.SIGWINCH)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def go_on(self):
        """Continues the command stopped by Ctrl-Z."""
        os.killpg(os.tcgetpgrp(self.master), signal.SIGCONT)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            data = os.read(self.master, 65536)
            self.seen += data
            self._take(self.rest + data)

    def _take(self, data):
        self.rest = b""
        while data:
            if data[0] == 0x1B:
                match = SEQUENCE.match(data)
                if not match:
                    assert len(data) < 16, f"an unknown sequence: {data[:40]!r}"
                    self.rest = data
                    return
                self._obey(match[1].decode(), match[2].decode())
                data = data[match.end() :]
                continue
            end = data.find(b"\x1b")
            text, data = (data, b"") if end < 0 else (data[:end], data[end:])
            self._put(text)

    def _put(self, text):
        row, col = self.at
        for byte in text:
            if byte == 0x0A:
                row = min(row + 1, self.rows - 1)
            elif byte == 0x0D:
                col = 0
            elif not self.alternate:
                pass  # on the first screen, which is not looked at
            else:
                assert 0x20 <= byte < 0x7F, f"a control character: {text!r}"
                self._put_char(row, col, byte, text)
                col += 1
        self.at = (row, col)

    def _put_char(self, row, col, byte, text):
        if col < self.cols and row < self.rows:
            self.lines[row] = self.lines[row][:col] + chr(byte) + self.lines[row][col + 1 :]
            return
        assert self.resized, f"beyond the screen: {(row, col)} {text!r}"
        self.clipped = True

    def _obey(self, numbers, what):
        row, col = self.at
        if what == "H":
            row, col = [int(n or 1) - 1 for n in (numbers or "1;1").split(";")]
            self.at = (row, col)
        elif what == "J":
            self.lines, self.clipped = [" " * self.cols for _ in range(self.rows)], False
        elif what == "K" and row >= self.rows:
            assert self.resized, f"beyond the screen: line {row}"
            self.clipped = True
        elif what == "K":
            self.lines[row] = self.lines[row][:col] + " " * (self.cols - col)
        elif what in "hl" and numbers == "?1049":
            self.alternate = what == "h"
        elif what in "hl" and numbers == "?25":
            self.cursor = what == "h"
        else:
            assert what == "m" or numbers == "?7", f"an unknown sequence: {numbers}{what}"

    def text(self):
        self.read()
        return "\n".join(line.rstrip() for line in self.lines)

    def has(self, words):
        return words in self.text() and not self.clipped

    def wait(self, words):
        """Waits until the screen has the words, and fits. Returns the screen."""
        wait_until(lambda: self.has(words) or self.process.poll() is not None, f"{words} on the screen")
        text = self.text()
        assert words in text, text
        return text

    def wait_gone(self, words):
        wait_until(lambda: words not in self.text() and not self.clipped, f"no {words} on the screen")

    def end(self):
        """Waits for the command's end. Returns its status; the terminal must be as before."""
        wait_until(lambda: self.read() or self.process.poll() is not None, "the command's end")
        self.read()
        assert not self.alternate and self.cursor, self.seen[-200:]
        assert termios.tcgetattr(self.slave) == self.modes, "the terminal's modes"
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
