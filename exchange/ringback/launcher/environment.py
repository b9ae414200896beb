"""The environment of the started app: its port, its account, and the proxy and certificates that replace Twilio."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ringback.launcher.command_line_options import UsageError
from ringback.launcher.interception import with_variables
from ringback.service.settings import Settings
from ringback.service.sids import new_sid

FICTIONAL_NUMBER = "+441632960000"  # in the range that Ofcom reserves for fiction
DEFAULT_APP_URL = "http://127.0.0.1:5000"  # the default of `flask run` and `app.run()`
REGION_VARIABLES = ("TWILIO_REGION", "TWILIO_EDGE")  # they change the host names that the SDKs use


def with_account(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment with a generated account SID, auth token and number where they are not set."""
    generated = {
        "TWILIO_ACCOUNT_SID": new_sid("AC"),
        "TWILIO_AUTH_TOKEN": new_sid(""),
        "TWILIO_PHONE_NUMBER": FICTIONAL_NUMBER,
    }
    return generated | {name: value for name, value in environment.items() if value or name not in generated}


def without_tool_path(environment: Mapping[str, str], prefix: str = sys.prefix) -> dict[str, str]:
    """Returns the environment without the folder that uvx puts in front of PATH.

    In that folder, `python` is the Python that runs Ringback, which has none of the app's libraries. An activated
    virtual environment, and that of `uv run`, stays in PATH."""
    result = dict(environment)
    if "UV" in environment and environment.get("VIRTUAL_ENV") != prefix:
        own = str(Path(prefix, "bin"))
        result["PATH"] = os.pathsep.join(part for part in environment.get("PATH", "").split(os.pathsep) if part != own)
    return result


def app_address(option: str | None, environment: Mapping[str, str]) -> str:
    """Returns the URL at which the app listens: from the option, else from PORT, else PUBLIC_URL if local.

    Raises UsageError if PORT or the URL is invalid."""
    port = environment.get("PORT", "")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"PORT must be a number from 1 to 65535, not {port!r}")
    public = environment.get("PUBLIC_URL", "")
    url = option or (port and f"http://127.0.0.1:{port}") or (_is_local(public) and public) or DEFAULT_APP_URL
    try:
        valid = url.startswith(("http://", "https://")) and urlsplit(url).port != 0
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(f"The app's URL must have the form {DEFAULT_APP_URL}, not {url!r}")
    return url


def resolve_command(command: list[str], environment: Mapping[str, str]) -> list[str]:
    """Returns the command with the path of its program. Raises UsageError if the program does not exist."""
    path = shutil.which(command[0], path=environment.get("PATH"))
    if not path:
        raise UsageError(f"The command {command[0]!r} was not found: check its name and PATH")
    return [path, *command[1:]]


def app_environment(
    environment: Mapping[str, str], settings: Settings, origin: str, interception: Mapping[str, str]
) -> dict[str, str]:
    """Returns the app's environment, which extends the exchange's own `environment`."""
    own = {name: value for name, value in environment.items() if name not in REGION_VARIABLES}
    result = {"TWILIO_NUMBER": settings.number} | with_variables(own, interception)
    result |= {
        "TWILIO_PHONE_NUMBER": settings.number,
        "PUBLIC_URL": settings.public or settings.app,
        "TWILIO_API_URL": origin,
    }
    return result | _port(settings.app, environment)


def _port(app: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the port of the app's URL, or PORT if that URL is not local, such as a tunnel's."""
    keeps_port = environment.get("PORT") and not _is_local(app)
    port = environment["PORT"] if keeps_port else str(host_and_port(app)[1])
    return {"PORT": port, "FLASK_RUN_PORT": port}


def host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _is_local(url: str) -> bool:
    with suppress(ValueError):
        return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return False
