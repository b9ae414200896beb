"""A server's TLS certificate, and human-readable descriptions of failed handshakes."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Keyed by OpenSSL's X509_V_ERR code: https://github.com/openssl/openssl/blob/master/include/openssl/x509_vfy.h.in
VERIFY_ERRORS = {
    9: "the certificate of {host} is not valid yet",
    10: "the certificate of {host} has expired",
    18: "the certificate of {host} is self-signed",
    19: "the certificate of {host} is not signed by an authority that we trust",
    20: "the certificate of {host} is not signed by an authority that we trust",
    21: "the certificate of {host} is not signed by an authority that we trust",
    23: "the certificate of {host} has been revoked",
    62: "the server's certificate is for a name other than {host}",
    64: "the server's certificate is for a name other than {host}",
}


@dataclass(frozen=True)
class Certificate:
    """A valid certificate. Times are in UTC."""

    names: tuple[str, ...]
    issuer: str
    not_after: datetime
    protocol: str  # such as TLSv1.3


def read_certificate(sock: Any) -> Certificate | None:
    """Return the certificate of the server at the other end of this TLS socket, or None if the server sent none."""
    fields = sock.getpeercert()
    if not fields:
        return None
    issuer = {key: value for part in fields.get("issuer", ()) for key, value in part}
    return Certificate(
        names=tuple(value for _, value in fields.get("subjectAltName", ())),
        issuer=issuer.get("organizationName") or issuer.get("commonName") or "",
        not_after=_parse_time(fields["notAfter"]),
        protocol=sock.version() or "",
    )


def describe_tls_error(host: str, error: OSError) -> str:
    """Return a sentence that describes a failed handshake."""
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    sentence = VERIFY_ERRORS.get(code or 0, "an encrypted connection to {host} could not be established").format(
        host=host
    )
    return sentence[0].upper() + sentence[1:] + "."


def _parse_time(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
