"""What somebody wants to hear of from now on, by text or at a web address of theirs."""

from typing import Any

from masking import mask_urls
from sending import followers, opt_outs
from sending.followers import TooManyTopics
from sending.http import urls
from sending.webhooks import catalogue, endpoints, verification
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import WebhookEndpoint
from sending.webhooks.verification import VerificationFailed
from workers import notifications, pending_answers, tasks
from workers.callbacks import can_be_texted, get_gateway
from workers.tasks import task

MAX_ENDPOINTS_PER_NUMBER = 3  # web addresses one number may have told us
BY_CALL_SUFFIX = " by call"  # at the end of what is followed


@task
def follow(words: str) -> str:
    """Tell this person from now on what happens there: by text, or, after `by call`, by call."""
    number, redis = get_requester_number(), get_gateway().redis
    topic, by_call, _ = words.partition(BY_CALL_SUFFIX)
    if not by_call and not can_be_texted(number):
        return f"I can only text a number that gets texts. Ask for {topic}{BY_CALL_SUFFIX}, and I call you."
    if opt_outs.has_opted_out(redis, number):
        return "You texted STOP, so I tell you nothing. Text START first."
    try:
        followers.follow(redis, number, topic, followers.CALL if by_call else followers.TEXT)
    except TooManyTopics:
        return f"You follow {followers.MAX_TOPICS_PER_NUMBER} things already. Text unfollow and one of them first."
    asked = pending_answers.load_current()
    way = (
        notifications.unsubscribe_url(redis, number) if asked and asked.channel == "text" else ""
    )  # nobody spells it out to an ear
    end = f"Text unfollow {topic} to end it{f', or open {way} to end all' if way else ''}."
    return f"You follow {topic} now: when something happens there, I {'call' if by_call else 'text'} you. {end}"


@task
def unfollow(what: str) -> str:
    """End it: one topic, one web address of this person's, or everything they follow."""
    redis, number = get_gateway().redis, get_requester_number()
    if followers.unfollow(redis, number, what):
        return f"You no longer follow {what or 'anything'}."
    ended = [one for one in _endpoints_of(redis, number) if what in (one.url.lower(), urls.host_of(one.url))]
    for one in ended:
        endpoints.delete(redis, one.id)
    if ended:
        return f"We no longer send webhooks to {urls.host_of(ended[0].url)}."
    return f"You do not follow {mask_urls(what) or 'anything'}."


@task
def subscribe(url: str) -> str:
    """Send webhooks to this address, once it has proved that whoever asks holds it."""
    redis, number, client, host = get_gateway().redis, get_requester_number(), tasks.get_client(), urls.host_of(url)
    http, encryption = get_gateway().settings.allow_loopback, Encryption(get_gateway().settings.secret_key)
    theirs = _endpoints_of(redis, number)
    known = next((one for one in theirs if one.url == url), None)
    if known is None and len(theirs) >= MAX_ENDPOINTS_PER_NUMBER:
        return f"You have {MAX_ENDPOINTS_PER_NUMBER} addresses already. Text unfollow and one of them first."
    try:
        verification.verify_url(client, url, http=http)
        one = known or endpoints.create(
            redis, client, encryption, url, http=http, owner=number, event_types=_default_event_types()
        )
        try:
            verification.send_secret(client, encryption, one, http=http)
        except WrongKey:  # sealed with a SECRET_KEY that is gone; whoever holds the address gets a new secret
            verification.send_secret(client, encryption, endpoints.rotate_key(redis, encryption, one.id), http=http)
    except VerificationFailed as wanted:
        return f"No webhooks go to {host} yet. {wanted}"
    endpoints.resume(redis, one.id)
    return f"{host} has its secret now, and hears of {', '.join(one.event_types)}. Text unfollow {host} to end it."


def get_requester_number() -> str:
    """The number of the person whose ask this job is."""
    pending = pending_answers.load_current()
    return pending.phone_number if pending else ""


def _endpoints_of(redis: Any, number: str) -> list[WebhookEndpoint]:
    return [one for one in endpoints.load_all(redis) if number and one.owner == number]


def _default_event_types() -> tuple[str, ...]:
    """What anybody may hear: nobody's words, and what the providers tell us."""
    names = sorted(get_gateway().settings.webhook_secrets)
    return (*catalogue.PUBLIC_EVENT_TYPES, *(f"{catalogue.normalize_name(name)}.*" for name in names))
