"""WhatsApp: its 24-hour session windows, and the additional parameters of its webhooks.

Sources: https://www.twilio.com/docs/whatsapp/key-concepts (2026-11),
https://www.twilio.com/docs/messaging/guides/webhook-request (2026-11)"""

from __future__ import annotations

from ringback.account.phone_numbers import is_whatsapp
from ringback.messages.message import Message
from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock

WHATSAPP_SANDBOX = "whatsapp:+14155238886"  # the shared sender for accounts without a WhatsApp sender of their own
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
        """Whether the message may be sent: it is a template, is not on WhatsApp, or is within a session."""
        if message.is_template or not is_whatsapp(message.to):
            return True
        last = self.last_message.get((message.to, message.from_))
        return last is not None and self.clock.time() - last < SESSION_SECONDS


def incoming_parameters(message: Message, profile_name: str) -> dict[str, str]:
    """The webhook parameters that only incoming WhatsApp messages have."""
    return {
        "MessageType": message.media[0].content_type.partition("/")[0] if message.media else "text",
        "ProfileName": profile_name,
        "WaId": message.from_.removeprefix("whatsapp:+"),
    }


def callback_parameters(message: Message) -> dict[str, str]:
    """The parameters that only status callbacks of WhatsApp messages have."""
    if not is_whatsapp(message.to):
        return {}
    return {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to.removeprefix("whatsapp:")}
