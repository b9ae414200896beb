"""API keys: further logins to REST, each with a secret of its own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from ringback.service.sids import new_sid


@dataclass
class ApiKey:
    friendly_name: str
    created: datetime
    sid: str = field(default_factory=lambda: new_sid("SK"))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
