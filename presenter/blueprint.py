"""The blueprint for the presenter pages and the health checks."""

from urllib.parse import urlsplit

import context
from web.security_headers import create_page_blueprint

bp = create_page_blueprint("presenter", __name__)


@bp.context_processor
def _header_values() -> dict[str, str]:
    """The URL of the exchange's phones if the exchange runs on this machine, as in a demo; otherwise ""."""
    url = context.settings().twilio_api_url
    return {"phones_url": f"{url}/" if urlsplit(url).hostname in ("127.0.0.1", "localhost") else ""}
