"""ConversationRelay: the app's agent talks with the caller in text, over a WebSocket."""
