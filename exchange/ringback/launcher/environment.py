"""What a started app is told by its environment: its port, its account, and whom to ask and trust instead of Twilio."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ringback.launcher.certificates import CA_BUNDLE_VARIABLES
from ringback.launcher.command_line import UsageError
from ringback.service.settings import Settings
from ringback.service.sids import new_sid

FICTIONAL_NUMBER = "+441632960000"  # in a range that is kept for fiction
DEFAULT_APP_URL = "http://127.0.0.1:5000"  # where `flask run`, and app.run(), listen when nobody says otherwise
# npm tells its own settings to what it starts, and some clients believe those first.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "npm_config_proxy", "npm_config_https_proxy")
NO_PROXY_HOSTS = "127.0.0.1,localhost,.localhost,::1,[::1],0.0.0.0"
NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy", "npm_config_noproxy", "npm_config_no_proxy")
REGION_VARIABLES = ("TWILIO_REGION", "TWILIO_EDGE")  # name other hosts of Twilio's
PRELOAD = Path(__file__).parent / "preload"  # what Python and Node read before the app, for clients that know no proxy


def with_account(environment: Mapping[str, str]) -> dict[str, str]:
    """An account, a token and a number are made up for those who have none."""
    made_up = {
        "TWILIO_ACCOUNT_SID": new_sid("AC"),
        "TWILIO_AUTH_TOKEN": new_sid(""),
        "TWILIO_PHONE_NUMBER": FICTIONAL_NUMBER,
    }
    return made_up | {name: value for name, value in environment.items() if value or name not in made_up}


def app_address(said: str | None, environment: Mapping[str, str]) -> str:
    """Where the app will listen: as was said, or at PORT, or at PUBLIC_URL if that is on this machine."""
    port = environment.get("PORT", "")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"PORT must be a number from 1 to 65535, not {port!r}")
    public = environment.get("PUBLIC_URL", "")
    address = said or (port and f"http://127.0.0.1:{port}") or (_is_local(public) and public) or DEFAULT_APP_URL
    try:
        usable = address.startswith(("http://", "https://")) and urlsplit(address).port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"The app's address must be one like {DEFAULT_APP_URL}, not {address!r}")
    return address


def resolve_command(command: list[str], environment: Mapping[str, str]) -> list[str]:
    """The command with the path of its program; raises Unusable where there is no such program."""
    found = shutil.which(command[0], path=environment.get("PATH"))
    if not found:
        raise UsageError(f"There is no command {command[0]!r} that could be started")
    return [found, *command[1:]]


def app_environment(
    given: Mapping[str, str], settings: Settings, origin: str, proxy: str, tls_port: int, bundle: Path
) -> dict[str, str]:
    """The app's environment. `given` is ours; region and edge are left out, since they make other host names."""
    told = {name: value for name, value in given.items() if name not in REGION_VARIABLES}
    told |= dict.fromkeys(CA_BUNDLE_VARIABLES, str(bundle))
    told |= dict.fromkeys(PROXY_VARIABLES, proxy) | {name.lower(): proxy for name in PROXY_VARIABLES}
    told |= dict.fromkeys(NO_PROXY_VARIABLES, NO_PROXY_HOSTS) | {"EXCHANGE_TLS_PORT": str(tls_port)}
    told = {"TWILIO_NUMBER": settings.number} | told
    told |= {"TWILIO_PHONE_NUMBER": settings.number, "PUBLIC_URL": settings.app, "TWILIO_API_URL": origin}
    return told | _port(settings.app, given) | _preload(bundle.parent, given)


def _port(app: str, given: Mapping[str, str]) -> dict[str, str]:
    """The address's, unless that is a way in from outside, such as a tunnel."""
    port = given["PORT"] if given.get("PORT") and not _is_local(app) else str(host_and_port(app)[1])
    return {"PORT": port, "FLASK_RUN_PORT": port}


def host_and_port(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _is_local(address: str) -> bool:
    with suppress(ValueError):
        return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")
    return False


def _preload(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What comes before the app's own code; copied, so that Python's caches lie in our folder too."""
    copied = shutil.copytree(PRELOAD, folder / "first", ignore=shutil.ignore_patterns("__pycache__"))
    path = os.pathsep.join(filter(None, [str(copied), given.get("PYTHONPATH")]))
    options = f'{given.get("NODE_OPTIONS", "")} --require "{copied / "preload.cjs"}"'.strip()
    return {"PYTHONPATH": path, "NODE_OPTIONS": options}
