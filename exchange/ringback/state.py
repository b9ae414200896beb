"""The state of the exchange, in memory."""

from __future__ import annotations

from ringback.account.addresses import Address
from ringback.account.api_keys import ApiKey
from ringback.account.applications import TwimlApplication
from ringback.account.caller_ids import verified_caller_ids
from ringback.account.geography import Place
from ringback.account.message_templates import Template
from ringback.account.messaging_services import MessagingServices
from ringback.account.phone_numbers import PhoneNumber, app_numbers, is_whatsapp
from ringback.account.verification_codes import VerifyServices
from ringback.account.webhook_urls import WebhookUrls
from ringback.calls.call import Call
from ringback.calls.call_log import CallLog
from ringback.calls.conferences import Conferences
from ringback.calls.queues import CallQueues
from ringback.handset import Handset
from ringback.messages.message import Message
from ringback.messages.opt_outs import OptOuts
from ringback.messages.whatsapp import WHATSAPP_SANDBOX, WhatsAppSessions
from ringback.runtime import Runtime
from ringback.service.bounded_dict import BoundedDict, body_size, trim
from ringback.service.clock import Clock
from ringback.service.media import MAX_MEDIA, Media
from ringback.service.rate_limits import RateLimiter
from ringback.service.settings import Settings
from ringback.sound.recordings import MAX_RECORDINGS
from ringback.sound.transcription import Transcription
from ringback.streams.session import MediaStream

MAX_HANDSETS = 20_000
MAX_CALLS = 2000  # not counting calls in progress
MAX_MESSAGES = 10_000  # not counting messages in transit
MAX_TEMPLATES = 1000
MAX_ADDRESSES = 1000
MAX_STREAMS = 1000
MAX_REPLY_CHAINS = 5000  # one for each pair of numbers
MAX_LIVE_TEXTS = 50  # status changes are published only for this many of a handset's newest texts


class State(Runtime):
    """The account with its numbers, applications and keys, all calls and messages, and all handsets."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        super().__init__(settings, clock or Clock(), self._log_of, self._on_media_evicted)
        self.numbers: dict[str, PhoneNumber] = app_numbers(settings, self.clock.now())
        self.applications: dict[str, TwimlApplication] = {}
        self.caller_ids = verified_caller_ids(settings, self.clock.now())
        self.messaging_services = MessagingServices()
        self.addresses: BoundedDict[str, Address] = BoundedDict(MAX_ADDRESSES)
        self.keys: dict[str, ApiKey] = {}
        self.verify = VerifyServices(self.clock, settings.account_sid)
        self.handsets: dict[str, Handset] = {}
        self.calls: BoundedDict[str, Call] = BoundedDict(
            MAX_CALLS, lambda call: not call.is_over, self._on_call_evicted
        )
        self.call_rate = RateLimiter(self.clock, settings.calls_a_second)
        self.conferences = Conferences(self)
        self.queues = CallQueues(self.clock)
        self.messages: BoundedDict[str, Message] = BoundedDict(
            MAX_MESSAGES, lambda message: message.is_in_transit, self._on_message_evicted
        )
        self.message_rate = RateLimiter(self.clock, settings.segments_a_second)
        self.opt_outs = OptOuts(settings.help_reply)
        self.whatsapp_sessions = WhatsAppSessions(self.clock)
        self.templates: BoundedDict[str, Template] = BoundedDict(MAX_TEMPLATES)
        # Keyed by sender and recipient: the time of the app's last reply, and the number of replies in a row.
        self.reply_chains: BoundedDict[tuple[str, str], tuple[float, int]] = BoundedDict(MAX_REPLY_CHAINS)
        self.transcriptions: BoundedDict[str, Transcription] = BoundedDict(MAX_RECORDINGS)
        self.streams: BoundedDict[str, MediaStream] = BoundedDict(MAX_STREAMS, lambda stream: stream.is_running)
        self.sounds_by_url: BoundedDict[str, Media] = BoundedDict(MAX_MEDIA, size_of=body_size)

    async def reset(self) -> None:
        """Discards all state, as a restart does, except API keys, applications and the app's address.

        Calls end without status callbacks; the clock returns to real time."""
        keys, applications, origin, app = self.keys, self.applications, self.origin, self.app_address.app
        await self.close()
        self.clock.reset()
        State.__init__(self, self.settings, self.clock)
        self.keys, self.applications, self.origin = keys, applications, origin
        if app != self.app_address.app:
            self.app_address.move(app)

    def own_number(self, address: str) -> PhoneNumber | None:
        """Returns the app's number with this address, on any channel. The WhatsApp sandbox means the first number."""
        if address == WHATSAPP_SANDBOX:
            return next(iter(self.numbers.values()), None)
        return self.numbers.get(address.removeprefix("whatsapp:") if is_whatsapp(address) else address)

    def webhook_urls(self, number: PhoneNumber, application_sid: str) -> WebhookUrls:
        """Returns the webhooks of the number's application, or the number's own if it has no application."""
        return self.applications.get(application_sid) or number

    def webhook_urls_for_messages(self, number: PhoneNumber) -> WebhookUrls:
        """Returns the webhooks for messages to the number: those of its Messaging Service, unless the service defers to
        the number."""
        service = self.messaging_services.of_number(number.sid)
        if service and not service.use_inbound_webhook_on_number:
            return service.webhook_urls()
        return self.webhook_urls(number, number.sms_application_sid)

    def new_key(self, name: str) -> ApiKey:
        """Creates an API key for the REST API."""
        key = ApiKey(name, self.clock.now())
        self.keys[key.sid] = key
        return key

    def may_be_caller_id(self, number: str) -> bool:
        """Returns whether the app may use this caller ID, which must be one of its own numbers or verified."""
        return number in self.numbers or number in self.caller_ids

    def handset(self, number: str) -> Handset:
        """Returns the handset of this number, creating it on first use."""
        handset = self.handsets.get(number)
        if handset is None:
            while len(self.handsets) >= MAX_HANDSETS:
                self.handsets.pop(next(iter(self.handsets)))
            handset = self.handsets[number] = Handset(number)
            self.feed.publish("handset", number, handset.as_json())
        return handset

    def place_of(self, number: str) -> Place:
        found = self.numbers.get(number) or self.handsets.get(number)
        return found.place if found else Place()

    def display_name(self, number: str) -> str:
        """Returns the name of the handset, or its number if it has no name."""
        handset = self.handsets.get(number)
        return handset.name if handset and handset.name else number

    def add_to_handset(self, message: Message) -> None:
        """Adds a received or sent text to its handset and publishes it."""
        texts = self.handset(message.handset).texts
        texts.append(message)
        trim(texts)
        self.feed.publish("text", message.handset, message.as_json())

    def publish_message_status(self, message: Message) -> None:
        handset = self.handsets.get(message.handset)
        if handset and message in handset.texts[-MAX_LIVE_TEXTS:]:
            self.feed.publish("text-status", message.handset, message.as_json())

    def _log_of(self, sid: str) -> CallLog | None:
        call = self.calls.get(sid)
        return call.log if call else None

    def _on_call_evicted(self, call: Call) -> None:
        handset = self.handsets.get(call.plan.handset)
        if handset and call in handset.calls:
            handset.calls.remove(call)

    def _on_message_evicted(self, message: Message) -> None:
        handset = self.handsets.get(message.handset)
        if handset and message in handset.texts:
            handset.texts.remove(message)
        for media in message.media:
            self.media.pop(media.sid, None)

    def _on_media_evicted(self, media: Media) -> None:
        message = self.messages.get(media.parent)
        if message and media in message.media:
            message.media.remove(media)
        media.body = b""  # frees the memory even if a handset's text still refers to the media
