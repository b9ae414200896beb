"""Durations as people read them."""

from show.duration_format import format_duration


def test_durations_are_formatted():
    assert [format_duration(seconds) for seconds in (-1, 0.006, 0.9996, 3.14, 14, 125)] == [
        "0 ms",
        "6 ms",
        "1 s",
        "3.1 s",
        "14 s",
        "2 min 5 s",
    ]
