"""docs/redis-keys.md as a table, and the comparison of a store's keys with it."""

import re
from functools import cache

import redis as redis_client

from tests.support.processes import ROOT

DOCUMENT = ROOT / "docs" / "redis-keys.md"


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


def undocumented(store: redis_client.Redis) -> list[str]:
    """What is wrong with the keys of this store: not in the document, or without the TTL that it promises."""
    wrong = []
    for key in store.scan_iter(count=10_000):
        name = key.decode()
        rows = [(row, has_ttl) for row, (pattern, has_ttl) in documented().items() if pattern.fullmatch(name)]
        if not rows:
            wrong.append(f"{name} is not in {DOCUMENT.name}")
        elif all(has_ttl for _, has_ttl in rows) and store.ttl(key) == -1:
            wrong.append(f"{name} has no TTL, although {DOCUMENT.name} promises one")
    return wrong
