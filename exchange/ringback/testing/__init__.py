"""Helpers for testing apps with Ringback; the pytest plugin is built on them."""

from ringback.testing.fixture import Ringback
from ringback.testing.phone import Phone
from ringback.testing.phone_call import PhoneCall

__all__ = ["Phone", "PhoneCall", "Ringback"]
