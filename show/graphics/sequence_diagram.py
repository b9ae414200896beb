"""The sequence diagram of one call or text so far: who sent what to whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PHONE, TWILIO, APP, WORKER = range(4)
LIFELINES = ("Phone", "Twilio", "This app", "Worker")
MAX_ROWS = 9  # the newest ones
LIMIT_SECONDS = 15  # Twilio waits no longer than this: https://www.twilio.com/docs/api/errors/11205

TOP, ROW_HEIGHT = 104, 73  # in px of a stage of 1920 by 1080
SPACING = 530


@dataclass(frozen=True)
class Message:
    """An arrow from one lifeline to another or, if both are the same, a note there. `state` is a lane's state."""

    start: int
    end: int
    words: str
    state: str = "quiet"


@dataclass(frozen=True)
class DrawnMessage:
    """A message with its coordinates: the arrow from `x1` to `x2` at `y`, and the words around `middle`."""

    message: Message
    x1: int
    x2: int
    y: int

    @property
    def middle(self) -> int:
        """The x-coordinate of the words."""
        return (self.x1 + self.x2) // 2

    @property
    def points(self) -> str:
        """The arrowhead."""
        back = -22 if self.x2 > self.x1 else 22
        return f"{self.x2},{self.y} {self.x2 + back},{self.y - 13} {self.x2 + back},{self.y + 13}"


def draw(messages: Sequence[Message]) -> list[DrawnMessage]:
    """Return the newest messages, each in a row of its own."""
    return [
        DrawnMessage(message, lifeline_x(message.start), lifeline_x(message.end), TOP + ROW_HEIGHT * (row + 1) - 18)
        for row, message in enumerate(messages[-MAX_ROWS:])
    ]


def lifeline_x(lifeline: int) -> int:
    """Return the x-coordinate of a lifeline."""
    return 60 + lifeline * SPACING


def messages_of(entry: Any, request: str, path: str) -> list[Message]:
    """Return what has happened so far in a call or text. `request` is what may be shown of what the person sent."""
    return [message for step in entry.steps for message in _messages_of_step(entry, step, request, path)]


def _messages_of_step(entry: Any, step: Any, request: str, path: str) -> Iterator[Message]:
    match step.type:
        case "text.received" | "call.received":
            copies = f"{entry.duplicates + 1} deliveries, one effect" if entry.duplicates else "first delivery"
            yield Message(PHONE, TWILIO, request if step.type == "text.received" else "a call")
            yield Message(TWILIO, APP, f"POST {path} · signed", "now")
            yield Message(APP, APP, f"✓ signature matches · {copies}", "success")
        case "call.heard":
            yield Message(PHONE, TWILIO, step.text)
            yield Message(TWILIO, APP, "POST · signed", "now")
        case "text.answered" | "call.spoken":
            used = f" · {step.took} of {LIMIT_SECONDS} s" if step.took else ""
            yield Message(APP, TWILIO, f"200 · TwiML{used}", "success")
        case "answer.started":
            yield Message(APP, WORKER, f"job: {entry.command}" if entry.command else "job")
        case "answer.ready":
            yield Message(WORKER, APP, f"result after {step.elapsed}", "success")
        case "answer.failed":
            yield Message(WORKER, APP, "✕ failed", "failed")
        case "text.sent":
            yield Message(APP, TWILIO, "REST: send the text", "now")
        case "text.delivered":
            is_delivered = step.status != "failed"
            yield Message(TWILIO, PHONE, step.text, "success" if is_delivered else "failed")
            if step.text == "delivered":
                yield Message(TWILIO, APP, "callback: delivered", "now")
        case "call.ended":
            yield Message(PHONE, TWILIO, step.text)
