"""The effect of each event type on its timeline entry."""

from collections.abc import Callable

from events import Event
from show.sanitize import sanitize, sanitize_number
from stage.timeline_entry import AnswerProgress, TimelineEntry, state_of_answer, step_status

MAX_PEAKS = 120  # per waveform
AN_ENDPOINT = "an endpoint"  # its host may be secret
ENDPOINT_LABELS = {
    "endpoint.created": "receives our webhooks",
    "endpoint.updated": "changed its settings",
    "endpoint.rotated": "has a new signing key",
    "endpoint.paused": "is paused",
    "endpoint.resumed": "receives our webhooks again",
    "endpoint.deleted": "was deleted",
}

EventHandler = Callable[[TimelineEntry, Event], None]
"""Applies an event of one type to its entry."""

HANDLERS: dict[str, EventHandler] = {}


def handles(*types: str) -> Callable[[EventHandler], EventHandler]:
    """Register the handler for these event types."""

    def register(handler: EventHandler) -> EventHandler:
        HANDLERS.update(dict.fromkeys(types, handler))
        return handler

    return register


@handles("call.received")
def _call_received(entry: TimelineEntry, event: Event) -> None:
    entry.channel = "call"
    entry.go_live()
    entry.add_step(event, "called")


@handles("call.heard")
def _call_heard(entry: TimelineEntry, event: Event) -> None:
    entry.go_live()
    entry.apply_words(event)
    entry.is_contribution = bool(event.data.get("is_contribution"))
    entry.peaks = []
    said = f"said “{entry.command}”" if entry.command else "said something"
    entry.add_step(event, entry.request if entry.request.startswith("pressed ") else said)


@handles("call.spoken")
def _call_spoken(entry: TimelineEntry, event: Event) -> None:
    if event.data.get("about"):
        return entry.count_follower(event)
    entry.answer = sanitize(event.data.get("answer"))
    entry.status = "live" if entry.status in ("live", "calling") else state_of_answer(event)
    entry.add_step(event, "spoke", step_status(event))


@handles("call.placed")
def _call_placed(entry: TimelineEntry, event: Event) -> None:
    entry.channel, entry.status, entry.request = "call", "calling", "we called"
    entry.add_step(event, "we called")


@handles("call.finished", "call.ended")
def _call_ended(entry: TimelineEntry, event: Event) -> None:
    status = sanitize(event.data.get("status"), 20) or "completed"
    entry.has_ended = True
    entry.status = "failed" if status == "failed" or entry.has_failed_answer else "ended"
    text = {"completed": "hung up", "no-answer": "no answer"}.get(status, status)
    entry.add_step(event, text, "failed" if status == "failed" else "neutral")


@handles("recording.left")
def _recording_left(entry: TimelineEntry, event: Event) -> None:
    entry.add_step(event, "left a message")


@handles("recording.ready")
def _recording_ready(entry: TimelineEntry, event: Event) -> None:
    peaks = event.data.get("peaks")
    peaks = peaks[:MAX_PEAKS] if isinstance(peaks, list) else []
    entry.peaks = [min(1.0, max(0.0, sanitize_number(peak))) for peak in peaks]
    entry.request, entry.answer, entry.command, entry.has_free_text = "left a message", "", "", False
    entry.add_step(event, "message analyzed", "success")


@handles("text.received")
def _text_received(entry: TimelineEntry, event: Event) -> None:
    entry.channel, entry.status = "text", "running"
    entry.apply_words(event)
    entry.add_step(event, "received")


@handles("text.answered")
def _text_answered(entry: TimelineEntry, event: Event) -> None:
    entry.answer, entry.status = sanitize(event.data.get("answer")), state_of_answer(event)
    entry.answer_seconds = entry.reply_seconds
    entry.is_contribution = bool(event.data.get("is_contribution"))
    entry.add_step(event, "replied", step_status(event))


@handles("text.sent")
def _text_sent(entry: TimelineEntry, event: Event) -> None:
    if event.data.get("is_notification"):
        return entry.count_follower(event)
    segments = sanitize_number(event.data.get("segments"))
    entry.answer = sanitize(event.data.get("answer")) or entry.answer
    entry.answer_seconds = event.time - entry.started_at
    if not entry.is_live:
        entry.status = entry.state_after_text
    entry.add_step(event, f"text sent in {segments:.0f} parts" if segments > 1 else "text sent", "success")


@handles("text.delivered")
def _text_delivered(entry: TimelineEntry, event: Event) -> None:
    if event.data.get("is_notification"):
        return
    status = sanitize(event.data.get("status"), 20) or "delivered"
    has_failed = status in ("failed", "undelivered")
    entry.steps = [step for step in entry.steps if step.type != event.type]  # only the latest status is shown
    entry.add_step(event, "not delivered" if has_failed else status, "failed" if has_failed else "success")
    entry.status = "failed" if has_failed else "sent" if entry.status == "running" else entry.status


@handles("text.failed")
def _text_failed(entry: TimelineEntry, event: Event) -> None:
    if event.data.get("is_notification"):
        entry.not_told += 1
        entry.steps = [step for step in entry.steps if step.type != event.type]
        return entry.add_step(event, f"{entry.not_told} not told", "failed")
    entry.status = "live" if entry.is_live else "failed"
    entry.add_step(event, f"not sent: {event.data.get('reason', '')}", "failed")


@handles("delivery.duplicate")
def _delivery_duplicate(entry: TimelineEntry, event: Event) -> None:
    entry.duplicates += 1
    if entry.steps:
        return
    entry.status = "success"  # the first delivery was answered, but its entry is no longer in the timeline
    _, path_kind, provider, *_ = f"{sanitize(event.data.get('address'))}//".split("/")
    if path_kind == "webhooks":
        entry.channel, entry.who = "webhook", provider.partition("?")[0]


@handles("person.opted_out", "person.opted_in")
def _person_opted(entry: TimelineEntry, event: Event) -> None:
    entry.status = event.type.removeprefix("person.")
    entry.add_step(event, {"opted_out": "opted out of texts", "opted_in": "opted in again"}[entry.status])


def _pending_answer(entry: TimelineEntry, event: Event) -> AnswerProgress:
    return entry.pending_answers.setdefault(str(event.data.get("answer_id", "")), AnswerProgress())


@handles("answer.queued")
def _answer_queued(entry: TimelineEntry, event: Event) -> None:
    _pending_answer(entry, event).state = "waiting"
    entry.add_step(event, "queued", "waiting")


@handles("answer.started")
def _answer_started(entry: TimelineEntry, event: Event) -> None:
    attempt = sanitize_number(event.data.get("attempt"))
    _pending_answer(entry, event).state = "running"
    entry.add_step(event, f"worker started, attempt {attempt:.0f}" if attempt > 1 else "worker started", "running")


@handles("answer.progress")
def _answer_progress(entry: TimelineEntry, event: Event) -> None:
    answer = _pending_answer(entry, event)
    answer.state, answer.fraction = "running", min(1.0, max(0.0, sanitize_number(event.data.get("done"))))
    answer.text = sanitize(event.data.get("words"), 60)


@handles("answer.ready")
def _answer_ready(entry: TimelineEntry, event: Event) -> None:
    _pending_answer(entry, event).state = state_of_answer(event)
    entry.answer = sanitize(event.data.get("answer"))
    entry.status = "live" if entry.status == "live" else "waiting" if entry.channel == "text" else entry.answered_state
    entry.add_step(event, "result", step_status(event))


@handles("answer.failed")
def _answer_failed(entry: TimelineEntry, event: Event) -> None:
    _pending_answer(entry, event).state = "failed"
    entry.answer = sanitize(event.data.get("reason")) or entry.answer  # the apology sent to the person
    entry.status = "live" if entry.status == "live" else "failed"
    entry.add_step(event, "failed", "failed")


@handles("webhook.received")
def _webhook_received(entry: TimelineEntry, event: Event) -> None:
    entry.channel, entry.status = "webhook", "received"
    entry.who = sanitize(event.data.get("provider"), 40)
    entry.request, entry.answer = sanitize(event.data.get("event"), 60), sanitize(event.data.get("summary"))
    entry.add_step(event, "received")


@handles("webhook.delivered")
def _webhook_delivered(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, "webhook sent", "success")


@handles("webhook.failed")
def _webhook_failed(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, f"webhook: {_failure_reason(event)}, will retry", "waiting")


@handles("webhook.dead")
def _webhook_dead(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, f"webhook: {_failure_reason(event)}, given up", "failed")


@handles("endpoint.disabled")
def _endpoint_disabled(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, "disabled", "failed")


@handles(*ENDPOINT_LABELS)
def _endpoint_changed(entry: TimelineEntry, event: Event) -> None:
    entry.who = AN_ENDPOINT
    entry.answer = ENDPOINT_LABELS[event.type]
    _add_webhook_step(entry, event, entry.answer, "waiting" if event.type == "endpoint.paused" else "success")


def _add_webhook_step(entry: TimelineEntry, event: Event, text: str, status: str) -> None:
    """Add the outcome of an outgoing webhook to the entry that it reports on, or to a separate entry."""
    if entry.id == (event.subject or event.id):
        entry.channel, entry.status = "webhook", status
        entry.who = entry.who or AN_ENDPOINT
    else:  # with several endpoints, only the latest outcome is shown
        entry.steps = [step for step in entry.steps if step.type not in ("webhook.delivered", "webhook.failed")]
    entry.add_step(event, text, status)


def _failure_reason(event: Event) -> str:
    status = sanitize_number(event.data.get("status"))
    return f"status {status:.0f}" if status else sanitize(event.data.get("cause"), 20) or "no response"
