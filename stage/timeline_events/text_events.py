"""Texts, duplicate deliveries and opt-outs on the timeline."""

from events import Event
from show.sanitize import parse_number, sanitize
from stage.timeline_entry import TimelineEntry, state_of_answer, step_status
from stage.timeline_events.registry import apply_words, count_follower, handles


@handles("text.received")
def _text_received(entry: TimelineEntry, event: Event) -> None:
    entry.channel, entry.status = "text", "running"
    apply_words(entry, event)
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
        return count_follower(entry, event)
    segments = parse_number(event.data.get("segments"))
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


@handles("person.opted_out")
@handles("person.opted_in")
def _person_opted(entry: TimelineEntry, event: Event) -> None:
    entry.status = event.type.removeprefix("person.")
    entry.add_step(event, {"opted_out": "opted out of texts", "opted_in": "opted in again"}[entry.status])
