"""The table of verbs: each is one function that runs it on a session and says what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from exchange.program import Outcome, Session
from exchange.twiml import Element
from exchange.verbs.control import hangup, leave, redirect, reject
from exchange.verbs.dial import dial
from exchange.verbs.gather import gather
from exchange.verbs.message import message
from exchange.verbs.queue import enqueue
from exchange.verbs.record import record
from exchange.verbs.refused import refused
from exchange.verbs.sound import pause, play, say
from exchange.verbs.start import start, stop

Verb = Callable[[Session, Element], Awaitable[Outcome]]
"""Runs one element. None: go on with the next; a Fetch, Inline or End: that instead of the rest of the document."""

VERBS: dict[str, Verb] = {
    "Say": say,
    "Play": play,
    "Pause": pause,
    "Gather": gather,
    "Record": record,
    "Dial": dial,
    "Enqueue": enqueue,
    "Redirect": redirect,
    "Hangup": hangup,
    "Reject": reject,
    "Leave": leave,
    "Sms": message,
    "Message": message,
    "Echo": refused,
    "Connect": refused,
    "Start": start,
    "Stop": stop,
    "Refer": refused,
    "Pay": refused,
    "Prompt": refused,
}
