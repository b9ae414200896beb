"""The presenter's pages for webhook endpoints, which offer the same operations as the endpoint API."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

import context
from api import handlers, operations
from api.operations import ResourceNotFound
from presenter import csrf, endpoint_attempts, endpoint_form
from presenter.blueprint import bp
from presenter.login import login_required
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError
from sending.webhooks import event_schemas, redelivery
from sending.webhooks.encryption import WrongKey
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import OPTIONS, WebhookEndpoint
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.queue import backlog, delivery_queue
from sending.webhooks.redelivery import EndpointDisabled
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme

SECRET_TTL_SECONDS = 300  # how long a new secret is kept until it is shown
MAX_ROWS = 50  # of dead letters
MAX_OVERLAP_HOURS = 168
FORM_ERRORS = (ValidationError, RequestFailed, EndpointDisabled, EndpointNotFound, ResourceNotFound, WrongKey)


@bp.get("/present/endpoints")
@login_required
def endpoints_page() -> str:
    """All endpoints, and a form for a new one."""
    return _render_list(endpoint_form.DEFAULT_FORM_VALUES)


@bp.post("/present/endpoints")
@login_required
def endpoint_create() -> Any:
    """Create an endpoint; its page shows the secret once."""
    csrf.check()
    try:
        endpoint = operations.create(endpoint_form.parse_form(request.form, is_new=True))
    except FORM_ERRORS as error:
        return _render_list(
            endpoint_form.submitted_values(request.form), str(error), endpoint_form.wrong_fields(error)
        ), 422
    _store_secret(endpoint)
    return _redirect_to_endpoint(endpoint.id)


@bp.get("/present/endpoints/<id>")
@login_required
def endpoint_page(id: str) -> Any:
    """One endpoint: its state, attempts, dead letters, keys and options."""
    endpoint = stored_endpoints.load(context.store(), id)
    if endpoint is None:
        return _endpoint_missing()
    return _render_endpoint(endpoint, endpoint_form.form_values(endpoint), _pop_from_session("alert"))


@bp.post("/present/endpoints/<id>")
@login_required
def endpoint_update(id: str) -> Any:
    """Change the endpoint's options."""
    csrf.check()
    endpoint = stored_endpoints.load(context.store(), id)
    if endpoint is None:
        return _endpoint_missing()
    try:
        operations.update(id, endpoint_form.parse_form(request.form))
    except FORM_ERRORS as error:
        values = endpoint_form.submitted_values(request.form)
        return _render_endpoint(endpoint, values, str(error), endpoint_form.wrong_fields(error)), 422
    return _redirect_to_endpoint(id, "The options have been saved.")


@bp.post("/present/endpoints/<id>/<action>")
@login_required
def endpoint_action(id: str, action: str) -> Any:
    """Perform the action of one of the page's buttons."""
    csrf.check()
    if action not in ACTIONS:
        return _render_list(endpoint_form.DEFAULT_FORM_VALUES, "There is no such action."), 404
    try:
        return ACTIONS[action](operations.get_endpoint(id).id)
    except FORM_ERRORS as error:
        session["alert"] = str(error)
    return redirect(url_for("presenter.endpoint_page", id=id), 303)


@bp.get("/present/endpoints/<id>/recoveries/<recovery_id>")
def endpoint_recovery(id: str, recovery_id: str) -> Response | tuple[str, int]:
    """The progress of a recovery as JSON, for static/recovery.js."""
    recovery = operations.load_recovery(id, recovery_id) if is_logged_in() else None
    if recovery is None:
        return "", 403
    return handlers.json_response(handlers.describe_recovery(recovery))


def _rotate(id: str) -> BaseResponse:
    message = f"The old keys can keep signing for 0 to {MAX_OVERLAP_HOURS} hours."
    overlap, private = _read_hours(message, MAX_OVERLAP_HOURS) * 3600, bool(request.form.get("private"))
    _store_secret(operations.rotate(id, {"private": private, "overlap": overlap}))
    return _redirect_to_endpoint(id)


def _pause(id: str) -> BaseResponse:
    stored_endpoints.pause(context.store(), id)
    return _redirect_to_endpoint(id, "The endpoint has been paused. New messages will wait until it is resumed.")


def _resume(id: str) -> BaseResponse:
    stored_endpoints.resume(context.store(), id)
    return _redirect_to_endpoint(id, "The endpoint has been enabled.")


def _delete(id: str) -> BaseResponse:
    backlog.delete_endpoint(context.store(), id)
    session["success_message"] = "The endpoint has been deleted."
    return redirect(url_for("presenter.endpoints_page"), 303)


def _resend(id: str) -> BaseResponse:
    if not redelivery.resend(context.store(), id, request.form.get("message", "")[:100]):
        raise ResourceNotFound("That message is no longer stored.")
    return _redirect_to_endpoint(id, "The message will be sent again.")


def _recover(id: str) -> BaseResponse:
    hours = _read_hours("Enter a number of hours.", 99_999)
    recovery = operations.start_recovery(id, time.time() - hours * 3600)
    return redirect(url_for("presenter.endpoint_page", id=id, recovery=recovery.id, _anchor="recovery"), 303)


def _example(id: str) -> BaseResponse:
    event_type = request.form.get("event_type", "")
    operations.send_example(id, event_type)
    return _redirect_to_endpoint(id, f"An example of {event_type} will be sent.")


ACTIONS: dict[str, Callable[[str], BaseResponse]] = {
    "rotate": _rotate,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
    "resend": _resend,
    "recover": _recover,
    "example": _example,
}


def _read_hours(message: str, maximum: int) -> int:
    """Return the number of hours in the form. Raises ValidationError with this message if it is out of bounds."""
    text = request.form.get("hours", "")
    if not text.isdecimal() or len(text) > len(str(maximum)) or int(text) > maximum:
        raise ValidationError(message)
    return int(text)


def _redirect_to_endpoint(id: str, success_message: str = "") -> BaseResponse:
    if success_message:
        session["success_message"] = success_message
    return redirect(url_for("presenter.endpoint_page", id=id), 303)


def _endpoint_missing() -> tuple[str, int]:
    return _render_list(endpoint_form.DEFAULT_FORM_VALUES, str(EndpointNotFound())), 404


def _render_list(values: Mapping[str, str], alert: str = "", wrong: Mapping[str, str] | None = None) -> str:
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


def _render_endpoint(
    endpoint: WebhookEndpoint, values: Mapping[str, str], alert: str, wrong: Mapping[str, str] | None = None
) -> str:
    store = context.store()
    dead_count, dead_letters = redelivery.load_dead_letters(store, endpoint.id, MAX_ROWS)
    return _render_page(
        "endpoint",
        endpoint=endpoint,
        values=values,
        alert=alert,
        is_new=False,
        secret=_take_secret(endpoint.id),
        wrong=wrong or {},
        **endpoint_attempts.template_values(endpoint),
        waiting_count=delivery_queue.count_waiting(store, endpoint.id),
        dead_count=dead_count,
        dead_letters=dead_letters,
        recovery=operations.load_recovery(endpoint.id, request.args.get("recovery", "")),
        event_types=[*event_schemas.CATALOGUE, event_schemas.EXAMPLE_PROVIDER_EVENT],
    )


def _render_page(name: str, **values: Any) -> str:
    return render_template(
        f"presenter/{name}.html",
        csrf_token=csrf.token(),
        theme=requested_theme(),
        options=OPTIONS,
        first_options=endpoint_form.FIRST_OPTIONS,
        families=endpoint_form.event_families(),
        success_message=_pop_from_session("success_message"),
        **values,
    )


def _pop_from_session(name: str) -> str:
    return str(session.pop(name)) if name in session else ""  # pop alone would mark the session as modified


def _store_secret(endpoint: WebhookEndpoint) -> None:
    """Store the newest key, encrypted, until this browser next requests the page. The cookie holds only a token."""
    session["secret_token"] = secrets.token_urlsafe(16)
    text = json.dumps({"id": endpoint.id, **handlers.describe_newest_key(endpoint)})
    encrypted = operations.get_encryption().encrypt(text)
    context.store().set(f"one_time_secret:{session['secret_token']}", encrypted, ex=SECRET_TTL_SECONDS)


def _take_secret(id: str) -> str:
    """Return and delete this endpoint's stored key; "" if there is none."""
    token = _pop_from_session("secret_token")
    found = context.store().getdel(f"one_time_secret:{token}") if token else None
    stored = json.loads(operations.get_encryption().decrypt(found.decode())) if found else {}
    return str(stored.get("secret") or stored.get("public_key") or "") if stored.get("id") == id else ""
