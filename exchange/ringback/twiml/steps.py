"""Steps of a call: the next document, or its end."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fetch:
    """Ask for the next document. `extra` joins the call's standard parameters."""

    url: str
    method: str = "POST"
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inline:
    """The next document, as it came over REST."""

    twiml: str


@dataclass(frozen=True)
class End:
    """Stop. `status` is what the call becomes; `leave` only ends a wait document."""

    status: str = "completed"
    by_person: bool = False
    leave: bool = False


HANG_UP = End()
Step = Fetch | Inline | End
Outcome = Step | None
