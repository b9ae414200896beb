"""Reply loops: two apps that reply to each other's messages are stopped, as Twilio stops them with error 14107."""

from ringback.state import State

MAX_CONSECUTIVE_REPLIES = 15
CONSECUTIVE_WITHIN_SECONDS = 30.0


def is_reply_loop(state: State, from_: str, to: str) -> bool:
    """Count a reply between two numbers. Returns whether it is the 16th in a row, each within 30 s of the one before.

    Source: https://www.twilio.com/docs/api/errors/14107 (2026-11)
    """
    pair, now = (from_, to), state.clock.time()
    last, count = state.reply_chains.get(pair, (0.0, 0))
    count = count + 1 if now - last <= CONSECUTIVE_WITHIN_SECONDS else 1
    if count <= MAX_CONSECUTIVE_REPLIES:
        state.reply_chains[pair] = (now, count)
    return count > MAX_CONSECUTIVE_REPLIES
