"""Opens the WebSockets of an app, for Media Streams and ConversationRelay."""
