"""Messaging Services: pools of the app's numbers, each with its own webhooks."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ringback.account.geography import country_of
from ringback.account.phone_numbers import PhoneNumber
from ringback.account.webhook_urls import WebhookUrls
from ringback.service.bounded_dict import BoundedDict
from ringback.service.sids import new_sid

MAX_SERVICES = 500


@dataclass(kw_only=True)
class MessagingService:
    """A Messaging Service, with Twilio's field names. `added` maps each number's SID to the time it was added."""

    account: str
    friendly_name: str
    created: datetime
    updated: datetime
    inbound_request_url: str = ""
    inbound_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    usecase: str = "undeclared"
    validity_period: int = 36_000
    use_inbound_webhook_on_number: bool = False
    sticky_sender: bool = True
    mms_converter: bool = True
    smart_encoding: bool = True
    fallback_to_long_code: bool = True
    area_code_geomatch: bool = True
    added: dict[str, datetime] = field(default_factory=dict)
    sid: str = field(default_factory=lambda: new_sid("MG"))

    def webhook_urls(self) -> WebhookUrls:
        """The webhooks for messages to the service's numbers."""
        return WebhookUrls(
            account_sid=self.account,
            created=self.created,
            updated=self.updated,
            sms_url=self.inbound_request_url,
            sms_method=self.inbound_method,
            sms_fallback_url=self.fallback_url,
            sms_fallback_method=self.fallback_method,
        )

    def sender(self, to: str, numbers: Iterable[PhoneNumber]) -> str | None:
        """The number that sends to `to`. Each recipient always gets the same number, if possible of their own country.

        None if the service has no number. Source: https://www.twilio.com/docs/messaging/services (2026-11)"""
        pool = [number.phone_number for number in numbers if number.sid in self.added]
        country = country_of(to.removeprefix("whatsapp:"))
        pool = [number for number in pool if country_of(number) == country] or pool
        return pool[zlib.crc32(to.encode()) % len(pool)] if pool else None


class MessagingServices(BoundedDict[str, MessagingService]):
    """The account's Messaging Services by SID."""

    def __init__(self) -> None:
        super().__init__(MAX_SERVICES)

    def of_number(self, sid: str) -> MessagingService | None:
        """The service that has the number with this SID; a number belongs to at most one service."""
        return next((service for service in self.values() if sid in service.added), None)
