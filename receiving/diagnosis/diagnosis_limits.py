"""Limits on diagnoses: anybody can trigger one, and each computes about a hundred signatures."""

from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from web.token_bucket import TokenBucket

MAX_BODY_BYTES = 64 * 1024
MAX_TWILIO_BODY_BYTES = 16 * 1024  # ten times what Twilio sends
MAX_TWILIO_FIELDS = 100
TOO_MANY = Mistake(UNKNOWN, "too many requests are being rejected, so this one was not diagnosed")
TOO_LARGE = Mistake(UNKNOWN, "its body is too large to be diagnosed", "Send a smaller request of the same kind.")

budget = TokenBucket(capacity=100, tokens_per_second=10)
