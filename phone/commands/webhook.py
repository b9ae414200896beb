"""Webhook: an address of one's own hears what happens, once it has answered a challenge."""

from flask import current_app

from phone.commands import NeedsWords, SlowAnswer, command
from phone.commands.check import parse_spoken_address
from sending.http import urls
from sending.http.errors import RequestFailed
from workers import subscriptions


@command("webhook", key="6", takes="https address")
def send_webhooks(words: str) -> SlowAnswer:
    """what happens here, sent there"""
    address = parse_spoken_address(words)
    if not address:
        raise NeedsWords("Which web address of yours? For example: webhook https://example.com/hook")
    loopback = current_app.extensions["settings"].allow_loopback
    try:
        url = urls.normalize_url(
            address if "://" in address else f"https://{address}", http=loopback, allow_any_port=loopback
        )
    except RequestFailed as failure:
        raise NeedsWords(f"That is no address I send to. {failure.detail}") from failure
    return SlowAnswer(subscriptions.subscribe, url, f"I am asking {urls.host_of(url)} whether it wants that.")
