"""Outgoing caller IDs: verified numbers that the app does not own but may call from.

https://www.twilio.com/docs/voice/api/outgoing-caller-ids (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ringback.service.settings import Settings
from ringback.service.sids import new_sid


@dataclass(kw_only=True)
class CallerId:
    """An OutgoingCallerId, with Twilio's field names."""

    account: str
    phone_number: str
    friendly_name: str
    created: datetime
    updated: datetime
    sid: str = field(default_factory=lambda: new_sid("PN"))


def verified_caller_ids(settings: Settings, now: datetime) -> dict[str, CallerId]:
    """The caller IDs from the --verified option, by number."""
    return {
        number: CallerId(
            account=settings.account_sid, phone_number=number, friendly_name=number, created=now, updated=now
        )
        for number in settings.verified
    }
