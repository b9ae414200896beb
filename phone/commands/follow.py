"""Follow: what happens elsewhere arrives as a text, until one has heard enough."""

import re

from flask import current_app

from phone.commands import NeedsWords, Slow, command
from receiving import providers
from sending import catalogue
from workers import following


@command("follow", key="5", takes="what")
def follow_something(words: str) -> Slow:
    """texts about it, such as github"""
    topic = as_topic(words)
    first = topic.partition(".")[0]
    if first not in _providers() and topic not in catalogue.OPEN:
        raise NeedsWords(f"What shall I tell you of? Text follow and one of these: {', '.join(_topics())}")
    return Slow(following.follow, topic, f"I note that you follow {topic}.")


@command("unfollow", key="8")
def unfollow_something(words: str) -> Slow:
    """no more of them"""
    what = words.strip().lower() if "/" in words else as_topic(words)
    return Slow(following.unfollow, what, "I cross it out.")


def as_topic(words: str) -> str:
    """What was said, as events are called: "GitHub pull request" is github.pull_request."""
    first, _, rest = re.sub(r"[^a-z0-9._-]+", " ", words.lower()).strip(" .").replace(" ", ".", 1).partition(".")
    return ".".join(filter(None, [first, *(part.strip(" _").replace(" ", "_") for part in rest.split("."))]))[:100]


def _providers() -> list[str]:
    held = current_app.extensions["settings"].webhook_secrets
    return [name for name in providers.load() if name in held]


def _topics() -> list[str]:
    return [*_providers(), *catalogue.OPEN]
