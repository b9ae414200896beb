"""The follow and unfollow commands: notifications about topics, by text or by call."""

import re

import context
from phone.commands import NeedsWords, SlowAnswer, command
from receiving import providers
from sending.webhooks import event_schemas
from workers import subscription_tasks

BY_CALL_PATTERN = re.compile(r"\W+(by|with|per) (a )?(phone )?calls?\W*$|\W+by (tele)?phone\W*$", re.IGNORECASE)


@command("follow", key="5", argument="topic", aliases=("subscribe", "subscribe to", "sign me up for"))
def follow_something(words: str) -> SlowAnswer:
    """texts about a topic, such as github"""
    spoken_topic, by_call = BY_CALL_PATTERN.subn("", f" {words}")
    topic = match_topic(parse_topic(spoken_topic))
    if topic.partition(".")[0] not in _configured_providers() and topic not in event_schemas.PUBLIC_EVENT_TYPES:
        topics = _followable_topics()
        question = "What would you like to follow?"
        raise NeedsWords(question, tuple(topics), f"{question} Text follow and one of these: {', '.join(topics)}")
    topic += subscription_tasks.BY_CALL_SUFFIX if by_call else ""
    return SlowAnswer(subscription_tasks.follow, topic, f"I am signing you up for {topic}.")


@command("unfollow", key="8", argument="topic", aliases=("un follow", "stop following", "unsubscribe from"))
def unfollow_something(words: str) -> SlowAnswer:
    """no more texts about a topic"""
    topic = words.strip().lower() if "/" in words else match_topic(parse_topic(words))
    return SlowAnswer(subscription_tasks.unfollow, topic, "I am updating your topics.")


def parse_topic(words: str) -> str:
    """The words as an event type: "Git Hub pull request" becomes github.pull_request. At most 100 characters."""
    words = words.lower().replace(" dot ", ".")
    for name in providers.load():
        words = re.sub(rf"\b{' ?'.join(name)}\b", name, words)
    first, _, rest = re.sub(r"[^a-z0-9._-]+", " ", words).strip(" .").replace(" ", ".", 1).partition(".")
    return ".".join(filter(None, [first, *(part.strip(" _").replace(" ", "_") for part in rest.split("."))]))[:100]


def match_topic(topic: str) -> str:
    """The topic with the provider's spelling of the event: github.pull_requests becomes github.pull_request."""
    first, dot, event = topic.partition(".")
    provider = providers.load().get(first)
    if not provider or not dot:
        return topic
    names = [event_schemas.normalize_event(name).lower() for name in provider.samples]
    variants = (event, event.removesuffix("s"), event.removesuffix("es"), f"{event}s")
    return f"{first}.{next((variant for variant in variants if variant in names), event)}"


def _configured_providers() -> list[str]:
    secrets = context.settings().webhook_secrets
    return [name for name in providers.load() if name in secrets]


def _followable_topics() -> list[str]:
    return [*_configured_providers(), *event_schemas.PUBLIC_EVENT_TYPES]
