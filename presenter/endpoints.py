"""Who hears our webhooks, on the presenter's page: by hand what the subscriber API does for programs."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import handlers
from api.handlers import ResourceNotFound
from api.schema import ENDPOINT_OPTIONS
from presenter import auth, endpoint_form
from presenter.auth import login_required
from presenter.blueprint import bp
from sending.http.errors import RequestFailed
from sending.webhooks import catalogue, endpoints, queue, redelivery
from sending.webhooks.encryption import WrongKey
from sending.webhooks.endpoints import ValidationError, WebhookEndpoint
from sending.webhooks.redelivery import EndpointDisabled
from stage.views import requested_theme
from workers import runs

SECRET_TTL_SECONDS = 300  # seconds a secret waits to be shown, once
MAX_ROWS = 50  # attempts, and dead letters, in view
FORM_ERRORS = (ValidationError, RequestFailed, EndpointDisabled, ResourceNotFound, WrongKey)
DEFAULT_FORM_VALUES = {
    "payload_style": "full",
    "rate_limit": "0",
    "max_concurrency": str(endpoints.DEFAULT_CONCURRENCY),
}  # the form of a subscriber to be


@bp.get("/present/webhooks")
@login_required
def endpoints_page() -> str:
    """All subscribers, and a form for a new one."""
    return _render_list(DEFAULT_FORM_VALUES)


@bp.post("/present/webhooks")
@login_required
def endpoint_create() -> Any:
    """A new one; its page shows the secret."""
    auth.check_csrf_token()
    try:
        made = handlers.create(endpoint_form.parse_form(request.form, is_new=True))
    except FORM_ERRORS as wrong:
        return _render_list(request.form, str(wrong)), 422
    _store_secret(made)
    return _redirect_to_endpoint(made.id)


@bp.get("/present/webhooks/<id>")
@login_required
def endpoint_page(id: str) -> Any:
    """One of them: its wishes, its keys, what was tried and what was given up."""
    one = endpoints.load(handlers.redis(), id)
    if one is None:
        return _render_list(DEFAULT_FORM_VALUES, "There is no such endpoint."), 404
    return _render_endpoint(one, endpoint_form.form_values(one), session.pop("alert", "") if "alert" in session else "")


@bp.post("/present/webhooks/<id>")
@login_required
def endpoint_update(id: str) -> Any:
    """Its wishes are others now."""
    auth.check_csrf_token()
    one = endpoints.load(handlers.redis(), id)
    if one is None:
        return _render_list(DEFAULT_FORM_VALUES, "There is no such endpoint."), 404
    try:
        handlers.update(id, endpoint_form.parse_form(request.form))
    except FORM_ERRORS as wrong:
        return _render_endpoint(one, request.form, str(wrong)), 422
    return _redirect_to_endpoint(id, "Changed.")


@bp.post("/present/webhooks/<id>/<verb>")
@login_required
def endpoint_action(id: str, verb: str) -> Any:
    """One of the buttons."""
    auth.check_csrf_token()
    if verb not in ACTIONS:
        return _render_list(DEFAULT_FORM_VALUES, "There is no such button."), 404
    try:
        return ACTIONS[verb](handlers.get_endpoint(id).id)
    except FORM_ERRORS as wrong:
        session["alert"] = str(wrong)
    except KeyError:  # it went while we looked
        session["alert"] = "There is no such endpoint."
    return redirect(url_for("presenter.endpoint_page", id=id), 303)


@bp.get("/present/webhooks/<id>/recoveries/<name>")
def endpoint_recovery(id: str, name: str) -> Response | tuple[str, int]:
    """How far a recovery is, for the page's own script."""
    found = runs.load(handlers.redis(), name) if auth.is_logged_in() else None
    if found is None or found.options.get("endpoint") != id:
        return "", 403
    return handlers.json_response(handlers.describe_recovery(found))


def _rotate(id: str) -> BaseResponse:
    private, hours = bool(request.form.get("private")), request.form.get("hours", "")
    if not hours.isdecimal() or len(hours) > 5 or int(hours) > 168:
        raise ValidationError("Let the old keys sign for 0 to 168 hours more.")
    _store_secret(handlers.rotate(id, {"private": private, "overlap": int(hours) * 3600}))
    return _redirect_to_endpoint(id)


def _pause(id: str) -> BaseResponse:
    endpoints.pause(handlers.redis(), id)
    return _redirect_to_endpoint(id, "Paused: what happens meanwhile waits.")


def _resume(id: str) -> BaseResponse:
    endpoints.resume(handlers.redis(), id)
    return _redirect_to_endpoint(id, "It hears us again.")


def _delete(id: str) -> BaseResponse:
    endpoints.delete(handlers.redis(), id)
    session["done"] = "It is forgotten."
    return redirect(url_for("presenter.endpoints_page"), 303)


def _resend(id: str) -> BaseResponse:
    if not redelivery.resend(handlers.redis(), id, request.form.get("message", "")[:100]):
        raise ResourceNotFound("That message is not kept any more.")
    return _redirect_to_endpoint(id, "It goes out once more.")


def _recover(id: str) -> BaseResponse:
    hours = request.form.get("hours", "")
    if not hours.isdecimal() or len(hours) > 5:
        raise ValidationError("Since how many hours?")
    begun = handlers.start_recovery(id, time.time() - int(hours) * 3600)
    return redirect(url_for("presenter.endpoint_page", id=id, recovery=begun.id, _anchor="recovery"), 303)


def _example(id: str) -> BaseResponse:
    event_type = request.form.get("event_type", "")
    if not endpoints.EVENT_FILTER_PATTERN.fullmatch(event_type) or event_type.endswith("*"):
        raise ValidationError("An event is called such as text.received.")
    redelivery.send_example(handlers.redis(), id, event_type)
    return _redirect_to_endpoint(id, f"An example of {event_type} goes out.")


ACTIONS: dict[str, Callable[[str], BaseResponse]] = {
    "rotate": _rotate,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
    "resend": _resend,
    "recover": _recover,
    "example": _example,
}


def _redirect_to_endpoint(id: str, done: str = "") -> BaseResponse:
    if done:
        session["done"] = done
    return redirect(url_for("presenter.endpoint_page", id=id), 303)


def _render_list(values: Mapping[str, str], alert: str = "") -> str:
    ones = [
        (one, redelivery.load_dead_letters(handlers.redis(), one.id, 1)[0])
        for one in endpoints.load_all(handlers.redis())
    ]
    return _render_page("webhooks", ones=ones, values=values, alert=alert, is_new=True)


def _render_endpoint(one: WebhookEndpoint, values: Mapping[str, str], alert: str) -> str:
    store = handlers.redis()
    count, dead = redelivery.load_dead_letters(store, one.id, MAX_ROWS)
    running = runs.load(store, request.args.get("recovery", ""))
    return _render_page(
        "webhook",
        one=one,
        values=values,
        alert=alert,
        is_new=False,
        secret=_take_secret(one.id),
        attempts=queue.load_attempts(store, one.id, MAX_ROWS),
        waiting=queue.count_waiting(store, one.id),
        dead_count=count,
        dead=dead,
        recovery=running if running and running.options.get("endpoint") == one.id else None,
        event_types=[*catalogue.CATALOGUE, "github.star"],
    )


def _render_page(name: str, **values: Any) -> str:
    done = session.pop("done", "") if "done" in session else ""
    facts = {
        "wishes": ENDPOINT_OPTIONS,
        "secret_fields": endpoint_form.SECRET_FIELDS,
        "done": done,
        "clock": _format_time,
    }
    return render_template(
        f"presenter/{name}.html", csrf_csrf_csrf_token=auth.csrf_token(), theme=requested_theme(), **facts, **values
    )


def _store_secret(one: WebhookEndpoint) -> None:
    """Keep its newest key for this browser's next look at its page: the cookie holds only where it lies."""
    session["once"] = secrets.token_urlsafe(16)
    told = handlers.get_encryption().encrypt(json.dumps({"id": one.id, **handlers.describe_newest_key(one)}))
    handlers.redis().set(f"one_time_secret:{session['once']}", told, ex=SECRET_TTL_SECONDS)


def _take_secret(id: str) -> str:
    if "once" not in session:
        return ""
    found = handlers.redis().getdel(f"one_time_secret:{session.pop('once')}")
    told = json.loads(handlers.get_encryption().decrypt(found.decode())) if found else {}
    return str(told.get("secret") or told.get("public_key") or "") if told.get("id") == id else ""


def _format_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%d %b %H:%M:%S} UTC"
