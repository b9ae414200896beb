"""A server's certificate, as people ask about it: whose is it, until when, and what is wrong with it."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# OpenSSL's X509_V_ERR numbers, from openssl/x509_vfy.h.
VERIFY_ERRORS = {
    9: "the certificate of {host} is not valid yet",
    10: "the certificate of {host} has ended",
    18: "{host} vouches for itself; its certificate is signed by nobody we trust",
    19: "the certificate of {host} is signed by nobody we trust",
    20: "the certificate of {host} is signed by nobody we trust",
    21: "the certificate of {host} is signed by nobody we trust",
    23: "the certificate of {host} was taken back",
    62: "the certificate there is not for {host} but for another name",
    64: "the certificate there is not for {host} but for another name",
}


@dataclass(frozen=True)
class Certificate:
    """Facts of a certificate that was checked and found good."""

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    protocol: str  # such as TLSv1.3


def read_certificate(sock: Any) -> Certificate | None:
    """The certificate the other side showed on this socket."""
    shown = sock.getpeercert()
    if not shown:
        return None
    issuer = {key: value for part in shown.get("issuer", ()) for key, value in part}
    return Certificate(
        names=tuple(value for _, value in shown.get("subjectAltName", ())),
        issuer=issuer.get("organizationName") or issuer.get("commonName") or "",
        not_before=_parse_time(shown["notBefore"]),
        not_after=_parse_time(shown["notAfter"]),
        protocol=sock.version() or "",
    )


def describe_tls_error(host: str, error: OSError) -> str:
    """A sentence for a handshake that failed."""
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    sentence = VERIFY_ERRORS.get(code or 0, "an encrypted connection to {host} could not be set up").format(host=host)
    return sentence[0].upper() + sentence[1:] + "."


def _parse_time(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
