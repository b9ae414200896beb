"""The base class of providers that sign a timestamp with the body, as Stripe does: HMAC, header and tolerance."""

import hashlib
import hmac

from config import Secrets
from receiving.delivery import Delivery
from receiving.providers.base import Provider
from receiving.rejection_reasons import InvalidSignature, MissingSignature, canonical_header_name
from receiving.signature_checks import check_timestamp, matches_any, parse_signature_header, parse_timestamp


class TimestampedHMAC(Provider):
    """A provider whose signature header is `t=<Unix seconds>,v1=<hex>`, an HMAC-SHA256 of `<t>.<raw body>`."""

    signature_header: str
    tolerance_seconds: float = 300

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require a valid `v1`. Other schemes are ignored: Stripe's `v0` is a decoy on test events."""
        header = delivery.headers.get(self.signature_header, "")
        if not header:
            raise MissingSignature(self.signature_header)
        timestamp, given = parse_signature_header(header)
        expected = [_timestamped_hmac(secret, timestamp, delivery.body) for secret in secrets]
        if not any(matches_any(one, expected) for one in given):
            raise InvalidSignature(f"{canonical_header_name(self.signature_header)} is not valid for this request.")
        check_timestamp(delivery, parse_timestamp(timestamp), self.tolerance_seconds)

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret."""
        timestamp = str(int(delivery.received_at))
        signature = _timestamped_hmac(secrets[0], timestamp, delivery.body)
        return delivery.with_headers(**{self.signature_header: f"t={timestamp},v1={signature}"})

    def signed_at(self, delivery: Delivery) -> float | None:
        """Return the header's `t`."""
        return parse_timestamp(parse_signature_header(delivery.headers.get(self.signature_header, ""))[0])


def _timestamped_hmac(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
