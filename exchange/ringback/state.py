"""The switchboard: everything the exchange remembers, and the few things every part of it asks for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ringback.account.api_keys import Key
from ringback.account.applications import Application
from ringback.account.phone_numbers import Number, first_number
from ringback.account.verify import Verify
from ringback.account.webhook_urls import Addresses
from ringback.calls.conferences import Rooms
from ringback.calls.queues import Queues
from ringback.messages.opt_outs import OptOuts
from ringback.service import bounded_dict, media
from ringback.service.bounded_dict import History, trim
from ringback.service.clock import Clock, iso
from ringback.service.debugger import Debugger
from ringback.service.faults import Faults
from ringback.service.feed import Feed
from ringback.service.rate_limits import Rate
from ringback.service.settings import Settings
from ringback.sound.recordings import Recordings
from ringback.twiml import grammar
from ringback.webhooks import send
from ringback.webhooks.http_client import Client
from ringback.webhooks.request import Answer, Webhook

if TYPE_CHECKING:
    from ringback.calls.call import Call
    from ringback.messages.delivery import Message
    from ringback.sound.transcriptions import Transcription
    from ringback.twiml.documents import Document
    from ringback.twiml.interpreter import Session
    from ringback.twiml.parser import Element

log = logging.getLogger("exchange")
MOST_HANDSETS = 20_000
KEPT_REQUESTS = 500
Result = TypeVar("Result")


@dataclass
class Handset:
    """A phone with a person. Its texts and calls are kept in order."""

    number: str
    name: str = ""
    when_called: str = "rings"
    texts: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {"number": self.number, "name": self.name, "when_called": self.when_called}


class State:
    """All state, in memory."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self.origin = settings.origin or f"http://{settings.host}:{settings.port}"
        self.feed = Feed(self.clock)
        self.debugger = Debugger(self.clock, self.feed)
        self.faults = Faults(settings.seed)
        for written in settings.faults:
            self.faults.add_written(written)
        self.client = Client(self.clock, settings.auth_token, settings.shared_key)
        self.texts_rate = Rate(self.clock, settings.segments_a_second)
        self.calls_rate = Rate(self.clock, settings.calls_a_second)
        self.opt_outs = OptOuts(settings.help_reply)
        number = first_number(settings, self.clock.now())
        self.numbers: dict[str, Number] = {number.phone_number: number}
        self.handsets: dict[str, Handset] = {}
        self.calls: History[str, Call] = History(bounded_dict.CALLS, lambda call: not call.over, self._call_forgotten)
        self.messages: History[str, Message] = History(
            bounded_dict.TEXTS, lambda message: message.on_its_way, self._text_forgotten
        )
        self.recordings = Recordings(self)
        self.applications: dict[str, Application] = {}
        self.keys: dict[str, Key] = {}
        self.verify = Verify(self.clock, settings.account_sid)
        self.rooms = Rooms(self)
        self.queues = Queues(self)
        self.transcriptions: History[str, Transcription] = History(bounded_dict.RECORDINGS)
        self.media: History[str, media.Media] = History(
            bounded_dict.MEDIA, forgotten=self._media_forgotten, weight=bounded_dict.bytes_of
        )
        self.sounds: History[str, media.Media] = History(bounded_dict.MEDIA, weight=bounded_dict.bytes_of)  # by address
        self.rows: History[tuple[str, str], tuple[float, int]] = History(bounded_dict.PAIRS)  # replies in a row
        self.requests: deque[send.Exchanged] = deque(maxlen=KEPT_REQUESTS)
        self.held: list[send.Held] = []  # webhooks that wait for another one to overtake them
        self.tasks: set[asyncio.Task[Any]] = set()

    def addresses(self, number: Number, application_sid: str) -> Addresses:
        """Where a number's calls or texts go: its application's addresses win over its own."""
        return self.applications.get(application_sid) or number

    def new_key(self, name: str) -> Key:
        """A further login to REST."""
        key = Key(name, self.clock.now())
        self.keys[key.sid] = key
        return key

    # Tasks.

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run something beside everything else; what goes wrong in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Something went wrong in the exchange", exc_info=error)
            self.debugger.report(12400, why=type(error).__name__)

    async def close(self) -> None:
        """Stop everything that runs, at once."""
        self.feed.close()
        while tasks := list(self.tasks):  # what is cut short has callbacks to send: these are tasks again
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # what had ended already is only forgotten in the next turn
        await self.client.close()

    # Webhooks.

    async def ask(self, webhook: Webhook) -> Answer:
        """Send a webhook, through whatever faults are switched on."""
        return await send.ask(self, webhook)

    def call_back(
        self,
        url: str,
        method: str,
        parameters: dict[str, str],
        channel: str,
        sid: str,
        jar: str = "",
        after: Awaitable[None] | None = None,
    ) -> None:
        """Send a status callback in its own time; only a refusal is noted."""
        webhook = Webhook(url, method, tuple(parameters.items()), channel, jar=jar, sid=sid)
        self.spawn(self.told(webhook, after))

    async def told(self, webhook: Webhook, after: Awaitable[None] | None = None) -> None:
        """Send a status callback and wait until it was answered."""
        await send.tell(self, webhook, after)

    async def media_at(self, session: Session, element: Element, url: str) -> media.Media | None:
        return await media.fetch_sound(session, element, url)

    def warn_of_grammar(
        self, document: Document, channel: str, call: Call | None = None, sid: str = "", handset: str = ""
    ) -> None:
        """Report everything in a document that TwiML does not have."""
        for element, sentence in grammar.complaints(document.root, channel):
            self.debugger.report(
                12200,
                sid=call.sid if call else sid,
                handset=call.plan.handset if call else handset,
                request=document.request,
                answer=document.answer,
                line=element.line,
                column=element.column,
                why=sentence,
            )

    def may_show(self, number: str) -> bool:
        """May the app show this as the caller's number? Its own, and those that were verified."""
        return number in self.numbers or number in self.settings.verified

    # Handsets.

    def handset(self, number: str) -> Handset:
        """The handset of that number, made when first spoken of."""
        known = self.handsets.get(number)
        if known is None:
            while len(self.handsets) >= MOST_HANDSETS:
                self.handsets.pop(next(iter(self.handsets)))
            known = self.handsets[number] = Handset(number)
            self.feed.publish("handset", number, known.shown())
        return known

    def called(self, number: str) -> str:
        """A handset as people call it: by its name, or its number."""
        known = self.handsets.get(number)
        return known.name if known and known.name else number

    def handset_sees(self, call: Call) -> None:
        if not call.plan.inside:
            self.feed.publish("call", call.plan.handset, shown_call(call, heard=False))

    def delivered(self, message: Message) -> None:
        """A text has reached its handset, or left it."""
        texts = self.handset(message.handset).texts
        texts.append(message)
        trim(texts)
        self.feed.publish("text", message.handset, message.shown())

    # What is forgotten by itself.

    def _call_forgotten(self, call: Call) -> None:
        handset = self.handsets.get(call.plan.handset)
        if handset and call in handset.calls:
            handset.calls.remove(call)

    def _text_forgotten(self, message: Message) -> None:
        handset = self.handsets.get(message.handset)
        if handset and message in handset.texts:
            handset.texts.remove(message)
        for each in message.media:
            self.media.pop(each.sid, None)

    def _media_forgotten(self, found: media.Media) -> None:
        message = self.messages.get(found.parent)
        if message and found in message.media:
            message.media.remove(found)
        found.body = b""  # a handset may still hold the text it came with

    def text_changed(self, message: Message) -> None:
        handset = self.handsets.get(message.handset)
        if handset and message in handset.texts[-50:]:
            self.feed.publish("text-status", message.handset, message.shown())


def shown_call(call: Call, heard: bool = True) -> dict[str, Any]:
    """As its handset sees it."""
    plan, outgoing = call.plan, call.plan.direction == "inbound"
    shown = {
        "sid": call.sid,
        "handset": plan.handset,
        "direction": "outgoing" if outgoing else "incoming",
        "from": plan.from_,
        "to": plan.to,
        "with": plan.to if outgoing else plan.from_,
        "status": call.status,
        "started": iso(call.created),
        "answered": iso(call.answered),
        "ended": iso(call.ended),
        "listening": call.line.listening,
    }
    return shown | {"heard": [item.shown() for item in call.line.heard]} if heard else shown
