"""Who has texted STOP: nobody is texted after that, until they text START."""

from typing import Any

OPT_OUTS_KEY = "opt-outs"


def opt_out(pipe: Any, number: str) -> None:
    """Remember, on a client or a pipeline, that this person wants no texts, and forget what they followed."""
    pipe.execute_command("SADD", OPT_OUTS_KEY, number)
    pipe.execute_command("DEL", topics_key(number))


def topics_key(number: str) -> str:
    """Where it is kept what this person follows; START does not bring it back."""
    return f"topics:{number}"


def opt_in(pipe: Any, number: str) -> None:
    """Forget it again."""
    pipe.execute_command("SREM", OPT_OUTS_KEY, number)


def has_opted_out(redis: Any, number: str) -> bool:
    """True when this person must not be texted."""
    return bool(redis.sismember(OPT_OUTS_KEY, number))
