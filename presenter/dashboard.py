"""The presenter's dashboard and login, and the control that stops and resumes all sending."""

from dataclasses import dataclass
from typing import Any

import redis
from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

import context
from masking import mask_urls
from presenter import auth, health
from presenter.auth import TooManyLoginAttempts, login_required
from presenter.blueprint import bp
from receiving import inbox
from receiving.delivery import Delivery
from sending import pacing, text_circuit_breaker
from show.sanitize import sanitize
from stage.blueprint import get_event_stream, get_page_store
from stage.numbers import country_of, format_phone_number
from stage.views import requested_theme

MAX_ROWS = 12  # in each list
MAX_VALUE_CHARACTERS = 200


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery as displayed; phone numbers are masked. `reason` says why it was rejected; "" if it was not."""

    id: str
    received_at: float
    request_line: str
    who: str
    fields: list[tuple[str, str]]
    reason: str = ""


@dataclass(frozen=True)
class SenderRow:
    """An address of ours: its country, its rate in segments per second, and the number of texts that wait for it."""

    address: str
    country: str
    rate: int
    waiting: int


@bp.get("/present")
@login_required
def dashboard() -> str:
    """The dashboard; its script refreshes the live part from `/present/fragment`."""
    alert = session.pop("alert", "") if "alert" in session else ""
    return render_template(
        "presenter/dashboard.html",
        csrf_token=auth.csrf_token(),
        theme=requested_theme(),
        alert=alert,
        **_template_values(),
    )


@bp.get("/present/fragment")
def dashboard_fragment() -> str | tuple[str, int]:
    """The live part of the dashboard; 403 unless logged in."""
    if not auth.is_logged_in():
        return "", 403
    return render_template("presenter/_dashboard.html", **_template_values())


@bp.route("/present/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """The login form, and its password check."""
    if request.method == "GET":
        return redirect(url_for("presenter.dashboard"), 303) if auth.is_logged_in() else _login_page()
    auth.check_csrf_token()
    try:
        if auth.log_in(request.form.get("password", "")):
            return redirect(url_for("presenter.dashboard"), 303)
    except TooManyLoginAttempts as error:
        return Response(_login_page(str(error)), 429, {"Retry-After": str(error.retry_after_seconds)})
    except redis.RedisError:
        return _login_page("Redis is not responding, so login attempts cannot be counted. Start Redis and retry."), 503
    return _login_page("Wrong password."), 403


@bp.post("/present/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    auth.check_csrf_token()
    auth.log_out()
    return redirect(url_for("presenter.login"), 303)


@bp.post("/present/sending")
@login_required
def set_sending() -> ResponseReturnValue:
    """Stop all sending with `sending=stop`; otherwise resume it."""
    auth.check_csrf_token()
    try:
        if request.form.get("sending") == "stop":
            text_circuit_breaker.stop(get_page_store(), "the presenter stopped it")
        else:
            text_circuit_breaker.resume(get_page_store())
    except redis.RedisError:
        session["alert"] = "Redis is not responding, so nothing was changed. Try again."
    return redirect(url_for("presenter.dashboard"), 303)


def _login_page(error: str = "") -> str:
    return render_template("presenter/login.html", csrf_token=auth.csrf_token(), error=error, theme=requested_theme())


def _template_values() -> dict[str, Any]:
    values: dict[str, Any] = {"health": health.check_health()}
    client, stream = get_page_store(), get_event_stream()
    try:
        stream.catch_up()
        values["stop_reason"] = text_circuit_breaker.stop_reason(client)
        values["waiting_texts"] = pacing.count_waiting(client)
        values["senders"] = _sender_rows(pacing.count_waiting_by_sender(client))
        values["deliveries"] = [_delivery_row(id, delivery) for id, delivery, _ in inbox.latest(client, MAX_ROWS)]
        values["rejected"] = [
            _delivery_row(id, delivery, mistake.explanation)
            for id, delivery, mistake in inbox.latest_rejected(client, MAX_ROWS)
        ]
    except redis.RedisError:
        values["health"] = health.Health(False)
    timeline = stream.timeline
    return values | {
        "entries": timeline.visible_entries()[:MAX_ROWS],
        "awaiting_answer": timeline.entries_awaiting_answer()[:MAX_ROWS],
    }


def _sender_rows(waiting: dict[str, int]) -> list[SenderRow]:
    """Our numbers, and the other addresses from which texts were sent lately."""
    settings = context.settings()
    listed = [settings.sender_for(number) for number in settings.twilio_phone_number]
    addresses = [(sender, sender or settings.default_number) for sender in dict.fromkeys([*listed, *waiting])]
    return [
        SenderRow(
            format_phone_number(address), country_of(address), settings.sender_rate(sender), waiting.get(sender, 0)
        )
        for sender, address in addresses
    ]


def _delivery_row(id: str, delivery: Delivery, reason: str = "") -> DeliveryRow:
    params = {name: mask_urls(value) for name, value in delivery.params.items()}
    shown = params or {"body": delivery.body.decode("utf-8", "replace")}
    fields = [(sanitize(name, 60), sanitize(value, MAX_VALUE_CHARACTERS)) for name, value in shown.items() if value]
    request_line = sanitize(f"{delivery.method} {delivery.redacted_path}", 80)
    who = sanitize(delivery["From"], 40)
    return DeliveryRow(id, delivery.received_at, request_line, who, fields, sanitize(reason))
