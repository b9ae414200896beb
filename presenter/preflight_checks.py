"""What is checked before a talk: each check says whether all is well, and otherwise how to fix it."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import redis
import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from config import Settings
from masking import mask
from presenter.health_checks import count_workers
from receiving.backpressure import MAX_MEMORY_SHARE
from receiving.diagnosis.twilio import PREFLIGHT_CALL_SID
from receiving.twilio_signature import compute_signature
from sending.twilio.gateway import TwilioGateway
from show.scenes.line import Line
from show.talk_file import Talk
from store import Store, connection_budget, memory_usage, write_access

OK, WARN, BAD = "ok", "warn", "bad"

TWILIO_TIMEOUT_SECONDS = 10
MAX_CLOCK_SKEW_SECONDS = 60  # Stripe and Standard Webhooks allow 300
SEGMENTS_PER_PERSON = 5  # answers that one person asks for during a talk
WEBHOOKS = {"voice_url": "/voice", "sms_url": "/sms"}
WEBHOOK_TIMEOUT_SECONDS = 15  # Twilio's limit
SLOW_SECONDS = 1.0
ROUND_TRIPS = 5
ROUND_TRIP_PATH = "/voice/fallback"  # verifies the signature and changes nothing
# People and bytes, as measured by `python -m bench memory`; README has the same table.
MEASURED_MEMORY = ((0, 4_500_000), (200, 5_800_000), (2_000, 17_700_000), (10_000, 53_700_000))
MIN_CONNECTIONS = 20
UNLIMITED = "no limit"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `fix` says what to do; "" if all is well. `status` is ok, warn or bad."""

    status: str
    subject: str
    message: str
    fix: str = ""


@dataclass(frozen=True)
class Subject:
    """What is checked. `people` is the size of the audience."""

    settings: Settings
    store: Store
    talk: Talk
    people: int = 200


def check_talk(subject: Subject) -> Iterator[Finding]:
    """The app does not start with an invalid talk file, so this checks only what the presenter may have forgotten."""
    talk = subject.talk
    yield Finding(OK, "talk", f"{talk.title}, {len(talk.scenes)} scenes")
    if all(scene.kind != "number" for scene in talk.scenes):
        yield Finding(WARN, "talk", "no scene shows the number in large type", 'Add [[scene]] kind = "number".')
    phone = subject.settings.presenter_phone
    if any(isinstance(scene, Line) and not (scene.presenter_phone or phone) for scene in talk.scenes):
        fix = "Set presenter_phone in the talk file, or PRESENTER_PHONE."
        yield Finding(WARN, "talk", "there is a line scene, but no phone number for the presenter", fix)


def check_account(subject: Subject) -> Iterator[Finding]:
    """The account exists, is active, and is not a trial account, which can only reach verified numbers."""
    client = TwilioGateway(subject.settings, subject.store).client
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
    try:
        found = client.incoming_phone_numbers.list(phone_number=number)
    except (TwilioException, requests.exceptions.RequestException) as error:
        return Finding(BAD, "number", f"{mask(number)} is unknown: {type(error).__name__}", "Check again in a minute.")
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


def check_clock(subject: Subject) -> Iterator[Finding]:
    """Signatures with timestamps fail if the clock is wrong."""
    url = subject.settings.twilio_api_url or "https://api.twilio.com"
    try:
        told = parsedate_to_datetime(requests.head(url, timeout=TWILIO_TIMEOUT_SECONDS).headers["Date"]).timestamp()
    except (requests.exceptions.RequestException, KeyError, ValueError):
        yield Finding(WARN, "clock", "the clock could not be compared with Twilio's", "Check the network.")
        return
    skew = abs(time.time() - told)
    if skew > MAX_CLOCK_SKEW_SECONDS:
        fix = "Synchronize this machine's clock (NTP)."
        yield Finding(BAD, "clock", f"{skew:.0f} s from Twilio's: signatures would be rejected", fix)
    else:
        yield Finding(OK, "clock", f"within {max(1, round(skew))} s of Twilio's")


def check_round_trip(subject: Subject) -> Iterator[Finding]:
    """A signed request through the public URL must be accepted, and one with a wrong signature rejected."""
    settings = subject.settings
    if not settings.public_url:
        fix = "Set PUBLIC_URL to the address under which Twilio reaches this app."
        yield Finding(BAD, "public URL", "PUBLIC_URL is not set", fix)
        return
    try:
        answers = [_post(settings, settings.twilio_auth_token[0]) for _ in range(ROUND_TRIPS)]
        forged, _ = _post(settings, "a wrong token", PREFLIGHT_CALL_SID)
    except requests.exceptions.RequestException as error:
        message = f"{settings.public_url} does not lead to this app: {type(error).__name__}"
        yield Finding(BAD, "public URL", message, "Check the tunnel, DNS and the network of the venue.")
        return
    refused = next((status for status, _ in answers if status != 200), 0)
    if refused or forged != 403:
        correctly, status, expected = ("correctly", refused, 200) if refused else ("incorrectly", forged, 403)
        fix = "Check that PUBLIC_URL leads to this app, and that no proxy changes the request."
        message = f"a request that was {correctly} signed got {status} instead of {expected}"
        yield Finding(BAD, "signature", message, fix)
        return
    median = statistics.median(seconds for _, seconds in answers)
    yield Finding(OK, "signature", "accepted if correct and rejected if not, through the public URL")
    message = f"a webhook takes {median * 1000:.0f} ms (Twilio waits 15 s)"
    if median > SLOW_SECONDS:
        yield Finding(WARN, "response time", message, "Run the app closer to Twilio, or on a faster network.")
    else:
        yield Finding(OK, "response time", message)


def _post(settings: Settings, token: str, call_sid: str = "CA" + "0" * 32) -> tuple[int, float]:
    """Return the response's status and the seconds that the round trip took."""
    url = f"{settings.public_url}{ROUND_TRIP_PATH}"
    fields = {"CallSid": call_sid, "AccountSid": settings.twilio_account_sid}
    headers = {"X-Twilio-Signature": compute_signature(token, url, list(fields.items()))}
    began = time.monotonic()
    found = requests.post(url, fields, headers=headers, timeout=WEBHOOK_TIMEOUT_SECONDS, allow_redirects=False)
    return found.status_code, time.monotonic() - began


def check_workers(subject: Subject) -> Iterator[Finding]:
    """Without a worker, slow answers wait."""
    try:
        workers = count_workers(subject.store)  # type: ignore[arg-type]
    except redis.RedisError as error:
        yield Finding(
            BAD, "workers", f"unknown: the store does not respond ({type(error).__name__})", "Check REDIS_URL."
        )
        return
    if workers:
        yield Finding(OK, "workers", f"{workers} running")
    else:
        yield Finding(BAD, "workers", "none is running, so slow answers would wait", "heroku ps:scale worker=1")


def check_store(subject: Subject) -> Iterator[Finding]:
    """Eviction, persistence, memory for this audience, connections."""
    try:
        memory, persistence = subject.store.info("memory"), subject.store.info("persistence")  # type: ignore[attr-defined]
        problem = memory_usage.find_eviction(subject.store) or write_access.find_replica(subject.store)
        connections = connection_budget.read_max_clients(subject.store)
    except redis.RedisError as error:
        yield Finding(BAD, "store", f"it does not respond: {type(error).__name__}", "Check REDIS_URL.")
        return
    if problem:
        yield Finding(BAD, "store", f"it cannot be used: {problem}", "Correct this before the talk.")
    if persistence.get("aof_enabled"):
        yield Finding(OK, "persistence", "on: a restart of the store loses nothing, a crash at most the last seconds")
    else:
        message = "no append-only file: a restart of the store may lose votes, jobs and answers"
        yield Finding(WARN, "persistence", message, "Set appendonly yes, or choose a plan with persistence.")
    yield _check_memory(int(memory.get("maxmemory", 0)), subject.people)
    if connections < MIN_CONNECTIONS:
        message = f"the store accepts {connections} connections"
        yield Finding(BAD, "connections", message, f"Choose a plan with at least {MIN_CONNECTIONS}.")
    else:
        yield Finding(OK, "connections", connection_budget.describe_connections(subject.store))


def _check_memory(limit: int, people: int) -> Finding:
    needed = estimate_memory(people)
    message = (
        f"{people} people need {needed / 1e6:.0f} MB; the store has {f'{limit / 1e6:.0f} MB' if limit else UNLIMITED}"
    )
    if limit and needed > MAX_MEMORY_SHARE * limit:
        return Finding(BAD, "memory", message, "Choose a larger plan: README has a table.")
    return Finding(OK, "memory", message)


def estimate_memory(people: int) -> int:
    """Return the bytes that the store needs for an audience of this size, interpolated between the measurements."""
    pairs = list(pairwise(MEASURED_MEMORY))
    (fewer, less), (more, most) = next((pair for pair in pairs if people <= pair[1][0]), pairs[-1])
    return round(less + (people - fewer) * (most - less) / (more - fewer))


CHECKS = (check_talk, check_account, check_clock, check_round_trip, check_workers, check_store)


def run(subject: Subject) -> list[Finding]:
    """Perform all checks at once. No check raises: if it cannot be performed, it yields a Finding that says so."""
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        return [finding for findings in pool.map(lambda one: list(one(subject)), CHECKS) for finding in findings]
