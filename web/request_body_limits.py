"""The limits on request bodies: the size and type of forms that pages accept, and the memory that all bodies take."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from flask import Flask, abort, request
from werkzeug.exceptions import ServiceUnavailable

MAX_FORM_BYTES = 64 * 1024  # for pages
MAX_API_BODY_BYTES = 64 * 1024
MAX_TWILIO_BODY_BYTES = 256 * 1024  # Twilio's requests are far smaller
MAX_HANDSHAKE_BODY_BYTES = 1024  # other webhooks have their provider's limit
FREE_BYTES = 16 * 1024  # of each body are not counted: Twilio's bodies are shorter, so large bodies cannot block them
MAX_TOTAL_BYTES = 48 * 1024 * 1024  # in one process: enough for an email of the maximum size and some batches
PIECE_BYTES = 1024 * 1024


def limit_forms(app: Flask, pages: Collection[str]) -> None:
    """Limit the forms sent to the blueprints with these names."""

    def check_form() -> None:
        """Abort with 413 if the body of a request to a page is too large, or 415 if it is multipart."""
        if request.blueprint in pages:
            if (request.content_length or 0) > MAX_FORM_BYTES:
                abort(413)
            if request.mimetype == "multipart/form-data":
                abort(415, "Send a form as application/x-www-form-urlencoded.")

    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.before_request(check_form)


class BodyMemory:
    """Counts the bytes of all bodies in a process's memory."""

    def __init__(self, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self.free_bytes = max_total_bytes

    @contextmanager
    def read(self, max_bytes: int) -> Iterator[bytes]:
        """Yield the current request's body; its bytes are counted until the end of the block.

        Aborts with 413 if the body is too large, 400 if it is incomplete, or 503 if other bodies take too much memory.
        """
        request.max_content_length = max_bytes
        pieces, taken = [], 0
        try:
            while piece := request.stream.read(PIECE_BYTES):
                pieces.append(piece)
                counted = max(0, sum(map(len, pieces)) - FREE_BYTES) - taken
                if counted > self.free_bytes:
                    raise ServiceUnavailable("Too many large requests are being received. Try again.", retry_after=5)
                self.free_bytes -= counted
                taken += counted
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            _check_length(len(body), max_bytes)
            yield body
        finally:
            self.free_bytes += taken


def _check_length(length: int, max_bytes: int) -> None:
    announced = request.content_length
    if announced is None and length >= max_bytes:
        abort(413)  # the body is chunked: Werkzeug stops reading at the limit without an error
    if announced is not None and length < announced:
        abort(400, "The body ended before its Content-Length.")
