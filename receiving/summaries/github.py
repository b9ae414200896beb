"""Summaries of GitHub's events: https://docs.github.com/en/webhooks/webhook-events-and-payloads.

Every event is described by its actor, action and object. Results of automatic runs name no actor.
"""

import re
from collections.abc import Callable, Mapping

from receiving.provider_event import ProviderEvent, pluralize, split_words
from receiving.summaries.github_tables import DETAILS, OBJECTS, PHRASES, RUNS, STATE_PHRASES, STATES

NAME_PREFIXES = ("refs/heads/", "refs/tags/", ".github/workflows/")


def summarize(event: ProviderEvent) -> str:
    """Return `ada opened pull request #7 in talk/demo: Ring twice`."""
    place = event["repository.full_name"] or event["organization.login"]
    told = SPECIAL.get(event.name, _summarize_state if event.name in STATES else _summarize_action)(event)
    told += f" in {place}" if place and place not in told else ""
    detail = _fill(DETAILS.get(event.name, ""), event)
    return f"{told}: {detail}" if detail else told


def _fill(template: str, event: ProviderEvent, object_phrase: str = "") -> str:
    """Replace `{path}` by the value at this path, and `{path:7}` by its first seven characters."""

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
