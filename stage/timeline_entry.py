"""One call or one text as the room sees it: who, what they asked, and the steps from ring to answer."""

from dataclasses import dataclass, field

from events import Event
from stage.sanitize import tame, took

STEPS_SHOWN = 7  # the first and the newest; a long call has dozens
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


def begin(event: Event) -> Story:
    """A story without steps, from the first event that names it."""
    is_call = event.kind.startswith(("call.", "recording.")) or event.story.startswith("CA")
    is_text = event.kind.startswith("text.") or event.story.startswith(("SM", "MM"))
    return Story(event.story or event.id, "call" if is_call else "text" if is_text else "other", event.at)
