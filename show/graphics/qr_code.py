"""QR codes as SVG, rendered on the server."""

from functools import lru_cache
from urllib.parse import quote

import segno
from markupsafe import Markup, escape

QUIET_ZONE_MODULES = 4  # ISO/IEC 18004


@lru_cache(100)
def svg(content: str, title: str) -> Markup:
    """Return a QR code that scales with its container. Dark on white in both themes: some scanners need that."""
    code = segno.make(content, error="m", micro=False)
    size = code.symbol_size(border=QUIET_ZONE_MODULES)[0]
    runs = []
    for y, row in enumerate(code.matrix_iter(border=QUIET_ZONE_MODULES)):
        runs += [f"M{x} {y}h1v1h-1z" for x, is_dark in enumerate(row) if is_dark]
    return Markup(  # noqa: S704 (numbers, and an escaped title)
        f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{escape(title)}" '
        f'shape-rendering="crispEdges"><path d="M0 0h{size}v{size}H0z" fill="#fff"/>'
        f'<path d="{"".join(runs)}" fill="#000"/></svg>'
    )


def sms_link(number: str, body: str = "") -> str:
    """Return a link that opens a prepared text: RFC 5724, in a form that both Android and iOS understand."""
    return f"sms:{number}?&body={quote(body)}" if body else f"sms:{number}"
