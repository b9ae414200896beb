"""WhatsApp: its 24-hour session windows, and the parameters that its webhooks have.

Sources: https://www.twilio.com/docs/whatsapp/key-concepts (2026-11),
https://www.twilio.com/docs/messaging/guides/webhook-request (2026-11)"""

from __future__ import annotations

from ringback.account.phone_numbers import is_whatsapp
from ringback.messages.message import Message
from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock

WHATSAPP_SANDBOX = "whatsapp:+14155238886"  # the sender of every account that has no WhatsApp sender yet
MAX_SESSIONS = 5000
SESSION_SECONDS = 24 * 3600


class WhatsAppSessions:
    """When each person last wrote to each of the app's senders. For a day after that, the app may reply freely."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.last_message: BoundedDict[tuple[str, str], float] = BoundedDict(MAX_SESSIONS)

    def open(self, person: str, sender: str) -> None:
        self.last_message[person, sender] = self.clock.time()

    def admits(self, message: Message) -> bool:
        """Whether the message is a template, is not on WhatsApp, or is within a session."""
        if message.is_template or not is_whatsapp(message.to):
            return True
        last = self.last_message.get((message.to, message.from_))
        return last is not None and self.clock.time() - last < SESSION_SECONDS


def incoming_parameters(message: Message, profile_name: str) -> dict[str, str]:
    """The parameters that only an incoming WhatsApp message has."""
    return {
        "MessageType": message.media[0].content_type.partition("/")[0] if message.media else "text",
        "ProfileName": profile_name,
        "WaId": message.from_.removeprefix("whatsapp:+"),
    }


def callback_parameters(message: Message) -> dict[str, str]:
    """The parameters that only a WhatsApp message's status callback has."""
    if not is_whatsapp(message.to):
        return {}
    return {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to.removeprefix("whatsapp:")}
