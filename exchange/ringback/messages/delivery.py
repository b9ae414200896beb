"""Delivers messages to handsets: sets each status from queued to delivered or failed, and sends its status callback.

https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks (2026-11)"""

from __future__ import annotations

from datetime import datetime

from ringback.messages import whatsapp
from ringback.messages.attachments import fetch_all_media
from ringback.messages.message import SENDER_UNDECIDED, Message
from ringback.messages.status_callback import callback_parameters
from ringback.service.error_codes import message_of
from ringback.state import State


def send(state: State, message: Message) -> Message:
    """Store the message and deliver it to its handset in the background."""
    state.messages[message.sid] = message
    delay = state.message_rate.reserve(message.from_, message.num_segments)
    state.spawn(_deliver(state, message, delay))
    return message


def schedule(state: State, message: Message, at: datetime) -> Message:
    """Store the message and deliver it when the exchange's clock reaches `at`, unless it is canceled first."""
    message.status = "scheduled"
    state.messages[message.sid] = message
    state.spawn(_send_at(state, message, at))
    return message


async def _send_at(state: State, message: Message, at: datetime) -> None:
    await state.clock.sleep(at.timestamp() - state.clock.time())
    if message.status != "scheduled":
        return
    if state.opt_outs.has_opted_out(message.to, message.from_):
        fail(state, message, 21610)
    else:
        _set_status(state, message, "queued")  # from now on, the message cannot be canceled
        await _deliver(state, message, state.message_rate.reserve(message.from_, message.num_segments))


def cancel(state: State, message: Message) -> None:
    """Cancel a scheduled message."""
    _set_status(state, message, "canceled")


def fail(state: State, message: Message, code: int) -> Message:
    """Store a message that is not sent, with the status "failed" and Twilio's error code."""
    message.error_code, message.error_message = code, message_of(code, detail=message.to)
    state.messages[message.sid] = message
    _set_status(state, message, "failed")
    return message


async def _deliver(state: State, message: Message, delay: float) -> None:
    due = state.clock.time() + delay
    await fetch_all_media(state, message)
    await state.clock.sleep(due - state.clock.time())
    await state.clock.sleep(state.settings.delivery)
    if message.status in SENDER_UNDECIDED:
        _set_status(state, message, "queued")
        await state.clock.sleep(state.settings.delivery)
    message.sent = state.clock.now()
    _set_status(state, message, "sent")
    await state.clock.sleep(state.settings.delivery)
    if code := _delivery_error(state, message):
        message.error_code, message.error_message = code, message_of(code)
        return _set_status(state, message, "undelivered")
    state.add_to_handset(message)
    _set_status(state, message, "delivered")


def _delivery_error(state: State, message: Message) -> int | None:
    if not state.whatsapp_sessions.admits(message):
        return 63016
    if state.faults.trigger("message-filter", channel="sms"):
        return 30007
    return 30003 if state.handset(message.to).when_called == "fails" else None


def _set_status(state: State, message: Message, status: str) -> None:
    message.status = status
    message.updated = state.clock.now()
    state.publish_message_status(message)
    if message.callback:
        parameters = callback_parameters(message, state.clock.now()) | whatsapp.callback_parameters(message)
        state.webhooks.send_callback(message.callback, message.callback_method, parameters, "sms-status", message.sid)
