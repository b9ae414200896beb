"""GitHub's log of a webhook's deliveries: https://docs.github.com/en/rest/repos/webhooks and …/rest/apps/webhooks."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from config import Settings
from receiving.delivery import Delivery
from receiving.event_summaries import one_line, split_words
from receiving.replay.provider_log_entry import LogEntry, RedeliveryRequested, Sleep, github_key
from sending.http.informational_responses import skip_informational
from sending.http.retry import GaveUp, RetryableError, parse_retry_after, with_retries

REQUEST_TIMEOUT_SECONDS = 15
PAGE_SIZE = 100  # GitHub's maximum
MAX_DELIVERIES = 1_000
MAX_RESPONSE_BYTES = 30 * 1024 * 1024  # an event is at most 25 MB
KEPT_HEADER_PREFIXES = ("x-github-", "user-agent")  # kept from the original request, which is re-signed
JWT_TTL_SECONDS = 540  # GitHub allows ten minutes


class GitHubHook:
    """A webhook in GitHub's API, at GITHUB_HOOK_URL. Sends the token to no other host and follows no redirects."""

    def __init__(self, settings: Settings, sleep: Sleep = time.sleep) -> None:
        self.url, self.token, self.sleep = settings.github_hook_url, str(settings.github_token), sleep
        self.session = skip_informational(requests.Session())
        self.session.trust_env = False

    def list_sent(self, since: float, until: float) -> Iterator[LogEntry]:
        """Yield each event sent between two Unix timestamps once, newest first. Raises GaveUp."""
        seen: set[str] = set()
        for delivery in self._deliveries(since):
            if delivery.sent_at <= until and delivery.guid not in seen:
                seen.add(delivery.guid)
                fetch = partial(self.fetch, delivery.id)
                yield LogEntry("github", github_key(delivery.guid), delivery.sent_at, delivery.summary, fetch)

    def fetch(self, id: int) -> Delivery:
        """Return the request of the delivery with this id, unsigned.

        Raises RedeliveryRequested if GitHub no longer has the payload, or GaveUp.
        """
        found = _require_object(_parse_json_body(self._request("GET", f"{self.url}/deliveries/{id}")))
        request = _require_object(found.get("request") or {})
        if not isinstance(request.get("payload"), dict):
            self._request("POST", f"{self.url}/deliveries/{id}/attempts")
            raise RedeliveryRequested("GitHub no longer has the request and has been asked to redeliver it")
        original = _require_object(request.get("headers") or {})
        headers = {str(name).lower(): str(value) for name, value in original.items()}
        headers = {name: value for name, value in headers.items() if name.startswith(KEPT_HEADER_PREFIXES)}
        known = {"x-github-delivery": str(found.get("guid", "")), "x-github-event": str(found.get("event", ""))}
        body = json.dumps(request["payload"], separators=(",", ":"), ensure_ascii=False).encode()
        return Delivery("POST", "/webhooks/github", {"content-type": "application/json", **known, **headers}, body)

    def _deliveries(self, since: float) -> Iterator["HookDelivery"]:
        url, count = f"{self.url}/deliveries?per_page={PAGE_SIZE}", 0
        while url:
            response = self._request("GET", url)
            page = list(map(_parse_delivery, _parse_json_body(response)))
            for delivery in page:
                if delivery.sent_at < since:
                    return
                count += 1
                yield delivery
            url = response.links.get("next", {}).get("url", "") if page else ""
            if url and count >= MAX_DELIVERIES:
                raise GaveUp(f"GitHub lists more than {MAX_DELIVERIES:,} deliveries: choose a shorter window")

    def _request(self, method: str, url: str) -> requests.Response:
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            raise GaveUp("GitHub's log continues on another host, which must not receive the token")
        return with_retries(lambda: self._request_once(method, url), self.sleep)

    def _request_once(self, method: str, url: str) -> requests.Response:
        headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {_bearer_token(self.token)}"}
        try:
            response = self.session.request(
                method, url, headers=headers, timeout=REQUEST_TIMEOUT_SECONDS, allow_redirects=False, stream=True
            )
            response._content = response.raw.read(MAX_RESPONSE_BYTES, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as error:  # HTTPError: urllib3, reading the body
            raise RetryableError(f"GitHub could not be reached ({type(error).__name__})") from error
        _raise_for_status(response)
        return response


def _raise_for_status(response: requests.Response) -> None:
    """Raise RetryableError or GaveUp: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api."""
    status, headers = response.status_code, response.headers
    if status < 300:
        return
    is_limited = headers.get("X-RateLimit-Remaining") == "0"
    if status == 429 or status >= 500 or (status == 403 and is_limited):
        after = parse_retry_after(headers.get("Retry-After", ""))
        reset = headers.get("X-RateLimit-Reset", "") if is_limited else ""
        reset_at = float(reset[:12]) if reset.isascii() and reset.isdigit() else 0.0
        raise RetryableError(f"GitHub returned {status}", after or max(0.0, reset_at - time.time()))
    hints = {
        401: "it does not accept GITHUB_TOKEN",
        403: "GITHUB_TOKEN lacks a permission",
        404: "GITHUB_TOKEN cannot access such a webhook",
    }
    raise GaveUp(f"GitHub returned {status}: {hints.get(status, 'is GITHUB_HOOK_URL right?')}")


def _bearer_token(token: str) -> str:
    """Return the token itself or, for an app's `id:private key`, a new JWT."""
    issuer, mark, rest = token.partition(":-----BEGIN")
    if not mark:
        return token
    import jwt  # only here: it imports much of cryptography, which would slow the start of every process

    now = int(time.time())
    key = "-----BEGIN" + rest.replace("\\n", "\n")
    return jwt.encode({"iat": now - 60, "exp": now + JWT_TTL_SECONDS, "iss": issuer}, key, "RS256")


@dataclass(frozen=True)
class HookDelivery:
    """One row of GitHub's log: an attempt to deliver the event `guid`, made at `sent_at` (a Unix timestamp)."""

    id: int
    guid: str
    sent_at: float
    summary: str


def _parse_delivery(row: Any) -> HookDelivery:
    try:
        event = split_words(f"{row['event']} {row.get('action') or ''}")
        summary = f"{event} ({one_line(str(row.get('status') or 'no response'), 40)})"
        sent_at = datetime.fromisoformat(row["delivered_at"]).timestamp()
        return HookDelivery(int(row["id"]), str(row["guid"]), sent_at, summary)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise GaveUp("GitHub's log contains a row that cannot be parsed") from error


def _parse_json_body(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise GaveUp("GitHub's response is not JSON: is GITHUB_HOOK_URL right?") from error


def _require_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GaveUp("GitHub's response differs from its documentation: is GITHUB_HOOK_URL right?")
    return value
