"""What did I miss: replay what came, ask the providers what never did, and watch both being done."""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis
from flask import current_app, redirect, render_template, request, session, url_for

from config import Settings
from masking import mask_urls
from presenter import auth
from presenter.auth import login_required
from presenter.blueprint import bp
from receiving import inbox, providers
from receiving.delivery import Delivery
from receiving.replay import backfill, backfill_jobs, replay
from receiving.replay.replay import ReplayRequest
from stage.blueprint import get_page_store
from stage.sanitize import format_duration, parse_number, sanitize
from stage.views import requested_theme
from workers import runs
from workers.queues import WEBHOOKS
from workers.runs import Outcome, Run

MAX_ROWS = 40  # deliveries to choose from
MAX_RUNS = 6  # runs
MAX_OUTCOMES = 60  # of the newest run; of the others, a few
WINDOW_LABELS = {900: "15 minutes", 3600: "hour", 6 * 3600: "6 hours", 24 * 3600: "day", 3 * 24 * 3600: "3 days"}
RUN_TITLES = {runs.FIND_MISSING: "What is missing", runs.BACKFILL: "Bringing in what is missing"}
BUSY_MESSAGE = "One is going on. Wait until it is done, then try again."
STORE_UNAVAILABLE_MESSAGE = "The store does not answer, so nothing was started. Try again."


@dataclass(frozen=True)
class ReplayRow:
    """A stored request in words fit for a screen."""

    id: str
    at: float
    what: str
    line: str
    how: str
    whole: bool


@dataclass(frozen=True)
class RunView:
    """A run in words fit for a screen."""

    run: Run
    title: str
    glyph: str
    state: str
    outcomes: list[Outcome]


@bp.get("/present/missed")
@login_required
def backfill_page() -> str:
    """The whole page; `?from=github` offers what came by that channel alone."""
    said = session.pop("said", "") if "said" in session else ""
    chosen = request.args.get("from", "")
    channels = ["sms", "voice", *sorted(_settings().webhook_secrets.keys() & providers.load().keys())]
    more = {"windows": WINDOW_LABELS, "channels": channels, "channel": sanitize(chosen, 20), "said": said}
    more["github"] = backfill.is_github_configured(_settings())
    return render_template(
        "presenter/missed.html",
        token=auth.csrf_token(),
        theme=requested_theme(),
        came=_replay_rows(chosen),
        **more,
        **_template_values(),
    )


@bp.get("/present/missed/now")
def backfill_fragment() -> str | tuple[str, int]:
    """The part that moves: the runs."""
    if not auth.is_logged_in():
        return "", 403
    return render_template("presenter/_runs.html", **_template_values())


@bp.post("/present/missed")
@login_required
def start_backfill() -> Any:
    """Ask the providers for a window; with `do=heal` also bring in what is missing."""
    auth.check_csrf_token()
    now = time.time()
    kind = runs.BACKFILL if request.form.get("do") == "backfill" else runs.FIND_MISSING
    return _start_run(kind, {"since": now - _window_seconds(), "until": now})


@bp.post("/present/replay")
@login_required
def start_replay() -> Any:
    """Replay the chosen ones or, with a window, what came in it."""
    auth.check_csrf_token()
    form, now = request.form, time.time()
    resign, force = form.get("resign") != "no", form.get("force") == "yes"
    if form.get("window"):
        wanted = ReplayRequest(
            since=now - _window_seconds(),
            until=now,
            source=sanitize(form.get("from", ""), 20),
            resign=resign,
            force=force,
        )
    else:
        wanted = ReplayRequest(tuple(form.getlist("id")[: replay.MAX_REQUESTS_PER_RUN]), resign=resign, force=force)
        if not wanted.ids:
            return _redirect_back("Choose at least one request to replay.")
    return _start_run(runs.REPLAY, asdict(wanted))


def _start_run(kind: str, asked: dict[str, Any]) -> Any:
    try:
        client = get_page_store()
        last = runs.latest(client, 1)
        if last and last[0].is_open and not last[0].is_stalled:
            return _redirect_back(BUSY_MESSAGE)
        backfill_jobs.enqueue_run(client, current_app.extensions["queues"].by_name[WEBHOOKS], kind, asked)
    except redis.RedisError:
        return _redirect_back(STORE_UNAVAILABLE_MESSAGE)
    return _redirect_back()


def _redirect_back(said: str = "") -> Any:
    if said:
        session["said"] = said
    return redirect(url_for("presenter.backfill_page") + "#runs", 303)


def _window_seconds() -> float:
    asked = parse_number(request.form.get("window", ""))
    return asked if asked in WINDOW_LABELS else 3600.0


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _template_values() -> dict[str, Any]:
    client = get_page_store()
    try:
        found = runs.latest(client, MAX_RUNS)
        return {"answers": True, "runs": [_run_view(client, run, place) for place, run in enumerate(found)]}
    except redis.RedisError:
        return {"answers": False, "runs": []}


def _run_view(client: redis.Redis, run: Run, place: int) -> RunView:
    outcomes = [
        replace(one, what=sanitize(one.what, 100), words=sanitize(one.words, 240))
        for one in runs.outcomes(client, run.id, MAX_OUTCOMES if place == 0 else MAX_OUTCOMES // 3)
    ]
    glyph = {"waiting": "waiting", "working": "now", "done": "good"}.get(run.state, "failed")
    state = {"waiting": "waits for a worker", "working": "at work", "done": "done"}.get(run.state, "broke off")
    state += ", silent for a while: its worker may have died" if run.is_stalled else ""
    return RunView(run, _run_title(run), glyph, state, outcomes)


def _run_title(run: Run) -> str:
    asked = run.options
    if run.kind != runs.REPLAY:
        return f"{RUN_TITLES[run.kind]} of {_window_label(asked)}"
    how = ("signed anew" if asked.get("resign") else "as it came") + (", done again" if asked.get("force") else "")
    ids = len(asked.get("ids") or ())
    what = f"{ids} chosen" if ids else f"{sanitize(asked.get('source'), 20) or 'everything'} of {_window_label(asked)}"
    return f"Replay of {what}, {how}"


def _window_label(asked: dict[str, Any]) -> str:
    seconds = round(asked["until"] - asked["since"])
    return f"the last {WINDOW_LABELS[seconds]}" if seconds in WINDOW_LABELS else f"{format_duration(seconds)}"


def _replay_rows(channel: str) -> list[ReplayRow]:
    try:
        found = inbox.latest(get_page_store(), MAX_ROWS, channel)
    except redis.RedisError:
        return []
    return [_replay_row(id, delivery, whole) for id, delivery, whole in found]


def _replay_row(id: str, delivery: Delivery, whole: bool) -> ReplayRow:
    how = delivery.replay_mark.partition(" ")[0]
    what = sanitize(f"{delivery.method} {delivery.redacted_path}", 60)
    return ReplayRow(id, delivery.received_at, what, sanitize(_summarize(delivery, whole), 100), how, whole)


def _summarize(delivery: Delivery, whole: bool) -> str:
    """What it says, in a line: the provider's own words for it, or the fields that tell most."""
    provider = providers.load().get(inbox.source_of(delivery))
    if provider and whole:
        try:
            return "; ".join(provider.summarize(notice) for notice in provider.parse(delivery)[:3])
        except ValueError:
            return ""
    whose = "To" if delivery["MessageStatus"] else "From"
    names = (whose, "Body", "MessageStatus", "CallStatus", "Digits", "SpeechResult")
    return " · ".join(mask_urls(delivery[name]) for name in names if delivery[name])
