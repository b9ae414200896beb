"""The URL behind reverse proxies, when PUBLIC_URL is unset."""

from dataclasses import replace

import pytest

from app import create_app
from tests.support.person import TEXT_SID, WebhookPoster


class TestProxies:
    """Without PUBLIC_URL the URL is the request's own; of forwarded headers only the scheme counts, as configured."""

    def post(self, settings, redis, proxies, origin, **headers):
        app = create_app(replace(settings, public_url="", trusted_proxies=proxies), redis)
        headers |= {"Host": "talk.example", "X-Forwarded-Host": "evil.example"}
        return WebhookPoster(app, settings)("/sms", [("MessageSid", TEXT_SID)], url=f"{origin}/sms", headers=headers)

    @pytest.mark.parametrize(
        ("proxies", "scheme", "origin"),
        [
            (0, "https", "http://talk.example"),
            (1, "https", "https://talk.example"),
            (1, "https, http", "http://talk.example"),
            (1, "", "http://talk.example"),
            (2, "https, http", "https://talk.example"),
        ],
    )
    def test_scheme_comes_from_the_outermost_trusted_proxy(self, settings, redis, proxies, scheme, origin):
        answer = self.post(settings, redis, proxies, origin, **{"X-Forwarded-Proto": scheme})
        assert answer.status_code == 200

    def test_forwarded_host_is_ignored(self, settings, redis):
        answer = self.post(settings, redis, 1, "https://evil.example", **{"X-Forwarded-Proto": "https"})
        assert answer.status_code == 403
