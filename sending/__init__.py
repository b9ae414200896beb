"""What leaves: texts, calls and webhooks, each sent once and sent well."""
