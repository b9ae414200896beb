"""Command-line programs: the demo, the live number, the release step, sample webhooks, documents and more."""
