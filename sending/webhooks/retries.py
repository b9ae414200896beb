"""When to try again: the specification's schedule with jitter, and what the receiver asks for."""

import random
from collections.abc import Sequence

# Standard Webhooks' example: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; three days in all.
RETRY_SCHEDULE_SECONDS = (
    0,
    5,
    300,
    1_800,
    7_200,
    18_000,
    36_000,
    50_400,
    72_000,
    86_400,
)  # seconds before each attempt
JITTER_FRACTION = 0.2  # keeps a promised schedule and still spreads those who failed together
MAX_RETRY_AFTER_SECONDS = 21_600  # seconds of a Retry-After that we follow


def retry_delay(
    tries: int, schedule: Sequence[float] = RETRY_SCHEDULE_SECONDS, chance: float | None = None
) -> float | None:
    """Seconds until the next attempt after `tries` of them; None when that was the last.

    `chance` is between 0 and 1, drawn when not given.
    """
    if tries >= len(schedule):
        return None
    chance = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
    return schedule[tries] * (1 - JITTER_FRACTION + 2 * JITTER_FRACTION * chance)
