"""Phone numbers: their formats, and the account's IncomingPhoneNumbers.

https://www.twilio.com/docs/glossary/what-e164 (2026-11)"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ringback.account.geography import Place
from ringback.account.sip_uris import is_sip
from ringback.account.webhook_urls import WebhookUrls, app_webhook_urls
from ringback.service.settings import Settings
from ringback.service.sids import new_sid

E164 = re.compile(r"\+[1-9][0-9]{1,14}")
SHORTCODE = re.compile(r"[0-9]{3,6}")
WHATSAPP = re.compile(r"whatsapp:\+[1-9][0-9]{1,14}")
CLIENT = re.compile(r"client:[A-Za-z0-9_.@+-]{1,121}")
SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")
PUNCTUATION = re.compile(r"[\s().\-\u00a0]")


def normalize_number(text: str) -> str:
    """The number without spaces or punctuation, but with its channel (whatsapp:).

    Other addresses with a colon (client:alice) are left unchanged."""
    text = text.strip()
    return text if ":" in text and not text.startswith("whatsapp:") else PUNCTUATION.sub("", text)


def dialable_number(text: str) -> str:
    """Returns the normalized number, with + added if it is missing; ten digits are taken as a +1 number.

    Twilio's documentation requires E.164, but apps in production send +1 numbers without the +: the SMS app
    codeforamerica/balance did so in To and From (2014 to 2020). Callers also key in numbers without the +."""
    number = normalize_number(text)
    if not (number.isascii() and number.isdigit()):
        return number
    return f"+1{number}" if len(number) == 10 else f"+{number}" if len(number) > 10 else number


def is_e164(text: str) -> bool:
    return bool(E164.fullmatch(text))


def is_handset_address(text: str) -> bool:
    """Whether this can be a handset's number: an E.164 number, a short code, a client identity or a SIP address."""
    return bool(E164.fullmatch(text) or SHORTCODE.fullmatch(text) or CLIENT.fullmatch(text)) or is_sip(text)


def is_message_address(text: str) -> bool:
    """Whether messages can be sent to this address: a handset's except a SIP address, or whatsapp: followed by an E.164
    number."""
    return (is_handset_address(text) and not is_sip(text)) or is_whatsapp(text)


def is_whatsapp(address: str) -> bool:
    return bool(WHATSAPP.fullmatch(address))


def is_sender_id(text: str) -> bool:
    """Whether this is an alphanumeric sender ID: at most 11 characters, with at least one letter.

    Source: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id (2026-11)"""
    return bool(SENDER_ID.fullmatch(text))


@dataclass(kw_only=True)
class PhoneNumber(WebhookUrls):
    """An IncomingPhoneNumber, with Twilio's field names. `place` appears only in webhooks."""

    phone_number: str
    voice_application_sid: str = ""
    sms_application_sid: str = ""
    sid: str = field(default_factory=lambda: new_sid("PN"))
    place: Place = field(default_factory=Place)


def app_numbers(settings: Settings, now: datetime) -> dict[str, PhoneNumber]:
    """The app's phone numbers, from the settings. By default, handsets call and text the first one."""

    def webhook_urls(number: str) -> dict[str, Any]:
        return app_webhook_urls(settings.of_number(number), now)

    return {
        number: PhoneNumber(phone_number=number, friendly_name=number, **webhook_urls(number))
        for number in (settings.number, *settings.more_numbers)
    }
