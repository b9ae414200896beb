"""Braintree: https://developer.paypal.com/braintree/docs/guides/webhooks/parse.

The signature travels in the form, and holds the body as it was posted: Base64 with its line breaks. The time is the
event's own, inside the XML, and retries go on for a day, so it is no protection against a replay.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from urllib.parse import urlencode

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.errors import InvalidSignature, MissingSignature
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent, split_words
from receiving.samples import FORM_CONTENT_TYPE, make_form_delivery
from receiving.signatures import matches_any

SETTING_DESCRIPTION = "Braintree: public_key:private_key of the gateway, as its Control Panel shows them"
MAX_BYTES_BY_TYPE = {FORM_CONTENT_TYPE: 256 * 1024}
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # it tries each hour for a day
CHALLENGE_PATTERN = re.compile(r"[a-f0-9]{20,32}")


def check(secrets: Secrets) -> None:
    """Both keys are needed: one names the gateway, the other signs."""
    if not all(all(_keys(secret)) for secret in secrets):
        raise ValueError("must be public_key:private_key")


def handshake(delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
    """The challenge comes back signed; the newest gateway answers."""
    if delivery.method == "POST":
        return None
    challenge = delivery.query.get("bt_challenge", "")
    if not CHALLENGE_PATTERN.fullmatch(challenge):
        return StoredResponse("Braintree asks with a bt_challenge.\n", "text/plain; charset=utf-8", 400)
    public, private = _keys(secrets[0])
    return StoredResponse(f"{public}|{_signature(private, challenge)}", "text/plain; charset=utf-8")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The hexadecimal HMAC-SHA1 of the payload, keyed with the private key's SHA-1, beside our public key."""
    given, payload = _single_field(delivery, "bt_signature"), _single_field(delivery, "bt_payload")
    if not given or not payload:
        raise MissingSignature("bt_signature")
    if CHALLENGE_PATTERN.fullmatch(payload):
        raise InvalidSignature("A challenge is no payload.")  # handshake signs those for anybody
    pairs = [pair.partition("|")[::2] for pair in given.split("&")]
    for public, private in map(_keys, secrets):
        # Some servers strip the line break that ends the payload.
        ours = [_signature(private, text) for text in (payload, payload + "\n")]
        if any(name == public and matches_any(signature, ours) for name, signature in pairs):
            return
    raise InvalidSignature("bt_signature does not fit this request.")


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Braintree signs it: one pair for each key of the gateway."""
    public, private = _keys(secrets[0])
    payload = _single_field(delivery, "bt_payload")
    fields = {"bt_signature": f"{public}|{_signature(private, payload)}", "bt_payload": payload}
    return Delivery(delivery.method, delivery.url, delivery.headers, urlencode(fields).encode(), delivery.received_at)


def _signature(private: str, text: str) -> str:
    return hmac.new(hashlib.sha1(private.encode()).digest(), text.encode(), hashlib.sha1).hexdigest()  # noqa: S324


def _keys(secret: str) -> tuple[str, str]:
    public, _, private = secret.partition(":")
    return public, private


def _single_field(delivery: Delivery, name: str) -> str:
    """The one field of this name; "" if there is none or several, for then it is unclear which is signed."""
    found = [value for field, value in delivery.form if field == name]
    return found[0] if len(found) == 1 else ""


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One notification. It has no id; a retry is the same payload again."""
    payload = _single_field(delivery, "bt_payload")
    try:
        xml = base64.b64decode(payload).decode("utf-8", "replace")
    except binascii.Error as mistake:
        raise ValueError("the payload is no Base64") from mistake
    # By pattern and not by parser: three words are wanted, and no parser's surprises.
    facts = {name: "".join(re.findall(rf"<{name}\b[^>]*>([^<]*)</{name}>", xml)[:1]) for name in ("kind", "id")}
    if not facts["kind"]:
        raise ValueError("the payload has no kind")
    return [ProviderEvent(facts["kind"], facts, hashlib.sha256(payload.encode()).hexdigest())]


def summarize(notice: ProviderEvent) -> str:
    """`Subscription charged successfully: 8f3k2p`."""
    if notice.name == "check":
        return "Braintree checks that this address works"
    return split_words(notice.name).capitalize() + (f": {notice['id']}" if notice["id"] else "")


SAMPLES: dict[str, str] = {
    "subscription_charged_successfully": "subscription",
    "subscription_went_past_due": "subscription",
    "dispute_opened": "dispute",
    "transaction_settled": "transaction",
    "check": "",
}


def sample(event: str, url: str) -> Delivery:
    """Such a notification, with a subject of a random id."""
    subject = (
        f"<{SAMPLES[event]}><id>{random.token_hex(3)}</id><amount>49.00</amount></{SAMPLES[event]}>"
        if SAMPLES[event]
        else ""
    )
    subject = f"<subject>{subject}</subject>" if subject else '<subject><check type="boolean">true</check></subject>'
    moment = f'<timestamp type="datetime">2026-11-23T18:00:{random.randbelow(60):02d}Z</timestamp>'
    xml = f"<notification>{moment}<kind>{event}</kind>{subject}</notification>"
    return make_form_delivery(url, [("bt_payload", base64.encodebytes(xml.encode()).decode())])


def mistakes(delivery: Delivery, secrets: Secrets) -> list[tuple[Mistake, Delivery, Secrets]]:
    """Another gateway's key, or our private key under another public one."""
    named = [pair.partition("|")[0] for pair in _single_field(delivery, "bt_signature").split("&")]
    others = tuple(type(secret)(f"{name}:{_keys(secret)[1]}") for secret in secrets for name in named)
    words = f"it was signed for the public key {named[0][:40]}, and ours is another"
    mend = "Put the public and the private key of one pair into BRAINTREE_WEBHOOK_SECRET."
    return [(Mistake("other public key", words, mend), delivery, others)]
