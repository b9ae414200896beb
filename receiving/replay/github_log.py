"""GitHub's own record of what it delivered: https://docs.github.com/en/rest/repos/webhooks and …/rest/apps/webhooks."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from urllib3.exceptions import HTTPError

from config import Settings
from receiving.delivery import Delivery
from receiving.provider_event import one_line, split_words
from receiving.replay.log_entry import LogEntry, RedeliveryRequested, github_key
from sending.http.retry import GaveUp, RetryableError, parse_retry_after, with_retries

REQUEST_TIMEOUT_SECONDS = 15  # seconds
PAGE_SIZE = 100  # the most GitHub gives
MAX_DELIVERIES = 1_000  # attempts looked at
MAX_RESPONSE_BYTES = 30 * 1024 * 1024  # bytes of one answer; an event has 25 MB at most
KEPT_HEADER_PREFIXES = ("x-github-", "user-agent")  # of the headers GitHub sent then; it is signed anew
JWT_TTL_SECONDS = 540  # seconds; GitHub allows ten minutes

Sleep = Callable[[float], object]


class GitHubHook:
    """One webhook, at its address in GitHub's API. No other host is asked, and no redirect followed."""

    def __init__(self, settings: Settings, sleep: Sleep = time.sleep) -> None:
        self.url, self.token, self.sleep = settings.github_hook_url, str(settings.github_token), sleep
        self.session = requests.Session()
        self.session.trust_env = False

    def sent(self, since: float, until: float) -> Iterator[LogEntry]:
        """Each event it sent in this time, newest first; several attempts at one are one. Raises GaveUp."""
        seen: set[str] = set()
        for attempt in self._deliveries(since):
            if attempt.at <= until and attempt.guid not in seen:
                seen.add(attempt.guid)
                key = github_key(attempt.guid)
                yield LogEntry("github", key, attempt.at, attempt.line, partial(self.fetch, attempt.id))

    def fetch(self, id: int) -> Delivery:
        """The request as GitHub sent it. Raises RedeliveryRequested when GitHub no longer has it, and GaveUp."""
        found = _require_object(_parse_json_body(self._request("GET", f"{self.url}/deliveries/{id}")))
        asked = _require_object(found.get("request") or {})
        if not isinstance(asked.get("payload"), dict):
            self._request("POST", f"{self.url}/deliveries/{id}/attempts")
            raise RedeliveryRequested("GitHub does not show it any more, so GitHub was asked to send it again")
        headers = {str(name).lower(): str(text) for name, text in _require_object(asked.get("headers") or {}).items()}
        headers = {name: text for name, text in headers.items() if name.startswith(KEPT_HEADER_PREFIXES)}
        known = {"x-github-delivery": str(found.get("guid", "")), "x-github-event": str(found.get("event", ""))}
        body = json.dumps(asked["payload"], separators=(",", ":"), ensure_ascii=False).encode()
        return Delivery("POST", "/webhooks/github", {"content-type": "application/json", **known, **headers}, body)

    def _deliveries(self, since: float) -> Iterator["HookDelivery"]:
        url, looked_at = f"{self.url}/deliveries?per_page={PAGE_SIZE}", 0
        while url:
            answer = self._request("GET", url)
            rows = list(map(_parse_delivery, _parse_json_body(answer)))
            for attempt in rows:
                if attempt.at < since:
                    return
                looked_at += 1
                yield attempt
            url = answer.links.get("next", {}).get("url", "") if rows else ""
            if url and looked_at >= MAX_DELIVERIES:
                raise GaveUp(f"GitHub made more than {MAX_DELIVERIES:,} attempts in this time: ask for a shorter one")

    def _request(self, method: str, url: str) -> requests.Response:
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            raise GaveUp("GitHub's list goes on at another host, and our token does not go there")
        return with_retries(lambda: self._request_once(method, url), self.sleep)

    def _request_once(self, method: str, url: str) -> requests.Response:
        headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {_bearer_token(self.token)}"}
        try:
            answer = self.session.request(
                method, url, headers=headers, timeout=REQUEST_TIMEOUT_SECONDS, allow_redirects=False, stream=True
            )
            answer._content = answer.raw.read(MAX_RESPONSE_BYTES, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as trouble:  # the body is urllib3's own to read
            raise RetryableError(f"GitHub could not be reached ({type(trouble).__name__})") from trouble
        _raise_for_status(answer)
        return answer


def _raise_for_status(answer: requests.Response) -> None:
    """RetryableError and GaveUp for what is no success: docs.github.com/en/rest/using-the-rest-api/rate-limits."""
    if answer.ok and answer.status_code < 300:
        return
    headers = answer.headers
    spent = headers.get("X-RateLimit-Remaining") == "0"
    if answer.status_code == 429 or answer.status_code >= 500 or (answer.status_code == 403 and spent):
        after = parse_retry_after(headers.get("Retry-After", ""))
        reset = headers.get("X-RateLimit-Reset", "") if spent else ""
        until = float(reset[:12]) if reset.isascii() and reset.isdigit() else 0.0
        raise RetryableError(f"GitHub answered {answer.status_code}", after or max(0.0, until - time.time()))
    hints = {401: "GITHUB_TOKEN is not known there", 403: "GITHUB_TOKEN may not do this", 404: "no such webhook for it"}
    hint = hints.get(answer.status_code, "is GITHUB_HOOK_URL right?")
    raise GaveUp(f"GitHub answered {answer.status_code}: {hint}")


def _bearer_token(token: str) -> str:
    """The token itself; of an app (`id:private key`) a JWT that is good for some minutes."""
    issuer, mark, rest = token.partition(":-----BEGIN")
    if not mark:
        return token
    now = int(time.time())
    key = "-----BEGIN" + rest.replace("\\n", "\n")
    return jwt.encode({"iat": now - 60, "exp": now + JWT_TTL_SECONDS, "iss": issuer}, key, "RS256")


@dataclass(frozen=True)
class HookDelivery:
    """One row of GitHub's list: an attempt at delivering the event `guid`, at `at` (seconds since 1970)."""

    id: int
    guid: str
    at: float
    line: str


def _parse_delivery(row: Any) -> HookDelivery:
    try:
        what = split_words(f"{row['event']} {row.get('action') or ''}")
        line = f"{what} ({one_line(str(row.get('status') or 'not answered'), 40)})"
        return HookDelivery(
            int(row["id"]), str(row["guid"]), datetime.fromisoformat(row["delivered_at"]).timestamp(), line
        )
    except (ValueError, TypeError, LookupError, AttributeError) as trouble:
        raise GaveUp("GitHub's list has a row that cannot be read") from trouble


def _parse_json_body(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError as trouble:
        raise GaveUp("GitHub's answer is no JSON: is GITHUB_HOOK_URL right?") from trouble


def _require_object(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise GaveUp("GitHub's answer is not what its documentation says: is GITHUB_HOOK_URL right?")
    return found
