"""A timeline entry: one call, text or webhook, with its request, answer and steps."""

from dataclasses import dataclass, field

from events import Event
from show.duration_format import format_duration
from show.sanitize import sanitize, sanitize_number

MAX_STEPS = 7  # per entry: the first step and the newest ones
RESPONSES = ("text.answered", "call.spoken")  # to Twilio's webhooks
OPEN_STATES = ("waiting", "running")
STATE_LABELS = {
    "running": "working",
    "waiting": "waiting",
    "success": "answered",
    "failed": "failed",
    "live": "on the line",
    "ended": "ended",
    "calling": "calling",
    "received": "received",
    "sent": "sent",
    "declined": "declined",
    "not_understood": "not understood",
    "asked_back": "asked back",
    "opted_out": "opted out",
    "opted_in": "opted in",
}


@dataclass
class TimelineStep:
    """One event in an entry.

    `status` is running, waiting, success, failed or neutral. `elapsed` is the time since the entry started, such as
    `207 ms`. `text` contains no time. `took` is how long our response took; "" if the step is not a response.
    """

    type: str
    text: str
    status: str
    elapsed: str
    took: str = ""


@dataclass
class AnswerProgress:
    """A pending answer's progress: `state` is a key of STATE_LABELS; `fraction` ranges from 0 to 1."""

    state: str = "waiting"
    fraction: float = 0.0
    text: str = ""


@dataclass
class TimelineEntry:
    """`started_at` is the Unix timestamp of the first event, in seconds; `status` is the status of the last event.

    `command` is the last command that the person used, and `length` the number of characters in what they sent.
    With `has_free_text`, request, answer and progress may contain words that the presenter has not approved.
    `told` and `not_told` count the followers who were notified of this event, and those who could not be.
    `answer_seconds` is the time from the request to the answer that the person received; 0 if they have none yet.
    `reply_seconds` is how long our last response took.
    """

    id: str
    channel: str
    started_at: float
    who: str = ""
    name: str = ""
    command: str = ""
    has_free_text: bool = False
    length: int = 0
    is_contribution: bool = False
    told: int = 0
    not_told: int = 0
    answer_seconds: float = 0.0
    reply_seconds: float = 0.0
    request: str = ""
    answer: str = ""
    status: str = "running"
    duplicates: int = 0
    steps: list[TimelineStep] = field(default_factory=list)
    omitted_steps: int = 0
    pending_answers: dict[str, AnswerProgress] = field(default_factory=dict)
    peaks: list[float] = field(default_factory=list)
    has_ended: bool = False

    @property
    def state(self) -> str:
        """The state of the open answers, if there are any; otherwise `status`."""
        open_states = [answer.state for answer in self.pending_answers.values() if answer.state in OPEN_STATES]
        return ("running" if "running" in open_states else "waiting") if open_states else self.status

    def go_live(self) -> None:
        """Show the call as live, unless its end has been reported: webhooks can arrive in any order."""
        if not self.has_ended:
            self.status = "live"

    @property
    def is_live(self) -> bool:
        """Whether this is a call that has not ended."""
        return self.channel == "call" and self.status == "live"

    @property
    def is_busy(self) -> bool:
        """Whether the answer is on its way."""
        return self.state in OPEN_STATES

    @property
    def state_label(self) -> str:
        """The state in words; for a webhook from a service, "done" instead of "answered"."""
        is_service = self.channel == "webhook" and self.state == "success"
        return "done" if is_service else STATE_LABELS[self.state]

    @property
    def progress(self) -> AnswerProgress | None:
        """The first running answer that has reported progress, or None."""
        running = (answer for answer in self.pending_answers.values() if answer.state == "running")
        return next((answer for answer in running if answer.fraction or answer.text), None)

    @property
    def answered_state(self) -> str:
        """The state once all answers have reached the person: an apology or a failed check is not a success."""
        states = [answer.state for answer in self.pending_answers.values()]
        return next((state for state in states if state != "success"), "success")

    @property
    def state_after_text(self) -> str:
        """The state once a text has been sent. A text that answers nothing counts only as sent."""
        if self.pending_answers:
            return self.answered_state
        is_asked_for = self.steps and self.steps[0].type in ("text.received", "call.received")
        return "sent" if not is_asked_for else "success" if self.status in OPEN_STATES else self.status

    @property
    def has_failed_answer(self) -> bool:
        return any(answer.state == "failed" for answer in self.pending_answers.values())

    def add_step(self, event: Event, text: str, status: str = "neutral") -> None:
        """Append a step. If there are then more than MAX_STEPS, remove the second oldest.

        The response goes before `answer.queued`: a webhook publishes `answer.queued` first, but commits both when its
        response is ready, so the worker starts after that.
        """
        took_seconds = sanitize_number(event.data.get("ms")) / 1000 if event.type in RESPONSES else 0
        elapsed = format_duration(max(event.time - self.started_at, took_seconds))
        at = len(self.steps)
        if event.type in RESPONSES and at and self.steps[-1].type == "answer.queued":
            at -= 1
            self.steps[at].elapsed = elapsed
        took = format_duration(took_seconds) if event.type in RESPONSES else ""
        self.steps.insert(at, TimelineStep(event.type, sanitize(text, 90), status, elapsed, took))
        if len(self.steps) > MAX_STEPS:
            del self.steps[1]
            self.omitted_steps += 1

    def apply_words(self, event: Event) -> None:
        """Set the request, and what may be shown of it before it is approved: see phone/recognition/."""
        self.request, self.command = sanitize(event.data.get("words")), sanitize(event.data.get("command"), 20)
        self.has_free_text = bool(event.data.get("has_free_text"))
        self.length = int(sanitize_number(event.data.get("length")))

    def count_follower(self, event: Event) -> None:
        """Count a follower who was told about this event. All of them share one step."""
        self.told += 1
        self.steps = [step for step in self.steps if step.text != "told followers"]
        self.add_step(event, "told followers", "success")


def state_of_answer(event: Event) -> str:
    """The state of an entry after this answer: see answer_outcomes.py."""
    outcome = sanitize(event.data.get("outcome"), 20)
    return outcome if outcome in STATE_LABELS else "success"


def step_status(event: Event) -> str:
    """The status of the step with this answer."""
    state = state_of_answer(event)
    return state if state in ("success", "failed") else "neutral"


def create_entry(event: Event) -> TimelineEntry:
    """An entry without steps; its channel is inferred from the event's type and subject."""
    is_call = event.type.startswith(("call.", "recording.")) or event.subject.startswith("CA")
    is_text = event.type.startswith("text.") or event.subject.startswith(("SM", "MM"))
    entry = TimelineEntry(event.subject or event.id, "call" if is_call else "text" if is_text else "other", event.time)
    entry.has_free_text = event.type.startswith(("answer.", "text.sent"))  # what it answers is unknown
    return entry
