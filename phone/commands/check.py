"""The check command: is a website up? Slow, because it waits for a third-party server."""

from masking import mask_urls
from phone.commands import NeedsWords, SlowAnswer, command
from phone.recognition.web_addresses import find_address
from workers import tasks

MAX_ADDRESS_CHARACTERS = 300


@command("check", key="3", argument="address", aliases=("is", "cheque"))
def check_an_address(words: str) -> SlowAnswer:
    """whether a website is up, how fast it is, and when its certificate expires"""
    address = find_address(words)
    if not address:
        raise NeedsWords("Which web address? For example: check example.com")
    if len(address) > MAX_ADDRESS_CHARACTERS:
        raise NeedsWords(f"That address is longer than {MAX_ADDRESS_CHARACTERS} characters. Please try a shorter one.")
    return SlowAnswer(tasks.check, address, f"I am checking {mask_urls(address).removesuffix('/…')}.")
