"""Who has texted STOP: nobody is texted after that, until they text START."""

from typing import Any

KEY = "consent:left"


def leave(to: Any, number: str) -> None:
    """Remember, on a client or a pipeline, that this person wants no texts, and forget what they followed."""
    to.execute_command("SADD", KEY, number)
    to.execute_command("DEL", follows(number))


def follows(number: str) -> str:
    """Where it is kept what this person follows; START does not bring it back."""
    return f"follows:{number}"


def come_back(to: Any, number: str) -> None:
    """Forget it again."""
    to.execute_command("SREM", KEY, number)


def has_left(redis: Any, number: str) -> bool:
    """True when this person must not be texted."""
    return bool(redis.sismember(KEY, number))
