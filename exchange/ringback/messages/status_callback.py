"""The parameters of a message status callback.

https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks (2026-11)"""

from __future__ import annotations

from datetime import datetime

from ringback.messages.message import Message


def callback_parameters(message: Message, now: datetime) -> dict[str, str]:
    """Returns the parameters. WhatsApp adds its own: see whatsapp.py."""
    parameters = {
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
        parameters["MessagingServiceSid"] = message.service
    if message.error_code:
        parameters["ErrorCode"] = str(message.error_code)
    if message.status in ("delivered", "undelivered"):
        parameters["RawDlrDoneDate"] = now.strftime("%y%m%d%H%M")
    return parameters
