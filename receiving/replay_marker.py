"""What we bring to our own door ourselves, a replay or what was missed, carries a mark that only we can make."""

import hashlib
import hmac
import time
from dataclasses import replace

from config import Secrets
from receiving.delivery import Delivery
from receiving.signatures import TIMESTAMP_PATTERN, matches_any

HEADER = "x-replay-mark"  # in the request the mark; in the answer to a marked request, DONE or DUPLICATE
MAX_AGE_SECONDS = 300  # seconds either way
DONE, DUPLICATE = "done", "duplicate"

REPLAYED = "replayed"  # it came before: the claim decides, and gives the stored reply to what was done
FORCED = "forced"  # it came before, and somebody wants the work done once more: a claim of its own
BACKFILLED = "backfilled"  # it never came: what its answer would have sent is sent by ourselves


def add_mark(delivery: Delivery, kind: str, run: str, secrets: Secrets) -> Delivery:
    """The delivery with a mark for this method, path and body, now. It replaces no signature: that is checked too."""
    text = f"{kind} {run} {int(time.time())}"
    return delivery.with_headers(**{HEADER: f"{text} {_mac(secrets[0], text, delivery)}"})


def verify_mark(delivery: Delivery, secrets: Secrets) -> Delivery:
    """The delivery without its mark, and with `replay_mark` set when the mark is ours and fresh."""
    text, _, given = delivery.headers[HEADER].rpartition(" ")
    how, _, at = text.rpartition(" ")
    bare = replace(delivery, headers={name: value for name, value in delivery.headers.items() if name != HEADER})
    ours = matches_any(given, (_mac(secret, text, delivery) for secret in secrets))
    fresh = TIMESTAMP_PATTERN.fullmatch(at) and abs(time.time() - int(at)) <= MAX_AGE_SECONDS
    return replace(bare, replay_mark=how) if ours and fresh else bare


def replay_mode(delivery: Delivery) -> str:
    """`replayed`, `forced` or `backfilled`; "" for what its sender brought."""
    return delivery.replay_mark.partition(" ")[0]


def claim_key(delivery: Delivery, key: str) -> str:
    """The name of the claim: the key itself, or one more of this run's own when the work is to be done again."""
    return f"{key}:{delivery.replay_mark.replace(' ', ':')}" if replay_mode(delivery) == FORCED else key


def _mac(secret: str, text: str, delivery: Delivery) -> str:
    signed = f"replay mark\n{text}\n{delivery.method}\n{delivery.path}\n{delivery.fingerprint}"
    return hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
