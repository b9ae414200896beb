"""One call or one text as the room sees it: who, what they asked, and the steps from ring to answer."""

from dataclasses import dataclass, field

from events import Event
from stage.sanitize import format_duration, sanitize

MAX_STEPS = 7  # the first and the newest; a long call has dozens
OPEN_STATES = ("waiting", "now")
STATE_LABELS = {
    "now": "working",
    "waiting": "waiting",
    "good": "answered",
    "failed": "did not work",
    "live": "on the line",
    "over": "over",
}


@dataclass
class TimelineStep:
    """One thing that happened: words, how it went (now, waiting, good, failed, plain), and when, if the words do not
    tell: the time since the story began.
    """

    kind: str
    words: str
    mark: str
    when: str


@dataclass
class AnswerProgress:
    """Slow work: `done` goes from 0 to 1; its state is waiting, now, good or failed."""

    state: str = "waiting"
    done: float = 0.0
    words: str = ""


@dataclass
class TimelineEntry:
    """`at` is seconds since 1970 at the first event seen; `mark` how it stands now."""

    id: str
    channel: str
    at: float
    who: str = ""
    asked: str = ""
    answer: str = ""
    mark: str = "now"
    repeats: int = 0
    steps: list[TimelineStep] = field(default_factory=list)
    omitted_steps: int = 0
    asks: dict[str, AnswerProgress] = field(default_factory=dict)
    peaks: list[float] = field(default_factory=list)
    drawn: str = ""

    @property
    def state(self) -> str:
        """Slow work that is not done decides; otherwise the last thing that happened."""
        waiting = [ask.state for ask in self.asks.values() if ask.state in OPEN_STATES]
        return ("now" if "now" in waiting else "waiting") if waiting else self.mark

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def progress(self) -> AnswerProgress | None:
        """The slow work that has told how far it is and goes on."""
        return next((ask for ask in self.asks.values() if ask.state == "now" and (ask.done or ask.words)), None)

    @property
    def has_failed_answer(self) -> bool:
        """Whether slow work failed for this person."""
        return any(ask.state == "failed" for ask in self.asks.values())

    @property
    def failed(self) -> bool:
        return any(step.mark == "failed" for step in self.steps)

    def add(self, event: Event, words: str, mark: str = "plain") -> None:
        """Put a step at the end; of a long story the first and the newest are kept."""
        tells_time = words.endswith((" ms", " s"))
        when = "" if tells_time or not self.steps else "+" + format_duration(event.time - self.at)
        self.steps.append(TimelineStep(event.type, sanitize(words, 90), mark, when))
        if len(self.steps) > MAX_STEPS:
            del self.steps[1]
            self.omitted_steps += 1


def create_entry(event: Event) -> TimelineEntry:
    """A story without steps, from the first event that names it."""
    is_call = event.type.startswith(("call.", "recording.")) or event.subject.startswith("CA")
    is_text = event.type.startswith("text.") or event.subject.startswith(("SM", "MM"))
    return TimelineEntry(event.subject or event.id, "call" if is_call else "text" if is_text else "other", event.time)
