"""Settings: read once from the environment, validated and frozen."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import store_url
import twilio_settings
import unsafe_settings
from twilio_settings import Senders


class ConfigError(Exception):
    """Settings are missing or invalid. The message names each one and says how to correct it."""


class Secret(str):
    """A string whose repr is masked, so that logs and tracebacks do not contain it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')"


Secrets = tuple[Secret, ...]


def setting(description: str, default: str | None = None) -> Any:
    """Declare a setting, which is one row of the README's table. A setting whose default is None is required."""
    return field(metadata={"description": description, "default": default})


@dataclass(frozen=True)
class Settings(Senders):
    """Each field is read from the environment variable of the same name in upper case."""

    twilio_account_sid: str = setting("the Twilio account SID: AC followed by 32 hexadecimal digits")
    twilio_auth_token: Secrets = setting("the account's auth token; during rotation, list several, newest first")
    twilio_phone_number: tuple[str, ...] = setting(
        "the Twilio number in E.164 format, such as +447700900100; or several, comma-separated, the default one first"
    )
    redis_url: str = setting(
        "the URL of the Redis or Valkey server: redis://…, rediss://… or, for Sentinel, redis+sentinel://…"
    )
    secret_key: Secrets = setting(
        "a key that signs the presenter's session, derives phone number aliases and encrypts endpoint secrets; "
        "during rotation, list several, newest first, then run `flask reencrypt`"
    )
    presenter_password: Secret = setting("the password for the presenter's pages")
    talk: str = setting("the path of the talk file; by default talk.toml of this repository", "")
    public_url: str = setting("the public URL of the app, such as https://talk.example", "")
    twilio_api_url: str = setting(
        "the base URL of the Twilio REST API, if requests should go to another server, such as the exchange", ""
    )
    twilio_shared_keys: dict[str, tuple[str, Secret]] = setting(
        "SharedKeys with which Twilio also signs webhooks, comma-separated: id:secret or id:secret:HMAC_SHA1", ""
    )
    api_tokens: Secrets = setting(
        "comma-separated bearer tokens for the endpoint API at /api; if there are none, the API is disabled", ""
    )
    github_hook_url: str = setting(
        "the API URL of the GitHub webhook to backfill from, such as https://api.github.com/repos/you/it/hooks/1", ""
    )
    github_token: Secret = setting(
        "a token with permission to read that webhook's deliveries; for a GitHub App's webhook (…/app/hook), "
        "the app's `id:private key`",
        "",
    )
    sender_segments_per_second: tuple[int, ...] = setting(
        "the number of text segments that each Twilio number may send per second, or one value for each number; texts "
        "beyond it wait in a queue",
        "1",
    )
    webhook_schedule: tuple[int, ...] = setting(
        "the delays before each attempt to deliver a webhook, in seconds, comma-separated; at most five days in total",
        "0,5,300,1800,7200,18000,36000,50400,72000,86400",
    )
    trusted_proxies: int = setting(
        "the number of reverse proxies in front of the app; defaults to 1 on a Heroku dyno", "0"
    )
    allow_loopback: bool = setting("whether `check` and webhooks may connect to this machine; for the demo only", "no")
    redis_tls_verify: bool = setting(
        "whether to verify the certificate of a rediss:// store; defaults to no on a Heroku dyno", "yes"
    )
    web_concurrency: int = setting("the number of web processes", "2")
    port: int = setting("the port that the web processes listen on", "8000")
    # provider -> the values of <PROVIDER>_WEBHOOK_SECRET. receiving.providers.setting_rows() describes them.
    webhook_secrets: Mapping[str, Secrets] = field(kw_only=True)

    @property
    def is_public_https(self) -> bool:
        """Whether PUBLIC_URL is https, so that cookies can be Secure."""
        return self.public_url.startswith("https://")


# Heroku's router is the only proxy. The certificate of Heroku's key-value store is self-signed.
HEROKU_DEFAULTS = {"trusted_proxies": "1", "redis_tls_verify": "no"}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return all settings. Raises ConfigError, which names every missing or invalid one."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    errors: list[str] = []
    for row in fields(Settings):
        try:
            values[row.name] = _read(row, environ) if row.metadata else _read_webhook_secrets(environ)
        except ValueError as error:
            errors.append(f"{error}.")
    errors += twilio_settings.find_surplus_rates(values)
    public_url, allow_loopback = str(values.get("public_url", "")), bool(values.get("allow_loopback"))
    errors += [f"{problem}." for problem in unsafe_settings.find_unsafe(environ, public_url, allow_loopback)]
    if errors:
        raise ConfigError("\n".join([*errors, "README.md has a table of all settings."]))
    return Settings(**values)


def _read(row: Field[Any], environ: Mapping[str, str]) -> object:
    name, default = row.name.upper(), row.metadata["default"]
    if "DYNO" in environ:
        default = HEROKU_DEFAULTS.get(row.name, default)
    text = environ.get(name, "").strip() or default
    if text is None:
        raise ValueError(f"Set {name}: {row.metadata['description']}")
    try:
        return PARSERS.get(row.name, str)(text)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from error


def _read_webhook_secrets(environ: Mapping[str, str]) -> Mapping[str, Secrets]:
    found = {}
    for name, text in environ.items():
        if name.endswith("_WEBHOOK_SECRET") and text.strip():
            try:
                found[name.removesuffix("_WEBHOOK_SECRET").lower()] = _parse_secrets(text)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
    return MappingProxyType(found)


def _parse_secrets(text: str) -> Secrets:
    found = tuple(Secret(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("contains no value")
    return found


def _parse_long_secrets(text: str) -> Secrets:
    found = _parse_secrets(text)
    if any(len(secret) < 16 for secret in found):
        raise ValueError("must be at least 16 characters; generate one with: openssl rand -hex 32")
    return found


def _parse_password(text: str) -> Secret:
    if len(text) < 8:
        raise ValueError("must be at least 8 characters: anybody can try passwords, five in a minute from each address")
    return Secret(text)


def _parse_shared_keys(text: str) -> dict[str, tuple[str, Secret]]:
    keys = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = part.partition(":")
        secret, _, algorithm = rest.partition(":")
        if not name or len(secret) < 16 or algorithm not in ("", "HMAC_SHA1", "HMAC_SHA256"):
            raise ValueError("must be id:secret or id:secret:HMAC_SHA1; a secret has at least 16 characters")
        keys[name] = (algorithm or "HMAC_SHA256", Secret(secret))
    return keys


def _parse_origin(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a URL without query or user name, such as https://talk.example")
    return text.rstrip("/")


def _parse_github_hook_url(text: str) -> str:
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
    if text and (not safe or "/hook" not in parts.path or parts.username or parts.query):
        raise ValueError(
            "must be a URL like https://api.github.com/repos/you/it/hooks/1 or https://api.github.com/app/hook"
        )
    return text.rstrip("/")


def _parse_int(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text):
        raise ValueError("must be a whole number")
    return int(text)


def _parse_positive_int(text: str) -> int:
    if not _parse_int(text):
        raise ValueError("must be a whole number of at least 1")
    return int(text)


def _parse_retry_delays(text: str) -> tuple[int, ...]:
    """The limit is five days, because a message expires after seven and jitter can add up to 20 % to each delay."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(int, parts)) > 5 * 86_400:
        raise ValueError("must be comma-separated seconds, five days at most in total: 0,5,300,1800")
    return tuple(map(int, parts))


def _parse_yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text.lower() == "yes"


PARSERS: dict[str, Callable[[str], object]] = {
    "twilio_account_sid": twilio_settings.parse_account_sid,
    "twilio_auth_token": _parse_secrets,
    "twilio_phone_number": twilio_settings.parse_phone_numbers,
    "redis_url": store_url.check,
    "secret_key": _parse_long_secrets,
    "presenter_password": _parse_password,
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
    "sender_segments_per_second": twilio_settings.parse_rates,
    "web_concurrency": _parse_positive_int,
    "port": _parse_positive_int,
}
