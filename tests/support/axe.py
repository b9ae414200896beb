"""Checks a page in Chromium with axe: https://github.com/dequelabs/axe-core."""

from pathlib import Path
from typing import Any

from tests.support.processes import NODE, needs

SIZES = ((1920, 1080), (1280, 720), (390, 844))
# Only colours depend on the theme, so the second theme needs only the contrast rule.
RULES = {"dark": {}, "light": {"runOnly": ["color-contrast"]}}
RUN = """async (options) => (await axe.run(document, {...options, resultTypes: ["violations"]})).violations.map(
  (each) => `${each.id}: ${each.help}: ${each.nodes.slice(0, 2).map((node) => node.html.slice(0, 160)).join("; ")}`)"""


def script() -> str:
    """The source of axe-core. Skips the test if axe-core is not installed."""
    path: Path = NODE / "node_modules/axe-core/axe.min.js"
    needs(path.exists(), "axe-core, by `make test`")
    return path.read_text()


def findings(page: Any, axe: str) -> list[str]:
    """What axe reports about the page at each size and in both themes."""
    page.evaluate(axe)
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for theme, options in RULES.items():
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found += [f"{width} {theme}: {one}" for one in page.evaluate(RUN, options)]
    return found
