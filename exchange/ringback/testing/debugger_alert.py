"""An alert of the debugger, as a test sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DebuggerAlert:
    """An error or a warning that Twilio would report: `code` is Twilio's, `fix` says how to correct the mistake."""

    code: int
    level: str
    message: str
    fix: str
    sid: str | None

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> DebuggerAlert:
        return cls(found["code"], found["level"], found["message"], found["mend"], found["sid"])

    def __str__(self) -> str:
        return f"{self.level} {self.code}: {self.message}. {self.fix}"
