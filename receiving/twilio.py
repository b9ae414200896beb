"""Twilio's signature over the raw public URL and the form: https://www.twilio.com/docs/usage/security."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import replace

from config import Secret, Settings
from receiving.delivery import Delivery
from receiving.errors import InvalidSignature, MissingSignature
from receiving.signatures import constant_time_equal

SIGNATURE_HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
MAX_BODY_BYTES = 256 * 1024  # Twilio's requests are far smaller


def compute_signature(
    secret: str, url: str, fields: Iterable[tuple[str, str]] = (), algorithm: str = "HMAC_SHA1"
) -> str:
    """Return Twilio's signature of this URL and these form fields, in Base64. GET and JSON have no fields."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    mac = hmac.new(secret.encode(), text.encode("utf-8", "surrogatepass"), ALGORITHMS[algorithm])
    return base64.b64encode(mac.digest()).decode()


def sign_delivery(delivery: Delivery, settings: Settings) -> Delivery:
    """Return the delivery signed with the newest Auth Token, whatever key it was signed with before."""
    headers = {name: value for name, value in delivery.headers.items() if name != SETTINGS_HEADER}
    signature = compute_signature(settings.twilio_auth_token[0], delivery.url, delivery.form)
    return replace(delivery, headers=headers | {SIGNATURE_HEADER: signature})


def verify(delivery: Delivery, settings: Settings) -> None:
    """Raise MissingSignature or InvalidSignature unless the delivery was signed with one of our keys."""
    given = delivery.headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise MissingSignature(SIGNATURE_HEADER)
    if not body_matches(delivery):
        raise InvalidSignature("The body is not the one that was signed.")
    for algorithm, secret in _candidate_keys(delivery, settings):
        if any(
            constant_time_equal(given, compute_signature(secret, url, delivery.form, algorithm))
            for url in _candidate_urls(delivery.url)
        ):
            return
    raise InvalidSignature("X-Twilio-Signature is not valid for this request.")


def _candidate_keys(delivery: Delivery, settings: Settings) -> Iterator[tuple[str, Secret]]:
    """Yield algorithm and key: each Auth Token or, if the request names a SharedKey, only that key.

    The request cannot choose the algorithm: it must be the one that is configured for the key.
    """
    named = delivery.headers.get(SETTINGS_HEADER)
    if named is None:
        yield from (("HMAC_SHA1", token) for token in settings.twilio_auth_token)
        return
    parts = dict(part.strip().partition("=")[::2] for part in named.split(","))
    ours = settings.twilio_shared_keys.get(parts.get("key", ""))
    if ours and parts.get("algorithm") == ours[0]:
        yield ours


def body_matches(delivery: Delivery) -> bool:
    """Return whether the query has the body's SHA-256. Forms do not need it: their fields are signed."""
    if delivery.method != "POST" or delivery.form or not delivery.body:
        return True
    claimed = delivery.query.get("bodySHA256", "")
    return constant_time_equal(claimed.lower(), delivery.fingerprint)


def _candidate_urls(url: str) -> list[str]:
    """Return the URL and, for https with a port, the URL without it, which Twilio signs for calls."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    name, colon, port = host.rpartition(":")
    if scheme == "https" and colon and port.isdigit():
        return [url, f"{scheme}://{name}{slash}{path}"]
    return [url]
