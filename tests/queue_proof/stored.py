"""The contents of a store, read without the daemon."""

import os
import sqlite3

WAITING, DELAYED, HANDED, ENDED = range(4)
INLINE_MAX = 65536


class Row:
    def __init__(self, state, attempt, input_size, result_size, done, reason):
        self.state, self.attempt = state, attempt
        self.input_size, self.result_size = input_size, result_size
        self.done, self.reason = done, reason


class Store:
    def __init__(self, path):
        self.path = path
        self.db = sqlite3.connect(os.path.join(path, "queue.db"))
        try:
            self.fault = self.integrity()
            self.jobs = {} if self.fault else self.read_jobs()
        except sqlite3.Error as error:
            self.fault, self.jobs = str(error), {}

    def integrity(self):
        found = self.db.execute("PRAGMA integrity_check").fetchone()[0]
        return None if found == "ok" else found

    def read_jobs(self):
        rows = self.db.execute("SELECT seq, state, attempt, input_size, result_size, done, reason FROM job")
        return {f"q{seq}": Row(*rest) for seq, *rest in rows}

    def result(self, job):
        """None if its file is lost."""
        row, seq = self.jobs[job], int(job[1:])
        if row.result_size > INLINE_MAX:
            try:
                with open(os.path.join(self.path, "payloads", f"{seq}.{row.attempt}.result"), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return None
        found = self.db.execute("SELECT data FROM result WHERE seq = ?", (seq,)).fetchone()
        return found[0] if found else b""

    def input_is_whole(self, job):
        row, seq = self.jobs[job], int(job[1:])
        if row.input_size > INLINE_MAX:
            path = os.path.join(self.path, "payloads", f"{seq}.input")
            return os.path.exists(path) and os.path.getsize(path) == row.input_size
        found = self.db.execute("SELECT length(data) FROM input WHERE seq = ?", (seq,)).fetchone()
        return (found[0] if found else 0) == row.input_size

    def close(self):
        self.db.close()
