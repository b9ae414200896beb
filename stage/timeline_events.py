"""How each kind of event is told: what it changes in the story it belongs to."""

from collections.abc import Callable

from events import Event
from stage.sanitize import number, tame, took
from stage.timeline_entry import Ask, Story

COLUMNS = 120  # of a waveform
SUBSCRIBER_WORDS = {
    "subscriber.created": "hears our webhooks",
    "subscriber.updated": "wants to hear something else",
    "subscriber.rotated": "has a new key",
    "subscriber.paused": "wants nothing for now",
    "subscriber.resumed": "hears us again",
    "subscriber.deleted": "is forgotten",
}

Teller = Callable[[Story, Event], None]
"""How one kind of event changes a story."""

TOLD: dict[str, Teller] = {}


def told(kind: str) -> Callable[[Teller], Teller]:
    """Register how this kind is told."""

    def register(teller: Teller) -> Teller:
        TOLD[kind] = teller
        return teller

    return register


def tell(story: Story, event: Event) -> None:
    """Let this event change the story; a kind nobody has taught us becomes a plain step with its name."""
    story.drawn = ""
    story.who = story.who or tame(event.facts.get("who"), 40)
    TOLD.get(event.kind, _unknown)(story, event)


def _unknown(story: Story, event: Event) -> None:
    story.add(event, event.kind.replace(".", " "))


def _ask(story: Story, event: Event) -> Ask:
    return story.asks.setdefault(str(event.facts.get("ask", "")), Ask())


def _in_time(event: Event, verb: str) -> str:
    return f"{verb} in {took(number(event.facts['ms']) / 1000)}" if "ms" in event.facts else verb


@told("text.received")
def _text_received(story: Story, event: Event) -> None:
    story.channel, story.asked, story.mark = "text", tame(event.facts.get("words")), "now"
    story.add(event, "arrived")


@told("text.answered")
def _text_answered(story: Story, event: Event) -> None:
    story.answer, story.mark = tame(event.facts.get("answer")), "good"
    story.add(event, _in_time(event, "answered"), "good")


@told("text.sent")
def _text_sent(story: Story, event: Event) -> None:
    parts = number(event.facts.get("segments"))
    story.answer = tame(event.facts.get("answer")) or story.answer
    story.mark = "failed" if story.in_vain else "good"  # an apology that got through is no success
    story.add(event, f"text sent in {parts:.0f} parts" if parts > 1 else "text sent", "good")


@told("text.delivered")
def _text_delivered(story: Story, event: Event) -> None:
    status = tame(event.facts.get("status"), 20) or "delivered"
    went_wrong = status in ("failed", "undelivered")
    story.steps = [step for step in story.steps if step.kind != event.kind]  # its status moved: show where it is now
    story.add(event, "not delivered" if went_wrong else status, "failed" if went_wrong else "good")
    story.mark = "failed" if went_wrong else "good" if story.mark == "now" else story.mark


@told("text.refused")
def _text_refused(story: Story, event: Event) -> None:
    story.mark = "failed"
    story.add(event, f"not sent: {event.facts.get('reason', '')}", "failed")


@told("call.received")
def _call_received(story: Story, event: Event) -> None:
    story.channel, story.mark = "call", "live"
    story.add(event, "rang")


@told("call.heard")
def _call_heard(story: Story, event: Event) -> None:
    story.asked, story.mark = tame(event.facts.get("words")), "live"
    story.add(event, tame(story.asked, 40))


@told("call.spoken")
def _call_spoken(story: Story, event: Event) -> None:
    story.answer = tame(event.facts.get("answer"))
    story.mark = "live" if story.mark == "live" else "good"  # of a call that we made, the end is not told
    story.add(event, _in_time(event, "spoken"), "good")


@told("call.ended")
def _call_ended(story: Story, event: Event) -> None:
    status = tame(event.facts.get("status"), 20) or "completed"
    story.mark = "failed" if status == "failed" or story.in_vain else "over"
    seconds = number(event.facts.get("seconds"))
    lasted = f" after {took(seconds)}" if seconds else ""
    words = {"completed": "hung up", "no-answer": "nobody answered"}.get(status, status)
    story.add(event, words + lasted, "failed" if status == "failed" else "plain")


@told("ask.queued")
def _ask_queued(story: Story, event: Event) -> None:
    _ask(story, event).state = "waiting"
    story.add(event, "queued", "waiting")


@told("ask.started")
def _ask_started(story: Story, event: Event) -> None:
    ask, attempt = _ask(story, event), number(event.facts.get("attempt"))
    ask.state = "now"
    story.add(event, f"worker has it, try {attempt:.0f}" if attempt > 1 else "worker has it", "now")


@told("ask.progress")
def _ask_progress(story: Story, event: Event) -> None:
    ask = _ask(story, event)
    ask.state, ask.done = "now", min(1.0, max(0.0, number(event.facts.get("done"))))
    ask.words = tame(event.facts.get("words"), 60)


@told("ask.answered")
def _ask_answered(story: Story, event: Event) -> None:
    _ask(story, event).state = "good"
    story.answer = tame(event.facts.get("answer"))
    story.mark = "live" if story.mark == "live" else "good"
    story.add(event, f"result after {took(number(event.facts.get('seconds')))}", "good")


@told("ask.failed")
def _ask_failed(story: Story, event: Event) -> None:
    _ask(story, event).state = "failed"
    story.answer = tame(event.facts.get("reason")) or story.answer  # the sentence the person gets instead
    story.mark = "live" if story.mark == "live" else "failed"
    story.add(event, "did not work", "failed")


@told("recording.left")
def _recording_left(story: Story, event: Event) -> None:
    story.add(event, f"left a message, {took(number(event.facts.get('seconds')))}")


@told("recording.ready")
def _recording_ready(story: Story, event: Event) -> None:
    loud = f", {number(event.facts['loudness']):.0f} dBFS" if "loudness" in event.facts else ""
    peaks = event.facts.get("peaks")
    story.peaks = [min(1.0, max(0.0, number(peak))) for peak in peaks[:COLUMNS]] if isinstance(peaks, list) else []
    story.add(event, "listened" + loud.replace("-", "−"), "good")


@told("webhook.received")
def _webhook_received(story: Story, event: Event) -> None:
    story.channel, story.mark = "webhook", "good"
    story.who = tame(event.facts.get("provider"), 40)
    story.asked, story.answer = tame(event.facts.get("event"), 60), tame(event.facts.get("line"))
    story.add(event, "arrived", "good")


@told("webhook.delivered")
def _webhook_delivered(story: Story, event: Event) -> None:
    _webhook_sent(story, event, f"{_host(event)} has it, {took(number(event.facts.get('ms')) / 1000)}", "good")


@told("webhook.failed")
def _webhook_failed(story: Story, event: Event) -> None:
    _webhook_sent(story, event, f"{_host(event)}: {_trouble(event)}, again later", "waiting")


@told("webhook.dead")
def _webhook_dead(story: Story, event: Event) -> None:
    _webhook_sent(story, event, f"{_host(event)}: {_trouble(event)}, given up", "failed")


@told("subscriber.disabled")
def _subscriber_disabled(story: Story, event: Event) -> None:
    _webhook_sent(story, event, f"no more webhooks to {_host(event)}: {event.facts.get('why', '')}", "failed")


@told("subscriber.created")
@told("subscriber.updated")
@told("subscriber.rotated")
@told("subscriber.paused")
@told("subscriber.resumed")
@told("subscriber.deleted")
def _subscriber_changed(story: Story, event: Event) -> None:
    story.who = story.asked = _host(event)
    story.answer = SUBSCRIBER_WORDS[event.kind]
    _webhook_sent(story, event, story.answer, "waiting" if event.kind == "subscriber.paused" else "good")


def _webhook_sent(story: Story, event: Event, words: str, mark: str) -> None:
    """What became of a webhook of ours: a step of what it tells of, if that is on the board, else a lane of its own."""
    if story.id == (event.story or event.id):
        story.channel, story.mark = "webhook", mark
        story.who = story.who or _host(event)
    else:  # many may hear of it, and the newest stands for all
        story.steps = [step for step in story.steps if step.kind not in ("webhook.delivered", "webhook.failed")]
    story.add(event, words, mark)


def _host(event: Event) -> str:
    return tame(event.facts.get("host"), 40)


def _trouble(event: Event) -> str:
    status = number(event.facts.get("status"))
    return f"status {status:.0f}" if status else tame(event.facts.get("cause"), 20) or "no answer"


@told("delivery.repeated")
def _delivery_repeated(story: Story, event: Event) -> None:
    story.repeats += 1
    if story.steps:
        return
    story.mark = "good"  # it was answered once, and that is not on the board: another provider's, or long ago
    _, room, sender, *_ = f"{tame(event.facts.get('address'))}//".split("/")
    if room == "webhooks":
        story.channel, story.who = "webhook", sender.partition("?")[0]


@told("people.left")
def _people_left(story: Story, event: Event) -> None:
    story.mark = "over"
    story.add(event, "opted out: no more texts")


@told("people.returned")
def _people_returned(story: Story, event: Event) -> None:
    story.mark = "good"
    story.add(event, "opted in again", "good")
