"""Whoever asks for webhooks at an address must hold it: the address answers a challenge, and then gets its secret."""

import json
import secrets
import time
from datetime import UTC, datetime

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from sending.webhooks import signatures
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import WebhookEndpoint


class VerificationFailed(Exception):
    """The address did not do what its holder would; the sentence says what was wanted."""


def verify_url(client: HttpClient, url: str, *, http: bool = False) -> None:
    """Ask the address to repeat a random word, alone or as `{"challenge": …}`. Unproven when it does not.

    Nothing is sent that could do harm where nobody expects it: the word, and what it is for.
    """
    word = secrets.token_urlsafe(24)
    status, answer = _post(client, url, _build_message("endpoint.challenge", challenge=word), {}, http)
    if not (200 <= status < 300 and _extract_challenge(answer) == word):
        raise VerificationFailed(
            f"It must answer our POST with the challenge that stands in it; it answered {status} otherwise."
        )


def send_secret(client: HttpClient, encryption: Encryption, subscriber: WebhookEndpoint, *, http: bool = False) -> None:
    """Tell the address its own secret, signed with it. To repeat this tells the same secret. Unproven if not taken."""
    now = time.time()
    keys = [encryption.decrypt(key.encrypted) for key in subscriber.signing_keys(now)]
    body = _build_message(
        "endpoint.created", id=subscriber.id, secret=keys[0], event_types=list(subscriber.event_types)
    )
    signed = signatures.sign(f"msg_{secrets.token_hex(12)}", int(now), body, keys)
    status, _ = _post(client, subscriber.url, body, signed, http)
    if not 200 <= status < 300:
        raise VerificationFailed(f"It did not take its secret: it answered {status}.")


def _build_message(kind: str, **data: object) -> bytes:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": stamp, "data": data}, separators=(",", ":")).encode()


def _post(client: HttpClient, url: str, body: bytes, headers: dict[str, str], http: bool) -> tuple[int, bytes]:
    try:
        reply = client.request(
            "POST", url, headers={"Content-Type": "application/json", **headers}, body=body, http=http
        )
    except RequestFailed as failure:
        raise VerificationFailed(failure.detail) from failure
    return reply.status, reply.body


def _extract_challenge(answer: bytes) -> str:
    try:
        found = json.loads(answer)
    except ValueError:
        return answer.decode("utf-8", "replace").strip()
    return str(found.get("challenge", "")) if isinstance(found, dict) else str(found)
