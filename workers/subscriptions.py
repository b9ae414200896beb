"""What somebody wants to hear of from now on, by text or at a web address of theirs."""

from typing import Any

from rq import get_current_job

from masking import mask_addresses
from sending import followers, opt_outs
from sending.followers import FollowsEnough
from sending.http import urls
from sending.webhooks import catalogue, endpoints, verification
from sending.webhooks.encryption import Seal, WrongKey
from sending.webhooks.endpoints import Subscriber
from sending.webhooks.verification import Unproven
from workers import notifications, pending_answers, tasks
from workers.callbacks import can_be_texted, telephone
from workers.pending_answers import Ask
from workers.tasks import task

MOST = 3  # web addresses one number may have told us
BY_CALL = " by call"  # at the end of what is followed


@task
def follow(words: str) -> str:
    """Tell this person from now on what happens there: by text, or, after `by call`, by call."""
    number, redis = who_asks(), telephone().redis
    topic, by_call, _ = words.partition(BY_CALL)
    if not by_call and not can_be_texted(number):
        return f"I can only text a number that gets texts. Ask for {topic}{BY_CALL}, and I call you."
    if opt_outs.has_left(redis, number):
        return "You texted STOP, so I tell you nothing. Text START first."
    try:
        followers.follow(redis, number, topic, followers.CALL if by_call else followers.TEXT)
    except FollowsEnough:
        return f"You follow {followers.MOST} things already. Text unfollow and one of them first."
    asked = _ask()
    way = (
        notifications.way_out(redis, number) if asked and asked.channel == "text" else ""
    )  # nobody spells it out to an ear
    end = f"Text unfollow {topic} to end it{f', or open {way} to end all' if way else ''}."
    return f"You follow {topic} now: when something happens there, I {'call' if by_call else 'text'} you. {end}"


@task
def unfollow(what: str) -> str:
    """End it: one topic, one web address of this person's, or everything they follow."""
    redis, number = telephone().redis, who_asks()
    if followers.unfollow(redis, number, what):
        return f"You no longer follow {what or 'anything'}."
    ended = [one for one in _theirs(redis, number) if what in (one.url.lower(), urls.host_of(one.url))]
    for one in ended:
        endpoints.delete(redis, one.id)
    if ended:
        return f"We no longer send webhooks to {urls.host_of(ended[0].url)}."
    return f"You do not follow {mask_addresses(what) or 'anything'}."


@task
def subscribe(url: str) -> str:
    """Send webhooks to this address, once it has proved that whoever asks holds it."""
    redis, number, client, host = telephone().redis, who_asks(), tasks.client(), urls.host_of(url)
    http, seal = telephone().settings.allow_loopback, Seal(telephone().settings.secret_key)
    theirs = _theirs(redis, number)
    known = next((one for one in theirs if one.url == url), None)
    if known is None and len(theirs) >= MOST:
        return f"You have {MOST} addresses already. Text unfollow and one of them first."
    try:
        verification.prove(client, url, http=http)
        one = known or endpoints.create(redis, client, seal, url, http=http, owner=number, kinds=_kinds())
        try:
            verification.hand_over(client, seal, one, http=http)
        except WrongKey:  # sealed with a SECRET_KEY that is gone; whoever holds the address gets a new secret
            verification.hand_over(client, seal, endpoints.rotate(redis, seal, one.id), http=http)
    except Unproven as wanted:
        return f"No webhooks go to {host} yet. {wanted}"
    endpoints.resume(redis, one.id)
    return f"{host} has its secret now, and hears of {', '.join(one.kinds)}. Text unfollow {host} to end it."


def who_asks() -> str:
    """The number of the person whose ask this job is."""
    ask = _ask()
    return ask.person if ask else ""


def _ask() -> Ask | None:
    job = get_current_job()
    return pending_answers.load(job.connection, job.id) if job else None


def _theirs(redis: Any, number: str) -> list[Subscriber]:
    return [one for one in endpoints.everyone(redis) if number and one.owner == number]


def _kinds() -> tuple[str, ...]:
    """What anybody may hear: nobody's words, and what the providers tell us."""
    names = sorted(telephone().settings.webhook_secrets)
    return (*catalogue.OPEN, *(f"{catalogue.in_a_name(name)}.*" for name in names))
