"""What an attempt's outcome means for the message and for the endpoint, and what the receiver may say about it."""

from dataclasses import dataclass
from typing import Literal

from sending.http.errors import Cause

Verdict = Literal["delivered", "again", "slow", "dropped", "unwanted"]
"""`again`: by the schedule. `slow`: likewise, and leave the whole endpoint in peace. `dropped`: no further attempt.
`unwanted`: nothing was sent, since the endpoint's list of wishes does not name it."""

# Svix's headers, with which a receiver steers its sender: https://docs.svix.com/receiving/delivery-control
STEERING = "webhook-delivery"
DISABLE, ABORT = "disable", "abort-message"

UNWANTED = "unwanted"
SLOW = frozenset({429, 502, 503, 504})
UNREACHED: frozenset[Cause] = frozenset({"dns", "connect", "tls", "timeout"})  # the fallback's turn


@dataclass(frozen=True)
class Meaning:
    """`verdict` is on the message, `stops` disables the endpoint; `advice` is for its owner, if it is worth a word."""

    verdict: Verdict
    advice: str = ""
    stops: bool = False


ADVICE = {
    401: "It wants other credentials than the ones you gave us.",
    403: "It wants other credentials than the ones you gave us.",
    404: "There is nothing at that address.",
    405: "It does not take POST.",
    413: "It finds our message too large.",
    415: "It does not take JSON.",
}


def of_answer(status: int, steering: str = "") -> Meaning:
    """From the answer's status and, if it has one, its `webhook-delivery` header; unknown words are no matter."""
    meaning, wish = of_status(status), steering.strip().lower()
    if wish == DISABLE:
        return Meaning(meaning.verdict, "It asked us, in its answer, to stop.", stops=True)
    if wish == ABORT and meaning.verdict != "delivered" and not meaning.stops:
        return Meaning("dropped", "It asked us, in its answer, not to send this again.")
    return meaning


def of_status(status: int) -> Meaning:
    """From the answer's status, by the table in Standard Webhooks."""
    if 200 <= status < 300:
        return Meaning("delivered")
    if 300 <= status < 400:
        return Meaning("again", "It redirects, and a redirected webhook is lost: give us the final address.")
    if status == 410:
        return Meaning("again", "It answered 410, gone, so we stopped.", stops=True)
    return Meaning("slow" if status in SLOW else "again", ADVICE.get(status, ""))


def of_cause(cause: Cause) -> Meaning:
    """When there was no answer."""
    if cause == "blocked":
        return Meaning("again", "It leads to a place we don't send to.", stops=True)
    return Meaning("again", "Its certificate is not in order." if cause == "tls" else "")
