"""The backfill page: replay stored requests, find and backfill missing webhooks, and follow progress."""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis
from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

import context
from masking import mask_words
from presenter import csrf
from presenter.blueprint import bp
from presenter.login import login_required
from receiving import providers, stored_requests
from receiving.delivery import Delivery
from receiving.replay import missing_webhooks_backfill, replay, replay_and_backfill_jobs
from receiving.replay.replay import ReplayRequest
from show.duration_format import format_duration
from show.sanitize import sanitize, sanitize_number
from stage.blueprint import get_page_store
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme
from workers import job_progress
from workers.job_progress import Outcome, Run
from workers.queues import WEBHOOKS

MAX_ROWS = 40  # stored requests to choose from
MAX_RUNS = 6
MAX_OUTCOMES = 60  # for the newest run; a third as many for each older run
WINDOW_LABELS = {900: "15 minutes", 3600: "hour", 6 * 3600: "6 hours", 24 * 3600: "day", 3 * 24 * 3600: "3 days"}
RUN_TITLES = {job_progress.FIND_MISSING: "Find missing webhooks", job_progress.BACKFILL: "Backfill missing webhooks"}
RUN_STATES = {  # state -> (glyph, label)
    "waiting": ("waiting", "waiting for a worker"),
    "working": ("running", "running"),
    "done": ("success", "done"),
    "failed": ("failed", "failed"),
}
BUSY_MESSAGE = "Another run is in progress. Wait until it is done, then try again."
STORE_UNAVAILABLE_MESSAGE = "Redis is not responding, so nothing was started. Try again."


@dataclass(frozen=True)
class ReplayRow:
    """A stored request as displayed. `is_complete` is False if it was too large to store; it cannot be replayed."""

    id: str
    received_at: float
    request_line: str
    summary: str
    replay_mark: str
    is_complete: bool


@dataclass(frozen=True)
class RunView:
    """A run as displayed."""

    run: Run
    title: str
    glyph: str
    state_label: str
    outcomes: list[Outcome]


@bp.get("/present/backfill")
@login_required
def backfill_page() -> str:
    """The page; `?from=github` lists only the requests from that channel."""
    alert = session.pop("alert", "") if "alert" in session else ""
    channel = request.args.get("from", "")
    return render_template(
        "presenter/backfill.html",
        csrf_token=csrf.token(),
        theme=requested_theme(),
        alert=alert,
        rows=_replay_rows(channel),
        window_labels=WINDOW_LABELS,
        channels=["sms", "voice", *sorted(context.settings().webhook_secrets.keys() & providers.load().keys())],
        selected_channel=sanitize(channel, 20),
        asks_github=missing_webhooks_backfill.is_github_configured(context.settings()),
        **_template_values(),
    )


@bp.get("/present/backfill/fragment")
def backfill_fragment() -> str | tuple[str, int]:
    """The live part of the page, which lists the runs; 403 unless logged in."""
    if not is_logged_in():
        return "", 403
    return render_template("presenter/_runs.html", **_template_values())


@bp.post("/present/backfill")
@login_required
def start_backfill() -> ResponseReturnValue:
    """Find the webhooks that were missed in a time window; with `do=backfill`, also submit them."""
    csrf.check()
    now = time.time()
    kind = job_progress.BACKFILL if request.form.get("do") == "backfill" else job_progress.FIND_MISSING
    return _start_run(kind, {"since": now - _window_seconds(), "until": now})


@bp.post("/present/replay")
@login_required
def start_replay() -> ResponseReturnValue:
    """Replay the requests from a time window if the form has one, otherwise the selected requests."""
    csrf.check()
    form, now = request.form, time.time()
    resign, force = form.get("resign") != "no", form.get("force") == "yes"
    if form.get("window"):
        since, source = now - _window_seconds(), sanitize(form.get("from", ""), 20)
        wanted = ReplayRequest(since=since, until=now, source=source, resign=resign, force=force)
    else:
        wanted = ReplayRequest(tuple(form.getlist("id")[: replay.MAX_REQUESTS_PER_RUN]), resign=resign, force=force)
        if not wanted.ids:
            return _redirect_back("Select at least one request to replay.")
    return _start_run(job_progress.REPLAY, asdict(wanted))


def _start_run(kind: str, options: dict[str, Any]) -> ResponseReturnValue:
    try:
        client = get_page_store()
        latest = job_progress.latest(client, 1)
        if latest and latest[0].is_open and not latest[0].is_stalled:
            return _redirect_back(BUSY_MESSAGE)
        replay_and_backfill_jobs.enqueue_run(client, context.queues().by_name[WEBHOOKS], kind, options)
    except redis.RedisError:
        return _redirect_back(STORE_UNAVAILABLE_MESSAGE)
    return _redirect_back()


def _redirect_back(alert: str = "") -> ResponseReturnValue:
    if alert:
        session["alert"] = alert
    return redirect(url_for("presenter.backfill_page") + "#runs", 303)


def _window_seconds() -> float:
    seconds = sanitize_number(request.form.get("window", ""))
    return seconds if seconds in WINDOW_LABELS else 3600.0


def _template_values() -> dict[str, Any]:
    client = get_page_store()
    try:
        views = [_run_view(client, run, index) for index, run in enumerate(job_progress.latest(client, MAX_RUNS))]
    except redis.RedisError:
        return {"is_store_up": False, "run_views": []}
    return {"is_store_up": True, "run_views": views}


def _run_view(client: redis.Redis, run: Run, index: int) -> RunView:
    outcomes = [
        replace(outcome, what=sanitize(outcome.what, 100), words=sanitize(outcome.words, 240))
        for outcome in job_progress.outcomes(client, run.id, MAX_OUTCOMES if index == 0 else MAX_OUTCOMES // 3)
    ]
    glyph, label = RUN_STATES[run.state]
    if run.is_stalled:
        label += ", no recent progress: its worker may have died"
    return RunView(run, _run_title(run), glyph, label, outcomes)


def _run_title(run: Run) -> str:
    options = run.options
    if run.kind != job_progress.REPLAY:
        return f"{RUN_TITLES[run.kind]}, {_window_label(options)}"
    ids = len(options.get("ids") or ())
    source = sanitize(options.get("source"), 20) or "all requests"
    requests = f"{ids} selected" if ids else f"{source}, {_window_label(options)}"
    how = ("re-signed" if options.get("resign") else "original signature") + (
        ", forced" if options.get("force") else ""
    )
    return f"Replay: {requests}, {how}"


def _window_label(options: dict[str, Any]) -> str:
    seconds = round(options["until"] - options["since"])
    return f"last {WINDOW_LABELS[seconds]}" if seconds in WINDOW_LABELS else format_duration(seconds)


def _replay_rows(channel: str) -> list[ReplayRow]:
    try:
        found = stored_requests.latest(get_page_store(), MAX_ROWS, channel)
    except redis.RedisError:
        return []
    return [_replay_row(id, delivery, is_complete) for id, delivery, is_complete in found]


def _replay_row(id: str, delivery: Delivery, is_complete: bool) -> ReplayRow:
    request_line = sanitize(f"{delivery.method} {delivery.redacted_path}", 60)
    summary = sanitize(_summarize(delivery, is_complete), 100)
    mark = delivery.replay_mark.partition(" ")[0]
    return ReplayRow(id, delivery.received_at, request_line, summary, mark, is_complete)


def _summarize(delivery: Delivery, is_complete: bool) -> str:
    """The request in one line: the provider's summary of its events or, for Twilio, the main fields."""
    provider = providers.load().get(stored_requests.source_of(delivery))
    if provider and is_complete:
        try:
            return "; ".join(provider.summarize(event) for event in provider.parse(delivery)[:3])
        except ValueError:
            return ""
    number = "To" if delivery["MessageStatus"] else "From"
    names = (number, "Body", "MessageStatus", "CallStatus", "Digits", "SpeechResult")
    return " · ".join(mask_words(delivery[name]) for name in names if delivery[name])
