"""Settings: read once from the environment, checked, and frozen."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import redis


class ConfigError(Exception):
    """A setting is absent or unusable; the message names it and says what to do."""


class Secret(str):
    """A value that works as text and prints as dots, so it cannot slip into a log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')"


Secrets = tuple[Secret, ...]


def setting(about: str, default: str | None = None) -> Any:
    """One row of the settings table: what it is for, and its default (None: it must be set)."""
    return field(metadata={"about": about, "default": default})


@dataclass(frozen=True)
class Settings:
    """Each field is the variable of the same name in capitals; a test compares README.md with this table."""

    twilio_account_sid: str = setting("your account at Twilio: AC and 32 hexadecimal digits")
    twilio_auth_token: Secrets = setting("the account's Auth Token; while you rotate it, several, the newest first")
    twilio_phone_number: str = setting("the number people call and text, in E.164: +447700900100")
    redis_url: str = setting("Redis or Valkey: redis://… or rediss://…")
    secret_key: Secrets = setting(
        "signs the presenter's cookie, makes callers' aliases, seals what subscribers entrust to us; "
        "while you rotate it, several, the newest first, then python -m scripts.reencrypt"
    )
    presenter_password: Secret = setting("opens the presenter's page")
    public_url: str = setting("the address the world reaches us at: https://talk.example", "")
    twilio_api_url: str = setting("another REST API in Twilio's place, such as the exchange", "")
    twilio_shared_keys: dict[str, tuple[str, Secret]] = setting(
        "webhook SharedKeys, as id:secret or id:secret:HMAC_SHA1", ""
    )
    api_tokens: Secrets = setting(
        "open the subscriber API at /api; while you rotate them, several. Without one there is no such API", ""
    )
    github_hook_url: str = setting(
        "a webhook of yours in GitHub's API, to ask what we missed: https://api.github.com/repos/you/it/hooks/1", ""
    )
    github_token: Secret = setting(
        "may read that webhook's deliveries: a token or, for an app's …/app/hook, the app's id:private key", ""
    )
    webhook_schedule: tuple[int, ...] = setting(
        "seconds before each attempt of our own webhooks, five days at most in all",
        "0,5,300,1800,7200,18000,36000,50400,72000,86400",
    )
    trusted_proxies: int = setting("how many proxies stand in front of us; 1 on a Heroku dyno", "0")
    allow_loopback: bool = setting("yes lets `check` and webhooks reach this machine: for the demo only", "no")
    redis_tls_verify: bool = setting(
        "no accepts the self-signed certificate of a rediss:// store; on a Heroku dyno the default is no", "yes"
    )
    web_concurrency: int = setting("web processes", "2")
    port: int = setting("where the web process listens", "8000")
    # Provider -> what its <PROVIDER>_WEBHOOK_SECRET holds; the table of them is `receiving.providers.setting_rows()`.
    webhook_secrets: Mapping[str, Secrets] = field(kw_only=True)

    @property
    def is_public_https(self) -> bool:
        """True when the world reaches us by https, so cookies may insist on it."""
        return self.public_url.startswith("https://")


# Heroku's router is the one proxy in front; its key-value store signs its own certificate and publishes no chain.
HEROKU_DEFAULTS = {"trusted_proxies": "1", "redis_tls_verify": "no"}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """All settings, or ConfigError naming every one that is absent or unusable."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for row in filter(lambda row: row.metadata, fields(Settings)):
        name = row.name.upper()
        default = _default(row.name, row.metadata["default"], environ)
        text = environ.get(name, "").strip() or default
        if text is None:
            wrong.append(f"Set {name}: {row.metadata['about']}.")
            continue
        try:
            values[row.name] = PARSERS.get(row.name, str)(text)
        except ValueError as mistake:
            wrong.append(f"{name} {mistake}.")
    try:
        values["webhook_secrets"] = _load_webhook_secrets(environ)
    except ValueError as mistake:
        wrong.append(f"{mistake}.")
    if wrong:
        raise ConfigError("\n".join([*wrong, "The table of settings is in README.md."]))
    return Settings(**values)


def _default(name: str, default: str | None, environ: Mapping[str, str]) -> str | None:
    return HEROKU_DEFAULTS.get(name, default) if "DYNO" in environ else default


def connect(settings: Settings) -> redis.Redis:
    """A client for the store: answers bytes, waits at most 5 s to connect, retries what was not sent."""
    options: dict[str, object] = {"socket_connect_timeout": 5, "health_check_interval": 30}
    if settings.redis_url.startswith("rediss://") and not settings.redis_tls_verify:
        options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    return redis.Redis.from_url(settings.redis_url, **options)


def _parse_account_sid(text: str) -> str:
    if not (text.startswith("AC") and len(text) == 34):
        raise ValueError("must be AC and 32 hexadecimal digits, as Twilio's console shows it")
    return text


def _parse_phone_number(text: str) -> str:
    if not (text.startswith("+") and text[1:].isdigit() and 8 <= len(text) <= 16):
        raise ValueError("must be in E.164: a plus sign, the country, the number, no spaces: +447700900100")
    return text


def _parse_secrets(text: str) -> Secrets:
    found = tuple(Secret(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("holds no value between its commas")
    return found


def _parse_long_secrets(text: str) -> Secrets:
    found = _parse_secrets(text)
    if any(len(secret) < 16 for secret in found):
        raise ValueError("must be at least 16 characters; make one with: openssl rand -hex 32")
    return found


def _load_webhook_secrets(environ: Mapping[str, str]) -> Mapping[str, Secrets]:
    found = {}
    for name, text in environ.items():
        if name.endswith("_WEBHOOK_SECRET") and text.strip():
            try:
                found[name.removesuffix("_WEBHOOK_SECRET").lower()] = _parse_secrets(text)
            except ValueError as mistake:
                raise ValueError(f"{name} {mistake}") from mistake
    return MappingProxyType(found)


def _parse_shared_keys(text: str) -> dict[str, tuple[str, Secret]]:
    keys = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = part.partition(":")
        secret, _, algorithm = rest.partition(":")
        if not (name and secret) or algorithm not in ("", "HMAC_SHA1", "HMAC_SHA256"):
            raise ValueError("must be id:secret or id:secret:HMAC_SHA1, comma separated")
        keys[name] = (algorithm or "HMAC_SHA256", Secret(secret))
    return keys


def _parse_origin(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a plain address such as https://talk.example")
    return text.rstrip("/")


def _parse_github_hook_url(text: str) -> str:
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
    if text and (not safe or "/hook" not in parts.path or parts.username or parts.query):
        raise ValueError(
            "must be such as https://api.github.com/repos/you/it/hooks/1 or https://api.github.com/app/hook"
        )
    return text.rstrip("/")


def _parse_redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis:// or rediss://")
    return text


def _parse_int(text: str) -> int:
    if not text.isdigit():
        raise ValueError("must be a whole number")
    return int(text)


def _parse_retry_delays(text: str) -> tuple[int, ...]:
    """A message is kept for seven days, and jitter may make a wait a fifth longer."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(int, parts)) > 5 * 86_400:
        raise ValueError("must be seconds with commas between, five days at most in all: 0,5,300,1800")
    return tuple(map(int, parts))


def _parse_yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text.lower() == "yes"


PARSERS: dict[str, Callable[[str], object]] = {
    "twilio_account_sid": _parse_account_sid,
    "twilio_auth_token": _parse_secrets,
    "twilio_phone_number": _parse_phone_number,
    "redis_url": _parse_redis_url,
    "secret_key": _parse_long_secrets,
    "presenter_password": Secret,
    "public_url": _parse_origin,
    "twilio_api_url": _parse_origin,
    "twilio_shared_keys": _parse_shared_keys,
    "github_hook_url": _parse_github_hook_url,
    "github_token": Secret,
    "api_tokens": lambda text: _parse_long_secrets(text) if text else (),
    "webhook_schedule": _parse_retry_delays,
    "trusted_proxies": _parse_int,
    "allow_loopback": _parse_yes_no,
    "redis_tls_verify": _parse_yes_no,
    "web_concurrency": _parse_int,
    "port": _parse_int,
}
