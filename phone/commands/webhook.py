"""Webhook: an address of one's own hears what happens, once it has answered a challenge."""

from flask import current_app

from phone.commands import NeedsWords, Slow, command
from phone.commands.check import as_written
from sending.http import urls
from sending.http.errors import Failure
from workers import subscriptions


@command("webhook", key="6", takes="https address")
def send_webhooks(words: str) -> Slow:
    """what happens here, sent there"""
    address = as_written(words)
    if not address:
        raise NeedsWords("Which web address of yours? For example: webhook https://example.com/hook")
    loopback = current_app.extensions["settings"].allow_loopback
    try:
        url = urls.accept(address if "://" in address else f"https://{address}", http=loopback, any_port=loopback)
    except Failure as failure:
        raise NeedsWords(f"That is no address I send to. {failure.sentence}") from failure
    return Slow(subscriptions.subscribe, url, f"I am asking {urls.host_of(url)} whether it wants that.")
