"""Helpers for tests of apps that run on Ringback; the pytest plugin consists of them."""

from ringback.testing.fixture import Ringback
from ringback.testing.phone import Phone
from ringback.testing.phone_call import PhoneCall

__all__ = ["Phone", "PhoneCall", "Ringback"]
