"""The STOP and START keywords, which opt people out or in. Twilio itself replies, and blocks or unblocks the number.

https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

import events
from masking import mask
from receiving.receiver import WebhookContext
from sending import opt_outs

STOP_KEYWORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START_KEYWORDS = frozenset(("start", "yes", "unstop"))


def apply(context: WebhookContext, sender: str, keyword: str) -> bool:
    """Record a STOP or START. Return whether Twilio answers this text itself.

    `keyword` is the OptOutType if Twilio has set one (HELP if Twilio has answered that), otherwise the body. A replayed
    or backfilled START is ignored, because the sender may have texted STOP since.
    """
    sid, keyword = context.delivery["MessageSid"], keyword.lower()
    if keyword in STOP_KEYWORDS:
        opt_outs.opt_out(context.pipe, sender)
        events.publish(context.pipe, "person.opted_out", sid, who=mask(sender))
    elif keyword in START_KEYWORDS and not context.delivery.replay_mark:
        opt_outs.opt_in(context.pipe, sender)
        events.publish(context.pipe, "person.opted_in", sid, who=mask(sender))
    return bool(context.delivery["OptOutType"]) or keyword in STOP_KEYWORDS | START_KEYWORDS
