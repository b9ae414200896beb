"""Postal addresses, which some countries require for a phone number.

https://www.twilio.com/docs/usage/api/address (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ringback.service.sids import new_sid


@dataclass(kw_only=True)
class Address:
    """An Address, with Twilio's field names."""

    account: str
    created: datetime
    updated: datetime
    customer_name: str = ""
    friendly_name: str = ""
    street: str = ""
    street_secondary: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    iso_country: str = ""
    emergency_enabled: bool = False
    sid: str = field(default_factory=lambda: new_sid("AD"))
