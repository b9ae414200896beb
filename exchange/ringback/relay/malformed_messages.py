"""Malformed messages from the app: each is refused, and too many in a row end a ConversationRelay session."""

from __future__ import annotations

from typing import Any

from ringback.calls.call import Call
from ringback.calls.call_log import SocketMessage
from ringback.websockets.app_socket import Frame

MAX_IN_A_ROW = 10  # https://www.twilio.com/docs/voice/conversationrelay/websocket-messages (2026-11)
TOO_MANY_MALFORMED = (1007, "Too many consecutive malformed messages.")  # close code and reason
INVALID_MESSAGE = 64107
MAX_REFUSED_CHARACTERS = 300  # of a malformed message, as shown


class MalformedMessages:
    """`in_a_row` counts consecutive malformed messages; the code that handles a valid message sets it to 0."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.in_a_row = 0

    @property
    def are_too_many(self) -> bool:
        return self.in_a_row >= MAX_IN_A_ROW

    def refuse(self, frame: Frame, mistake: str) -> dict[str, Any]:
        """Reports the invalid message to the debugger. Returns the error message for the app."""
        self.in_a_row += 1
        shown = (frame.text if frame.text is not None else f"{len(frame.binary)} bytes")[:MAX_REFUSED_CHARACTERS]
        debugger, handset = self.call.runtime.debugger, self.call.plan.handset
        debugger.report(INVALID_MESSAGE, sid=self.call.sid, handset=handset, detail=f"{mistake}: {shown}")
        self.call.log.add("message", SocketMessage(False, f"invalid: {mistake}", shown, "refused"))
        return {"type": "error", "description": f"Invalid message received: {shown}"}
