"""Chapter 1: webhooks that come in."""
