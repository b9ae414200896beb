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
from api.handlers import Missing
from api.schema import WISHES, Unfit
from presenter import auth, endpoint_form
from presenter.auth import for_the_presenter
from presenter.blueprint import bp
from sending.http.errors import Failure
from sending.webhooks import catalogue, dispatch, endpoints, redelivery
from sending.webhooks.encryption import WrongKey
from sending.webhooks.endpoints import Subscriber, Unacceptable
from sending.webhooks.redelivery import IsOff
from stage.views import theme
from workers import redelivery_runs

SHOWN_FOR = 300  # seconds a secret waits to be shown, once
ROWS = 50  # attempts, and dead letters, in view
WRONG = (Unacceptable, Failure, Unfit, IsOff, Missing, WrongKey)
NEW = {"payload": "full", "rate": "0", "at_once": str(endpoints.AT_ONCE)}  # the form of a subscriber to be


@bp.get("/present/webhooks")
@for_the_presenter
def webhooks_page() -> str:
    """All subscribers, and a form for a new one."""
    return _list(NEW)


@bp.post("/present/webhooks")
@for_the_presenter
def webhooks_create() -> Any:
    """A new one; its page shows the secret."""
    auth.check_token()
    try:
        made = handlers.create(endpoint_form.read(request.form, is_new=True))
    except WRONG as wrong:
        return _list(request.form, str(wrong)), 422
    _show_once(made)
    return _back(made.id)


@bp.get("/present/webhooks/<id>")
@for_the_presenter
def webhook_page(id: str) -> Any:
    """One of them: its wishes, its keys, what was tried and what was given up."""
    one = endpoints.load(handlers.redis(), id)
    if one is None:
        return _list(NEW, "There is no such subscriber."), 404
    return _one(one, endpoint_form.write(one), session.pop("said", "") if "said" in session else "")


@bp.post("/present/webhooks/<id>")
@for_the_presenter
def webhook_update(id: str) -> Any:
    """Its wishes are others now."""
    auth.check_token()
    one = endpoints.load(handlers.redis(), id)
    if one is None:
        return _list(NEW, "There is no such subscriber."), 404
    try:
        handlers.update(id, endpoint_form.read(request.form))
    except WRONG as wrong:
        return _one(one, request.form, str(wrong)), 422
    return _back(id, "Changed.")


@bp.post("/present/webhooks/<id>/<verb>")
@for_the_presenter
def webhook_does(id: str, verb: str) -> Any:
    """One of the buttons."""
    auth.check_token()
    if verb not in VERBS:
        return _list(NEW, "There is no such button."), 404
    try:
        return VERBS[verb](handlers.existing(id).id)
    except WRONG as wrong:
        session["said"] = str(wrong)
    except KeyError:  # it went while we looked
        session["said"] = "There is no such subscriber."
    return redirect(url_for("presenter.webhook_page", id=id), 303)


@bp.get("/present/webhooks/<id>/recoveries/<name>")
def webhook_recovery(id: str, name: str) -> Response | tuple[str, int]:
    """How far a recovery is, for the page's own script."""
    found = redelivery_runs.load(handlers.redis(), name) if auth.is_presenter() else None
    if found is None or found.subscriber != id:
        return "", 403
    return handlers.answer(handlers.told(found))


def _rotate(id: str) -> BaseResponse:
    private, hours = bool(request.form.get("private")), request.form.get("hours", "")
    if not hours.isdecimal() or len(hours) > 5 or int(hours) > 168:
        raise Unfit("Let the old keys sign for 0 to 168 hours more.")
    _show_once(handlers.rotate(id, {"private": private, "overlap": int(hours) * 3600}))
    return _back(id)


def _pause(id: str) -> BaseResponse:
    endpoints.pause(handlers.redis(), id)
    return _back(id, "Paused: what happens meanwhile waits.")


def _resume(id: str) -> BaseResponse:
    endpoints.resume(handlers.redis(), id)
    return _back(id, "It hears us again.")


def _delete(id: str) -> BaseResponse:
    endpoints.delete(handlers.redis(), id)
    session["done"] = "It is forgotten."
    return redirect(url_for("presenter.webhooks_page"), 303)


def _resend(id: str) -> BaseResponse:
    if not redelivery.resend(handlers.redis(), id, request.form.get("message", "")[:100]):
        raise Missing("That message is not kept any more.")
    return _back(id, "It goes out once more.")


def _recover(id: str) -> BaseResponse:
    hours = request.form.get("hours", "")
    if not hours.isdecimal() or len(hours) > 5:
        raise Unfit("Since how many hours?")
    begun = handlers.begin_recovery(id, time.time() - int(hours) * 3600)
    return redirect(url_for("presenter.webhook_page", id=id, recovery=begun.id, _anchor="recovery"), 303)


def _example(id: str) -> BaseResponse:
    kind = request.form.get("kind", "")
    if not endpoints.KIND.fullmatch(kind) or kind.endswith("*"):
        raise Unfit("An event is called such as text.received.")
    redelivery.send_example(handlers.redis(), id, kind)
    return _back(id, f"An example of {kind} goes out.")


VERBS: dict[str, Callable[[str], BaseResponse]] = {
    "rotate": _rotate,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
    "resend": _resend,
    "recover": _recover,
    "example": _example,
}


def _back(id: str, done: str = "") -> BaseResponse:
    if done:
        session["done"] = done
    return redirect(url_for("presenter.webhook_page", id=id), 303)


def _list(values: Mapping[str, str], said: str = "") -> str:
    ones = [(one, redelivery.dead(handlers.redis(), one.id, 1)[0]) for one in endpoints.everyone(handlers.redis())]
    return _page("webhooks", ones=ones, values=values, said=said, is_new=True)


def _one(one: Subscriber, values: Mapping[str, str], said: str) -> str:
    store = handlers.redis()
    count, dead = redelivery.dead(store, one.id, ROWS)
    running = redelivery_runs.load(store, request.args.get("recovery", ""))
    return _page(
        "webhook",
        one=one,
        values=values,
        said=said,
        is_new=False,
        secret=_shown_once(one.id),
        attempts=dispatch.attempts(store, one.id, ROWS),
        waiting=store.zcard(f"hook:{one.id}:due"),
        dead_count=count,
        dead=dead,
        recovery=running if running and running.subscriber == one.id else None,
        kinds=[*catalogue.CATALOGUE, "github.star"],
    )


def _page(name: str, **values: Any) -> str:
    done = session.pop("done", "") if "done" in session else ""
    facts = {"wishes": WISHES, "secret_fields": endpoint_form.SECRET, "done": done, "clock": _clock}
    return render_template(f"presenter/{name}.html", token=auth.token(), theme=theme(), **facts, **values)


def _show_once(one: Subscriber) -> None:
    """Keep its newest key for this browser's next look at its page: the cookie holds only where it lies."""
    session["once"] = secrets.token_urlsafe(16)
    told = json.dumps({"id": one.id, **handlers.newest_key(one)})
    handlers.redis().set(f"shown:{session['once']}", handlers.seal().close(told), ex=SHOWN_FOR)


def _shown_once(id: str) -> str:
    if "once" not in session:
        return ""
    found = handlers.redis().getdel(f"shown:{session.pop('once')}")
    told = json.loads(handlers.seal().open(found.decode())) if found else {}
    return str(told.get("secret") or told.get("public_key") or "") if told.get("id") == id else ""


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%d %b %H:%M:%S} UTC"
