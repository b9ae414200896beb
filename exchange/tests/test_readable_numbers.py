"""Phone numbers look the same on every page."""

import re

import pytest

from ringback.web.html.call_pages import FORMATS, readable
from support.processes import PROJECT


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+441632960000", "+44 1632 960000"),
        ("+447700900123", "+44 7700 900123"),
        ("+14155552671", "+1 415 555 2671"),
        ("+493012345678", "+49 301 234 5678"),
        ("client:alice", "alice"),
        ("whatsapp:+447700900123", "+44 7700 900123 (WhatsApp)"),
        ("Front row", "Front row"),
        ("12345", "12345"),
    ],
)
def test_numbers_have_spaces(number, shown):
    assert readable(number) == shown


def test_scripts_of_the_pages_use_the_same_formats():
    script = (PROJECT / "ringback/pages/phones/phone-numbers.js").read_text()
    found = re.findall(r'\[/(.+)/, "(.+)"\],', script)
    assert [(pattern, re.sub(r"\$(\d)", r"\\\1", replacement)) for pattern, replacement in found] == list(FORMATS)
