"""Opt-outs: a number that has texted STOP gets no texts or calls until it texts START."""

from store import Pipe, Store

# Twilio acts on a text that is one of these words: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_KEYWORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START_KEYWORDS = frozenset(("start", "yes", "unstop"))
HELP_KEYWORDS = frozenset(("help", "info"))
OPT_OUTS_KEY = "opt-outs"  # the set of phone numbers that have opted out


def opt_out(pipe: Store | Pipe, number: str) -> None:
    """Record the opt-out and delete the topics that this number follows."""
    pipe.execute_command("SADD", OPT_OUTS_KEY, number)
    pipe.execute_command("DEL", topics_key(number))


def topics_key(number: str) -> str:
    """Return the key of the hash that contains this number's topics: see sending/followers.py."""
    return f"topics:{number}"


def opt_in(pipe: Store | Pipe, number: str) -> None:
    """Delete the opt-out. The topics that the number followed stay deleted."""
    pipe.execute_command("SREM", OPT_OUTS_KEY, number)


def has_opted_out(redis: Store, number: str) -> bool:
    """Return whether this number must get no texts and no calls."""
    return bool(redis.sismember(OPT_OUTS_KEY, number))
