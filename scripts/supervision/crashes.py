"""Which of the demo's processes exit, restart or keep crashing, according to supervisord's and the worker's logs."""

import re
import time
from collections import defaultdict
from pathlib import Path

WINDOW_SECONDS = 30
CRASHES_IN_WINDOW, CRASHES_AT_START = 3, 2  # a process that exits this often keeps crashing
SHOWN_LINES = 40  # after the cause, gunicorn prints about twenty lines of its own
# Lines of supervisord: "exited: web-0 (exit status 1; not expected)", "success: web-0 entered RUNNING state, …"
NEWS_PATTERN = re.compile(r"(?P<news>(exited: |success: (\w+:)?)(?P<program>[a-z]+).*)")
EXIT_PATTERN = re.compile(r"exited: (?P<program>[a-z]+)")
WORKER_EXIT_PATTERN = re.compile(r"^(?P<program>worker): \S+ ended ")  # a line of workers/engine/supervisor.py


class CrashReports:
    """Reads what supervisord and the worker's own supervisor have logged since this object was created."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = {"supervisord.log": EXIT_PATTERN, "worker.log": WORKER_EXIT_PATTERN}
        self.positions = {name: self._size(name) for name in self.logs}
        self.exits: dict[str, list[float]] = defaultdict(list)

    def read_news(self) -> list[str]:
        """Return a line for each exit and restart; when a process keeps crashing, the end of its log, then no more."""
        known = set(self._find_crashing())
        lines = [match for line in self._read_new_lines() if (match := NEWS_PATTERN.search(line))]
        news = [match["news"] for match in lines if match["program"] in self.exits.keys() - known]
        return news + [self._describe(program) for program in self._find_crashing() if program not in known]

    def read_crashes(self) -> str:
        """Return the ends of the logs of all processes that have crashed twice. Poll it until all are ready."""
        self._read_new_lines()
        return "\n".join(map(self._describe, self._find_crashing(CRASHES_AT_START)))

    def _read_new_lines(self) -> list[str]:
        """Return supervisord's new lines, and count the exits in both logs."""
        found = {name: self._read_new(name) for name in self.logs}
        for name, pattern in self.logs.items():
            for line in found[name]:
                if match := pattern.search(line):
                    self.exits[match["program"]].append(time.monotonic())
        return found["supervisord.log"]

    def _read_new(self, name: str) -> list[str]:
        if self._size(name) < self.positions[name]:  # the log has been rotated
            self.positions[name] = 0
        if self._size(name) == self.positions[name]:
            return []
        with (self.folder / name).open("rb") as log:
            log.seek(self.positions[name])
            text, newline, _ = log.read().rpartition(b"\n")  # the last line may be incomplete
        self.positions[name] += len(text + newline)
        return text.decode(errors="replace").splitlines()

    def _size(self, name: str) -> int:
        path = self.folder / name
        return path.stat().st_size if path.exists() else 0

    def _find_crashing(self, crashes: int = CRASHES_IN_WINDOW) -> list[str]:
        since = time.monotonic() - WINDOW_SECONDS
        return [name for name, times in self.exits.items() if sum(at > since for at in times) >= crashes]

    def _describe(self, program: str) -> str:
        path = self.folder / f"{program}.log"
        lines = path.read_text(errors="replace").splitlines()[-SHOWN_LINES:] if path.exists() else []
        return f"{program} keeps crashing. The end of {path}:\n" + "\n".join(f"  {line}" for line in lines)
