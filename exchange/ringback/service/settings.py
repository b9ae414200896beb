"""What the exchange is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin


@dataclass(frozen=True)
class Settings:
    """Options of `python -m ringback serve`, and the account from the environment.

    Addresses of the app may be paths (taken from `app`) or whole URLs; an empty one is not set."""

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
    caller_names: bool = False  # VoiceCallerIdLookup of the app's own number
    host: str = "127.0.0.1"
    port: int = 8001
    origin: str = ""  # where others reach us; "" is http://host:port
    allow_hosts: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()  # numbers of other people that the app may show as the caller's
    password: str = ""
    pace: float = 1.0  # 1 speaks as fast as a person, 0 takes no time
    answer_after: float = 0.5  # seconds of ringing before a handset that picks up by itself does
    delivery: float = 0.2  # seconds from queued to sent, and from sent to delivered
    segments_a_second: float = 0.0  # that each number sends; 0 is as many as one likes, Twilio's long codes send 1
    calls_a_second: float = 0.0  # that the account begins; 0 is as many as one likes, Twilio begins 1
    shared_key: tuple[str, str] | None = None  # (id, secret): webhooks are signed with it, by SHA-256
    test_credentials: tuple[str, str] | None = None  # (sid, token): what they ask for is checked, and never happens
    help_reply: str = ""  # what HELP is answered with; "" leaves it to the app
    seed: int = 0  # of the faults' dice
    faults: tuple[str, ...] = ()  # switched on from the start

    def app_url(self, address: str) -> str:
        """The whole URL of one of the app's addresses; "" stays ""."""
        return urljoin(self.app.rstrip("/") + "/", address) if address else ""
