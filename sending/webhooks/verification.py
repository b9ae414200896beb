"""Whoever asks for webhooks at an address must hold it: the address answers a challenge, and then gets its secret."""

import json
import secrets
import time
from datetime import UTC, datetime

from sending.http.client import Client
from sending.http.errors import Failure
from sending.webhooks import signatures
from sending.webhooks.encryption import Seal
from sending.webhooks.endpoints import Subscriber


class Unproven(Exception):
    """The address did not do what its holder would; the sentence says what was wanted."""


def prove(client: Client, url: str, *, http: bool = False) -> None:
    """Ask the address to repeat a random word, alone or as `{"challenge": …}`. Unproven when it does not.

    Nothing is sent that could do harm where nobody expects it: the word, and what it is for.
    """
    word = secrets.token_urlsafe(24)
    status, answer = _post(client, url, _message("subscriber.challenge", challenge=word), {}, http)
    if not (200 <= status < 300 and _repeated(answer) == word):
        raise Unproven(f"It must answer our POST with the challenge that stands in it; it answered {status} otherwise.")


def hand_over(client: Client, seal: Seal, subscriber: Subscriber, *, http: bool = False) -> None:
    """Tell the address its own secret, signed with it. To repeat this tells the same secret. Unproven if not taken."""
    now = time.time()
    keys = [seal.open(key.sealed) for key in subscriber.signing_keys(now)]
    body = _message("subscriber.created", id=subscriber.id, secret=keys[0], kinds=list(subscriber.kinds))
    signed = signatures.headers(f"msg_{secrets.token_hex(12)}", int(now), body, keys)
    status, _ = _post(client, subscriber.url, body, signed, http)
    if not 200 <= status < 300:
        raise Unproven(f"It did not take its secret: it answered {status}.")


def _message(kind: str, **data: object) -> bytes:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": stamp, "data": data}, separators=(",", ":")).encode()


def _post(client: Client, url: str, body: bytes, headers: dict[str, str], http: bool) -> tuple[int, bytes]:
    try:
        reply = client.request(
            "POST", url, headers={"Content-Type": "application/json", **headers}, body=body, http=http
        )
    except Failure as failure:
        raise Unproven(failure.sentence) from failure
    return reply.status, reply.body


def _repeated(answer: bytes) -> str:
    try:
        found = json.loads(answer)
    except ValueError:
        return answer.decode("utf-8", "replace").strip()
    return str(found.get("challenge", "")) if isinstance(found, dict) else str(found)
