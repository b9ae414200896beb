"""What we bring to our own door ourselves, a replay or what was missed, carries a mark that only we can make."""

import hashlib
import hmac
import time
from dataclasses import replace

from config import Secrets
from receiving.delivery import Delivery
from receiving.signatures import SECONDS, fits

HEADER = "x-fed-in"  # in the request the mark; in the answer to a marked request, DONE or REPEATED
HOLDS = 300  # seconds either way
DONE, REPEATED = "done", "repeated"

REPLAYED = "replayed"  # it came before: the claim decides, and gives the stored reply to what was done
AGAIN = "again"  # it came before, and somebody wants the work done once more: a claim of its own
HEALED = "healed"  # it never came: what its answer would have sent is sent by ourselves


def mark(delivery: Delivery, kind: str, run: str, secrets: Secrets) -> Delivery:
    """The delivery with a mark for this method, path and body, now. It replaces no signature: that is checked too."""
    text = f"{kind} {run} {int(time.time())}"
    return delivery.having(**{HEADER: f"{text} {_mac(secrets[0], text, delivery)}"})


def recognise(delivery: Delivery, secrets: Secrets) -> Delivery:
    """The delivery without its mark, and with `fed_in` set when the mark is ours and fresh."""
    text, _, given = delivery.headers[HEADER].rpartition(" ")
    how, _, at = text.rpartition(" ")
    bare = replace(delivery, headers={name: value for name, value in delivery.headers.items() if name != HEADER})
    ours = fits(given, (_mac(secret, text, delivery) for secret in secrets))
    fresh = SECONDS.fullmatch(at) and abs(time.time() - int(at)) <= HOLDS
    return replace(bare, fed_in=how) if ours and fresh else bare


def kind_of(delivery: Delivery) -> str:
    """`replayed`, `again` or `healed`; "" for what its sender brought."""
    return delivery.fed_in.partition(" ")[0]


def claim_of(delivery: Delivery, key: str) -> str:
    """The name of the claim: the key itself, or one more of this run's own when the work is to be done again."""
    return f"{key}:{delivery.fed_in.replace(' ', ':')}" if kind_of(delivery) == AGAIN else key


def _mac(secret: str, text: str, delivery: Delivery) -> str:
    signed = f"fed in\n{text}\n{delivery.method}\n{delivery.path}\n{delivery.fingerprint}"
    return hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
