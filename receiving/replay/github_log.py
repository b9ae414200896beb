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
from receiving.provider_event import one_line, spaced
from receiving.replay.log_entry import AskedAgain, Sent, github_key
from sending.http.retry import TryLater, Unanswered, patiently, retry_after

WITHIN = 15  # seconds
AT_ONCE = 100  # the most GitHub gives
MOST = 1_000  # attempts looked at
LARGEST = 30 * 1024 * 1024  # bytes of one answer; an event has 25 MB at most
KEPT = ("x-github-", "user-agent")  # of the headers GitHub sent then; it is signed anew
JWT_LIVES = 540  # seconds; GitHub allows ten minutes

Sleep = Callable[[float], object]


class Hook:
    """One webhook, at its address in GitHub's API. No other host is asked, and no redirect followed."""

    def __init__(self, settings: Settings, sleep: Sleep = time.sleep) -> None:
        self.url, self.token, self.sleep = settings.github_hook_url, str(settings.github_token), sleep
        self.session = requests.Session()
        self.session.trust_env = False

    def sent(self, since: float, until: float) -> Iterator[Sent]:
        """Each event it sent in this time, newest first; several attempts at one are one. Raises Unanswered."""
        seen: set[str] = set()
        for attempt in self._attempts(since):
            if attempt.at <= until and attempt.guid not in seen:
                seen.add(attempt.guid)
                key = github_key(attempt.guid)
                yield Sent("github", key, attempt.at, attempt.line, partial(self.fetch, attempt.id))

    def fetch(self, id: int) -> Delivery:
        """The request as GitHub sent it. Raises AskedAgain when GitHub does not show it any more; and Unanswered."""
        found = _object(_json(self._ask("GET", f"{self.url}/deliveries/{id}")))
        asked = _object(found.get("request") or {})
        if not isinstance(asked.get("payload"), dict):
            self._ask("POST", f"{self.url}/deliveries/{id}/attempts")
            raise AskedAgain("GitHub does not show it any more, so GitHub was asked to send it again")
        headers = {str(name).lower(): str(text) for name, text in _object(asked.get("headers") or {}).items()}
        headers = {name: text for name, text in headers.items() if name.startswith(KEPT)}
        known = {"x-github-delivery": str(found.get("guid", "")), "x-github-event": str(found.get("event", ""))}
        body = json.dumps(asked["payload"], separators=(",", ":"), ensure_ascii=False).encode()
        return Delivery("POST", "/webhooks/github", {"content-type": "application/json", **known, **headers}, body)

    def _attempts(self, since: float) -> Iterator["Attempt"]:
        url, looked_at = f"{self.url}/deliveries?per_page={AT_ONCE}", 0
        while url:
            answer = self._ask("GET", url)
            rows = list(map(_attempt, _json(answer)))
            for attempt in rows:
                if attempt.at < since:
                    return
                looked_at += 1
                yield attempt
            url = answer.links.get("next", {}).get("url", "") if rows else ""
            if url and looked_at >= MOST:
                raise Unanswered(f"GitHub made more than {MOST:,} attempts in this time: ask for a shorter one")

    def _ask(self, method: str, url: str) -> requests.Response:
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            raise Unanswered("GitHub's list goes on at another host, and our token does not go there")
        return patiently(lambda: self._once(method, url), self.sleep)

    def _once(self, method: str, url: str) -> requests.Response:
        headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {_bearer(self.token)}"}
        try:
            answer = self.session.request(
                method, url, headers=headers, timeout=WITHIN, allow_redirects=False, stream=True
            )
            answer._content = answer.raw.read(LARGEST, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as trouble:  # the body is urllib3's own to read
            raise TryLater(f"GitHub could not be reached ({type(trouble).__name__})") from trouble
        _check(answer)
        return answer


def _check(answer: requests.Response) -> None:
    """TryLater and Unanswered for what is no success: docs.github.com/en/rest/using-the-rest-api/rate-limits."""
    if answer.ok and answer.status_code < 300:
        return
    headers = answer.headers
    spent = headers.get("X-RateLimit-Remaining") == "0"
    if answer.status_code == 429 or answer.status_code >= 500 or (answer.status_code == 403 and spent):
        after = retry_after(headers.get("Retry-After", ""))
        reset = headers.get("X-RateLimit-Reset", "") if spent else ""
        until = float(reset[:12]) if reset.isascii() and reset.isdigit() else 0.0
        raise TryLater(f"GitHub answered {answer.status_code}", after or max(0.0, until - time.time()))
    hints = {401: "GITHUB_TOKEN is not known there", 403: "GITHUB_TOKEN may not do this", 404: "no such webhook for it"}
    hint = hints.get(answer.status_code, "is GITHUB_HOOK_URL right?")
    raise Unanswered(f"GitHub answered {answer.status_code}: {hint}")


def _bearer(token: str) -> str:
    """The token itself; of an app (`id:private key`) a JWT that is good for some minutes."""
    issuer, mark, rest = token.partition(":-----BEGIN")
    if not mark:
        return token
    now = int(time.time())
    key = "-----BEGIN" + rest.replace("\\n", "\n")
    return jwt.encode({"iat": now - 60, "exp": now + JWT_LIVES, "iss": issuer}, key, "RS256")


@dataclass(frozen=True)
class Attempt:
    """One row of GitHub's list: an attempt at delivering the event `guid`, at `at` (seconds since 1970)."""

    id: int
    guid: str
    at: float
    line: str


def _attempt(row: Any) -> Attempt:
    try:
        what = spaced(f"{row['event']} {row.get('action') or ''}")
        line = f"{what} ({one_line(str(row.get('status') or 'not answered'), 40)})"
        return Attempt(int(row["id"]), str(row["guid"]), datetime.fromisoformat(row["delivered_at"]).timestamp(), line)
    except (ValueError, TypeError, LookupError, AttributeError) as trouble:
        raise Unanswered("GitHub's list has a row that cannot be read") from trouble


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError as trouble:
        raise Unanswered("GitHub's answer is no JSON: is GITHUB_HOOK_URL right?") from trouble


def _object(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unanswered("GitHub's answer is not what its documentation says: is GITHUB_HOOK_URL right?")
    return found
