"""What the exchange is measured against: a trivial app and a bare HTTP client."""
