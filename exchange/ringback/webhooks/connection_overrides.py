"""Connection overrides: timeouts and retries that an app writes into the fragment of a URL."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

RETRY_POLICIES = {"4xx", "5xx", "ct", "rt", "all"}


@dataclass(frozen=True)
class ConnectionOverrides:
    """The connection overrides of a URL's fragment (`#rc=2&rp=5xx`), in seconds, within Twilio's ranges."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    unknown: str = ""

    @classmethod
    def from_url(cls, url: str) -> ConnectionOverrides:
        given = dict(parse_qsl(urlsplit(url).fragment))
        policy = frozenset(given.get("rp", "ct").split(","))
        unknown = ",".join(sorted(policy - RETRY_POLICIES))
        return cls(
            connect=_seconds(given.get("ct"), 5.0, 10.0),
            read=_seconds(given.get("rt"), 15.0, 15.0),
            total=_seconds(given.get("tt"), 15.0, 15.0),
            retries=_whole(given.get("rc"), 1, 5),
            policy=policy & RETRY_POLICIES or frozenset({"ct"}),
            unknown=unknown,
        )

    def retries_after(self, reason: str) -> bool:
        return "all" in self.policy or reason in self.policy


def _seconds(milliseconds: str | None, default: float, most: float) -> float:
    if not milliseconds or not (milliseconds.isascii() and milliseconds.isdigit()):
        return default
    return min(max(int(milliseconds) / 1000, 0.1), most)


def _whole(text: str | None, default: int, most: int) -> int:
    return min(int(text), most) if text and text.isascii() and text.isdigit() else default
