"""One page of the attempts to deliver messages to a webhook endpoint, filtered by their result."""

from collections.abc import Sequence
from typing import Any

from flask import request

import context
from sending.webhooks import payloads
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.queue import delivery_queue, messages
from sending.webhooks.webhook_request import WebhookMessage

MAX_ATTEMPTS = 1_000  # all that are stored
ROWS_PER_PAGE = 25
MAX_BODY_CHARACTERS = 4_000  # of a request, on the page


def template_values(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return the attempts for `?result=` (ok, failed or all of them) and `?page=`, and how many there are."""
    result, page = request.args.get("result", ""), _requested_page()
    attempts = [
        each
        for each in delivery_queue.load_attempts(context.store(), endpoint.id, MAX_ATTEMPTS)
        if result in ("", "ok" if 200 <= each.status < 300 else "failed")
    ]
    shown = attempts[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    return {
        "attempts": shown,
        "request_bodies": _load_request_bodies(endpoint, [each.message for each in shown]),
        "attempt_count": len(attempts),
        "result": result,
        "page": page,
        "pages": max(1, -(-len(attempts) // ROWS_PER_PAGE)),
    }


def _load_request_bodies(endpoint: WebhookEndpoint, ids: Sequence[str]) -> dict[str, str]:
    """Return the start of the body of each of these messages that is still stored, as this endpoint receives it."""
    origin, found = context.settings().public_url, {}
    for id, body in messages.load_bodies(context.store(), ids).items():
        payload = payloads.build_payload(WebhookMessage(id, "", body, sequence=0, attempt_number=0), endpoint, origin)
        text = payload.body.decode(errors="replace")
        found[id] = text if len(text) <= MAX_BODY_CHARACTERS else f"{text[:MAX_BODY_CHARACTERS]}…"
    return found


def _requested_page() -> int:
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 4 else 1
