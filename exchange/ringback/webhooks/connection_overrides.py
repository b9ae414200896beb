"""Connection overrides: the timeouts and retries that an app sets in the fragment of a webhook URL.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from ringback.webhooks.urls import MAX_CACHED_URLS

RETRY_POLICIES = {"4xx", "5xx", "ct", "rt", "all"}


@dataclass(frozen=True)
class ConnectionOverrides:
    """The overrides in one URL (`#rc=2&rp=5xx`), limited to Twilio's ranges. Timeouts are in seconds.

    `unknown` lists the retry policies that Twilio does not know."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    unknown: str = ""

    @classmethod
    @lru_cache(maxsize=MAX_CACHED_URLS)
    def from_url(cls, url: str) -> ConnectionOverrides:
        overrides = dict(parse_qsl(urlsplit(url).fragment))
        policy = frozenset(overrides.get("rp", "ct").split(","))
        unknown = ",".join(sorted(policy - RETRY_POLICIES))
        return cls(
            connect=_seconds(overrides.get("ct"), 5.0, 10.0),
            read=_seconds(overrides.get("rt"), 15.0, 15.0),
            total=_seconds(overrides.get("tt"), 15.0, 15.0),
            retries=_whole_number(overrides.get("rc"), 1, 5),
            policy=policy & RETRY_POLICIES or frozenset({"ct"}),
            unknown=unknown,
        )

    @cached_property
    def timeout(self) -> aiohttp.ClientTimeout:
        """The timeouts of one request. The caller enforces `total`, on the exchange's clock.

        `read` is passed on only if it is shorter than `total`, because aiohttp restarts its timer on every read."""
        return aiohttp.ClientTimeout(
            total=None, sock_connect=self.connect, sock_read=self.read if self.read < self.total else None
        )

    def retries_after(self, reason: str) -> bool:
        return "all" in self.policy or reason in self.policy


def _seconds(milliseconds: str | None, default: float, maximum: float) -> float:
    if not milliseconds or not (milliseconds.isascii() and milliseconds.isdigit()):
        return default
    return min(max(int(milliseconds) / 1000, 0.1), maximum)


def _whole_number(text: str | None, default: int, maximum: int) -> int:
    return min(int(text), maximum) if text and text.isascii() and text.isdigit() else default
