"""The parser of each setting. It returns a value, or raises ValueError with a phrase such as "must be yes or no"."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from settings import redis_url, twilio_account, webhook_retry_schedule
from settings.secrets_and_passwords import Secret, parse_long_secrets, parse_password, parse_secrets, parse_shared_keys


def _parse_origin(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a URL without query or user name, such as https://talk.example")
    _ = parts.port  # raises ValueError if it is not a number
    return f"{parts.scheme}{text[len(parts.scheme) :]}".rstrip("/")  # `parts.scheme` is in lower case


def _parse_public_url(text: str) -> str:
    origin = _parse_origin(text)
    if urlsplit(origin).path:  # webhooks are recognized by their path, and pages contain links such as /present
        raise ValueError("must not have a path: https://talk.example")
    return origin


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


def _parse_yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text.lower() == "yes"


PARSERS: dict[str, Callable[[str], object]] = {
    "twilio_account_sid": twilio_account.parse_account_sid,
    "twilio_auth_token": parse_secrets,
    "twilio_phone_number": twilio_account.parse_phone_numbers,
    "redis_url": redis_url.check,
    "secret_key": parse_long_secrets,
    "presenter_password": parse_password,
    "presenter_phone": lambda text: twilio_account.parse_phone_number(text) if text else "",
    "public_url": _parse_public_url,
    "twilio_api_url": _parse_origin,
    "exchange_url": _parse_origin,
    "exchange_auth_token": Secret,
    "twilio_shared_keys": parse_shared_keys,
    "github_hook_url": _parse_github_hook_url,
    "github_token": Secret,
    "api_tokens": lambda text: parse_long_secrets(text) if text else (),
    "webhook_schedule": webhook_retry_schedule.parse_delays,
    "trusted_proxies": _parse_int,
    "allow_loopback": _parse_yes_no,
    "redis_tls_verify": _parse_yes_no,
    "sender_segments_per_second": twilio_account.parse_rates,
    "web_concurrency": _parse_positive_int,
    "port": _parse_positive_int,
}
