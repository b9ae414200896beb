"""STOP, START and HELP: who has asked one of our numbers to be quiet, kept for each pair of numbers."""

from __future__ import annotations

from ringback.service.bounded_dict import MAX_OPT_OUTS, BoundedDict

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
    """Who has opted out, and what the carrier answers to the words that change it."""

    def __init__(self, help_reply: str) -> None:
        self.help_reply = help_reply
        self.pairs: BoundedDict[tuple[str, str], bool] = BoundedDict(MAX_OPT_OUTS)

    def has_opted_out(self, person: str, number: str) -> bool:
        return (person, number) in self.pairs

    def automatic_reply(self, person: str, number: str, body: str) -> str:
        """Take in a text from that person; what is to be answered by itself, or "".

        The whole text must be the one word, in any case. START answers only those who had stopped."""
        word = body.strip().upper()
        pair = (person, number)
        if word in STOP_WORDS:
            first = pair not in self.pairs
            self.pairs[pair] = True
            return STOP_REPLY if first else ""
        if word in START_WORDS and pair in self.pairs:
            del self.pairs[pair]
            return START_REPLY
        return self.help_reply if word in HELP_WORDS else ""
