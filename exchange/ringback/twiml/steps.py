"""The steps of a call: fetch a document, run inline TwiML, or end."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fetch:
    """A request for the next document. `extra` parameters are added to the call's standard parameters."""

    url: str
    method: str = "POST"
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inline:
    """A document that was passed to the REST API as `Twiml`."""

    twiml: str


@dataclass(frozen=True)
class End:
    """The end of the call, with its status.

    `by_person` is true if the person hung up. `leave` is true if only the wait document ends."""

    status: str = "completed"
    by_person: bool = False
    leave: bool = False


HANG_UP = End()
Step = Fetch | Inline | End
Outcome = Step | None
