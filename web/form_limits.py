"""Limits on the forms that pages accept: their size and content type. Webhooks and the API have limits of their own."""

from collections.abc import Collection

from flask import Flask, abort, request

MAX_FORM_BYTES = 64 * 1024


def init_app(app: Flask, pages: Collection[str]) -> None:
    """Apply the limits to the blueprints with these names."""

    def check_form() -> None:
        """Abort with 413 or 415 if the body of a request to a page is not a short form."""
        if request.blueprint in pages:
            if (request.content_length or 0) > MAX_FORM_BYTES:
                abort(413)
            if request.mimetype == "multipart/form-data":
                abort(415, "Send a form as application/x-www-form-urlencoded.")

    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.before_request(check_form)
