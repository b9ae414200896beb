"""An HTTP client for URLs that other people name: SSRF guard, deadlines, limits, retries."""
