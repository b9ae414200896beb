"""Calls and recordings on the timeline."""

from events import Event
from show.sanitize import parse_number, sanitize
from stage.timeline_entry import TimelineEntry, state_of_answer, step_status
from stage.timeline_events.registry import apply_words, count_follower, handles

MAX_PEAKS = 120  # per waveform


@handles("call.received")
def _call_received(entry: TimelineEntry, event: Event) -> None:
    entry.channel = "call"
    entry.go_live()
    entry.add_step(event, "called")


@handles("call.heard")
def _call_heard(entry: TimelineEntry, event: Event) -> None:
    entry.go_live()
    apply_words(entry, event)
    entry.peaks = []
    said = f"said “{entry.command}”" if entry.command else "said something"
    entry.add_step(event, entry.request if entry.request.startswith("pressed ") else said)


@handles("call.spoken")
def _call_spoken(entry: TimelineEntry, event: Event) -> None:
    if event.data.get("about"):
        return count_follower(entry, event)
    entry.answer = sanitize(event.data.get("answer"))
    entry.status = "live" if entry.status in ("live", "calling") else state_of_answer(event)
    entry.add_step(event, "spoke", step_status(event))


@handles("call.placed")
def _call_placed(entry: TimelineEntry, event: Event) -> None:
    entry.channel, entry.status, entry.request = "call", "calling", "we called"
    entry.add_step(event, "we called")


@handles("call.finished")
@handles("call.ended")
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
    entry.peaks = [min(1.0, max(0.0, parse_number(peak))) for peak in peaks]
    entry.request, entry.answer, entry.command, entry.has_free_text = "left a message", "", "", False
    entry.add_step(event, "message analyzed", "success")
