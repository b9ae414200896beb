"""What did I miss: replay what came, ask the providers what never did, and watch both being done."""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis
from flask import current_app, redirect, render_template, request, session, url_for

from config import Settings
from masking import mask_addresses
from presenter import auth
from presenter.auth import for_the_presenter
from presenter.blueprint import bp
from receiving import inbox, providers
from receiving.delivery import Delivery
from receiving.replay import backfill, backfill_jobs, replay
from receiving.replay.replay import Wanted
from stage.blueprint import store
from stage.sanitize import number, tame, took
from stage.views import theme
from workers import runs
from workers.queues import WEBHOOKS
from workers.runs import Outcome, Run

ROWS = 40  # deliveries to choose from
SHOWN = 6  # runs
OUTCOMES = 60  # of the newest run; of the others, a few
WINDOWS = {900: "15 minutes", 3600: "hour", 6 * 3600: "6 hours", 24 * 3600: "day", 3 * 24 * 3600: "3 days"}
KINDS = {runs.LOOK: "What is missing", runs.HEAL: "Bringing in what is missing"}
BUSY = "One is going on. Wait until it is done, then try again."
AWAY = "The store does not answer, so nothing was started. Try again."


@dataclass(frozen=True)
class Came:
    """A stored request in words fit for a screen."""

    id: str
    at: float
    what: str
    line: str
    how: str
    whole: bool


@dataclass(frozen=True)
class Shown:
    """A run in words fit for a screen."""

    run: Run
    title: str
    glyph: str
    state: str
    outcomes: list[Outcome]


@bp.get("/present/missed")
@for_the_presenter
def missed_page() -> str:
    """The whole page; `?from=github` offers what came by that channel alone."""
    said = session.pop("said", "") if "said" in session else ""
    chosen = request.args.get("from", "")
    channels = ["sms", "voice", *sorted(_settings().webhook_secrets.keys() & providers.load().keys())]
    more = {"windows": WINDOWS, "channels": channels, "channel": tame(chosen, 20), "said": said}
    more["github"] = backfill.asks_github(_settings())
    return render_template(
        "presenter/missed.html", token=auth.token(), theme=theme(), came=_came(chosen), **more, **_now()
    )


@bp.get("/present/missed/now")
def missed_now() -> str | tuple[str, int]:
    """The part that moves: the runs."""
    if not auth.is_presenter():
        return "", 403
    return render_template("presenter/_runs.html", **_now())


@bp.post("/present/missed")
@for_the_presenter
def missed_start() -> Any:
    """Ask the providers for a window; with `do=heal` also bring in what is missing."""
    auth.check_token()
    now = time.time()
    kind = runs.HEAL if request.form.get("do") == "heal" else runs.LOOK
    return _start(kind, {"since": now - _window(), "until": now})


@bp.post("/present/replay")
@for_the_presenter
def replay_start() -> Any:
    """Replay the chosen ones or, with a window, what came in it."""
    auth.check_token()
    form, now = request.form, time.time()
    anew, again = form.get("signed") != "came", form.get("again") == "yes"
    if form.get("window"):
        wanted = Wanted(since=now - _window(), until=now, source=tame(form.get("from", ""), 20), anew=anew, again=again)
    else:
        wanted = Wanted(tuple(form.getlist("id")[: replay.MOST]), anew=anew, again=again)
        if not wanted.ids:
            return _back("Choose at least one request to replay.")
    return _start(runs.REPLAY, asdict(wanted))


def _start(kind: str, asked: dict[str, Any]) -> Any:
    try:
        client = store()
        last = runs.latest(client, 1)
        if last and last[0].is_open and not last[0].is_silent:
            return _back(BUSY)
        backfill_jobs.send_for(client, current_app.extensions["queues"].by_name[WEBHOOKS], kind, asked)
    except redis.RedisError:
        return _back(AWAY)
    return _back()


def _back(said: str = "") -> Any:
    if said:
        session["said"] = said
    return redirect(url_for("presenter.missed_page") + "#runs", 303)


def _window() -> float:
    asked = number(request.form.get("window", ""))
    return asked if asked in WINDOWS else 3600.0


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _now() -> dict[str, Any]:
    client = store()
    try:
        found = runs.latest(client, SHOWN)
        return {"answers": True, "runs": [_shown(client, run, place) for place, run in enumerate(found)]}
    except redis.RedisError:
        return {"answers": False, "runs": []}


def _shown(client: redis.Redis, run: Run, place: int) -> Shown:
    outcomes = [
        replace(one, what=tame(one.what, 100), words=tame(one.words, 240))
        for one in runs.outcomes(client, run.id, OUTCOMES if place == 0 else OUTCOMES // 3)
    ]
    glyph = {"waiting": "waiting", "working": "now", "done": "good"}.get(run.state, "failed")
    state = {"waiting": "waits for a worker", "working": "at work", "done": "done"}.get(run.state, "broke off")
    state += ", silent for a while: its worker may have died" if run.is_silent else ""
    return Shown(run, _title(run), glyph, state, outcomes)


def _title(run: Run) -> str:
    asked = run.asked
    if run.kind != runs.REPLAY:
        return f"{KINDS[run.kind]} of {_of(asked)}"
    how = ("signed anew" if asked.get("anew") else "as it came") + (", done again" if asked.get("again") else "")
    ids = len(asked.get("ids") or ())
    what = f"{ids} chosen" if ids else f"{tame(asked.get('source'), 20) or 'everything'} of {_of(asked)}"
    return f"Replay of {what}, {how}"


def _of(asked: dict[str, Any]) -> str:
    seconds = round(asked["until"] - asked["since"])
    return f"the last {WINDOWS[seconds]}" if seconds in WINDOWS else f"{took(seconds)}"


def _came(channel: str) -> list[Came]:
    try:
        found = inbox.newest(store(), ROWS, channel)
    except redis.RedisError:
        return []
    return [_row(id, delivery, whole) for id, delivery, whole in found]


def _row(id: str, delivery: Delivery, whole: bool) -> Came:
    how = delivery.fed_in.partition(" ")[0]
    what = tame(f"{delivery.method} {delivery.shown}", 60)
    return Came(id, delivery.received_at, what, tame(_line(delivery, whole), 100), how, whole)


def _line(delivery: Delivery, whole: bool) -> str:
    """What it says, in a line: the provider's own words for it, or the fields that tell most."""
    provider = providers.load().get(inbox.source(delivery))
    if provider and whole:
        try:
            return "; ".join(provider.say(notice) for notice in provider.read(delivery)[:3])
        except ValueError:
            return ""
    whose = "To" if delivery["MessageStatus"] else "From"
    names = (whose, "Body", "MessageStatus", "CallStatus", "Digits", "SpeechResult")
    return " · ".join(mask_addresses(delivery[name]) for name in names if delivery[name])
