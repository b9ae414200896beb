"""Friendly names, such as Amber Otter: unique per talk, for display only."""

import hashlib
from pathlib import Path

from store import Store

NAMES_KEY = "show:names"  # hash: person -> friendly name
TAKEN_KEY = "show:names:taken"  # set: names in use
TTL_SECONDS = 7 * 24 * 3600
CANDIDATES = 6  # tried in turn; then a number is added

ADJECTIVES, ANIMALS = (
    tuple((Path(__file__).parent / f"{name}.txt").read_text().split()) for name in ("adjectives", "animals")
)

ASSIGN_SCRIPT = f"""
local name = redis.call('HGET', KEYS[1], ARGV[1])
if name then return name end
for at = 2, #ARGV do
  if not name and redis.call('SADD', KEYS[2], ARGV[at]) == 1 then name = ARGV[at] end
end
name = name or ARGV[2] .. ' ' .. (redis.call('HLEN', KEYS[1]) + 1)
redis.call('HSET', KEYS[1], ARGV[1], name)
redis.call('EXPIRE', KEYS[1], {TTL_SECONDS})
redis.call('EXPIRE', KEYS[2], {TTL_SECONDS})
return name
"""


def assign_command(person: str) -> tuple[str | int, ...]:
    """Return the command that gives this person a name, if they have none, and replies with the name."""
    return ("EVAL", ASSIGN_SCRIPT, 2, NAMES_KEY, TAKEN_KEY, person, *candidates(person))


def load(store: Store, person: str) -> str:
    """Return the person's name, or "" if they have none."""
    return (store.hget(NAMES_KEY, person) or b"").decode()


def candidates(person: str) -> list[str]:
    """Return the names to try for this person, derived from the person's alias."""
    digest = hashlib.sha256(person.encode()).digest()
    pairs = [(digest[2 * at], digest[2 * at + 1]) for at in range(CANDIDATES)]
    return [f"{ADJECTIVES[one % len(ADJECTIVES)]} {ANIMALS[other % len(ANIMALS)]}" for one, other in pairs]
