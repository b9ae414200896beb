"""The messages of a stream to the app, as JSON text.

Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages (2026-11-26). Sequence numbers, chunks and
timestamps are strings, unlike the numbers in mediaFormat.
"""

from __future__ import annotations

import json
from typing import Any

from ringback.streams.options import StreamOptions

CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}, separators=(",", ":"))
MEDIA_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


class StreamMessages:
    """Numbers the messages of one stream: each one after `connected` gets the next sequence number."""

    def __init__(self, account: str, call_sid: str, stream_sid: str) -> None:
        self.account, self.call_sid, self.stream_sid = account, call_sid, stream_sid
        self.sequence = self.chunk = 0

    def start(self, options: StreamOptions) -> str:
        details = {
            "accountSid": self.account,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": list(options.tracks),
            "mediaFormat": MEDIA_FORMAT,
            "customParameters": options.parameters,
        }
        return self._message("start", details)

    def media(self, track: str, milliseconds: int, payload: str) -> str:
        """A frame. Tracks share one chunk counter; Twilio's page does not specify this.

        Formatted by hand for speed: each track sends 50 per second."""
        self.sequence += 1
        self.chunk += 1
        return (
            f'{{"event":"media","sequenceNumber":"{self.sequence}","media":{{"track":"{track}","chunk":"{self.chunk}",'
            f'"timestamp":"{milliseconds}","payload":"{payload}"}},"streamSid":"{self.stream_sid}"}}'
        )

    def dtmf(self, digit: str) -> str:
        """A key press. The track is spelled as in TwiML, unlike in `media`."""
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"accountSid": self.account, "callSid": self.call_sid})

    def _message(self, event: str, details: dict[str, Any]) -> str:
        self.sequence += 1
        message = {
            "event": event,
            "sequenceNumber": str(self.sequence),
            event: details,
            "streamSid": self.stream_sid,
        }
        return json.dumps(message, separators=(",", ":"))
