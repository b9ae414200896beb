"""When a webhook that could not be delivered is sent again: the delays, their jitter, and the limit on Retry-After."""

import random
from collections.abc import Sequence

from settings.webhook_retry_schedule import DEFAULT_DELAYS_SECONDS

JITTER_FRACTION = 0.2  # of each delay; spreads out the retries of messages that failed together
MAX_RETRY_AFTER_SECONDS = 21_600  # even if an endpoint's Retry-After asks for more


def retry_delay(
    attempts: int, schedule: Sequence[float] = DEFAULT_DELAYS_SECONDS, random_fraction: float | None = None
) -> float | None:
    """Return how many seconds to wait after this many attempts, or None if no attempt is left.

    `random_fraction`, between 0 and 1, is random by default.
    """
    if attempts >= len(schedule):
        return None
    fraction = random.random() if random_fraction is None else random_fraction  # noqa: S311 (jitter, not a secret)
    return schedule[attempts] * (1 - JITTER_FRACTION + 2 * JITTER_FRACTION * fraction)
