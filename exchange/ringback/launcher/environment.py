"""The environment of the started app: its port, its account, and the proxy and certificates that replace Twilio."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ringback.launcher.certificates import CA_BUNDLE_VARIABLES
from ringback.launcher.command_line import UsageError
from ringback.service.settings import Settings
from ringback.service.sids import new_sid

FICTIONAL_NUMBER = "+441632960000"  # in the range that Ofcom reserves for fiction
DEFAULT_APP_URL = "http://127.0.0.1:5000"  # the default of `flask run` and `app.run()`
# npm passes its own proxy settings to its child processes, and some clients prefer those.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "npm_config_proxy", "npm_config_https_proxy")
NO_PROXY_HOSTS = "127.0.0.1,localhost,.localhost,::1,[::1],0.0.0.0"
NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy", "npm_config_noproxy", "npm_config_no_proxy")
REGION_VARIABLES = ("TWILIO_REGION", "TWILIO_EDGE")  # they change the host names that the SDKs use
PRELOAD = Path(__file__).parent / "preload"  # Python and Node run it before the app, for clients that use no proxy


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
    environment: Mapping[str, str], settings: Settings, origin: str, proxy: str, tls_port: int, bundle: Path
) -> dict[str, str]:
    """Returns the app's environment, which extends the exchange's own `environment`."""
    result = {name: value for name, value in environment.items() if name not in REGION_VARIABLES}
    result |= dict.fromkeys(CA_BUNDLE_VARIABLES, str(bundle))
    result |= dict.fromkeys(PROXY_VARIABLES, proxy) | {name.lower(): proxy for name in PROXY_VARIABLES}
    result |= dict.fromkeys(NO_PROXY_VARIABLES, NO_PROXY_HOSTS) | {"EXCHANGE_TLS_PORT": str(tls_port)}
    result = {"TWILIO_NUMBER": settings.number} | result
    result |= {
        "TWILIO_PHONE_NUMBER": settings.number,
        "PUBLIC_URL": settings.public or settings.app,
        "TWILIO_API_URL": origin,
    }
    return result | _port(settings.app, environment) | _preload(bundle.parent, environment)


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


def _preload(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables that load the preload code. The code is copied, so that Python's cache is temporary too."""
    copy = shutil.copytree(PRELOAD, folder / "preload", ignore=shutil.ignore_patterns("__pycache__"))
    path = os.pathsep.join(filter(None, [str(copy), environment.get("PYTHONPATH")]))
    options = f'{environment.get("NODE_OPTIONS", "")} --require "{copy / "preload.cjs"}"'.strip()
    return {"PYTHONPATH": path, "NODE_OPTIONS": options}
