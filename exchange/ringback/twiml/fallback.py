"""The request for the fallback document, after a document could not be fetched or parsed.

https://www.twilio.com/docs/usage/troubleshooting (2026-11)"""

from __future__ import annotations

from ringback.calls.call_plan import CallPlan
from ringback.twiml.documents import DocumentError
from ringback.twiml.steps import Fetch


class FallbackRequest:
    """Made at most once per session: a fallback document that redirects to the failing URL would loop."""

    def __init__(self, plan: CallPlan) -> None:
        self.plan, self.is_used = plan, False

    def next_step(self, error: DocumentError) -> Fetch | None:
        """Returns the request for the fallback document, or None if there is no fallback URL or it has been used."""
        fallback = self.plan.fallback
        if self.is_used or not fallback.url:
            return None
        self.is_used = True
        return Fetch(fallback.url, fallback.method, {"ErrorCode": str(error.code), "ErrorUrl": error.url})
