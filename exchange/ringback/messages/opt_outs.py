"""STOP, START and HELP: who has asked one of our numbers to be quiet, kept for each pair of numbers."""

from __future__ import annotations

from ringback.service.bounded_dict import OPT_OUTS, History

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)


class OptOuts:
    """Who has opted out, and what the carrier answers to the words that change it."""

    def __init__(self, help_reply: str) -> None:
        self.help_reply = help_reply
        self.pairs: History[tuple[str, str], bool] = History(OPT_OUTS)

    def silenced(self, person: str, number: str) -> bool:
        return (person, number) in self.pairs

    def answer(self, person: str, number: str, body: str) -> str:
        """Take in a text from that person; what is to be answered by itself, or "".

        The whole text must be the one word, in any case. START answers only those who had stopped."""
        word = body.strip().upper()
        pair = (person, number)
        if word in STOP:
            first = pair not in self.pairs
            self.pairs[pair] = True
            return STOPPED if first else ""
        if word in START and pair in self.pairs:
            del self.pairs[pair]
            return STARTED
        return self.help_reply if word in HELP else ""
