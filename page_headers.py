"""The security headers of HTML pages: content security policy, caching and referrer policy."""

from flask import Blueprint, Response

# No inline or third-party resources: even if untrusted text were rendered as HTML, it could not run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_page_blueprint(name: str, import_name: str) -> Blueprint:
    """Create a blueprint whose responses have the security headers of a page and are not cached."""
    blueprint = Blueprint(name, import_name)
    blueprint.after_request(_add_page_headers)
    return blueprint


def _add_page_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response
