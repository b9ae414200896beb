"""The name of a presenter's browser in the audit log: several people can share the password."""

from flask import request, session


def presenter_name() -> str:
    """A name for this browser, such as "phone 3f2a", from its User-Agent and its session's browser id."""
    device = "phone" if "Mobile" in request.headers.get("User-Agent", "") else "computer"
    return f"{device} {str(session.get('browser_id', ''))[:4]}".strip()
