"""Nothing ever leaks to the real Twilio, not even what an app points us at."""

import pytest

from ringback.webhooks.http_errors import RequestFailed, checked_url


@pytest.mark.parametrize("host", ["api.twilio.com", "demo.twilio.com", "API.Twilio.com.", "twilio.com"])
def test_an_address_at_twilio_is_refused_by_name(host):
    with pytest.raises(RequestFailed, match="real Twilio") as refusal:
        checked_url(f"https://{host}/cowbell.mp3")
    assert refusal.value.code == 11210


def test_a_name_that_only_looks_like_twilios_is_asked():
    assert checked_url("https://nottwilio.com/voice") == "https://nottwilio.com/voice"
