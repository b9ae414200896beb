"""The Balance resource. Nothing is charged, so it never changes."""

from __future__ import annotations

from typing import Any

from ringback.evidence import observed
from ringback.rest.api_request import ApiRequest

EVIDENCE = observed("https://support.twilio.com/hc/en-us/articles/360025294494-Check-Your-Twilio-Account-Balance")
BALANCE_USD = "100.00"


def fetch(request: ApiRequest) -> dict[str, Any]:
    return {"account_sid": request.account, "balance": BALANCE_USD, "currency": "USD"}
