"""Parses WEBHOOK_SCHEDULE: the delays before the attempts to deliver a webhook, and their limit."""

MAX_TOTAL_SECONDS = 5 * 86_400  # a message expires after seven days, and jitter can add up to 20 % to each delay


def parse_delays(text: str) -> tuple[int, ...]:
    """The delays in seconds. Raises ValueError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(int, parts)) > MAX_TOTAL_SECONDS:
        raise ValueError("must be comma-separated seconds, five days at most in total: 0,5,300,1800")
    return tuple(map(int, parts))
