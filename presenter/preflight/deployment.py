"""Checks of what is deployed: a webhook's round trip through the public URL, its time, and the workers."""

import statistics
import time
from collections.abc import Iterator

import redis
import requests

from config import Settings
from presenter.health_checks import count_workers
from presenter.preflight.findings import BAD, OK, WARN, Finding, Subject, check
from receiving.twilio_signature import compute_signature

TIMEOUT_SECONDS = 15  # Twilio's limit for a webhook
SLOW_SECONDS = 1.0
ROUND_TRIPS = 5
PATH = "/voice/fallback"  # verifies the signature and changes nothing


@check
def check_round_trip(subject: Subject) -> Iterator[Finding]:
    """A signed request through the public URL must be accepted, and one with a wrong signature rejected."""
    settings = subject.settings
    if not settings.public_url:
        fix = "Set PUBLIC_URL to the address under which Twilio reaches this app."
        yield Finding(BAD, "public URL", "PUBLIC_URL is not set", fix)
        return
    try:
        answers = [_post(settings, settings.twilio_auth_token[0]) for _ in range(ROUND_TRIPS)]
        forged, _ = _post(settings, "a wrong token")
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


def _post(settings: Settings, token: str) -> tuple[int, float]:
    """Return the response's status and the seconds that the round trip took."""
    url = f"{settings.public_url}{PATH}"
    fields = {"CallSid": "CA" + "0" * 32, "AccountSid": settings.twilio_account_sid}
    headers = {"X-Twilio-Signature": compute_signature(token, url, list(fields.items()))}
    began = time.monotonic()
    found = requests.post(url, fields, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    return found.status_code, time.monotonic() - began


@check
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
