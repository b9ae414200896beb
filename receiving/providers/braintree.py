"""Braintree: https://developer.paypal.com/braintree/docs/guides/webhooks/parse.

The signature is a form field and covers the payload exactly as posted: Base64 with line breaks. The only timestamp is
the event's own, inside the XML; it gives no protection against replays, because Braintree retries for a day.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from urllib.parse import urlencode

from config import Secrets
from receiving.delivery import FORM_CONTENT_TYPE, Delivery, make_form_delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.event_summaries import ProviderEvent, split_words
from receiving.idempotency import StoredResponse
from receiving.providers.base import Mistakes, Provider, bad_request
from receiving.rejection_reasons import InvalidSignature, MissingSignature
from receiving.signature_checks import matches_any

ELEMENTS = ("kind", "id", "amount", "currency-iso-code")
CHALLENGE_PATTERN = re.compile(r"[a-f0-9]{20,32}")
# The official libraries require the arrays of a subscription, even if they are empty.
SUBSCRIPTION = (
    "<subscription><id>{id}</id><plan-id>monthly</plan-id><price>49.00</price>"
    '<transactions type="array">{transaction}</transactions>'
    '<add-ons type="array"/><discounts type="array"/></subscription>'
)
TRANSACTION = "<transaction><id>{id}</id><amount>49.00</amount><currency-iso-code>GBP</currency-iso-code></transaction>"
DISPUTE = "<dispute><id>{id}</id><amount>49.00</amount><currency-iso-code>GBP</currency-iso-code></dispute>"
SAMPLES = {  # event name -> the XML of its subject
    "subscription_charged_successfully": SUBSCRIPTION.replace("{transaction}", TRANSACTION),
    "subscription_went_past_due": SUBSCRIPTION.replace("{transaction}", ""),
    "dispute_opened": DISPUTE,
    "transaction_settled": TRANSACTION,
    "check": '<check type="boolean">true</check>',
}
# The first amount in these events is their own; other events may contain the amounts of earlier transactions.
KINDS_WITH_AMOUNT = ("disbursement", "dispute_", "local_payment_", "refund_", "subscription_charged_", "transaction_")
AMOUNT_PATTERN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,3})?")  # in the major unit of the currency


class Braintree(Provider):
    title = "Braintree"
    setting_description = "Braintree: the gateway's `public_key:private_key`, as shown in the Control Panel"
    max_bytes_by_type = {FORM_CONTENT_TYPE: 256 * 1024}
    claim_ttl_seconds = 7 * 24 * 3600  # Braintree retries hourly for a day
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Require both keys: the public key identifies the gateway, and the private key signs."""
        if not all(all(_split_keys(secret)) for secret in secrets):
            raise ValueError("must be public_key:private_key")

    def handshake(self, delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
        """Return the challenge signed with the first secret."""
        if delivery.method == "POST":
            return None
        challenge = delivery.query.get("bt_challenge", "")
        if not CHALLENGE_PATTERN.fullmatch(challenge):
            return bad_request("The parameter bt_challenge is missing or invalid.")
        public, private = _split_keys(secrets[0])
        return StoredResponse(f"{public}|{_compute_signature(private, challenge)}", "text/plain; charset=utf-8")

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require our `public_key|signature`: a hexadecimal HMAC-SHA1, keyed with the private key's SHA-1."""
        given, payload = _single_field(delivery, "bt_signature"), _single_field(delivery, "bt_payload")
        if not given or not payload:
            raise MissingSignature("bt_signature")
        if CHALLENGE_PATTERN.fullmatch(payload):
            raise InvalidSignature("bt_payload must not be a challenge.")  # `handshake` signs any challenge for anybody
        pairs = [pair.partition("|")[::2] for pair in given.split("&")]
        for public, private in map(_split_keys, secrets):
            # Some servers strip the line break at the end of the payload.
            expected = [_compute_signature(private, text) for text in (payload, payload + "\n")]
            if any(name == public and matches_any(signature, expected) for name, signature in pairs):
                return
        raise InvalidSignature("bt_signature is not valid for this request.")

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret."""
        public, private = _split_keys(secrets[0])
        payload = _single_field(delivery, "bt_payload")
        fields = {"bt_signature": f"{public}|{_compute_signature(private, payload)}", "bt_payload": payload}
        body = urlencode(fields).encode()
        return Delivery(delivery.method, delivery.url, delivery.headers, body, delivery.received_at)

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event. Braintree sends no id, so the payload's SHA-256 is used: a retry has the same payload.

        The hash omits the final line break, because `verify` also accepts a payload without it.
        """
        payload = _single_field(delivery, "bt_payload")
        try:
            xml = base64.b64decode(payload).decode("utf-8", "replace")
        except binascii.Error as error:
            raise ValueError("the payload is not Base64") from error
        # Regular expressions instead of an XML parser: only a few elements are needed, and untrusted XML is a risk.
        data = {name: "".join(re.findall(rf"<{name}\b[^<>]*>([^<]*)</{name}>", xml)[:1]) for name in ELEMENTS}
        if not data["kind"]:
            raise ValueError("the payload has no kind")
        return [ProviderEvent(data["kind"], data, hashlib.sha256(payload.rstrip("\n").encode()).hexdigest())]

    def summarize(self, event: ProviderEvent) -> str:
        """`49.00 GBP: subscription charged successfully: 8f3k2p`."""
        if event.name == "check":
            return "Braintree checks this URL"
        amount, currency = event["amount"], event["currency-iso-code"]
        has_amount = event.name.startswith(KINDS_WITH_AMOUNT) and AMOUNT_PATTERN.fullmatch(amount) and currency
        words = split_words(event.name)
        told = f"{amount} {currency.upper()}: {words}" if has_amount else words.capitalize()
        return told + (f": {event['id']}" if event["id"] else "")

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return an event whose subject has a random id."""
        subject = SAMPLES[event_name].replace("{id}", random.token_hex(3))
        timestamp = f'<timestamp type="datetime">2026-11-23T18:00:{random.randbelow(60):02d}Z</timestamp>'
        xml = f"<notification>{timestamp}<kind>{event_name}</kind><subject>{subject}</subject></notification>"
        return make_form_delivery(url, [("bt_payload", base64.encodebytes(xml.encode()).decode())])

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Find another gateway's key pair, or our private key with another public key."""
        names = [pair.partition("|")[0] for pair in _single_field(delivery, "bt_signature").split("&")]
        others = tuple(type(secret)(f"{name}:{_split_keys(secret)[1]}") for secret in secrets for name in names)
        explanation = f"it was signed for the public key {names[0][:40]}, which is not ours"
        fix = "Set BRAINTREE_WEBHOOK_SECRET to the public and private key of the same pair."
        return [(Mistake("other public key", explanation, fix), delivery, others)]


def _compute_signature(private: str, text: str) -> str:
    return hmac.new(hashlib.sha1(private.encode()).digest(), text.encode(), hashlib.sha1).hexdigest()  # noqa: S324


def _split_keys(secret: str) -> tuple[str, str]:
    public, _, private = secret.partition(":")
    return public, private


def _single_field(delivery: Delivery, name: str) -> str:
    """Return the form field with this name; "" if it is missing, or if repetition makes it unclear what was signed."""
    found = [value for field, value in delivery.form if field == name]
    return found[0] if len(found) == 1 else ""
