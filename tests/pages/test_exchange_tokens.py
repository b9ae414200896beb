"""The exchange's pages and the app's pages have the same colours and font, each in a style sheet of its own."""

import re
from pathlib import Path

from tests.support.processes import ROOT

# The exchange's name of each of the app's colours.
NAMES = {
    "background": "page",
    "panel": "screen",
    "text": "ink",
    "secondary": "soft",
    "now": "now",
    "success": "good",
    "waiting": "wait",
    "failed": "refused",
}


def test_colours_of_both_themes_are_the_same():
    app = dict(re.findall(r"--(\w+): light-dark\(([^)]*)\)", (ROOT / "static/tokens.css").read_text()))
    light, dark = _exchange_themes()
    for name, own in NAMES.items():
        assert (light[own], dark[own]) == tuple(app[name].split(", ")), name


def test_font_is_the_same():
    fonts = [re.search(r"--font: (.*);", path.read_text())[1] for path in _sheets()]
    assert fonts[0] == fonts[1]


def _exchange_themes() -> list[dict[str, str]]:
    light, _, dark = _sheets()[1].read_text().partition("prefers-color-scheme: dark")
    return [dict(re.findall(r"--([\w-]+): (#\w+);", part)) for part in (light, dark)]


def _sheets() -> list[Path]:
    return [ROOT / "static/tokens.css", ROOT / "exchange/ringback/pages/tokens.css"]
