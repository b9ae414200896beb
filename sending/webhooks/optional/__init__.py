"""Optional webhook endpoint features: cookies, a cached event filter and custom headers."""
