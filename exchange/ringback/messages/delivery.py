"""Text messages: each one's state, and its way from queued to delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ringback.messages.segments import segments
from ringback.service.clock import iso
from ringback.service.dates import rfc2822
from ringback.service.error_codes import words
from ringback.service.media import Media, fetch_media
from ringback.service.sids import new_sid

if TYPE_CHECKING:
    from ringback.state import State

SENDER_OPEN = ("accepted", "scheduled")  # a service has not chosen the sender yet


@dataclass(eq=False)
class Message:
    """One text. `handset` is the person's end of it, whichever way it goes; `status` is Twilio's word."""

    account: str
    from_: str
    to: str
    body: str
    direction: str  # inbound, outbound-api, outbound-call, outbound-reply
    handset: str
    created: datetime
    status: str = "queued"
    media_urls: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    callback: str = ""
    callback_method: str = "POST"
    error_code: int | None = None
    error_message: str | None = None
    sent: datetime | None = None
    updated: datetime | None = None
    service: str | None = None  # the Messaging Service that chooses the sender
    hidden: bool = False  # no business of the app, so REST does not show it
    sid: str = ""

    def __post_init__(self) -> None:
        self.sid = self.sid or new_sid("MM" if self.media_urls or self.media else "SM")
        self.updated = self.created

    @property
    def num_media(self) -> int:
        return len(self.media) or len(self.media_urls)

    @property
    def num_segments(self) -> int:
        return 1 if self.num_media else segments(self.body)

    @property
    def received(self) -> bool:
        return self.direction == "inbound"

    @property
    def on_its_way(self) -> bool:
        return self.status in ("scheduled", "accepted", "queued", "sent")

    def shown(self) -> dict[str, Any]:
        """As its handset sees it."""
        return {
            "sid": self.sid,
            "handset": self.handset,
            "direction": "sent" if self.received else "received",
            "from": self.from_,
            "to": self.to,
            "body": self.body,
            "media": [media.shown() for media in self.media],
            "status": self.status,
            "error_code": self.error_code,
            "at": iso(self.created),
        }


def send(state: State, message: Message) -> Message:
    """Take a message on its way to a handset; it goes by itself from here."""
    state.messages[message.sid] = message
    turn = state.texts_rate.turn(message.from_, message.num_segments)
    state.spawn(_progress(state, message, turn))
    return message


def schedule(state: State, message: Message, at: datetime) -> Message:
    """Take a message that leaves at a later moment of the exchange's clock, unless it is canceled before."""
    message.status = "scheduled"
    state.messages[message.sid] = message
    state.spawn(_later(state, message, at))
    return message


async def _later(state: State, message: Message, at: datetime) -> None:
    await state.clock.sleep(at.timestamp() - state.clock.time())
    if message.status != "scheduled":
        return
    if state.opt_outs.silenced(message.to, message.from_):
        fail(state, message, 21610)
    else:
        await _progress(state, message, state.texts_rate.turn(message.from_, message.num_segments))


def cancel(state: State, message: Message) -> None:
    """Call a scheduled message off."""
    _becomes(state, message, "canceled")


def fail(state: State, message: Message, code: int) -> Message:
    """Note a message that never leaves."""
    message.error_code = code
    state.messages[message.sid] = message
    _becomes(state, message, "failed")
    return message


async def _progress(state: State, message: Message, turn: float) -> None:
    due = state.clock.time() + turn
    await fetch_all_media(state, message)
    await state.clock.sleep(due - state.clock.time())
    await state.clock.sleep(state.settings.delivery)
    if message.status in SENDER_OPEN:
        _becomes(state, message, "queued")
        await state.clock.sleep(state.settings.delivery)
    message.sent = state.clock.now()
    _becomes(state, message, "sent")
    await state.clock.sleep(state.settings.delivery)
    if code := _kept_back(state, message):
        message.error_code, message.error_message = code, words(code)
        return _becomes(state, message, "undelivered")
    state.delivered(message)
    _becomes(state, message, "delivered")


def _kept_back(state: State, message: Message) -> int | None:
    if state.faults.take("message-filter", channel="sms"):
        return 30007
    return 30003 if state.handset(message.to).when_called == "fails" else None


async def fetch_all_media(state: State, message: Message) -> None:
    """Fetch what the message's media addresses hold; what cannot be had is reported and left out."""
    for url in message.media_urls:
        found = await fetch_media(state, url, message.sid)
        if isinstance(found, Media):
            attach(state, message, found)
        else:
            state.debugger.report(
                found.error or 11200,
                sid=message.sid,
                handset=message.handset,
                request=found.request,
                answer=found.shown(),
                why=found.why or f"it answered {found.status}",
                url=url,
            )
    message.media_urls = []


def attach(state: State, message: Message, media: Media) -> None:
    media.parent, media.account = message.sid, message.account
    message.media.append(media)
    state.media[media.sid] = media


def _becomes(state: State, message: Message, status: str) -> None:
    message.status = status
    message.updated = state.clock.now()
    state.text_changed(message)
    if message.callback:
        told = callback_parameters(message, state.clock.now())
        state.call_back(message.callback, message.callback_method, told, "sms-status", message.sid)


def callback_parameters(message: Message, now: datetime) -> dict[str, str]:
    """The parameters of a message status callback."""
    told = {
        "AccountSid": message.account,
        "ApiVersion": "2010-04-01",
        "From": message.from_,
        "To": message.to,
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": message.status,
        "SmsStatus": message.status,
    }
    if message.service:
        told["MessagingServiceSid"] = message.service
    if message.error_code:
        told["ErrorCode"] = str(message.error_code)
    if message.status in ("delivered", "undelivered"):
        told["RawDlrDoneDate"] = now.strftime("%y%m%d%H%M")
    return told


def as_resource(message: Message) -> dict[str, Any]:
    """The Message resource of REST."""
    path = f"/2010-04-01/Accounts/{message.account}/Messages/{message.sid}"
    accepted = message.status in SENDER_OPEN
    return {
        "account_sid": message.account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": rfc2822(message.created if message.received else message.sent),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "from": None if accepted else message.from_,
        "messaging_service_sid": message.service,
        "num_media": str(message.num_media),
        "num_segments": "0" if accepted else str(message.num_segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json", "feedback": f"{path}/Feedback.json"},
        "tags": None,
        "to": message.to,
        "uri": f"{path}.json",
    }
