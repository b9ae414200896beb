"""Twilio's signature, which covers the raw public URL and the form: https://www.twilio.com/docs/usage/security."""

import base64
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from config import Secret, Settings
from phone_numbers import is_browser_phone
from receiving.delivery import Delivery
from receiving.rejection_reasons import InvalidSignature, MissingSignature
from receiving.signature_checks import constant_time_equal

SIGNATURE_HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
SIGNATURE_PATTERN = re.compile(r"[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=")  # Base64 of 20 or 32 bytes
INVALID = "X-Twilio-Signature is not valid for this request."


def compute_signature(
    secret: str, url: str, fields: Iterable[tuple[str, str]] = (), algorithm: str = "HMAC_SHA1"
) -> str:
    """Return Twilio's Base64 signature of this URL and these form fields. GET and JSON requests have no fields."""
    return _compute_mac(secret, url, _join(fields), algorithm)


def _join(fields: Iterable[tuple[str, str]]) -> str:
    return "".join([name + value for name, value in sorted(set(fields))])


def _compute_mac(secret: str, url: str, joined_fields: str, algorithm: str) -> str:
    text = (url + joined_fields).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(secret.encode(), text, ALGORITHMS[algorithm])).decode()


def sign_delivery(delivery: Delivery, settings: Settings) -> Delivery:
    """Return the delivery signed with the newest Auth Token, whichever key it was signed with before."""
    headers = {name: value for name, value in delivery.headers.items() if name != SETTINGS_HEADER}
    signature = compute_signature(settings.twilio_auth_token[0], delivery.url, delivery.form)
    return replace(delivery, headers=headers | {SIGNATURE_HEADER: signature})


def verify(delivery: Delivery, settings: Settings) -> None:
    """Raise MissingSignature or InvalidSignature unless the delivery was signed with one of our keys."""
    given = delivery.headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise MissingSignature(SIGNATURE_HEADER)
    if not SIGNATURE_PATTERN.fullmatch(given):  # before the form is parsed
        raise InvalidSignature(INVALID)
    if not body_matches(delivery):
        raise InvalidSignature("The body is not the one that was signed.")
    keys, fields = list(_candidate_keys(delivery, settings)), _join(delivery.form)
    for url in _candidate_urls(delivery.url):
        for algorithm, secret in keys:
            if constant_time_equal(given, _compute_mac(secret, url, fields, algorithm)):
                return
    raise InvalidSignature(INVALID)


def _candidate_keys(delivery: Delivery, settings: Settings) -> Iterator[tuple[str, Secret]]:
    """Yield pairs of algorithm and key: each Auth Token or, if the request names a SharedKey, only that key.

    The request cannot choose the algorithm; it must be the one configured for the key. A header without an algorithm
    means the Auth Token scheme, as in Twilio's library.
    """
    named: dict[str, str] = {}
    for part in delivery.headers.get(SETTINGS_HEADER, "").split(","):
        name, _, value = part.partition("=")
        if value.strip():
            named.setdefault(name.strip(), value.strip())
    algorithm = named.get("algorithm", "").upper()
    if not algorithm or (algorithm == "HMAC_SHA1" and "key" not in named):
        yield from (("HMAC_SHA1", token) for token in settings.twilio_auth_token)
        if settings.exchange_auth_token and _is_of_browser_phone(delivery, settings):
            yield "HMAC_SHA1", settings.exchange_auth_token
    ours = settings.twilio_shared_keys.get(named.get("key", ""))
    if ours and (algorithm or "HMAC_SHA1") == ours[0]:
        yield ours


def _is_of_browser_phone(delivery: Delivery, settings: Settings) -> bool:
    """Return whether the other party is a browser phone: the sender or, for our texts and calls, the recipient."""
    is_ours = delivery["From"] in settings.twilio_phone_number
    return is_browser_phone(delivery["To"] if is_ours else delivery["From"])


def body_matches(delivery: Delivery) -> bool:
    """Return whether the query contains the body's SHA-256. Forms do not need it, because their fields are signed."""
    if delivery.method != "POST" or delivery.form or not delivery.body:
        return True
    claimed = delivery.query.get("bodySHA256", "")
    return constant_time_equal(claimed.lower(), delivery.fingerprint)


def _candidate_urls(url: str) -> tuple[str, str]:
    """Return the URL as received, and the URL without its port or, if it has none, with the default port.

    Twilio's own signatures are inconsistent in this respect, so its libraries also try both.
    """
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        return url, f"{scheme}://{name}{slash}{path}"
    return url, f"{scheme}://{host}:{443 if scheme == 'https' else 80}{slash}{path}"
