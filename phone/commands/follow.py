"""Follow: what happens elsewhere arrives as a text, until one has heard enough."""

import re

from flask import current_app

from phone.commands import NeedsWords, Slow, command
from receiving import providers
from sending.webhooks import catalogue
from workers import subscriptions

BY_CALL = re.compile(r"\W+(by|with|per) (a )?(phone )?calls?\W*$|\W+by (tele)?phone\W*$", re.IGNORECASE)


@command("follow", key="5", takes="what")
def follow_something(words: str) -> Slow:
    """texts about it, such as github"""
    told, by_call = BY_CALL.subn("", f" {words}")
    topic = known_topic(as_topic(told))
    first = topic.partition(".")[0]
    if first not in _providers() and topic not in catalogue.OPEN:
        question = "What shall I tell you of?"
        in_writing = f"{question} Text follow and one of these: {', '.join(_topics())}"
        raise NeedsWords(question, tuple(_topics()), in_writing)
    wanted = topic + (subscriptions.BY_CALL if by_call else "")
    return Slow(subscriptions.follow, wanted, f"I note that you follow {wanted}.")


@command("unfollow", key="8")
def unfollow_something(words: str) -> Slow:
    """no more of them"""
    what = words.strip().lower() if "/" in words else known_topic(as_topic(words))
    return Slow(subscriptions.unfollow, what, "I cross it out.")


def as_topic(words: str) -> str:
    """What was said, as events are called: "GitHub pull request" is github.pull_request."""
    first, _, rest = re.sub(r"[^a-z0-9._-]+", " ", words.lower()).strip(" .").replace(" ", ".", 1).partition(".")
    return ".".join(filter(None, [first, *(part.strip(" _").replace(" ", "_") for part in rest.split("."))]))[:100]


def known_topic(topic: str) -> str:
    """The same by the provider's own word for it: people say pull requests, and GitHub pull_request."""
    first, dot, said = topic.partition(".")
    provider = providers.load().get(first)
    if not provider or not dot:
        return topic
    words = [".".join(filter(None, map(catalogue.in_a_name, name.split(".")))).lower() for name in provider.samples]
    nearly = (said, said.removesuffix("s"), said.removesuffix("es"), f"{said}s")
    return f"{first}.{next((word for word in nearly if word in words), said)}"


def _providers() -> list[str]:
    held = current_app.extensions["settings"].webhook_secrets
    return [name for name in providers.load() if name in held]


def _topics() -> list[str]:
    return [*_providers(), *catalogue.OPEN]
