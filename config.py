"""Settings: read once from the environment, validated and frozen."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from settings import twilio_account, webhook_retry_schedule
from settings.parsers import PARSERS
from settings.secrets_and_passwords import Secret, Secrets, parse_secrets
from settings.twilio_account import Senders

__all__ = ["ConfigError", "Secret", "Secrets", "Settings", "load"]

# Heroku's router is the only proxy. The certificate of Heroku's key-value store is self-signed.
HEROKU_DEFAULTS = {"trusted_proxies": "1", "redis_tls_verify": "no"}
DEMO_FILE = Path(__file__).parent / ".env.demo"
DEMO_SECRET_NAMES = re.compile(r".*(TOKENS?|KEYS?|PASSWORD|SECRET)")


class ConfigError(Exception):
    """Settings are missing or invalid. The message names each one and says how to correct it."""


def setting(description: str, default: str | None = None) -> Any:
    """Declare a setting, which is one row of the README's table. A setting whose default is None is required."""
    return field(metadata={"description": description, "default": default})


@dataclass(frozen=True)
class Settings(Senders):
    """Each field is read from the environment variable of the same name in upper case."""

    twilio_account_sid: str = setting("the Twilio account SID: AC followed by 32 hexadecimal digits")
    twilio_auth_token: Secrets = setting("the account's auth token; during rotation, list several, newest first")
    twilio_phone_number: tuple[str, ...] = setting(
        "the Twilio number in E.164 format (a plus sign and digits), or several, comma-separated, the default one first"
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
    presenter_phone: str = setting(
        "the presenter's phone number for the `line` scene, such as +447700900999, unless the talk file has one", ""
    )
    public_url: str = setting("the public URL of the app, such as https://talk.example; optional on Heroku", "")
    twilio_api_url: str = setting(
        "the base URL of the Twilio REST API, if requests should go to another server, such as the exchange", ""
    )
    exchange_url: str = setting(
        "the base URL of the local exchange whose handsets visitors can use at /phone; if empty, there is no such page",
        "",
    )
    exchange_auth_token: Secret = setting(
        "the token with which an exchange that runs alongside a real account signs its webhooks; it is accepted only "
        "for the reserved numbers +447700900000 to 999, and only their texts and calls go to the exchange",
        "",
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
        "above this rate wait in a queue",
        "1",
    )
    webhook_schedule: tuple[int, ...] = setting(
        "the delays before each attempt to deliver a webhook, in seconds, comma-separated; at most five days in total",
        ",".join(map(str, webhook_retry_schedule.DEFAULT_DELAYS_SECONDS)),
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


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return all settings. Raises ConfigError, which names every missing or invalid setting."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    errors: list[str] = []
    for row in fields(Settings):
        try:
            values[row.name] = _read(row, environ) if row.metadata else _read_webhook_secrets(environ)
        except ValueError as error:
            errors.append(f"{error}.")
    errors += twilio_account.find_surplus_rates(values)
    public_url, allow_loopback = str(values.get("public_url", "")), bool(values.get("allow_loopback"))
    errors += [f"{problem}." for problem in _find_unsafe(environ, public_url, allow_loopback)]
    if errors:
        raise ConfigError("\n".join([*errors, "README.md has a table of all settings."]))
    return Settings(**values)


def _read(row: Field[Any], environ: Mapping[str, str]) -> object:
    name, default = row.name.upper(), row.metadata["default"]
    if "DYNO" in environ:
        default = _heroku_default(row.name, environ) or default
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
                found[name.removesuffix("_WEBHOOK_SECRET").lower()] = parse_secrets(text)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
    return MappingProxyType(found)


def _heroku_default(name: str, environ: Mapping[str, str]) -> str:
    """Return a setting's default on a Heroku dyno, or "": https://devcenter.heroku.com/articles/dyno-metadata."""
    domain = environ.get("HEROKU_APP_DEFAULT_DOMAIN_NAME", "")
    return f"https://{domain}" if name == "public_url" and domain else HEROKU_DEFAULTS.get(name, "")


def _find_unsafe(environ: Mapping[str, str], public_url: str, allow_loopback: bool) -> Iterator[str]:
    """Yield a sentence, with the fix, for each setting that is unsafe if the app is reached over https."""
    if not public_url.startswith("https://"):
        return
    if allow_loopback:
        yield "ALLOW_LOOPBACK must be no with an https PUBLIC_URL: anybody could reach the services of this machine"
    for name, text in _demo_secrets().items():
        if set(_split(environ.get(name, ""))) & set(_split(text)):
            fix = "use the real one, or generate one with: openssl rand -hex 32"
            yield f"{name} is the demo's, which everybody can read: {fix}"


def _demo_secrets() -> dict[str, str]:
    lines = DEMO_FILE.read_text().splitlines() if DEMO_FILE.exists() else []
    pairs = (line.partition("=")[::2] for line in lines)
    return {name: text for name, text in pairs if DEMO_SECRET_NAMES.fullmatch(name)}


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
