"""docs/redis-keys.md as a table, and the comparison of a store's keys with it."""

import re
from collections.abc import Iterable
from functools import cache

import redis as redis_client

from tests.support.processes import ROOT

DOCUMENT = ROOT / "docs" / "redis-keys.md"
SLACK = 1.2  # for what arrives between two checks, and because streams are trimmed by whole nodes


@cache
def documented() -> dict[str, tuple[re.Pattern[str], bool]]:
    """Key as documented (`claim:<key>`) -> its pattern, and whether its row promises a TTL."""
    found = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for name in re.findall(r"`([^`]+)`", cells[0]) if line.startswith("| `") else []:
            pattern = re.sub(r"<[^>]+>", ".+", re.escape(name).replace(r"\<", "<").replace(r"\>", ">"))
            found[name] = (re.compile(pattern), cells[-1].startswith("TTL"))
    return found


def byte_limits() -> dict[str, float]:
    """Key as documented -> its limit in bytes, for the keys that have one."""
    found = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        limit = re.search(r"([0-9.]+) (kB|MB)", cells[-1]) if line.startswith("| `") else None
        if limit:
            size = float(limit[1]) * {"kB": 1_000, "MB": 1_000_000}[limit[2]]
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), size)
    return found


def too_large(store: redis_client.Redis, names: Iterable[str]) -> list[str]:
    """Which of these documented keys use more memory than their rows allow for all keys of the row together."""
    sizes: dict[str, int] = {}
    for key in store.scan_iter(count=10_000):
        for name in names:
            if documented()[name][0].fullmatch(key.decode()):
                sizes[name] = sizes.get(name, 0) + int(store.memory_usage(key, samples=0) or 0)
    return [f"{name} takes {size:,} bytes" for name, size in sizes.items() if size > byte_limits()[name] * SLACK]


def undocumented(store: redis_client.Redis) -> list[str]:
    """What is wrong with the keys of this store: missing from the document, or without the documented TTL."""
    wrong = []
    for key in store.scan_iter(count=10_000):
        name = key.decode()
        rows = [(row, has_ttl) for row, (pattern, has_ttl) in documented().items() if pattern.fullmatch(name)]
        if not rows:
            wrong.append(f"{name} is not in {DOCUMENT.name}")
        elif all(has_ttl for _, has_ttl in rows) and store.ttl(key) == -1:
            wrong.append(f"{name} has no TTL, although {DOCUMENT.name} promises one")
    return wrong
