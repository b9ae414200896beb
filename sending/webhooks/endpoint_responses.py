"""What an endpoint's response, or its absence, means: for the message, and for the endpoint."""

from dataclasses import dataclass
from typing import Literal

from sending.http.errors import Cause

Verdict = Literal["delivered", "retry", "back_off", "aborted", "filtered"]
"""`retry`: retry as scheduled. `back_off`: the same, but send the endpoint nothing else until then. `aborted`: do not
try again. `filtered`: not sent, because the endpoint's event filter excludes the event type."""

# Svix's header that lets a receiver control its sender: https://docs.svix.com/receiving/delivery-control
DELIVERY_CONTROL_HEADER = "webhook-delivery"
DISABLE, ABORT = "disable", "abort-message"

FILTERED: Literal["filtered"] = "filtered"
OVERLOADED_STATUSES = frozenset({429, 502, 503, 504})
FALLBACK_CAUSES: frozenset[Cause] = frozenset({"dns", "connect", "tls", "timeout"})
ADVICE_BY_STATUS = {
    401: "The endpoint rejects the credentials that you configured.",
    403: "The endpoint rejects the credentials that you configured.",
    404: "There is nothing at this URL.",
    405: "The endpoint does not accept POST.",
    413: "The endpoint rejects the message as too large.",
    415: "The endpoint does not accept JSON.",
}


@dataclass(frozen=True)
class AttemptOutcome:
    """`verdict` concerns the message; `disables_endpoint` and `advice` (for the owner, or "") concern the endpoint."""

    verdict: Verdict
    advice: str = ""
    disables_endpoint: bool = False


def classify_response(status: int, delivery_control: str = "") -> AttemptOutcome:
    """Return the outcome for a status and a `webhook-delivery` header, whose unknown values are ignored."""
    outcome, directive = classify_status(status), delivery_control.strip().lower()
    if directive == DISABLE:
        return AttemptOutcome(outcome.verdict, "The endpoint asked us to stop sending.", disables_endpoint=True)
    if directive == ABORT and outcome.verdict != "delivered" and not outcome.disables_endpoint:
        return AttemptOutcome("aborted", "The endpoint asked us not to send this message again.")
    return outcome


def classify_status(status: int) -> AttemptOutcome:
    """Return the outcome for a status, following the table in Standard Webhooks.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
    """
    if 200 <= status < 300:
        return AttemptOutcome("delivered")
    if 300 <= status < 400:
        return AttemptOutcome("retry", "The endpoint redirects, which we do not follow: register the final URL.")
    if status == 410:
        return AttemptOutcome("retry", "The endpoint returned 410 Gone, so we disabled it.", disables_endpoint=True)
    return AttemptOutcome("back_off" if status in OVERLOADED_STATUSES else "retry", ADVICE_BY_STATUS.get(status, ""))


def classify_cause(cause: Cause) -> AttemptOutcome:
    """Return the outcome of a request without a response."""
    if cause == "blocked":
        return AttemptOutcome("retry", "The URL leads to an address that we do not send to.", disables_endpoint=True)
    return AttemptOutcome("retry", "The endpoint's certificate is not valid." if cause == "tls" else "")
