"""Every allocation of the master fails once: alone, or with all later ones."""

import mmap
import os
import struct

from daemon import BUILD, Daemon
from scenarios import COMMANDS, SCENARIOS, TOKENS

SHIM = os.path.join(BUILD, "tests", "fail_malloc.so")
MODES = {"once": 1, "on": 1 << 62}
WARMED_UP = 5.0


class Page:
    """The page shared with the shim: count, fail_at, fail_for, failed."""

    def __init__(self, path):
        with open(path, "w+b") as file:
            file.truncate(4096)
            self.map = mmap.mmap(file.fileno(), 4096)

    def get(self, index):
        return struct.unpack_from("=Q", self.map, 8 * index)[0]

    def set(self, index, value):
        struct.pack_into("=Q", self.map, 8 * index, value)

    @property
    def count(self):
        return self.get(0)

    @property
    def failed(self):
        return self.get(3)

    def arm(self, number, mode):
        """Lets the allocation `number` fail, counted from now."""
        self.set(2, MODES[mode])
        self.set(1, self.count + number)

    def disarm(self):
        self.set(1, 0)


class Case:
    """With `number` 0 nothing fails, and `count` becomes the number of allocations."""

    def __init__(self, scenario, number, mode):
        self.scenario, self.number, self.mode = scenario, number, mode
        self.name = f"memory:{scenario}:{number}:{mode}"
        self.count = 0

    def run(self):
        dialogue, settings = SCENARIOS.get(self.scenario, (None, {}))
        options, text = COMMANDS.get(self.scenario, ((), None))
        daemon = Daemon(settings, options=options)
        page = Page(daemon.path("page"))
        daemon.env.update(LD_PRELOAD=SHIM, FAIL_MALLOC_PAGE=daemon.path("page"))
        if self.scenario == "start-tokens":
            daemon.settings["token-file"] = daemon.path("tokens")
            with open(daemon.path("tokens"), "w") as file:
                file.write(TOKENS)
        daemon.write_config(text)
        try:
            if self.scenario in COMMANDS:
                self.run_command(daemon, page)
            elif dialogue is None:
                self.run_start(daemon, page)
            else:
                self.run_dialogue(daemon, page, dialogue)
            daemon.judge_orphans()
        finally:
            daemon.close()
        return daemon.outcome

    def fail_from_now(self, page):
        if self.number:
            page.arm(self.number, self.mode)

    def finish(self, daemon, page, before):
        self.count = page.count - before
        daemon.outcome.hit = page.failed > 0
        if not self.number and (daemon.lost or daemon.ended()) and self.scenario != "drain":
            daemon.problem("nothing failed, and yet the dialogue did not go through")

    def run_command(self, daemon, page):
        self.fail_from_now(page)
        daemon.launch()
        daemon.watch(daemon.ended, WARMED_UP, "the end of the command")
        self.count = page.count
        daemon.outcome.hit = page.failed > 0
        daemon.stop()

    def run_start(self, daemon, page):
        self.fail_from_now(page)
        if daemon.start():
            token = "second-token-long-enough" if "token-file" in daemon.settings else None
            with daemon.talking("hello"):
                with daemon.client(**({"token": token} if token else {})) as client:
                    client.run("echo", b"", timeout=WARMED_UP)
        self.finish(daemon, page, 0)
        page.disarm()
        if not daemon.ended() and "token-file" not in daemon.settings:
            daemon.judge_alive()
        daemon.stop()

    def run_dialogue(self, daemon, page, dialogue):
        if not daemon.start():
            daemon.problem("it did not start")
            return
        daemon.watch(lambda: " worker-ready " in daemon.log(), WARMED_UP, "a worker")
        before = page.count
        self.fail_from_now(page)
        with daemon.talking(self.scenario):
            dialogue(daemon)
        self.finish(daemon, page, before)
        page.disarm()
        if not daemon.ended() and self.scenario != "drain":
            daemon.judge_alive()
            daemon.judge_rest()
        daemon.stop()


def cases():
    """All cases. A run without a fault counts the allocations of a scenario."""
    found = []
    for scenario in ["start", "start-tokens", *COMMANDS, *SCENARIOS]:
        probe = Case(scenario, 0, "once")
        outcome = probe.run()
        if outcome.problems:
            raise SystemExit(f"{probe.name}: {outcome.problems}\n{outcome.log}")
        for number in range(1, probe.count + 1):
            found += [Case(scenario, number, mode) for mode in MODES]
    return found
