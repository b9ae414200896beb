"""What an attempt's outcome means: done, again later, slow down, or never again."""

from dataclasses import dataclass
from typing import Literal

from sending.failures import Cause

Verdict = Literal["delivered", "again", "slow", "off"]
"""`again`: by the schedule. `slow`: likewise, and leave the whole endpoint in peace. `off`: disable it."""

SLOW = frozenset({429, 502, 503, 504})
UNREACHED: frozenset[Cause] = frozenset({"dns", "connect", "tls", "timeout"})  # the fallback's turn


@dataclass(frozen=True)
class Meaning:
    """`advice` is for the endpoint's owner, once it is worth a word; it may be empty."""

    verdict: Verdict
    advice: str = ""


ADVICE = {
    401: "It wants other credentials than the ones you gave us.",
    403: "It wants other credentials than the ones you gave us.",
    404: "There is nothing at that address.",
    405: "It does not take POST.",
    413: "It finds our message too large.",
    415: "It does not take JSON.",
}


def of_status(status: int) -> Meaning:
    """From the answer's status, by the table in Standard Webhooks."""
    if 200 <= status < 300:
        return Meaning("delivered")
    if 300 <= status < 400:
        return Meaning("again", "It redirects, and a redirected webhook is lost: give us the final address.")
    if status == 410:
        return Meaning("off", "It answered 410, gone, so we stopped.")
    return Meaning("slow" if status in SLOW else "again", ADVICE.get(status, ""))


def of_cause(cause: Cause) -> Meaning:
    """When there was no answer."""
    if cause == "blocked":
        return Meaning("off", "It leads to a place we don't send to.")
    return Meaning("again", "Its certificate is not in order." if cause == "tls" else "")
