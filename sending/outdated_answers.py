"""Answers that have waited too long to be sent: the person gets one apology instead."""

from dataclasses import replace

from sending import outbox
from sending.outbox import OutboundMessage
from store import Store
from store.erasure import Erasure, delete_matching, erases

MAX_WAIT_SECONDS = 4 * 3600  # for the sender; after that, an answer is out of date
OUTDATED = "The answer to your question had to wait so long that it is now out of date. Please ask again."


def replace_if_outdated(redis: Store, message: OutboundMessage, now: float) -> OutboundMessage | None:
    """Return the message, or the apology if it has waited too long; None if nothing must be sent.

    Each person gets one apology, not one for each answer.
    """
    if now - message.planned_at <= MAX_WAIT_SECONDS or message.body == OUTDATED:
        return message
    if not message.is_answer or not _is_first_to_tell(redis, message):
        return None
    outbox.replace_body(redis, message.id, OUTDATED)
    return replace(message, body=OUTDATED)


def _is_first_to_tell(redis: Store, message: OutboundMessage) -> bool:
    """Return whether this message is the one that apologizes, even if it was to do so when its process died."""
    command = ("SET", _told_key(message.to), message.id, "NX", "GET", "EX", MAX_WAIT_SECONDS)
    return redis.execute_command(*command, get=True) in (None, message.id.encode())


def _told_key(address: str) -> str:
    return f"told-outdated:{address}"


@erases("notes that an answer was out of date")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase the notes of who got the apology, which expire within hours: one person's, or all in a complete erasure."""
    if erasure.number:
        return redis.delete(_told_key(erasure.number), _told_key(f"whatsapp:{erasure.number}"))
    return delete_matching(redis, _told_key("*")) if erasure.is_everything else 0
