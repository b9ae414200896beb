"""The environment of the started app: its port and account, and the proxy and certificates that replace Twilio."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ringback.launcher.certificates import CA_BUNDLE_VARIABLES
from ringback.launcher.command_line_options import UsageError
from ringback.service.settings import Settings
from ringback.service.sids import new_sid

FICTIONAL_NUMBER = "+441632960000"  # in the range that Ofcom reserves for fiction
DEFAULT_APP_URL = "http://127.0.0.1:5000"  # the default of `flask run` and `app.run()`
REGION_VARIABLES = ("TWILIO_REGION", "TWILIO_EDGE")  # they change the host names that the SDKs use
# npm passes its own proxy settings to its child processes, and some clients prefer those.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "npm_config_proxy", "npm_config_https_proxy")
NO_PROXY_HOSTS = "127.0.0.1,localhost,.localhost,::1,[::1],0.0.0.0"
NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy", "npm_config_noproxy")
REMOVED = {"npm_config_no_proxy"}  # some Node clients prefer it to NO_PROXY, and npm warns that it is unknown
PRELOAD = Path(__file__).parent / "preload"  # Python, Node and Ruby run it before the app
# Variables whose existing values are kept, with the separator before ours (as in sitecustomize.py and preload.cjs).
JOINED = {"NODE_OPTIONS": " ", "RUBYOPT": " ", "JAVA_TOOL_OPTIONS": " ", "PHP_INI_SCAN_DIR": ":"}
SEARCH_PATHS = ("PYTHONPATH", "RUBYLIB")  # ours comes first


def with_account(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment with a random account SID and auth token and a fictional number where none are set."""
    generated = {
        "TWILIO_ACCOUNT_SID": new_sid("AC"),
        "TWILIO_AUTH_TOKEN": new_sid(""),
        "TWILIO_PHONE_NUMBER": FICTIONAL_NUMBER,
    }
    return generated | {name: value for name, value in environment.items() if value or name not in generated}


def without_tool_path(environment: Mapping[str, str], prefix: str = sys.prefix) -> dict[str, str]:
    """Returns the environment without the folder that uvx puts at the front of PATH.

    In that folder, `python` is the Python that runs Ringback, which has none of the app's libraries. An activated
    virtual environment, or that of `uv run`, stays in PATH."""
    result = dict(environment)
    if "UV" in environment and environment.get("VIRTUAL_ENV") != prefix:
        own = str(Path(prefix, "bin"))
        result["PATH"] = os.pathsep.join(part for part in environment.get("PATH", "").split(os.pathsep) if part != own)
    return result


def app_address(option: str | None, environment: Mapping[str, str]) -> str:
    """Returns the URL at which the app listens: from the option, PORT or a local PUBLIC_URL, else the default.

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
    """Returns the command with the full path of its program. Raises UsageError if the program does not exist."""
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
    """Returns the variables for the app's port: PORT if it is set and the URL is not local, else the URL's port."""
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


def interception_variables(proxy: str, tls_port: int, bundle: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables, and writes the files that they name into the bundle's folder.

    `proxy` is the proxy's URL, `bundle` the file of trusted certificates. One of the files lists these variables:
    Python and Node programs add them to every environment that the app sets for a child process."""
    folder = bundle.parent
    # The code is copied, so that Python's cache is temporary too.
    preload = Path(shutil.copytree(PRELOAD, folder / "preload", ignore=shutil.ignore_patterns("__pycache__")))
    result = dict.fromkeys(CA_BUNDLE_VARIABLES, str(bundle))
    result |= dict.fromkeys(PROXY_VARIABLES, proxy) | {name.lower(): proxy for name in PROXY_VARIABLES}
    result |= dict.fromkeys(NO_PROXY_VARIABLES, NO_PROXY_HOSTS) | {"EXCHANGE_TLS_PORT": str(tls_port)}
    result |= {"PYTHONPATH": str(preload), "NODE_OPTIONS": f'--require "{preload / "preload.cjs"}"'}
    result |= {"RUBYLIB": str(preload), "RUBYOPT": "-rringback_authorities"}
    result |= _php(folder / "php", bundle) | _java(proxy, bundle, environment)
    (preload / "environment").write_text("".join(f"{name}={value}\n" for name, value in result.items()), "utf-8")
    return result


def with_variables(environment: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment with the variables added. Options and search paths extend the existing ones."""
    kept = {name: value for name, value in environment.items() if name not in REMOVED}
    return kept | {name: _joined(name, environment.get(name, ""), own) for name, own in variables.items()}


def _joined(name: str, value: str, own: str) -> str:
    joint = ":" if name in SEARCH_PATHS else JOINED.get(name, "")
    if name == "PHP_INI_SCAN_DIR":  # an empty part means PHP's compiled-in folder; the last file wins
        return f"{value}{joint}{own}"
    if not value or not joint:
        return own
    return f"{own}{joint}{value}" if name in SEARCH_PATHS else f"{value}{joint}{own}"


def _php(folder: Path, bundle: Path) -> dict[str, str]:
    """PHP takes its certificate authorities from php.ini: https://www.php.net/manual/en/curl.configuration.php"""
    folder.mkdir()
    (folder / "ringback.ini").write_text(f'curl.cainfo = "{bundle}"\nopenssl.cafile = "{bundle}"\n')
    return {"PHP_INI_SCAN_DIR": str(folder)}


def _java(proxy: str, bundle: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Java reads JAVA_TOOL_OPTIONS instead of the proxy variables. Returns {} if Java is not installed.

    Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/net/doc-files/net-properties.html"""
    if not environment.get("JAVA_HOME") and not shutil.which("java", path=environment.get("PATH")):
        return {}
    store = bundle.with_name("trusted.p12")
    store.write_bytes(_java_truststore(bundle.read_bytes()))
    host, _, port = proxy.rpartition("/")[2].partition(":")
    options = {
        f"{scheme}.proxy{part}": value
        for scheme in ("http", "https")
        for part, value in (("Host", host), ("Port", port))
    }
    options |= {
        "http.nonProxyHosts": "localhost|127.*|[::1]|0.0.0.0|*.localhost",
        "javax.net.ssl.trustStore": str(store),
        "javax.net.ssl.trustStoreType": "PKCS12",
    }
    return {"JAVA_TOOL_OPTIONS": " ".join(f'"-D{name}={value}"' for name, value in options.items())}


def _java_truststore(bundle: bytes) -> bytes:
    """The certificates as a PKCS #12 file without a password, with the attribute that makes Java trust them."""
    # Imported here, because the import is slow and few apps use Java.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    entries = []
    for number, pem in enumerate(bundle.split(b"-----BEGIN CERTIFICATE-----")[1:]):
        with suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old roots that violate RFC 5280
            certificate = x509.load_pem_x509_certificate(b"-----BEGIN CERTIFICATE-----" + pem)
            entries.append(pkcs12.PKCS12Certificate(certificate, str(number).encode()))
    return pkcs12.serialize_java_truststore(entries, NoEncryption())
