"""Opt-outs: a number that has texted STOP gets no texts or calls until it texts START.

The store contains an HMAC of each number, never the number itself, so that an opt-out can outlive a purge.
"""

from collections.abc import Sequence

from masking import alias
from store import Pipe, Store

OPT_OUTS_KEY = "opt-outs"  # set: HMACs of the numbers that have opted out


def opt_out(pipe: Store | Pipe, number: str, secrets: Sequence[str]) -> None:
    """Record the opt-out and delete the topics that this number follows. `secrets` is SECRET_KEY, newest first."""
    pipe.execute_command("SADD", OPT_OUTS_KEY, alias(number, secrets[0]))
    pipe.execute_command("DEL", topics_key(number))


def topics_key(number: str) -> str:
    """Return the key of the hash that contains this number's topics: see sending/followers.py."""
    return f"topics:{number}"


def opt_in(pipe: Store | Pipe, number: str, secrets: Sequence[str]) -> None:
    """Delete the opt-out. The topics that the number followed stay deleted."""
    pipe.execute_command("SREM", OPT_OUTS_KEY, *(alias(number, secret) for secret in secrets))


def has_opted_out(redis: Store, number: str, secrets: Sequence[str]) -> bool:
    """Return whether this number must not be texted or called, as recorded under any current SECRET_KEY."""
    hashes = [alias(number, secret) for secret in secrets]
    return any(redis.execute_command("SMISMEMBER", OPT_OUTS_KEY, *hashes))
