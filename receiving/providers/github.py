"""GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.

The signature covers only the body, not the timestamp, event name or delivery id, so the body's hash serves as the id.
Replays are recognized only while that hash is remembered, so an action should check the current state before it
changes anything.
"""

import hashlib
import hmac
import secrets as random
import uuid

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.provider_event import ProviderEvent, parse_json
from receiving.providers.base import Mistakes, Provider
from receiving.sample_requests import FORM_CONTENT_TYPE, make_json_delivery
from receiving.signatures import verify_header
from receiving.summaries import github

SIGNATURE_HEADER = "x-hub-signature-256"  # never X-Hub-Signature, its SHA-1 predecessor
MAX_EVENT_BYTES = 25 * 1024 * 1024  # GitHub drops larger events

REPOSITORY = {"id": 1296269, "full_name": "talk/demo", "private": False, "stargazers_count": 41}
SENDER = {"login": "ada", "id": 1, "type": "User"}
ISSUE = {"number": 7, "title": "The bell rings twice", "state": "open", "user": SENDER, "body": "Once would do."}
SAMPLES: dict[str, dict[str, object]] = {
    "pull_request": {"action": "opened", "number": 8, "pull_request": {**ISSUE, "number": 8, "merged": False}},
    "ping": {"zen": "Keep it logically awesome.", "hook_id": 12345678, "hook": {"type": "Repository", "active": True}},
    "push": {
        "ref": "refs/heads/main",
        "before": "0" * 40,
        "after": "d" * 40,
        "pusher": {"name": "ada", "email": "ada@mail.example"},
        "commits": [{"id": "d" * 40, "message": "Ring once", "added": [], "modified": ["bell.py"]}],
    },
    "issues": {"action": "opened", "issue": ISSUE},
    "release": {"action": "published", "release": {"tag_name": "v1.0.0", "name": "The first", "prerelease": False}},
    "star": {"action": "created", "starred_at": "2026-11-23T18:00:00Z"},
}

MISSING_PREFIX = Mistake(
    "prefix", "its signature lacks the prefix sha256=", "Make the sender add sha256= before the digits."
)
SHA1_ONLY = Mistake(
    "old header",
    "only its SHA-1 signature is valid: a proxy removed X-Hub-Signature-256, or the GitHub server is too old",
    "Configure the proxy to forward X-Hub-Signature-256, or update the server.",
)


class GitHub(Provider):
    title = "GitHub"
    setting_description = "GitHub: the secret entered in the webhook form; during rotation, list several"
    max_bytes_by_type = {
        "application/json": MAX_EVENT_BYTES,
        FORM_CONTENT_TYPE: 40 * 1024 * 1024,  # the form encodes { as %7B; web/request_body.py allows no more than 48 MB
    }
    claim_ttl_seconds = 7 * 24 * 3600  # a manual redelivery within three days has the same body
    samples = SAMPLES

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the hexadecimal HMAC-SHA256 of the raw body."""
        verify_header(delivery, SIGNATURE_HEADER, (_compute_signature(secret, delivery.body) for secret in secrets))

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret."""
        return delivery.with_headers(**{SIGNATURE_HEADER: _compute_signature(secrets[0], delivery.body)})

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event, named by a header; if the body is a form, the event's JSON is in its `payload` field."""
        body = dict(delivery.form).get("payload", "") if delivery.form else delivery.body
        return [ProviderEvent(delivery.headers.get("x-github-event", ""), parse_json(body), delivery.fingerprint)]

    def summarize(self, event: ProviderEvent) -> str:
        """`ada opened pull request #7 in talk/demo: Ring twice`."""
        return github.summarize(event)

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return an event from a repository named talk/demo."""
        return make_json_delivery(
            url,
            {
                **SAMPLES[event_name],
                "repository": REPOSITORY | {"pushed_at": random.randbelow(2**31)},
                "sender": SENDER,
            },
            user_agent=f"GitHub-Hookshot/{random.token_hex(4)[:7]}",
            x_github_event=event_name,
            x_github_delivery=str(uuid.uuid4()),
            x_github_hook_id="12345678",
        )

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Find a missing `sha256=`, or a request with only the SHA-1 header."""
        old, given = delivery.headers.get("x-hub-signature", ""), delivery.headers.get(SIGNATURE_HEADER, "")
        yield MISSING_PREFIX, delivery.with_headers(**{SIGNATURE_HEADER: "sha256=" + given}), secrets
        for secret in secrets:
            if old == "sha1=" + hmac.new(secret.encode(), delivery.body, hashlib.sha1).hexdigest():
                yield SHA1_ONLY, self.sign(delivery, secrets), secrets


def _compute_signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
