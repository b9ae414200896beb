"""Looks up at Twilio whether a text was sent, after the response to the request that sent it was lost."""

from datetime import UTC, datetime
from typing import Any

from twilio.rest import Client

from sending.outbox import OutboundMessage
from sending.segments import shorten

RECHECK_DELAY_SECONDS = 5  # before a lookup, because Twilio's lists are eventually consistent
CLOCK_SKEW_SECONDS = 60  # between Twilio's clock and ours
MAX_TEXTS = 100


def find_sids(client: Client, message: OutboundMessage, sender: str) -> list[str]:
    """Return the SIDs of the texts that this message may have become, newest first.

    Raises TwilioException or RequestException if Twilio cannot tell.
    """
    since = datetime.fromtimestamp(message.started_at - CLOCK_SKEW_SECONDS, UTC)
    # Without a date filter: a queued text has no DateSent.
    texts = client.messages.list(to=message.to, from_=sender, limit=MAX_TEXTS)
    return [str(text.sid) for text in texts if _is_same(text, message) and _is_recent(text, since)]


def _is_same(text: Any, message: OutboundMessage) -> bool:
    return bool(text.body == shorten(message.body) and text.direction == "outbound-api")


def _is_recent(text: Any, since: datetime) -> bool:
    """Return whether the text was created no earlier than `since`. A queued text has no other date."""
    return bool(text.date_created is None or text.date_created >= since)
