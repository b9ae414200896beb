"""The presenter's page: is everything well, what is on stage, what came, what was turned away, and the brake."""

from dataclasses import dataclass
from typing import Any

import redis
from flask import Response, redirect, render_template, request, session, url_for

from masking import mask_addresses
from presenter import auth, health
from presenter.auth import TooManyTries, for_the_presenter
from presenter.blueprint import bp
from receiving import inbox
from receiving.delivery import Delivery
from sending import rate_limits
from stage.blueprint import feed, store
from stage.sanitize import tame
from stage.views import theme

ROWS = 12  # deliveries, refusals and stories in view
LONGEST = 200  # characters of one parameter


@dataclass(frozen=True)
class Came:
    """A delivery in words fit for a screen: every number in it is masked."""

    id: str
    at: float
    what: str
    who: str
    facts: list[tuple[str, str]]
    why: str = ""


@bp.get("/present")
@for_the_presenter
def dashboard() -> str:
    """The whole page; `/present/now` is the part of it that moves."""
    said = session.pop("said", "") if "said" in session else ""
    return render_template("presenter/present.html", token=auth.token(), theme=theme(), said=said, **_now())


@bp.get("/present/now")
def present_now() -> str | tuple[str, int]:
    """The part that moves, for the page's own script."""
    if not auth.is_presenter():
        return "", 403
    return render_template("presenter/_now.html", **_now())


@bp.route("/present/login", methods=["GET", "POST"])
def present_login() -> Any:
    """The password, asked for and looked at."""
    if request.method == "GET":
        return redirect(url_for("presenter.dashboard"), 303) if auth.is_presenter() else _ask_password()
    auth.check_token()
    try:
        if auth.log_in(request.form.get("password", "")):
            return redirect(url_for("presenter.dashboard"), 303)
    except TooManyTries as wait:
        return Response(_ask_password(str(wait)), 429, {"Retry-After": str(wait.seconds)})
    except redis.RedisError:
        return _ask_password("The store does not answer, so tries cannot be counted. Start Redis, then try again."), 503
    return _ask_password("That is not the password."), 403


@bp.post("/present/logout")
def present_logout() -> Any:
    """Out again."""
    auth.check_token()
    auth.log_out()
    return redirect(url_for("presenter.present_login"), 303)


@bp.post("/present/sending")
@for_the_presenter
def present_sending() -> Any:
    """Stop all sending, or let it go on."""
    auth.check_token()
    try:
        if request.form.get("sending") == "stop":
            rate_limits.stop(store(), "the presenter stopped it")
        else:
            rate_limits.release(store())
    except redis.RedisError:
        session["said"] = "The store does not answer, so nothing was changed. Try again."
    return redirect(url_for("presenter.dashboard"), 303)


def _ask_password(trouble: str = "") -> str:
    return render_template("presenter/login.html", token=auth.token(), trouble=trouble, theme=theme())


def _now() -> dict[str, Any]:
    seen: dict[str, Any] = {"health": health.look()}
    client, shown = store(), feed()
    try:
        shown.catch_up()
        seen["stopped"] = rate_limits.stopped(client)
        seen["came_rows"] = [_came(id, delivery) for id, delivery in inbox.latest(client, ROWS)]
        seen["refused"] = [_came(id, delivery, why.words) for id, delivery, why in inbox.refused(client, ROWS)]
    except redis.RedisError:
        seen["health"] = health.Health(False)
    return seen | {"stories": shown.board.shown()[:ROWS], "open": shown.board.asks_open()[:ROWS]}


def _came(id: str, delivery: Delivery, why: str = "") -> Came:
    told = {name: mask_addresses(text) for name, text in delivery.params.items()}
    said = told or {"body": delivery.body.decode("utf-8", "replace")}
    facts = [(tame(name, 60), tame(value, LONGEST)) for name, value in said.items() if value]
    what = tame(f"{delivery.method} {delivery.shown}", 80)
    return Came(id, delivery.received_at, what, tame(delivery["From"], 40), facts, tame(why))
