"""An HTTP client for untrusted URLs: SSRF guard, deadlines, limits, retries."""
