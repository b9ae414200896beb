"""The setting WEBHOOK_SCHEDULE: the delays between the attempts to deliver a webhook, their default and their limit."""

# Standard Webhooks' example: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
DEFAULT_DELAYS_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)  # before each attempt
MAX_TOTAL_SECONDS = 5 * 86_400  # a message expires after seven days, and jitter can add up to 20 % to each delay


def parse_delays(text: str) -> tuple[int, ...]:
    """Return the delays in seconds. Raises ValueError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(int, parts)) > MAX_TOTAL_SECONDS:
        raise ValueError("must be comma-separated seconds, five days at most in total: 0,5,300,1800")
    return tuple(map(int, parts))
