"""Shows what pip is doing. Like scripts/setup/install.py, it also runs under an unsupported Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

PACKAGES_PER_LINE = 10  # of progress, if the output is not a terminal
# "Collecting flask==3.1.3 (from …)" or, if the package index is a folder, "Processing /wheels/flask-3.1.3-py3-….whl"
NAME_PATTERN = re.compile(
    r"(?:Collecting |Requirement already satisfied: |Processing \S*/)([A-Za-z0-9_.]+(?:-[A-Za-z]+)*)"
)


def show_progress(lines: Iterable[str], count: int) -> Iterator[str]:
    """Yield pip's lines, and print which package it is processing."""
    found = 0
    for line in lines:
        yield line
        name = NAME_PATTERN.match(line)
        if name:
            found += 1
            _print_progress(f"  {found:>3} of {count}  {name[1]}", found % PACKAGES_PER_LINE == 0)
        elif line.startswith("Installing collected packages"):
            _print_progress("  unpacking …", True)
    if sys.stdout.isatty() and found:
        print(flush=True)


def _print_progress(text: str, is_milestone: bool) -> None:
    """Show the text on the terminal's last line. Elsewhere, such as in a log, print only milestones."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)
    elif is_milestone:
        print(text, flush=True)
