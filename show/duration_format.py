"""Formats durations for people."""


def format_duration(seconds: float) -> str:
    """A duration such as `6 ms`, `3.1 s`, `14 s` or `2 min 5 s`."""
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.5:
        return f"{seconds:.1f} s".replace(".0 ", " ") if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{int(seconds + 0.5) // 60} min {int(seconds + 0.5) % 60} s"
