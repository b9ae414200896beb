"""What the presenter can do with webhook endpoints: the same operations as in the endpoint API."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, request, session, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

import context
from api import operations
from api.operations import ResourceNotFound
from presenter import csrf
from presenter.blueprint import bp
from presenter.endpoints.endpoint_form import DEFAULT_FORM_VALUES, FormError, parse_form
from presenter.endpoints.endpoints_page import endpoint_missing, render_endpoint, render_list
from presenter.endpoints.one_time_secrets import store_secret
from presenter.login import login_required
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError
from sending.webhooks import redelivery
from sending.webhooks.encryption import WrongKey
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import OPTIONS
from sending.webhooks.endpoints.key_rotation import MAX_OVERLAP_SECONDS
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.queue import backlog
from sending.webhooks.redelivery import EndpointDisabled

MAX_OVERLAP_HOURS = MAX_OVERLAP_SECONDS // 3600
FORM_ERRORS = (ValidationError, RequestFailed, EndpointDisabled, EndpointNotFound, ResourceNotFound, WrongKey)


@bp.post("/present/endpoints")
@login_required
def endpoint_create() -> Any:
    """Create an endpoint; its page shows the secret once."""
    csrf.check()
    try:
        endpoint = operations.create(parse_form(request.form, is_new=True))
    except FORM_ERRORS as error:
        return render_list(_submitted_values(request.form), str(error), _wrong_fields(error)), 422
    store_secret(endpoint)
    return _redirect_to_endpoint(endpoint.id)


@bp.post("/present/endpoints/<id>")
@login_required
def endpoint_update(id: str) -> Any:
    """Change the endpoint's options."""
    csrf.check()
    endpoint = stored_endpoints.load(context.store(), id)
    if endpoint is None:
        return endpoint_missing()
    try:
        operations.update(id, parse_form(request.form))
    except FORM_ERRORS as error:
        values = _submitted_values(request.form)
        return render_endpoint(endpoint, values, str(error), _wrong_fields(error)), 422
    return _redirect_to_endpoint(id, "The options have been saved.")


@bp.post("/present/endpoints/<id>/<action>")
@login_required
def endpoint_action(id: str, action: str) -> Any:
    """Perform the action of one of the page's buttons."""
    csrf.check()
    if action not in ACTIONS:
        return render_list(DEFAULT_FORM_VALUES, "There is no such action."), 404
    try:
        return ACTIONS[action](operations.get_endpoint(id).id)
    except FORM_ERRORS as error:
        session["alert"] = str(error)
    return redirect(url_for("presenter.endpoint_page", id=id), 303)


def _submitted_values(form: MultiDict[str, str]) -> dict[str, str]:
    """Return the values in the submitted form, so that it can be shown again."""
    return {name: "\n".join(values) for name, values in form.lists()}


def _wrong_fields(error: Exception) -> Mapping[str, str]:
    """Return a dict that maps fields to sentences. An error without fields concerns the field it names, or the URL."""
    if isinstance(error, FormError):
        return error.fields
    named = next((name for name in OPTIONS if name in str(error)), "url")
    return {named: str(error)} if isinstance(error, ValidationError | RequestFailed) else {}


def _rotate(id: str) -> BaseResponse:
    message = f"The old keys can keep signing for 0 to {MAX_OVERLAP_HOURS} hours."
    overlap, private = _read_hours(message, MAX_OVERLAP_HOURS) * 3600, bool(request.form.get("private"))
    store_secret(operations.rotate(id, {"private": private, "overlap": overlap}))
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
