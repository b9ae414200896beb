"""How a ConversationRelay session ended, as the parameters of the action request.

Source: https://www.twilio.com/docs/voice/twiml/connect/conversationrelay (2026-11-26)"""

from __future__ import annotations

from dataclasses import dataclass

CONNECTION_FAILED = ("39001", "Network connection to WebSocket server failed.")


@dataclass
class SessionResult:
    """`status` is Twilio's SessionStatus: ended by the app, failed, or completed because the caller hung up."""

    session_sid: str
    status: str = "completed"
    seconds: int = 0
    handoff_data: str | None = None
    error: tuple[str, str] | None = None

    def fail(self, error: tuple[str, str] = CONNECTION_FAILED) -> None:
        self.status, self.error = "failed", error

    def parameters(self) -> dict[str, str]:
        parameters = {
            "SessionId": self.session_sid,
            "SessionStatus": self.status,
            "SessionDuration": str(self.seconds),
        }
        if self.handoff_data is not None:
            parameters["HandoffData"] = self.handoff_data
        if self.error:
            parameters["ErrorCode"], parameters["ErrorMessage"] = self.error
        return parameters
