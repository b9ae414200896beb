"""What an attempt's outcome means for the message and for the endpoint, and what the receiver may say about it."""

from dataclasses import dataclass
from typing import Literal

from sending.http.errors import Cause

Verdict = Literal["delivered", "again", "slow", "dropped", "unwanted"]
"""`again`: by the schedule. `slow`: likewise, and leave the whole endpoint in peace. `dropped`: no further attempt.
`unwanted`: nothing was sent, since the endpoint's list of wishes does not name it."""

# Svix's headers, with which a receiver steers its sender: https://docs.svix.com/receiving/delivery-control
DELIVERY_CONTROL_HEADER = "webhook-delivery"
DISABLE, ABORT = "disable", "abort-message"

FILTERED = "unwanted"
OVERLOADED_STATUSES = frozenset({429, 502, 503, 504})
FALLBACK_CAUSES: frozenset[Cause] = frozenset({"dns", "connect", "tls", "timeout"})  # the fallback's turn


@dataclass(frozen=True)
class AttemptOutcome:
    """`verdict` is on the message, `stops` disables the endpoint; `advice` is for its owner, if it is worth a word."""

    verdict: Verdict
    advice: str = ""
    disables_endpoint: bool = False


ADVICE_BY_STATUS = {
    401: "It wants other credentials than the ones you gave us.",
    403: "It wants other credentials than the ones you gave us.",
    404: "There is nothing at that address.",
    405: "It does not take POST.",
    413: "It finds our message too large.",
    415: "It does not take JSON.",
}


def classify_response(status: int, steering: str = "") -> AttemptOutcome:
    """From the answer's status and, if it has one, its `webhook-delivery` header; unknown words are no matter."""
    meaning, wish = classify_status(status), steering.strip().lower()
    if wish == DISABLE:
        return AttemptOutcome(meaning.verdict, "It asked us, in its answer, to stop.", disables_endpoint=True)
    if wish == ABORT and meaning.verdict != "delivered" and not meaning.disables_endpoint:
        return AttemptOutcome("dropped", "It asked us, in its answer, not to send this again.")
    return meaning


def classify_status(status: int) -> AttemptOutcome:
    """From the answer's status, by the table in Standard Webhooks."""
    if 200 <= status < 300:
        return AttemptOutcome("delivered")
    if 300 <= status < 400:
        return AttemptOutcome("again", "It redirects, and a redirected webhook is lost: give us the final address.")
    if status == 410:
        return AttemptOutcome("again", "It answered 410, gone, so we stopped.", disables_endpoint=True)
    return AttemptOutcome("slow" if status in OVERLOADED_STATUSES else "again", ADVICE_BY_STATUS.get(status, ""))


def classify_cause(cause: Cause) -> AttemptOutcome:
    """When there was no answer."""
    if cause == "blocked":
        return AttemptOutcome("again", "It leads to a place we don't send to.", disables_endpoint=True)
    return AttemptOutcome("again", "Its certificate is not in order." if cause == "tls" else "")
