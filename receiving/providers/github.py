"""GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.

The signature covers only the body, not the timestamp, event name or delivery id, so the body's hash serves as the id.
Replays are recognized only while that hash is remembered, so an action should check the current state before it
changes anything.
"""

import hashlib
import hmac
import re
import secrets as random
import uuid
from collections.abc import Callable, Mapping

from config import Secrets
from receiving.body_parsing import parse_json
from receiving.delivery import FORM_CONTENT_TYPE, Delivery, make_json_delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.event_summaries import ProviderEvent, pluralize, split_words
from receiving.github_phrases import DETAILS, OBJECTS, PHRASES, RUNS, STATE_PHRASES, STATES
from receiving.providers.base import Mistakes, Provider
from receiving.signature_checks import verify_header

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

NAME_PREFIXES = ("refs/heads/", "refs/tags/", ".github/workflows/")  # left out of summaries


class GitHub(Provider):
    title = "GitHub"
    setting_description = "GitHub: the secret entered in the webhook form; during rotation, list several"
    max_bytes_by_type = {
        "application/json": MAX_EVENT_BYTES,
        FORM_CONTENT_TYPE: 40 * 1024 * 1024,  # the form encodes { as %7B; see web/request_body_limits.py
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
        return _summarize(event)

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


def _summarize(event: ProviderEvent) -> str:
    """Describe any event by its actor, action and object. Summaries of automatic runs name no actor."""
    place = event["repository.full_name"] or event["organization.login"]
    told = SPECIAL.get(event.name, _summarize_state if event.name in STATES else _summarize_action)(event)
    told += f" in {place}" if place and place not in told else ""
    detail = _fill(DETAILS.get(event.name, ""), event)
    return f"{told}: {detail}" if detail else told


def _fill(template: str, event: ProviderEvent, object_phrase: str = "") -> str:
    """Replace `{path}` with the value at this path, and `{path:7}` with its first seven characters."""

    def value(found: re.Match[str]) -> str:
        text = object_phrase if found[1] == "object" else event[found[1]]
        for prefix in NAME_PREFIXES:
            text = text.removeprefix(prefix)
        return text[: int(found[2])] if found[2] else text

    return " ".join(re.sub(r"\{([\w.]+)(?::(\d+))?\}", value, template).split())


def _actor(event: ProviderEvent) -> str:
    return event["sender.login"] or event["pusher.name"] or "GitHub"


def _object(event: ProviderEvent) -> str:
    if event.name == "issue_comment" and event.lookup("issue.pull_request"):
        return f"a comment on pull request #{event['issue.number']}"
    if event.name == "release" and event["release.prerelease"] == "True":
        return f"pre-release {event['release.tag_name']}"
    return _fill(OBJECTS.get(event.name, ""), event) or split_words(event.name)


def _summarize_action(event: ProviderEvent) -> str:
    action, thing = event["action"], _object(event)
    by_event = "." if f"{event.name}." in PHRASES else f".{action}"
    phrase = PHRASES.get(event.name + by_event) or PHRASES.get(action)
    if event.name == "issue_comment" and action == "created":
        phrase = "commented on " + thing.removeprefix("a comment on ")
    if not action and not phrase:
        return f"{_actor(event)}: {thing}"
    return f"{_actor(event)} {_fill(phrase or f'{split_words(action)} {{object}}', event, thing)}"


def _summarize_state(event: ProviderEvent) -> str:
    template, path = STATES[event.name]
    is_old = event.name in RUNS and event["action"] != "completed"
    state = (event[path] if path and not is_old else "") or event["action"]
    thing = _fill(template, event)
    phrase = STATE_PHRASES.get(state) or (f"was {split_words(state)}" if state else "changed")
    return f"{thing[:1].upper()}{thing[1:]} {phrase}"


def _summarize_push(event: ProviderEvent) -> str:
    kind, name = ("tag", event["ref"][10:]) if event["ref"].startswith("refs/tags/") else ("branch", event["ref"])
    name, commits = name.removeprefix("refs/heads/"), event.count("commits")
    who, count = event["pusher.name"] or _actor(event), pluralize(commits, "commit")
    if event["deleted"] == "True":
        return f"{who} deleted {kind} {name}"
    if event["created"] == "True":
        return f"{who} created {kind} {name}" + (f" with {count}" if commits and kind == "branch" else "")
    if kind == "tag":
        return f"{who} moved tag {name}"
    if event["forced"] == "True":
        return f"{who} force-pushed {count} to {name}" if commits else f"{who} reset {name} to {event['after'][:7]}"
    if commits or not event["after"]:
        return f"{who} pushed {count} to {name}" if commits else f"{who} pushed to {name}"
    return f"{who} moved {name} to {event['after'][:7]}"


def _summarize_ref(event: ProviderEvent) -> str:
    verb = {"create": "created", "delete": "deleted"}[event.name]
    return f"{_actor(event)} {verb} {event['ref_type']} {event['ref']}".rstrip()


def _summarize_pull_request(event: ProviderEvent) -> str:
    if event["action"] == "closed":
        verb = "merged" if event["pull_request.merged"] == "True" else "closed"
        return f"{_actor(event)} {verb} {_object(event)}"
    return _summarize_action(event)


def _summarize_review(event: ProviderEvent) -> str:
    verbs = {"approved": "approved", "changes_requested": "requested changes to", "commented": "reviewed"}
    verb = verbs.get(event["review.state"].lower(), "reviewed")
    if event["action"] == "submitted":
        return f"{_actor(event)} {verb} pull request #{event['pull_request.number']}"
    return _summarize_action(event)


def _summarize_wiki(event: ProviderEvent) -> str:
    if event.count("pages") == 1:
        return f"{_actor(event)} {event['pages.0.action']} wiki page {event['pages.0.title']}"
    return f"{_actor(event)} changed {pluralize(event.count('pages'), 'wiki page')}"


def _summarize_star(event: ProviderEvent) -> str:
    repository = event["repository.full_name"] or "a repository"
    if event["action"] == "deleted":
        return f"{_actor(event)} unstarred {repository}"
    count = event["repository.stargazers_count"]
    return f"{_actor(event)} starred {repository}" + (
        f" ({pluralize(int(count), 'star')})" if count.isdecimal() else ""
    )


def _summarize_installation_repositories(event: ProviderEvent) -> str:
    verb, path = (
        ("removed", "repositories_removed") if event["action"] == "removed" else ("added", "repositories_added")
    )
    preposition = "from" if verb == "removed" else "to"
    count = pluralize(event.count(path), "repository").replace("repositorys", "repositories")
    return f"{_actor(event)} {verb} {count} {preposition} the app {event['installation.app_slug']}"


SPECIAL: Mapping[str, Callable[[ProviderEvent], str]] = {
    "ping": lambda event: "GitHub ping",
    "push": _summarize_push,
    "create": _summarize_ref,
    "delete": _summarize_ref,
    "pull_request": _summarize_pull_request,
    "pull_request_review": _summarize_review,
    "gollum": _summarize_wiki,
    "star": _summarize_star,
    "installation_repositories": _summarize_installation_repositories,
}
