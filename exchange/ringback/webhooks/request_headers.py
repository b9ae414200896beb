"""The headers that every webhook has. signature.py, cookies.py and http_client.py add the others.

https://www.twilio.com/docs/usage/webhooks/webhooks-faq (2026-11)"""

from __future__ import annotations

USER_AGENT = "TwilioProxy/1.1"
FORM = "application/x-www-form-urlencoded"


def request_headers(method: str, is_voice: bool, idempotency_token: str) -> dict[str, str]:
    """Returns the headers of a request; only a POST has a Content-Type."""
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "I-Twilio-Idempotency-Token": idempotency_token,
        "X-Home-Region": "us1",
    }
    if method == "POST":
        headers["Content-Type"] = FORM + ("; charset=UTF-8" if is_voice else "")
    return headers
