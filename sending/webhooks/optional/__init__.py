"""Optional features of webhook endpoints: cookies, a cached event filter, custom headers."""
