"""What people text about their own number: STOP, START and `forget me`.

Twilio itself replies to STOP and START, and blocks or unblocks the number.

https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from collections.abc import Callable, Sequence

import events
from answer_outcomes import OPTED_IN, OPTED_OUT, AnswerText
from context import queues, settings
from masking import mask_address
from phone.recognition.filler_words import WORD, normalize_word
from phone.recognition.text_normalization import to_plain_text
from phone_numbers import phone_number_of
from receiving.receiver import WebhookContext
from sending import opt_outs
from sending.opt_out_keywords import START_KEYWORDS, STOP_KEYWORDS
from show.privacy import purge
from store import Pipe
from workers.queues import WEBHOOKS

WHATSAPP_PREFIX = "whatsapp:"
FORGET_PHRASES = frozenset(("forget me", "please forget me", "forget me please", "forgetme", "delete my data"))
FORGOTTEN = "I am deleting what I stored about this number. If you texted STOP, that stays, as a code only."
OPT_OUT_REPLY = AnswerText("You get no more texts or calls from me. Text START if you want them again.", OPTED_OUT)
OPT_IN_REPLY = AnswerText("You can get texts from me again. If none arrive, text the single word START.", OPTED_IN)


def apply(context: WebhookContext, sender: str, body: str) -> str | None:
    """Record a STOP or START. Return our reply, or "" if Twilio replies itself; None if the text is neither.

    Twilio recognizes only a single word without punctuation, and nothing on WhatsApp, so we reply to other forms
    ourselves. OptOutType is HELP if Twilio has replied to HELP. A replayed or backfilled START is ignored, because the
    sender may have texted STOP since.
    """
    opt_out_type = context.delivery["OptOutType"]
    keyword = (opt_out_type or body).lower()
    bare = keyword if opt_out_type else _bare_word(body)
    is_for_twilio = bool(opt_out_type) or (keyword == bare and not sender.startswith(WHATSAPP_PREFIX))
    if bare in STOP_KEYWORDS:
        _record(context, sender, opt_outs.opt_out, "person.opted_out")
        return "" if is_for_twilio else OPT_OUT_REPLY
    if bare in START_KEYWORDS and (is_for_twilio or bare != "yes"):
        if not context.delivery.replay_mark:
            _record(context, sender, opt_outs.opt_in, "person.opted_in")
        return "" if is_for_twilio else OPT_IN_REPLY
    return "" if opt_out_type else None


def _bare_word(body: str) -> str:
    """Return the only word of a text in lower case, without punctuation or a mail signature; "" if it has several."""
    words = WORD.findall(to_plain_text(body))
    return normalize_word(words[0]) if len(words) == 1 else ""


def _record(
    context: WebhookContext, sender: str, change: Callable[[Pipe, str, Sequence[str]], None], event_type: str
) -> None:
    if sender:
        change(context.pipe, sender, settings().secret_key)
    events.publish(context.pipe, event_type, context.delivery["MessageSid"], who=mask_address(context.delivery["From"]))


def forget(context: WebhookContext, sender: str, body: str) -> str:
    """Have a worker forget the sender if the text asks for that. Return our reply, or "" if it does not."""
    words = "".join(char for char in to_plain_text(body).lower() if char.isalpha() or char == " ")
    number = phone_number_of(sender)
    if not number or " ".join(words.split()) not in FORGET_PHRASES:
        return ""
    purge.forget_later(context.pipe, queues().by_name[WEBHOOKS], number)
    return FORGOTTEN
