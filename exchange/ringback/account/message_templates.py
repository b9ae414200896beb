"""Message templates, which the Content API stores and messages refer to by ContentSid.

https://www.twilio.com/docs/content/content-api-resources (2026-11)"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ringback.service.sids import new_sid

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass
class Template:
    """A Content resource. `types` maps a content type, such as twilio/text, to its fields."""

    account: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, dict[str, Any]]
    created: datetime
    sid: str = field(default_factory=lambda: new_sid("HX"))

    def text(self, variables: dict[str, str]) -> str:
        """The body of the first type that has one. Missing variables get the template's sample values."""
        body = next((str(fields["body"]) for fields in self.types.values() if fields.get("body")), self.friendly_name)
        values = self.variables | variables
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), body)


def unknown_template_text(sid: str, variables: dict[str, str]) -> str:
    """The text of a template that exists only in a real account: its SID and the variables."""
    return f"[template {sid}]" + "".join(f"\n{name}: {value}" for name, value in variables.items())


def parse_variables(text: str) -> dict[str, str] | None:
    """The variables in ContentVariables, a JSON object of strings and numbers. Returns None if it is anything else."""
    try:
        variables = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(variables, dict) or not all(isinstance(value, str | int | float) for value in variables.values()):
        return None
    return {name: str(value) for name, value in variables.items()}
