"""The state: everything the exchange remembers, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ringback.account.api_keys import ApiKey
from ringback.account.applications import TwimlApplication
from ringback.account.phone_numbers import PhoneNumber, app_number
from ringback.account.verify import VerifyServices
from ringback.account.webhook_urls import WebhookUrls
from ringback.calls.call import Call
from ringback.calls.call_log import CallLog
from ringback.calls.conferences import Conferences
from ringback.calls.queues import CallQueues
from ringback.messages.message import Message
from ringback.messages.opt_outs import OptOuts
from ringback.runtime import Runtime
from ringback.service import bounded_dict
from ringback.service.bounded_dict import BoundedDict, trim
from ringback.service.clock import Clock
from ringback.service.media import Media
from ringback.service.rate_limits import RateLimiter
from ringback.service.settings import Settings
from ringback.sound.transcriptions import Transcription

MAX_HANDSETS = 20_000


@dataclass
class Handset:
    """A phone with a person. Its texts and calls are kept in order."""

    number: str
    name: str = ""
    when_called: str = "rings"
    texts: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"number": self.number, "name": self.name, "when_called": self.when_called}


class State(Runtime):
    """The account and what belongs to it, its calls and messages, and everybody's handsets."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        super().__init__(settings, clock or Clock(), self._log_of, self._on_media_evicted)
        number = app_number(settings, self.clock.now())
        self.numbers: dict[str, PhoneNumber] = {number.phone_number: number}
        self.applications: dict[str, TwimlApplication] = {}
        self.keys: dict[str, ApiKey] = {}
        self.verify = VerifyServices(self.clock, settings.account_sid)
        self.handsets: dict[str, Handset] = {}
        self.calls: BoundedDict[str, Call] = BoundedDict(
            bounded_dict.MAX_CALLS, lambda call: not call.is_over, self._on_call_evicted
        )
        self.call_rate = RateLimiter(self.clock, settings.calls_a_second)
        self.conferences = Conferences(self)
        self.queues = CallQueues(self.clock)
        self.messages: BoundedDict[str, Message] = BoundedDict(
            bounded_dict.MAX_MESSAGES, lambda message: message.is_in_transit, self._on_message_evicted
        )
        self.message_rate = RateLimiter(self.clock, settings.segments_a_second)
        self.opt_outs = OptOuts(settings.help_reply)
        self.reply_chains: BoundedDict[tuple[str, str], tuple[float, int]] = BoundedDict(
            bounded_dict.MAX_PAIRS
        )  # replies in a row
        self.transcriptions: BoundedDict[str, Transcription] = BoundedDict(bounded_dict.MAX_RECORDINGS)
        self.sounds_by_url: BoundedDict[str, Media] = BoundedDict(
            bounded_dict.MAX_MEDIA, size_of=bounded_dict.body_size
        )  # by address

    def webhook_urls(self, number: PhoneNumber, application_sid: str) -> WebhookUrls:
        """Where a number's calls or texts go: its application's addresses win over its own."""
        return self.applications.get(application_sid) or number

    def new_key(self, name: str) -> ApiKey:
        """A further login to REST."""
        key = ApiKey(name, self.clock.now())
        self.keys[key.sid] = key
        return key

    def may_be_caller_id(self, number: str) -> bool:
        """May the app show this as the caller's number? Its own, and those that were verified."""
        return number in self.numbers or number in self.settings.verified

    def handset(self, number: str) -> Handset:
        """The handset of that number, made when first spoken of."""
        known = self.handsets.get(number)
        if known is None:
            while len(self.handsets) >= MAX_HANDSETS:
                self.handsets.pop(next(iter(self.handsets)))
            known = self.handsets[number] = Handset(number)
            self.feed.publish("handset", number, known.as_json())
        return known

    def display_name(self, number: str) -> str:
        """A handset as people call it: by its name, or its number."""
        known = self.handsets.get(number)
        return known.name if known and known.name else number

    def add_to_handset(self, message: Message) -> None:
        """A text has reached its handset, or left it."""
        texts = self.handset(message.handset).texts
        texts.append(message)
        trim(texts)
        self.feed.publish("text", message.handset, message.as_json())

    def publish_message_status(self, message: Message) -> None:
        handset = self.handsets.get(message.handset)
        if handset and message in handset.texts[-50:]:
            self.feed.publish("text-status", message.handset, message.as_json())

    def _log_of(self, sid: str) -> CallLog | None:
        call = self.calls.get(sid)
        return call.log if call else None

    # What is forgotten by itself.

    def _on_call_evicted(self, call: Call) -> None:
        handset = self.handsets.get(call.plan.handset)
        if handset and call in handset.calls:
            handset.calls.remove(call)

    def _on_message_evicted(self, message: Message) -> None:
        handset = self.handsets.get(message.handset)
        if handset and message in handset.texts:
            handset.texts.remove(message)
        for each in message.media:
            self.media.pop(each.sid, None)

    def _on_media_evicted(self, found: Media) -> None:
        message = self.messages.get(found.parent)
        if message and found in message.media:
            message.media.remove(found)
        found.body = b""  # a handset may still hold the text it came with
