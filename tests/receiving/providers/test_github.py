"""GitHub: forms, old signatures, redeliveries."""

import json

from receiving import providers
from receiving.delivery import make_form_delivery
from tests.support.person import PUBLIC_URL
from tests.support.providers import HELD, heard


class TestGitHub:
    def test_form_encoded_webhook_is_parsed(self, send, redis):
        body = json.dumps({"zen": "Speak like a human."})
        delivery = make_form_delivery(f"{PUBLIC_URL}/webhooks/github", [("payload", body)], x_github_event="ping")
        assert send(providers.load()["github"].sign(delivery, HELD["github"])).status_code == 204
        told = heard(redis)[0]
        assert (told["provider"], told["event"]) == ("github", "ping")
        assert told["summary"] == "GitHub ping: Speak like a human."

    def test_sha_1_signature_is_not_enough(self, send):
        delivery = providers.load()["github"].sample("ping", f"{PUBLIC_URL}/webhooks/github")
        assert send(delivery.with_headers(x_hub_signature="sha1=" + "0" * 40)).status_code == 403

    def test_redelivery_is_a_duplicate(self, send, redis):
        delivery = providers.load()["github"].sample("push", f"{PUBLIC_URL}/webhooks/github")
        delivery = providers.load()["github"].sign(delivery, HELD["github"])
        send(delivery)
        send(delivery.with_headers(user_agent="GitHub-Hookshot/later"))
        assert len(heard(redis)) == 1
