"""The tasks of the follow, unfollow and webhook commands, which subscribe people to events by text, call or webhook."""

from answer_outcomes import DECLINED, FAILED, AnswerText
from masking import mask_urls
from phone_numbers import can_be_texted
from sending import followers, opt_outs
from sending.followers import TooManyTopics
from sending.http import urls
from sending.webhooks import event_schemas
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import registration_by_phone
from sending.webhooks.endpoints.registration_by_phone import TooManyEndpoints, VerificationFailed
from sending.webhooks.queue import backlog
from store import Store
from workers import follower_notifications, pending_answers, tasks
from workers.answer_delivery import get_gateway
from workers.tasks import lookup, task

BY_CALL_SUFFIX = " by call"  # appended to a topic
NO_NUMBER = AnswerText(
    "You withheld your number, so I cannot subscribe you to anything. Please ask again with your number shown.",
    DECLINED,
)

# https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window
ONLY_ON_REQUEST = AnswerText(
    "On WhatsApp I may write to you only within a day of your last message. Please ask by SMS or by phone.", DECLINED
)


@task
def follow(words: str) -> str:
    """From now on, notify this person about a topic: by text, or by call if the words end in BY_CALL_SUFFIX."""
    number, redis = get_requester_number(), get_gateway().redis
    topic, by_call, _ = words.partition(BY_CALL_SUFFIX)
    if not number:
        return NO_NUMBER
    if not by_call and not can_be_texted(number):
        told = f"This number cannot receive texts. Ask for {topic}{BY_CALL_SUFFIX}, and I will call you."
        return AnswerText(told, DECLINED)
    if opt_outs.has_opted_out(redis, number, get_gateway().settings.secret_key):
        return AnswerText("You texted STOP, so I cannot notify you. Text START first.", DECLINED)
    if ":" in number:
        return ONLY_ON_REQUEST
    try:
        followers.follow(redis, number, topic, followers.CALL if by_call else followers.TEXT, _current_sender())
    except TooManyTopics:
        limit = followers.MAX_TOPICS_PER_NUMBER
        told = f'You already follow {limit} topics. To drop one, text "unfollow" and its name first.'
        return AnswerText(told, DECLINED)
    verb = "call" if by_call else "text"
    return f"You now follow {topic}. When something happens there, I will {verb} you. {_how_to_unfollow(redis, topic)}"


def _how_to_unfollow(redis: Store, topic: str) -> str:
    pending = pending_answers.load_current()
    is_text = pending is not None and pending.channel == "text"  # a spoken URL is of no use
    url = follower_notifications.unsubscribe_url(redis, get_requester_number()) if is_text else ""
    return f"Text unfollow {topic} to stop{f', or open {url} to stop everything' if url else ''}."


@task
def unfollow(topic_or_url: str) -> str:
    """Remove one of this person's topics or webhook endpoints; for "", remove all topics."""
    redis, number = get_gateway().redis, get_requester_number()
    if not number:
        return NO_NUMBER
    if followers.unfollow(redis, number, topic_or_url):
        return f"You no longer follow {topic_or_url or 'anything'}."
    owned = registration_by_phone.endpoints_of(redis, number)
    removed = [one for one in owned if topic_or_url in (one.url.lower(), urls.host_of(one.url))]
    for endpoint in removed:
        backlog.delete_endpoint(redis, endpoint.id)
    if removed:
        return f"We no longer send webhooks to {urls.host_of(removed[0].url)}."
    return AnswerText(f"You do not follow {mask_urls(topic_or_url) or 'anything'}.", DECLINED)


@lookup
def subscribe(url: str) -> str:
    """Send webhooks to this URL once it has answered a verification challenge."""
    redis, settings = get_gateway().redis, get_gateway().settings
    number, host = get_requester_number(), urls.host_of(url)
    if not number:
        return NO_NUMBER
    client, encryption = tasks.get_client(), Encryption(settings.secret_key)
    try:
        endpoint = registration_by_phone.register(
            redis, client, encryption, url, number, _default_event_types(), http=settings.allow_loopback
        )
    except TooManyEndpoints:
        limit = registration_by_phone.MAX_ENDPOINTS_PER_NUMBER
        told = f'You already have {limit} addresses. To drop one, text "unfollow" and that address first.'
        return AnswerText(told, DECLINED)
    except VerificationFailed as error:
        return AnswerText(f"No webhooks go to {host} yet. {error}", FAILED)
    types = ", ".join(endpoint.event_types)
    return f"{host} has received its secret and will get {types}. Text unfollow {host} to stop."


def get_requester_number() -> str:
    """Return the phone number of the person who is waiting for the current job, or "" outside such a job."""
    pending = pending_answers.load_current()
    return pending.phone_number if pending else ""


def _current_sender() -> str:
    pending = pending_answers.load_current()
    return pending.sender if pending else ""


def _default_event_types() -> tuple[str, ...]:
    """Return the event types that do not contain what people said: the public types and the providers' types."""
    providers = sorted(get_gateway().settings.webhook_secrets)
    return (*event_schemas.PUBLIC_EVENT_TYPES, *(f"{event_schemas.normalize_name(name)}.*" for name in providers))
