"""What the REST API answers to a request that it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException


def refused(action: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[int, int]:
    """Call an action of Twilio's client that fails. Return the status and the error code."""
    with pytest.raises(TwilioRestException) as caught:
        action(*arguments, **options)
    return caught.value.status, caught.value.code
