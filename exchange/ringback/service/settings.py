"""The settings of one exchange."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin


@dataclass(frozen=True)
class Settings:
    """The options of `python -m ringback serve`, and the account from the environment.

    The app's webhooks are full URLs, or paths that are resolved against `app`. An unset one is ""."""

    account_sid: str
    auth_token: str
    number: str
    app: str = ""
    voice: str = "/voice"
    sms: str = "/sms"
    voice_fallback: str = ""
    sms_fallback: str = ""
    voice_status: str = ""
    voice_method: str = "POST"
    sms_method: str = "POST"
    caller_names: bool = False  # VoiceCallerIdLookup of the app's number
    host: str = "127.0.0.1"
    port: int = 8001
    origin: str = ""  # the exchange's URL for others; "" is http://host:port
    allow_hosts: tuple[str, ...] = ()  # Host headers to accept, besides those of loopback
    verified: tuple[str, ...] = ()  # verified caller IDs: other people's numbers that the app may call from
    password: str = ""
    pace: float = 1.0  # duration of speech as a multiple of the natural one; 0 takes no time
    answer_after: float = 0.5  # seconds of ringing before a handset answers automatically
    delivery: float = 0.2  # seconds from queued to sent, and from sent to delivered
    segments_a_second: float = 0.0  # rate limit of each number; 0 is none, Twilio's long codes have 1
    calls_a_second: float = 0.0  # rate limit of the account; 0 is none, Twilio's default is 1
    shared_key: tuple[str, str] | None = None  # (id, secret): signs webhooks with HMAC-SHA256
    test_credentials: tuple[str, str] | None = None  # (sid, token): their requests are checked but have no effect
    help_reply: str = ""  # automatic reply to HELP; "" leaves the reply to the app
    seed: int = 0  # of the random numbers for faults
    faults: tuple[str, ...] = ()  # active from the start, in the format of --fault

    def app_url(self, url: str) -> str:
        """The full URL of one of the app's webhooks; "" stays ""."""
        return urljoin(self.app.rstrip("/") + "/", url) if url else ""
