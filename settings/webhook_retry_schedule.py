"""When a webhook that could not be delivered is sent again: WEBHOOK_SCHEDULE, its default and limit, and the jitter."""

import random
from collections.abc import Sequence

# Standard Webhooks' example: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
DEFAULT_DELAYS_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)  # before each attempt
MAX_TOTAL_SECONDS = 5 * 86_400  # a message expires after seven days, and jitter can add up to 20 % to each delay
JITTER_FRACTION = 0.2  # of each delay; spreads out the retries of messages that failed together
MAX_RETRY_AFTER_SECONDS = 21_600  # even if an endpoint's Retry-After asks for more


def parse_delays(text: str) -> tuple[int, ...]:
    """Return the delays in seconds. Raises ValueError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(int, parts)) > MAX_TOTAL_SECONDS:
        raise ValueError("must be comma-separated seconds, five days at most in total: 0,5,300,1800")
    return tuple(map(int, parts))


def retry_delay(
    attempts: int, schedule: Sequence[float] = DEFAULT_DELAYS_SECONDS, random_fraction: float | None = None
) -> float | None:
    """Return how many seconds to wait after this many attempts, or None if the last one has been made.

    `random_fraction`, between 0 and 1, is random by default.
    """
    if attempts >= len(schedule):
        return None
    fraction = random.random() if random_fraction is None else random_fraction  # noqa: S311 (jitter, not a secret)
    return schedule[attempts] * (1 - JITTER_FRACTION + 2 * JITTER_FRACTION * fraction)
