"""GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.

GitHub says hello with a `ping`. It signs the body alone: neither the time, nor the event's name, nor the delivery's.
What stops a replay is that we remember deliveries, so an action should look at how things stand before it acts.
"""

import hashlib
import hmac
import secrets as random
import uuid

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.provider_event import ProviderEvent, parse_json, pluralize, split_words
from receiving.samples import make_json_delivery
from receiving.signatures import verify_header

SETTING_DESCRIPTION = "GitHub: the secret typed into the webhook's form; while you rotate it, several"
SIGNATURE_HEADER = "x-hub-signature-256"  # never its elder, X-Hub-Signature, which is SHA-1
MAX_EVENT_BYTES = 25 * 1024 * 1024  # bytes; GitHub drops larger events
MAX_BYTES_BY_TYPE = {
    "application/json": MAX_EVENT_BYTES,
    "application/x-www-form-urlencoded": 3 * MAX_EVENT_BYTES,
}  # a form writes { as %7B
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # it resends for three days, by hand, under the same id


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The hexadecimal HMAC-SHA256 of the raw body."""
    verify_header(delivery, SIGNATURE_HEADER, (_signature(secret, delivery.body) for secret in secrets))


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As GitHub signs it."""
    return delivery.with_headers(**{SIGNATURE_HEADER: _signature(secrets[0], delivery.body)})


def _signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One event; its name stands in a header, and as a form its JSON is called `payload`."""
    body = dict(delivery.form).get("payload", "") if delivery.form else delivery.body
    id = delivery.headers.get("x-github-delivery", "") or delivery.fingerprint
    return [ProviderEvent(delivery.headers.get("x-github-event", ""), parse_json(body), id)]


def summarize(notice: ProviderEvent) -> str:
    """`ada opened pull request #7 in talk/demo: Ring twice`."""
    line = SUMMARIES.get(notice.name, _summarize_other)(notice)
    where = notice["repository.full_name"]
    return line.replace(" in ?", f" in {where}" if where else "")


def _summarize_other(notice: ProviderEvent) -> str:
    who = notice["sender.login"] or "GitHub"
    return f"{who}: {split_words(notice.name)} {split_words(notice['action'])}".rstrip() + " in ?"


def _summarize_push(notice: ProviderEvent) -> str:
    branch = notice["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/")
    return f"{notice['pusher.name']} pushed {pluralize(notice.count('commits'), 'commit')} to {branch} in ?"


def _summarize_pull_request(notice: ProviderEvent) -> str:
    action = "merged" if notice["pull_request.merged"] == "True" and notice["action"] == "closed" else notice["action"]
    return _titled(notice, split_words(action), "pull request", "pull_request")


def _titled(notice: ProviderEvent, action: str, thing: str, where: str) -> str:
    return f"{notice['sender.login']} {action} {thing} #{notice[where + '.number']} in ?: {notice[where + '.title']}"


def _summarize_star(notice: ProviderEvent) -> str:
    if notice["action"] == "deleted":
        return f"{notice['sender.login']} took a star back in ?"
    return f"{notice['sender.login']} gave a star in ?, now {notice['repository.stargazers_count']}"


SUMMARIES = {
    "ping": lambda notice: f"GitHub says hello: {notice['zen']}",
    "push": _summarize_push,
    "pull_request": _summarize_pull_request,
    "issues": lambda notice: _titled(notice, split_words(notice["action"]), "issue", "issue"),
    "issue_comment": lambda notice: _titled(notice, "commented on", "issue", "issue"),
    "release": lambda notice: f"{notice['sender.login']} {notice['action']} release {notice['release.tag_name']} in ?",
    "star": _summarize_star,
}

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


def sample(event: str, url: str) -> Delivery:
    """Such an event in a repository called talk/demo."""
    facts = {**SAMPLES[event], "repository": REPOSITORY, "sender": SENDER}
    return make_json_delivery(
        url,
        facts,
        user_agent=f"GitHub-Hookshot/{random.token_hex(4)[:7]}",
        x_github_event=event,
        x_github_delivery=str(uuid.uuid4()),
        x_github_hook_id="12345678",
    )


def mistakes(delivery: Delivery, secrets: Secrets) -> list[tuple[Mistake, Delivery, Secrets]]:
    """Only the old header came, or the `sha256=` is missing."""
    old, given = delivery.headers.get("x-hub-signature", ""), delivery.headers.get(SIGNATURE_HEADER, "")
    found = [(MISSING_PREFIX, delivery.with_headers(**{SIGNATURE_HEADER: "sha256=" + given}), secrets)]
    for secret in secrets:
        if old == "sha1=" + hmac.new(secret.encode(), delivery.body, hashlib.sha1).hexdigest():
            found.append((SHA1_ONLY, sign(delivery, secrets), secrets))
    return found


MISSING_PREFIX = Mistake(
    "prefix", "its signature lacks the sha256= before it", "Have the sender write sha256= before the digits."
)
SHA1_ONLY = Mistake(
    "old header",
    "it is genuine by SHA-1 alone: something removed X-Hub-Signature-256, or the server is too old",
    "Let the proxy pass X-Hub-Signature-256 on, or update the server.",
)
