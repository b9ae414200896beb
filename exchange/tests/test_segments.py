"""The number of segments in a message: a character of two code units is never split between two segments."""

import pytest

from ringback.messages.segments import segment_count


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("]" * 80, 1),
        ("]" * 152, 2),
        ("]" * 153, 3),
        ("a" * 152 + "]" + "a" * 152, 3),
        ("a" * 152 + "]" + "a" * 151, 2),
        ("😀" * 35, 1),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("a" + "😀" * 66, 2),
        ("a" + "😀" * 67, 3),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
    ],
    ids=lambda value: f"{str(value)[-1:]}{len(str(value))}",
)
def test_characters_are_not_split_between_segments(body, segments):
    assert segment_count(body) == segments
