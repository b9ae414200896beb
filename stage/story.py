"""One call or one text as the room sees it: who, what they asked, and the steps from ring to answer."""

from collections.abc import Callable
from dataclasses import dataclass, field

from events import Event
from stage.words import number, tame, took

STEPS_SHOWN = 7  # the first and the newest; a long call has dozens
COLUMNS = 120  # of a waveform
OPEN = ("waiting", "now")
STATE_WORDS = {
    "now": "working",
    "waiting": "waiting",
    "good": "answered",
    "failed": "did not work",
    "live": "on the line",
    "over": "over",
}


@dataclass
class Step:
    """One thing that happened: words, how it went (now, waiting, good, failed, plain), and when, if the words do not
    tell: the time since the story began.
    """

    kind: str
    words: str
    mark: str
    when: str


@dataclass
class Ask:
    """Slow work: `done` goes from 0 to 1; its state is waiting, now, good or failed."""

    state: str = "waiting"
    done: float = 0.0
    words: str = ""


@dataclass
class Story:
    """`at` is seconds since 1970 at the first event seen; `mark` how it stands now."""

    id: str
    channel: str
    at: float
    who: str = ""
    asked: str = ""
    answer: str = ""
    mark: str = "now"
    repeats: int = 0
    steps: list[Step] = field(default_factory=list)
    left_out: int = 0
    asks: dict[str, Ask] = field(default_factory=dict)
    peaks: list[float] = field(default_factory=list)
    drawn: str = ""

    @property
    def state(self) -> str:
        """Slow work that is not done decides; otherwise the last thing that happened."""
        waiting = [ask.state for ask in self.asks.values() if ask.state in OPEN]
        return ("now" if "now" in waiting else "waiting") if waiting else self.mark

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def progress(self) -> Ask | None:
        """The slow work that has told how far it is and goes on."""
        return next((ask for ask in self.asks.values() if ask.state == "now" and (ask.done or ask.words)), None)

    @property
    def in_vain(self) -> bool:
        """Whether slow work failed for this person."""
        return any(ask.state == "failed" for ask in self.asks.values())

    @property
    def failed(self) -> bool:
        return any(step.mark == "failed" for step in self.steps)

    def add(self, event: Event, words: str, mark: str = "plain") -> None:
        """Put a step at the end; of a long story the first and the newest are kept."""
        tells_time = words.endswith((" ms", " s"))
        when = "" if tells_time or not self.steps else "+" + took(event.at - self.at)
        self.steps.append(Step(event.kind, tame(words, 90), mark, when))
        if len(self.steps) > STEPS_SHOWN:
            del self.steps[1]
            self.left_out += 1

    def fold(self, event: Event) -> None:
        """Let this event change the story; a kind nobody has taught us becomes a plain step with its name."""
        self.drawn = ""
        self.who = self.who or tame(event.facts.get("who"), 40)
        TOLD.get(event.kind, _unknown)(self, event)


def begin(event: Event) -> Story:
    """A story without steps, from the first event that names it."""
    is_call = event.kind.startswith(("call.", "recording.")) or event.story.startswith("CA")
    is_text = event.kind.startswith("text.") or event.story.startswith(("SM", "MM"))
    return Story(event.story or event.id, "call" if is_call else "text" if is_text else "other", event.at)


Teller = Callable[[Story, Event], None]
"""How one kind of event changes a story."""

TOLD: dict[str, Teller] = {}


def told(kind: str) -> Callable[[Teller], Teller]:
    """Register how this kind is told."""

    def register(teller: Teller) -> Teller:
        TOLD[kind] = teller
        return teller

    return register


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
    story.mark = "failed" if went_wrong else story.mark


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
    story.answer, story.mark = tame(event.facts.get("answer")), "live"
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


@told("webhook.stopped")
def _webhook_stopped(story: Story, event: Event) -> None:
    _webhook_sent(story, event, f"no more webhooks to {_host(event)}: {event.facts.get('reason', '')}", "failed")


def _webhook_sent(story: Story, event: Event, words: str, mark: str) -> None:
    story.channel, story.mark = "webhook", mark
    story.add(event, words, mark)


def _host(event: Event) -> str:
    return tame(event.facts.get("host"), 40)


def _trouble(event: Event) -> str:
    status = number(event.facts.get("status"))
    return f"status {status:.0f}" if status else tame(event.facts.get("cause"), 20) or "no answer"


@told("delivery.repeated")
def _delivery_repeated(story: Story, event: Event) -> None:
    story.repeats += 1


@told("people.left")
def _people_left(story: Story, event: Event) -> None:
    story.mark = "over"
    story.add(event, "opted out: no more texts")


@told("people.returned")
def _people_returned(story: Story, event: Event) -> None:
    story.mark = "good"
    story.add(event, "opted in again", "good")
