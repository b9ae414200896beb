"""STOP, START and HELP: opt-outs for each pair of a person's number and one of the app's numbers.

Source: https://help.twilio.com/articles/223134027 (2026-11)"""

from __future__ import annotations

from ringback.service.bounded_dict import BoundedDict

MAX_OPT_OUTS = 10_000
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
STOP_REPLY = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
START_REPLY = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)


class OptOuts:
    """The opt-outs, and the automatic replies to opt-out keywords."""

    def __init__(self, help_reply: str) -> None:
        self.help_reply = help_reply
        self.pairs: BoundedDict[tuple[str, str], bool] = BoundedDict(MAX_OPT_OUTS)

    def has_opted_out(self, person: str, number: str) -> bool:
        return (person, number) in self.pairs

    def automatic_reply(self, person: str, number: str, body: str) -> str:
        """Update the opt-outs from a message's body. Returns the automatic reply, or "" if there is none.

        The body must be exactly one keyword, in upper or lower case. START gets a reply only after STOP."""
        word = body.strip().upper()
        pair = (person, number)
        if word in STOP_WORDS:
            is_new = pair not in self.pairs
            self.pairs[pair] = True
            return STOP_REPLY if is_new else ""
        if word in START_WORDS and pair in self.pairs:
            del self.pairs[pair]
            return START_REPLY
        return self.help_reply if word in HELP_WORDS else ""
