"""Checks of the Twilio account: the numbers, their webhooks, the account's type and credit, the clock."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from config import Settings
from masking import mask
from presenter.preflight.findings import BAD, OK, WARN, Finding, Subject, check

TIMEOUT_SECONDS = 10
MAX_CLOCK_SKEW_SECONDS = 60  # Stripe and Standard Webhooks allow 300
SEGMENTS_PER_PERSON = 5  # answers that one person asks for during a talk
WEBHOOKS = {"voice_url": "/voice", "sms_url": "/sms"}


@check
def check_account(subject: Subject) -> Iterator[Finding]:
    """The account exists, is active, and is no trial: a trial can only reach verified numbers."""
    client = _client(subject.settings)
    try:
        account = client.api.accounts(subject.settings.twilio_account_sid).fetch()
    except (TwilioException, requests.exceptions.RequestException) as error:
        fix = "Check TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and the network."
        yield Finding(BAD, "account", f"Twilio cannot be reached or refuses us: {type(error).__name__}", fix)
        return
    if account.status != "active":
        yield Finding(BAD, "account", f"the account is {account.status}", "See Twilio's console.")
    elif account.type == "Trial":
        message = "this is a trial account, which only calls and texts verified numbers"
        yield Finding(BAD, "account", message, "Upgrade the account in Twilio's console.")
    else:
        yield Finding(OK, "account", "active, no trial")
    for number in subject.settings.twilio_phone_number:
        yield _check_number(client, subject.settings, number)
    yield _check_credit(client, subject)


def _check_number(client: Client, settings: Settings, number: str) -> Finding:
    found = client.incoming_phone_numbers.list(phone_number=number)
    if not found:
        fix = "Set TWILIO_PHONE_NUMBER to numbers of this account."
        return Finding(BAD, "number", f"{mask(number)} does not belong to the account", fix)
    wrong = [
        f"{name} is {getattr(found[0], name) or 'empty'}"
        for name, path in WEBHOOKS.items()
        if (getattr(found[0], name) or "").partition("#")[0] != f"{settings.public_url}{path}"
    ]
    if wrong:
        fix = f"Set them to {settings.public_url or '<PUBLIC_URL>'}/voice and /sms, or use make live."
        return Finding(BAD, "number", f"the webhooks of {mask(number)} lead elsewhere: {'; '.join(wrong)}", fix)
    return Finding(OK, "number", f"the webhooks of {mask(number)} lead here")


def _check_credit(client: Client, subject: Subject) -> Finding:
    try:
        balance: Any = client.api.v2010.account.balance.fetch()
        credit = float(balance.balance)
    except (TwilioException, requests.exceptions.RequestException, ValueError):
        return Finding(WARN, "credit", "the remaining credit is unknown", "See Twilio's console.")
    needed = subject.people * SEGMENTS_PER_PERSON * subject.talk.price_per_segment
    message = f"{credit:.2f} {balance.currency}; {subject.people} people need about {needed:.2f}"
    if credit < needed:
        return Finding(BAD, "credit", message, "Add credit in Twilio's console.")
    return Finding(OK, "credit", message)


@check
def check_clock(subject: Subject) -> Iterator[Finding]:
    """Signatures with timestamps fail if the clock is wrong."""
    url = subject.settings.twilio_api_url or "https://api.twilio.com"
    try:
        told = parsedate_to_datetime(requests.head(url, timeout=TIMEOUT_SECONDS).headers["Date"]).timestamp()
    except (requests.exceptions.RequestException, KeyError, ValueError):
        yield Finding(WARN, "clock", "the clock could not be compared with Twilio's", "Check the network.")
        return
    skew = abs(time.time() - told)
    if skew > MAX_CLOCK_SKEW_SECONDS:
        fix = "Synchronize this machine's clock (NTP)."
        yield Finding(BAD, "clock", f"{skew:.0f} s from Twilio's: signatures would be rejected", fix)
    else:
        yield Finding(OK, "clock", f"within {max(1, round(skew))} s of Twilio's")


def _client(settings: Settings) -> Client:
    client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0])
    if settings.twilio_api_url:
        client.api.base_url = settings.twilio_api_url
    return client
