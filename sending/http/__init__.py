"""An HTTP client for addresses that people name: limits, guarded connections, certificates, retries."""
