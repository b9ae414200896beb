"""No request ever leaves for the real Twilio, even if an app gives such a URL."""

import pytest

from ringback.webhooks.http_errors import RequestFailed, checked_url


@pytest.mark.parametrize("host", ["api.twilio.com", "demo.twilio.com", "API.Twilio.com.", "twilio.com"])
def test_url_at_twilio_is_refused_by_name(host):
    with pytest.raises(RequestFailed, match="real Twilio") as refusal:
        checked_url(f"https://{host}/cowbell.mp3")
    assert refusal.value.code == 11210


def test_host_that_only_resembles_twilio_is_requested():
    assert checked_url("https://nottwilio.com/voice") == "https://nottwilio.com/voice"
