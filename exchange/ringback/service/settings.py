"""The settings of one exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin


@dataclass(frozen=True)
class Settings:
    """The options of `ringback serve`, and the account from the environment.

    The app's webhooks are full URLs, or paths relative to `public` if it is set, else to `app`; "" means that a webhook
    is not set."""

    account_sid: str
    auth_token: str
    number: str
    app: str = ""
    public: str = ""  # the app's public URL, such as https://app.example; "" means `app`
    voice: str = "/voice"
    sms: str = "/sms"
    voice_fallback: str = ""
    sms_fallback: str = ""
    voice_status: str = ""
    voice_method: str = "POST"
    sms_method: str = "POST"
    caller_names: bool = False  # VoiceCallerIdLookup for the app's number
    host: str = "127.0.0.1"
    port: int = 8001
    origin: str = ""  # the exchange's URL as seen by others; "" means http://host:port
    allow_hosts: tuple[str, ...] = ()  # Host headers to accept, in addition to loopback ones
    more_numbers: tuple[str, ...] = ()  # further numbers of the app
    by_number: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # fields that differ for one number
    verified: tuple[str, ...] = ()  # verified caller IDs: other people's numbers that the app may call from
    password: str = ""
    pace: float = 1.0  # duration of speech as a multiple of its natural duration; 0 means instantaneous
    answer_after: float = 0.5  # seconds of ringing before a handset answers automatically
    delivery: float = 0.2  # seconds from queued to sent, and from sent to delivered
    segments_a_second: float = 0.0  # rate limit per number; 0 means none; 1 for Twilio's long codes
    calls_a_second: float = 0.0  # rate limit for the account; 0 means none; Twilio's default is 1
    shared_key: tuple[str, str] | None = None  # (id, secret): signs webhooks with HMAC-SHA256
    test_credentials: tuple[str, str] | None = None  # (sid, token): requests with them are validated but have no effect
    links: tuple[tuple[str, str], ...] = ()  # further links in the header of each page: (name, URL)
    help_reply: str = ""  # automatic reply to HELP; "" means that the app replies
    seed: int = 0  # of the random generator for faults
    faults: tuple[str, ...] = ()  # active from the start, in the format of --fault

    def of_number(self, number: str) -> Settings:
        """The settings of one of the app's numbers."""
        return replace(self, **self.by_number.get(number, {}))

    def app_url(self, url: str) -> str:
        """The full URL of one of the app's webhooks, or "" if it is not set."""
        return urljoin((self.public or self.app).rstrip("/") + "/", url) if url else ""
