"""A token bucket, which limits how often this process does something that anybody can cause."""

import time


class TokenBucket:
    """Holds up to `capacity` tokens and gains `tokens_per_second`."""

    def __init__(self, capacity: int = 100, tokens_per_second: float = 10) -> None:
        self.capacity, self.tokens_per_second = capacity, tokens_per_second
        self.tokens, self.updated_at = float(capacity), time.monotonic()

    def acquire(self) -> bool:
        """Take a token. Returns False if there is none."""
        now = time.monotonic()
        self.tokens = min(self.capacity, self.tokens + (now - self.updated_at) * self.tokens_per_second)
        self.updated_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
