"""The presenter's page: is everything well, what is on stage, what came, what was turned away, and the brake."""

from dataclasses import dataclass
from typing import Any

import redis
from flask import Response, redirect, render_template, request, session, url_for

from masking import mask_urls
from presenter import auth, health
from presenter.auth import TooManyLoginAttempts, login_required
from presenter.blueprint import bp
from receiving import inbox
from receiving.delivery import Delivery
from sending import rate_limits
from stage.blueprint import get_event_stream, get_page_store
from stage.sanitize import sanitize
from stage.views import requested_theme

MAX_ROWS = 12  # deliveries, refusals and stories in view
MAX_VALUE_CHARACTERS = 200  # characters of one parameter


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery in words fit for a screen: every number in it is masked."""

    id: str
    at: float
    what: str
    who: str
    facts: list[tuple[str, str]]
    why: str = ""


@bp.get("/present")
@login_required
def dashboard() -> str:
    """The whole page; `/present/now` is the part of it that moves."""
    said = session.pop("said", "") if "said" in session else ""
    return render_template(
        "presenter/present.html", token=auth.csrf_token(), theme=requested_theme(), said=said, **_template_values()
    )


@bp.get("/present/now")
def dashboard_fragment() -> str | tuple[str, int]:
    """The part that moves, for the page's own script."""
    if not auth.is_logged_in():
        return "", 403
    return render_template("presenter/_now.html", **_template_values())


@bp.route("/present/login", methods=["GET", "POST"])
def login() -> Any:
    """The password, asked for and looked at."""
    if request.method == "GET":
        return redirect(url_for("presenter.dashboard"), 303) if auth.is_logged_in() else _login_page()
    auth.check_csrf_token()
    try:
        if auth.log_in(request.form.get("password", "")):
            return redirect(url_for("presenter.dashboard"), 303)
    except TooManyLoginAttempts as wait:
        return Response(_login_page(str(wait)), 429, {"Retry-After": str(wait.seconds)})
    except redis.RedisError:
        return _login_page("The store does not answer, so tries cannot be counted. Start Redis, then try again."), 503
    return _login_page("That is not the password."), 403


@bp.post("/present/logout")
def logout() -> Any:
    """Out again."""
    auth.check_csrf_token()
    auth.log_out()
    return redirect(url_for("presenter.login"), 303)


@bp.post("/present/sending")
@login_required
def set_sending() -> Any:
    """Stop all sending, or let it go on."""
    auth.check_csrf_token()
    try:
        if request.form.get("sending") == "stop":
            rate_limits.stop(get_page_store(), "the presenter stopped it")
        else:
            rate_limits.resume(get_page_store())
    except redis.RedisError:
        session["said"] = "The store does not answer, so nothing was changed. Try again."
    return redirect(url_for("presenter.dashboard"), 303)


def _login_page(trouble: str = "") -> str:
    return render_template("presenter/login.html", token=auth.csrf_token(), trouble=trouble, theme=requested_theme())


def _template_values() -> dict[str, Any]:
    seen: dict[str, Any] = {"health": health.check_health()}
    client, shown = get_page_store(), get_event_stream()
    try:
        shown.catch_up()
        seen["stopped"] = rate_limits.stop_reason(client)
        seen["came_rows"] = [_delivery_row(id, delivery) for id, delivery, _ in inbox.latest(client, MAX_ROWS)]
        seen["refused"] = [
            _delivery_row(id, delivery, why.explanation)
            for id, delivery, why in inbox.latest_rejected(client, MAX_ROWS)
        ]
    except redis.RedisError:
        seen["health"] = health.Health(False)
    return seen | {"stories": shown.board.shown()[:MAX_ROWS], "open": shown.board.asks_open()[:MAX_ROWS]}


def _delivery_row(id: str, delivery: Delivery, why: str = "") -> DeliveryRow:
    told = {name: mask_urls(text) for name, text in delivery.params.items()}
    said = told or {"body": delivery.body.decode("utf-8", "replace")}
    facts = [(sanitize(name, 60), sanitize(value, MAX_VALUE_CHARACTERS)) for name, value in said.items() if value]
    what = sanitize(f"{delivery.method} {delivery.redacted_path}", 80)
    return DeliveryRow(id, delivery.received_at, what, sanitize(delivery["From"], 40), facts, sanitize(why))
