"""Security headers of every response and every page. Pages also show control characters instead of sending them."""

from flask import Blueprint, Flask, Response
from flask.blueprints import BlueprintSetupState

import config
import control_characters

# No inline or third-party resources: even if untrusted text were rendered as HTML, it could not run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask, settings: config.Settings) -> None:
    """Add the headers that every response has, whether page, TwiML, file or error."""
    app.after_request(_add_nosniff_header)
    if settings.is_public_https:
        app.after_request(_add_hsts_header)


def create_page_blueprint(name: str, import_name: str) -> Blueprint:
    """Create a blueprint whose responses have the security headers of a page and are not cached.

    Its app's templates show the control characters in all values instead of sending them to the browser.
    """
    blueprint = Blueprint(name, import_name)
    blueprint.record(_show_control_characters)
    blueprint.after_request(_add_page_headers)
    return blueprint


def _show_control_characters(state: BlueprintSetupState) -> None:
    state.app.jinja_env.finalize = _finalize


def _finalize(value: object) -> object:
    """Return what a template outputs for a value: https://jinja.palletsprojects.com/en/stable/api/#jinja2.Environment."""
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return control_characters.escape(value) if is_text else value  # type: ignore[arg-type]


def _add_page_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def _add_nosniff_header(response: Response) -> Response:
    """Forbid content sniffing: https://fetch.spec.whatwg.org/#x-content-type-options-header."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _add_hsts_header(response: Response) -> Response:
    """Have browsers use only HTTPS for a year: https://www.rfc-editor.org/rfc/rfc6797."""
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
