"""What a webhook endpoint may ask for in addition: cookies, a cached event filter, custom headers."""
