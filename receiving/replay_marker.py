"""Marks the requests that we send to our own endpoints (replays and backfilled webhooks) with a signed token."""

import hashlib
import time
from dataclasses import replace

from itsdangerous import BadSignature, TimestampSigner

from config import Secrets
from receiving.delivery import Delivery

HEADER = "x-replay-mark"  # contains the token in the request, and DONE or DUPLICATE in the response
MAX_AGE_SECONDS = 300  # also the tolerance for timestamps in the future, because clocks differ
DONE, DUPLICATE = "done", "duplicate"

# The modes of a replay.
REPLAYED = "replayed"  # the claim decides: a webhook that has been processed before gets the stored response
FORCED = "forced"  # processed again, once per run
BACKFILLED = "backfilled"  # the provider does not see the response, so its messages are sent through the REST API


def add_mark(delivery: Delivery, mode: str, run: str, secrets: Secrets) -> Delivery:
    """Return the request with a token for its method, path and body. The provider's signature is still required."""
    token = _signer(secrets).sign(f"{mode} {run} {_request_hash(delivery)}")
    return delivery.with_headers(**{HEADER: token.decode()})


def verify_mark(delivery: Delivery, secrets: Secrets) -> Delivery:
    """Return the request without its token; if the token is valid, `replay_mark` is set to the mode and the run id."""
    headers = dict(delivery.headers)
    token = headers.pop(HEADER)
    delivery = replace(delivery, headers=headers)
    try:
        value, signed_at = _signer(secrets).unsign(token.encode("utf-8", "replace"), return_timestamp=True)
    except BadSignature:
        return delivery
    mark, _, request_hash = value.decode().rpartition(" ")
    is_recent = abs(time.time() - signed_at.timestamp()) <= MAX_AGE_SECONDS
    return replace(delivery, replay_mark=mark) if is_recent and request_hash == _request_hash(delivery) else delivery


def replay_mode(delivery: Delivery) -> str:
    """Return REPLAYED, FORCED or BACKFILLED; "" for a request from its sender."""
    return delivery.replay_mark.partition(" ")[0]


def claim_key(delivery: Delivery, key: str) -> str:
    """Return the key for the claim: the deduplication key, followed by the replay mark if the replay is forced."""
    return f"{key}:{delivery.replay_mark.replace(' ', ':')}" if replay_mode(delivery) == FORCED else key


def _signer(secrets: Secrets) -> TimestampSigner:
    """Return a signer that signs with the first secret and accepts any. itsdangerous expects the newest last."""
    return TimestampSigner(list(reversed(secrets)), salt="replay mark", digest_method=hashlib.sha256)


def _request_hash(delivery: Delivery) -> str:
    request = f"{delivery.method}\n{delivery.path}\n{delivery.fingerprint}"
    return hashlib.sha256(request.encode("utf-8", "replace")).hexdigest()
