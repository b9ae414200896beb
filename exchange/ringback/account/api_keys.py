"""API keys: credentials for the REST API, each with its own secret.

https://www.twilio.com/docs/iam/api-keys (2026-11)"""

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
