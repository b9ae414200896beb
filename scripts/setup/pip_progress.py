"""Shows what pip is doing. Like scripts/setup/install.py, it also runs under an unsupported Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

PACKAGES_PER_LINE = 10  # of progress, unless a terminal can update its last line


def show_progress(lines: Iterable[str], count: int) -> Iterator[str]:
    """Yield pip's lines, and print which package it is dealing with: few requirements apply to other machines only."""
    found = 0
    for line in lines:
        yield line
        name = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
        if name:
            found += 1
            _print_progress(f"  {found:>3} of {count}  {name[1]}", found % PACKAGES_PER_LINE == 0)
        elif line.startswith("Installing collected packages"):
            _print_progress("  unpacking …", True)
    if sys.stdout.isatty() and found:
        print(flush=True)


def _print_progress(text: str, is_milestone: bool) -> None:
    """Show the text in the terminal's last line. Elsewhere, such as in a log, print only milestones."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)
    elif is_milestone:
        print(text, flush=True)
