"""How each kind of event is told: what it changes in the story it belongs to."""

from collections.abc import Callable

from events import Event
from stage.sanitize import format_duration, parse_number, sanitize
from stage.timeline_entry import AnswerProgress, TimelineEntry

MAX_PEAKS = 120  # of a waveform
ENDPOINT_LABELS = {
    "endpoint.created": "hears our webhooks",
    "endpoint.updated": "wants to hear something else",
    "endpoint.rotated": "has a new key",
    "endpoint.paused": "wants nothing for now",
    "endpoint.resumed": "hears us again",
    "endpoint.deleted": "is forgotten",
}

EventHandler = Callable[[TimelineEntry, Event], None]
"""How one kind of event changes a story."""

HANDLERS: dict[str, EventHandler] = {}


def handles(kind: str) -> Callable[[EventHandler], EventHandler]:
    """Register how this kind is told."""

    def register(teller: EventHandler) -> EventHandler:
        HANDLERS[kind] = teller
        return teller

    return register


def apply_event(story: TimelineEntry, event: Event) -> None:
    """Let this event change the story; a kind nobody has taught us becomes a plain step with its name."""
    story.drawn = ""
    story.who = story.who or sanitize(event.data.get("who"), 40)
    HANDLERS.get(event.type, _add_unknown_event)(story, event)


def _add_unknown_event(story: TimelineEntry, event: Event) -> None:
    story.add(event, event.type.replace(".", " "))


def _pending_answer(story: TimelineEntry, event: Event) -> AnswerProgress:
    return story.asks.setdefault(str(event.data.get("answer_id", "")), AnswerProgress())


def _with_duration(event: Event, verb: str) -> str:
    return f"{verb} in {format_duration(parse_number(event.data['ms']) / 1000)}" if "ms" in event.data else verb


@handles("text.received")
def _text_received(story: TimelineEntry, event: Event) -> None:
    story.channel, story.asked, story.mark = "text", sanitize(event.data.get("words")), "now"
    story.add(event, "arrived")


@handles("text.answered")
def _text_answered(story: TimelineEntry, event: Event) -> None:
    story.answer, story.mark = sanitize(event.data.get("answer")), "good"
    story.add(event, _with_duration(event, "answered"), "good")


@handles("text.sent")
def _text_sent(story: TimelineEntry, event: Event) -> None:
    parts = parse_number(event.data.get("segments"))
    story.answer = sanitize(event.data.get("answer")) or story.answer
    story.mark = "failed" if story.has_failed_answer else "good"  # an apology that got through is no success
    story.add(event, f"text sent in {parts:.0f} parts" if parts > 1 else "text sent", "good")


@handles("text.delivered")
def _text_delivered(story: TimelineEntry, event: Event) -> None:
    status = sanitize(event.data.get("status"), 20) or "delivered"
    went_wrong = status in ("failed", "undelivered")
    story.steps = [step for step in story.steps if step.kind != event.type]  # its status moved: show where it is now
    story.add(event, "not delivered" if went_wrong else status, "failed" if went_wrong else "good")
    story.mark = "failed" if went_wrong else "good" if story.mark == "now" else story.mark


@handles("text.failed")
def _text_refused(story: TimelineEntry, event: Event) -> None:
    story.mark = "failed"
    story.add(event, f"not sent: {event.data.get('reason', '')}", "failed")


@handles("call.received")
def _call_received(story: TimelineEntry, event: Event) -> None:
    story.channel, story.mark = "call", "live"
    story.add(event, "rang")


@handles("call.heard")
def _call_heard(story: TimelineEntry, event: Event) -> None:
    story.asked, story.mark = sanitize(event.data.get("words")), "live"
    story.add(event, sanitize(story.asked, 40))


@handles("call.spoken")
def _call_spoken(story: TimelineEntry, event: Event) -> None:
    story.answer = sanitize(event.data.get("answer"))
    story.mark = "live" if story.mark == "live" else "good"  # of a call that we made, the end is not told
    story.add(event, _with_duration(event, "spoken"), "good")


@handles("call.ended")
def _call_ended(story: TimelineEntry, event: Event) -> None:
    status = sanitize(event.data.get("status"), 20) or "completed"
    story.mark = "failed" if status == "failed" or story.has_failed_answer else "over"
    seconds = parse_number(event.data.get("seconds"))
    lasted = f" after {format_duration(seconds)}" if seconds else ""
    words = {"completed": "hung up", "no-answer": "nobody answered"}.get(status, status)
    story.add(event, words + lasted, "failed" if status == "failed" else "plain")


@handles("answer.queued")
def _ask_queued(story: TimelineEntry, event: Event) -> None:
    _pending_answer(story, event).state = "waiting"
    story.add(event, "queued", "waiting")


@handles("answer.started")
def _ask_started(story: TimelineEntry, event: Event) -> None:
    ask, attempt = _pending_answer(story, event), parse_number(event.data.get("attempt"))
    ask.state = "now"
    story.add(event, f"worker has it, try {attempt:.0f}" if attempt > 1 else "worker has it", "now")


@handles("answer.progress")
def _ask_progress(story: TimelineEntry, event: Event) -> None:
    ask = _pending_answer(story, event)
    ask.state, ask.done = "now", min(1.0, max(0.0, parse_number(event.data.get("done"))))
    ask.words = sanitize(event.data.get("words"), 60)


@handles("answer.ready")
def _ask_answered(story: TimelineEntry, event: Event) -> None:
    _pending_answer(story, event).state = "good"
    story.answer = sanitize(event.data.get("answer"))
    story.mark = "live" if story.mark == "live" else "good"
    story.add(event, f"result after {format_duration(parse_number(event.data.get('seconds')))}", "good")


@handles("answer.failed")
def _ask_failed(story: TimelineEntry, event: Event) -> None:
    _pending_answer(story, event).state = "failed"
    story.answer = sanitize(event.data.get("reason")) or story.answer  # the sentence the person gets instead
    story.mark = "live" if story.mark == "live" else "failed"
    story.add(event, "did not work", "failed")


@handles("recording.left")
def _recording_left(story: TimelineEntry, event: Event) -> None:
    story.add(event, f"left a message, {format_duration(parse_number(event.data.get('seconds')))}")


@handles("recording.ready")
def _recording_ready(story: TimelineEntry, event: Event) -> None:
    loud = f", {parse_number(event.data['loudness']):.0f} dBFS" if "loudness" in event.data else ""
    peaks = event.data.get("peaks")
    story.peaks = (
        [min(1.0, max(0.0, parse_number(peak))) for peak in peaks[:MAX_PEAKS]] if isinstance(peaks, list) else []
    )
    story.add(event, "listened" + loud.replace("-", "−"), "good")


@handles("webhook.received")
def _webhook_received(story: TimelineEntry, event: Event) -> None:
    story.channel, story.mark = "webhook", "good"
    story.who = sanitize(event.data.get("provider"), 40)
    story.asked, story.answer = sanitize(event.data.get("event"), 60), sanitize(event.data.get("line"))
    story.add(event, "arrived", "good")


@handles("webhook.delivered")
def _webhook_delivered(story: TimelineEntry, event: Event) -> None:
    _add_webhook_step(
        story, event, f"{_host(event)} has it, {format_duration(parse_number(event.data.get('ms')) / 1000)}", "good"
    )


@handles("webhook.failed")
def _webhook_failed(story: TimelineEntry, event: Event) -> None:
    _add_webhook_step(story, event, f"{_host(event)}: {_failure_reason(event)}, again later", "waiting")


@handles("webhook.dead")
def _webhook_dead(story: TimelineEntry, event: Event) -> None:
    _add_webhook_step(story, event, f"{_host(event)}: {_failure_reason(event)}, given up", "failed")


@handles("endpoint.disabled")
def _endpoint_disabled(story: TimelineEntry, event: Event) -> None:
    _add_webhook_step(story, event, f"no more webhooks to {_host(event)}: {event.data.get('reason', '')}", "failed")


@handles("endpoint.created")
@handles("endpoint.updated")
@handles("endpoint.rotated")
@handles("endpoint.paused")
@handles("endpoint.resumed")
@handles("endpoint.deleted")
def _endpoint_changed(story: TimelineEntry, event: Event) -> None:
    story.who = story.asked = _host(event)
    story.answer = ENDPOINT_LABELS[event.type]
    _add_webhook_step(story, event, story.answer, "waiting" if event.type == "endpoint.paused" else "good")


def _add_webhook_step(story: TimelineEntry, event: Event, words: str, mark: str) -> None:
    """What became of a webhook of ours: a step of what it tells of, if that is on the board, else a lane of its own."""
    if story.id == (event.subject or event.id):
        story.channel, story.mark = "webhook", mark
        story.who = story.who or _host(event)
    else:  # many may hear of it, and the newest stands for all
        story.steps = [step for step in story.steps if step.kind not in ("webhook.delivered", "webhook.failed")]
    story.add(event, words, mark)


def _host(event: Event) -> str:
    return sanitize(event.data.get("host"), 40)


def _failure_reason(event: Event) -> str:
    status = parse_number(event.data.get("status"))
    return f"status {status:.0f}" if status else sanitize(event.data.get("cause"), 20) or "no answer"


@handles("delivery.duplicate")
def _delivery_repeated(story: TimelineEntry, event: Event) -> None:
    story.repeats += 1
    if story.steps:
        return
    story.mark = "good"  # it was answered once, and that is not on the board: another provider's, or long ago
    _, room, sender, *_ = f"{sanitize(event.data.get('address'))}//".split("/")
    if room == "webhooks":
        story.channel, story.who = "webhook", sender.partition("?")[0]


@handles("person.opted_out")
def _people_left(story: TimelineEntry, event: Event) -> None:
    story.mark = "over"
    story.add(event, "opted out: no more texts")


@handles("person.opted_in")
def _people_returned(story: TimelineEntry, event: Event) -> None:
    story.mark = "good"
    story.add(event, "opted in again", "good")
