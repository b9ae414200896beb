"""Follow: what happens elsewhere arrives as a text, until one has heard enough."""

import re

from flask import current_app

from phone.commands import NeedsWords, SlowAnswer, command
from receiving import providers
from sending.webhooks import catalogue
from workers import subscriptions

BY_CALL_PATTERN = re.compile(r"\W+(by|with|per) (a )?(phone )?calls?\W*$|\W+by (tele)?phone\W*$", re.IGNORECASE)


@command("follow", key="5", takes="what")
def follow_something(words: str) -> SlowAnswer:
    """texts about it, such as github"""
    told, by_call = BY_CALL_PATTERN.subn("", f" {words}")
    topic = match_topic(parse_topic(told))
    first = topic.partition(".")[0]
    if first not in _configured_providers() and topic not in catalogue.PUBLIC_EVENT_TYPES:
        question = "What shall I tell you of?"
        written_prompt = f"{question} Text follow and one of these: {', '.join(_followable_topics())}"
        raise NeedsWords(question, tuple(_followable_topics()), written_prompt)
    wanted = topic + (subscriptions.BY_CALL_SUFFIX if by_call else "")
    return SlowAnswer(subscriptions.follow, wanted, f"I note that you follow {wanted}.")


@command("unfollow", key="8")
def unfollow_something(words: str) -> SlowAnswer:
    """no more of them"""
    what = words.strip().lower() if "/" in words else match_topic(parse_topic(words))
    return SlowAnswer(subscriptions.unfollow, what, "I cross it out.")


def parse_topic(words: str) -> str:
    """What was said, as events are called: "GitHub pull request" is github.pull_request."""
    first, _, rest = re.sub(r"[^a-z0-9._-]+", " ", words.lower()).strip(" .").replace(" ", ".", 1).partition(".")
    return ".".join(filter(None, [first, *(part.strip(" _").replace(" ", "_") for part in rest.split("."))]))[:100]


def match_topic(topic: str) -> str:
    """The same by the provider's own word for it: people say pull requests, and GitHub pull_request."""
    first, dot, said = topic.partition(".")
    provider = providers.load().get(first)
    if not provider or not dot:
        return topic
    words = [
        ".".join(filter(None, map(catalogue.normalize_name, name.split(".")))).lower() for name in provider.samples
    ]
    nearly = (said, said.removesuffix("s"), said.removesuffix("es"), f"{said}s")
    return f"{first}.{next((word for word in nearly if word in words), said)}"


def _configured_providers() -> list[str]:
    held = current_app.extensions["settings"].webhook_secrets
    return [name for name in providers.load() if name in held]


def _followable_topics() -> list[str]:
    return [*_configured_providers(), *catalogue.PUBLIC_EVENT_TYPES]
