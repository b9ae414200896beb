"""The table of verbs: each is one function that runs it on a session and says what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ringback.twiml.interpreter import Outcome, Session
from ringback.twiml.parser import Element
from ringback.verbs.control import hangup, leave, redirect, reject
from ringback.verbs.dial import dial
from ringback.verbs.gather import gather
from ringback.verbs.message import message
from ringback.verbs.queue import enqueue
from ringback.verbs.record import record
from ringback.verbs.sound import pause, play, say
from ringback.verbs.start import start, stop
from ringback.verbs.unsupported import refused

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
