"""Media Streams: the audio of a call over a WebSocket to the app."""
