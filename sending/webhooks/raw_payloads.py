"""Another provider's own words, kept a while beside the event that tells of them, until they are passed on."""

import json
import secrets
from typing import Any

MAX_PAYLOAD_BYTES = 64 * 1024  # bytes. Of what is larger, only the line for people goes out
PAYLOAD_TTL_SECONDS = 3_600  # seconds; should no worker live for longer, the line alone goes out


def save(pipe: Any, facts: Any) -> str:
    """Put these facts on the pipeline; the name to find them by, or "" when they are too much to pass on."""
    try:
        # Half a character is valid in JSON's escapes and cannot be sent as UTF-8; NaN is Python's own idea of JSON.
        words = json.dumps(facts, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    except (ValueError, TypeError, RecursionError):
        return ""
    if len(words) > MAX_PAYLOAD_BYTES or not isinstance(facts, dict):
        return ""
    name = secrets.token_hex(8)
    pipe.execute_command("SET", f"raw_payload:{name}", words, "EX", PAYLOAD_TTL_SECONDS)
    return name


def delete(pipe: Any, name: str) -> None:
    """They were passed on, or nobody wanted them: a small store needs the room."""
    if name:
        pipe.execute_command("DEL", f"raw_payload:{name}")


def load(redis: Any, name: str) -> Any:
    """The facts kept under this name; None when there are none, or no longer."""
    words = redis.get(f"raw_payload:{name}") if name else None
    return json.loads(words) if words else None
