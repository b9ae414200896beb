"""Detects when two programs reply to each other endlessly.

https://www.twilio.com/docs/api/errors/14107 (2026-11)"""

from __future__ import annotations

from ringback.state import State

MAX_CONSECUTIVE_REPLIES = 15
CONSECUTIVE_WITHIN_SECONDS = 30.0


def is_reply_loop(state: State, from_: str, to: str) -> bool:
    """Counts a reply from `from_` to `to`. Returns whether it exceeds 15 in a row, at most 30 s apart."""
    pair, now = (from_, to), state.clock.time()
    last, count = state.reply_chains.get(pair, (0.0, 0))
    count = count + 1 if now - last <= CONSECUTIVE_WITHIN_SECONDS else 1
    if count <= MAX_CONSECUTIVE_REPLIES:
        state.reply_chains[pair] = (now, count)
    return count > MAX_CONSECUTIVE_REPLIES
