"""The webhook command: registers a webhook endpoint once it has answered a verification request."""

import context
from phone.commands import NeedsWords, SlowAnswer, command
from phone.recognition.web_addresses import find_address
from sending.http import urls
from sending.http.errors import RequestFailed
from workers import subscription_tasks


@command("webhook", key="6", argument="https address", aliases=("webhooks", "web hook", "web hooks"))
def send_webhooks(words: str) -> SlowAnswer:
    """our events, sent to your web address"""
    address = find_address(words)
    if not address:
        raise NeedsWords("To which web address? For example: webhook https://example.com/hook")
    loopback = context.settings().allow_loopback
    try:
        url = urls.normalize_url(
            address if "://" in address else f"https://{address}", http=loopback, allow_any_port=loopback
        )
    except RequestFailed as failure:
        raise NeedsWords(f"I cannot send to that address. {failure.detail}") from failure
    return SlowAnswer(subscription_tasks.subscribe, url, f"I am asking {urls.host_of(url)} to confirm.")
