"""The presenter's pages for webhook endpoints: the list, and a page for each with its attempts and options."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, render_template, request, session

import context
from api import handlers, operations
from presenter import csrf
from presenter.blueprint import bp
from presenter.endpoints.endpoint_form import DEFAULT_FORM_VALUES, event_families, form_values
from presenter.endpoints.one_time_secrets import take_secret
from presenter.login import login_required
from sending.webhooks import event_schemas, payloads, redelivery
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import OPTIONS, WebhookEndpoint
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.queue import delivery_queue, messages
from sending.webhooks.webhook_request import WebhookMessage
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme

MAX_ATTEMPTS = 1_000  # all that are stored
ROWS_PER_PAGE = 25  # of attempts
MAX_BODY_CHARACTERS = 4_000  # of a request, on the page
MAX_DEAD_LETTERS = 50  # on the page
FIRST_OPTIONS = ("url", "event_types")  # all others are collapsed


@bp.get("/present/endpoints")
@login_required
def endpoints_page() -> str:
    """All endpoints, and a form for a new one."""
    return render_list(DEFAULT_FORM_VALUES)


@bp.get("/present/endpoints/<id>")
@login_required
def endpoint_page(id: str) -> Any:
    """One endpoint: its state, attempts, dead letters, keys and options."""
    endpoint = stored_endpoints.load(context.store(), id)
    if endpoint is None:
        return endpoint_missing()
    return render_endpoint(endpoint, form_values(endpoint), _pop_from_session("alert"))


@bp.get("/present/endpoints/<id>/recoveries/<recovery_id>")
def endpoint_recovery(id: str, recovery_id: str) -> Response | tuple[str, int]:
    """The progress of a recovery as JSON, for static/recovery_progress.js."""
    recovery = operations.load_recovery(id, recovery_id) if is_logged_in() else None
    if recovery is None:
        return "", 403
    return handlers.json_response(handlers.describe_recovery(recovery))


def endpoint_missing() -> tuple[str, int]:
    """The list, with the message that there is no such endpoint."""
    return render_list(DEFAULT_FORM_VALUES, str(EndpointNotFound())), 404


def render_list(values: Mapping[str, str], alert: str = "", wrong: Mapping[str, str] | None = None) -> str:
    """The list. `values` fill the form for a new endpoint; `wrong` maps each invalid field to a sentence."""
    store, state = context.store(), request.args.get("state", "")
    known = [(each, redelivery.load_dead_letters(store, each.id, 1)[0]) for each in stored_endpoints.load_all(store)]
    return _render_page(
        "endpoints",
        endpoints=[row for row in known if state in ("", row[0].state)],
        states=Counter(each.state for each, _ in known).most_common(),
        selected_state=state,
        values=values,
        alert=alert,
        wrong=wrong or {},
        is_new=True,
    )


def render_endpoint(
    endpoint: WebhookEndpoint, values: Mapping[str, str], alert: str, wrong: Mapping[str, str] | None = None
) -> str:
    """The page of one endpoint. `values` fill the form; `wrong` maps each invalid field to a sentence."""
    store = context.store()
    dead_count, dead_letters = redelivery.load_dead_letters(store, endpoint.id, MAX_DEAD_LETTERS)
    return _render_page(
        "endpoint",
        endpoint=endpoint,
        values=values,
        alert=alert,
        is_new=False,
        secret=take_secret(endpoint.id),
        wrong=wrong or {},
        **_attempts(endpoint),
        waiting_count=delivery_queue.count_waiting(store, endpoint.id),
        dead_count=dead_count,
        dead_letters=dead_letters,
        recovery=operations.load_recovery(endpoint.id, request.args.get("recovery", "")),
        event_types=[*event_schemas.CATALOGUE, event_schemas.EXAMPLE_PROVIDER_EVENT],
    )


def _attempts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return the attempts for `?result=` (ok, failed or, by default, all) and `?page=`, and the number of attempts."""
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
    """Return a dict that maps the id of each message still stored to the start of the body sent to the endpoint."""
    origin, found = context.settings().public_url, {}
    for id, body in messages.load_bodies(context.store(), ids).items():
        payload = payloads.build_payload(WebhookMessage(id, "", body, sequence=0, attempt_number=0), endpoint, origin)
        text = payload.body.decode(errors="replace")
        found[id] = text if len(text) <= MAX_BODY_CHARACTERS else f"{text[:MAX_BODY_CHARACTERS]}…"
    return found


def _requested_page() -> int:
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 4 else 1


def _render_page(name: str, **values: Any) -> str:
    return render_template(
        f"presenter/{name}.html",
        csrf_token=csrf.token(),
        theme=requested_theme(),
        options=OPTIONS,
        first_options=FIRST_OPTIONS,
        families=event_families(),
        success_message=_pop_from_session("success_message"),
        **values,
    )


def _pop_from_session(name: str) -> str:
    return str(session.pop(name)) if name in session else ""  # pop alone would mark the session as modified
