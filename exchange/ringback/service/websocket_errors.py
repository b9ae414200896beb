"""Twilio's error codes for WebSockets (2026-11-26): https://www.twilio.com/docs/api/errors"""

from __future__ import annotations

HANDSHAKE_FIX = "Accept the upgrade at this URL with status 101. Check your app's log for this request."
WEBSOCKET_ERRORS: dict[int, tuple[str, str]] = {
    31901: ("The WebSocket {url}: connection timed out", "Check that your app is running, and accept at once."),
    31902: ("The WebSocket {url}: connection refused", "Start your app, or correct the host and port."),
    31920: ("The WebSocket {url}: handshake error: {detail}", HANDSHAKE_FIX),
    31921: ("The WebSocket {url}: close error: {detail}", "Close the connection with a close frame."),
    31922: ("The scheme of {url} is not supported", "Use wss://, also on this machine: Ringback dials plain ws."),
    31923: ("The WebSocket URL {url} is malformed", "Use a full URL such as wss://example.com/path."),
    31924: ("The WebSocket {url}: protocol error: {detail}", "Send frames as RFC 6455 says."),
    31951: ("The message from your app is not valid: {detail}", "Send JSON text as Twilio documents it."),
    64101: ("ConversationRelay cannot be used: {detail}", "Use a provider, model and voice that belong together."),
    64102: ("ConversationRelay cannot connect: {detail}", HANDSHAKE_FIX),
    64104: ("ConversationRelay: the session has reached its maximum duration", "End the session with an end message."),
    64105: ("ConversationRelay: the WebSocket ended: {detail}", "Send an end message to end a session."),
    64106: ("ConversationRelay: invalid argument: {detail}", "Correct the attribute."),
    64107: ("ConversationRelay: invalid message: {detail}", "Correct the message; the session goes on."),
}
