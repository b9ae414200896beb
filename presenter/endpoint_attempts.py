"""One page of the attempts to deliver messages to a webhook endpoint, filtered by their result."""

from typing import Any

from flask import request

import context
from sending.webhooks.queue import delivery_queue

MAX_ATTEMPTS = 1_000  # all that are stored
ROWS_PER_PAGE = 25


def template_values(endpoint_id: str) -> dict[str, Any]:
    """Return the attempts for `?result=` (ok, failed or all of them) and `?page=`, and how many there are."""
    result, page = request.args.get("result", ""), _requested_page()
    attempts = [
        each
        for each in delivery_queue.load_attempts(context.store(), endpoint_id, MAX_ATTEMPTS)
        if result in ("", "ok" if 200 <= each.status < 300 else "failed")
    ]
    return {
        "attempts": attempts[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE],
        "attempt_count": len(attempts),
        "result": result,
        "page": page,
        "pages": max(1, -(-len(attempts) // ROWS_PER_PAGE)),
    }


def _requested_page() -> int:
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 4 else 1
