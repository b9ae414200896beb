"""The text `forget me`: deletes what was stored about its sender."""

from context import queues
from phone.wording.plain_text import to_plain_text
from receiving.receiver import WebhookContext
from sending.number_types import phone_number_of
from show.privacy import purge
from workers.queues import WEBHOOKS

PHRASES = frozenset(("forget me", "please forget me", "forget me please", "forgetme", "delete my data", "delete me"))
FORGOTTEN = "I am deleting what I stored about this number. If you texted STOP, that stays, as a code only."


def apply(context: WebhookContext, sender: str, body: str) -> str | None:
    """Have a worker forget the sender if the text says so. Return our reply, or None if it is another text."""
    words = "".join(char for char in to_plain_text(body).lower() if char.isalpha() or char == " ")
    number = phone_number_of(sender)
    if not number or " ".join(words.split()) not in PHRASES:
        return None
    purge.forget_later(context.pipe, queues().by_name[WEBHOOKS], number)
    return FORGOTTEN
