"""The environment variables that direct an app's requests for Twilio to the exchange, in any language."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ringback.launcher.certificates import CA_BUNDLE_VARIABLES

# npm passes its own proxy settings to its child processes, and some clients prefer those.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "npm_config_proxy", "npm_config_https_proxy")
NO_PROXY_HOSTS = "127.0.0.1,localhost,.localhost,::1,[::1],0.0.0.0"
NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy", "npm_config_noproxy")
REMOVED = {"npm_config_no_proxy"}  # some Node clients prefer it to NO_PROXY, and npm warns that it is unknown
PRELOAD = Path(__file__).parent / "preload"  # Python, Node and Ruby run it before the app
# The variables that may already have a value, with the separator before ours, as in sitecustomize.py and preload.cjs.
JOINED = {"NODE_OPTIONS": " ", "RUBYOPT": " ", "JAVA_TOOL_OPTIONS": " ", "PHP_INI_SCAN_DIR": ":"}
SEARCH_PATHS = ("PYTHONPATH", "RUBYLIB")  # ours comes first


def interception_variables(proxy: str, tls_port: int, bundle: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables, and writes the files that they name into the bundle's folder.

    `proxy` is the proxy's URL, `bundle` the file of trusted certificates. One of the files lists these variables: from
    it, Python and Node programs complete the environments that the app chooses for its child processes."""
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
    """Returns the environment with the variables. Options and search paths are added to those in the environment."""
    kept = {name: value for name, value in environment.items() if name not in REMOVED}
    return kept | {name: _joined(name, environment.get(name, ""), own) for name, own in variables.items()}


def _joined(name: str, value: str, own: str) -> str:
    joint = ":" if name in SEARCH_PATHS else JOINED.get(name, "")
    if name == "PHP_INI_SCAN_DIR":  # an empty part is the folder that PHP was compiled with; the last file wins
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
    """Java reads JAVA_TOOL_OPTIONS instead of the proxy variables. Empty if Java is not installed.

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
    # Imported here, because it takes long and few apps use Java.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    entries = []
    for number, pem in enumerate(bundle.split(b"-----BEGIN CERTIFICATE-----")[1:]):
        with suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old roots that break a rule of RFC 5280
            certificate = x509.load_pem_x509_certificate(b"-----BEGIN CERTIFICATE-----" + pem)
            entries.append(pkcs12.PKCS12Certificate(certificate, str(number).encode()))
    return pkcs12.serialize_java_truststore(entries, NoEncryption())
