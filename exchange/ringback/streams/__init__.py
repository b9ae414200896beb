"""Media Streams: the audio of a call over a WebSocket of the app."""
