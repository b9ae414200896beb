"""Check: is that web site up? Slow, because somebody else's server may be."""

from masking import mask_urls
from phone.commands import NeedsWords, SlowAnswer, command
from workers import tasks

MAX_ADDRESS_CHARACTERS = 300  # characters; longer addresses are not for telephones


@command("check", key="3", takes="address", aliases=("is",))
def check_an_address(words: str) -> SlowAnswer:
    """whether a web site is up, how fast, and when its certificate ends"""
    address = parse_spoken_address(words)
    if not address:
        raise NeedsWords("Which web address? For example: check example.com")
    if len(address) > MAX_ADDRESS_CHARACTERS:
        raise NeedsWords(f"That address is longer than {MAX_ADDRESS_CHARACTERS} characters. Please try a shorter one.")
    return SlowAnswer(tasks.check, address, f"I am looking at {mask_urls(address).removesuffix('/…')}.")


def parse_spoken_address(words: str) -> str:
    """What was said, as it is written: "example dot com slash news" is example.com/news."""
    for said, written in ((" dot ", "."), (" slash ", "/"), (" dash ", "-"), (" colon ", ":")):
        words = f" {words.strip()} ".replace(said, written).strip()
    return words.split(" up")[0].replace(" ", "").strip(".,!?")
