"""The schedule of attempts: when a message that could not be delivered is sent again."""

import random
from collections.abc import Sequence

# Standard Webhooks' example: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
RETRY_SCHEDULE_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)  # before each attempt
JITTER_FRACTION = 0.2  # of each delay; spreads out the retries of messages that failed together
MAX_RETRY_AFTER_SECONDS = 21_600


def retry_delay(
    attempts: int, schedule: Sequence[float] = RETRY_SCHEDULE_SECONDS, random_fraction: float | None = None
) -> float | None:
    """Return how many seconds to wait after this many attempts, or None if the last one has been made.

    `random_fraction`, between 0 and 1, is random by default.
    """
    if attempts >= len(schedule):
        return None
    fraction = random.random() if random_fraction is None else random_fraction  # noqa: S311 (jitter, not a secret)
    return schedule[attempts] * (1 - JITTER_FRACTION + 2 * JITTER_FRACTION * fraction)
