"""The events of answers that workers compute, on the timeline."""

from events import Event
from show.sanitize import parse_number, sanitize
from stage.timeline_entry import AnswerProgress, TimelineEntry, state_of_answer, step_status
from stage.timeline_events.registry import handles


def _pending_answer(entry: TimelineEntry, event: Event) -> AnswerProgress:
    return entry.pending_answers.setdefault(str(event.data.get("answer_id", "")), AnswerProgress())


@handles("answer.queued")
def _answer_queued(entry: TimelineEntry, event: Event) -> None:
    _pending_answer(entry, event).state = "waiting"
    entry.add_step(event, "queued", "waiting")


@handles("answer.started")
def _answer_started(entry: TimelineEntry, event: Event) -> None:
    attempt = parse_number(event.data.get("attempt"))
    _pending_answer(entry, event).state = "running"
    entry.add_step(event, f"worker started, attempt {attempt:.0f}" if attempt > 1 else "worker started", "running")


@handles("answer.progress")
def _answer_progress(entry: TimelineEntry, event: Event) -> None:
    answer = _pending_answer(entry, event)
    answer.state, answer.fraction = "running", min(1.0, max(0.0, parse_number(event.data.get("done"))))
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
