"""A temporary certificate authority for Twilio's host names. Only the started app trusts it."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import certifi

from ringback.webhooks.urls import is_twilio_host

# The variables in which SDKs, curl and language runtimes look for a file of trusted certificates.
CA_BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "TWILIO_CA_BUNDLE",
    "DENO_CERT",
)


class CertificateAuthority:
    """Issues certificates. The authority's private key stays in memory.

    `bundle` is the file of trusted certificates for the app; all files are in `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        import trustme  # imported here, because the import is slow and `serve` does not need it

        self.folder = folder
        self.authority = trustme.CA(organization_name="The local exchange")
        self.contexts: dict[str, ssl.SSLContext] = {}
        self.bundle = folder / "trusted.pem"
        self.bundle.write_bytes(b"\n".join(_trusted_roots(environment)) + b"\n" + self.authority.cert_pem.bytes())

    def context(self, name: str) -> ssl.SSLContext:
        """Returns the TLS context for a server with this name. Through SNI it also serves Twilio's other names."""
        if name not in self.contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            pair = self.authority.issue_cert(name).private_key_and_cert_chain_pem
            with pair.tempfile(dir=str(self.folder)) as path:
                context.load_cert_chain(path)
            context.sni_callback = self._select_certificate
            self.contexts[name] = context
        return self.contexts[name]

    def _select_certificate(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        if name is None or not is_twilio_host(name):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self.context(name)
        return None


def _trusted_roots(environment: Mapping[str, str]) -> Iterable[bytes]:
    """Yields the public root certificates and those in the user's own bundles, which the new bundle replaces."""
    for path in dict.fromkeys([certifi.where(), *(environment.get(name, "") for name in CA_BUNDLE_VARIABLES)]):
        with suppress(OSError):
            yield Path(path).read_bytes()
