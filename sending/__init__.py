"""Everything that leaves the app: texts and calls through the outbox, and webhooks."""
