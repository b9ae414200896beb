"""Check: is that web site up? Slow, because somebody else's server may be."""

from masking import mask_addresses
from phone.commands import NeedsWords, Slow, command
from workers import tasks

LONGEST = 300  # characters; longer addresses are not for telephones


@command("check", key="3", takes="address", other_names=("is",))
def check_an_address(words: str) -> Slow:
    """whether a web site is up, how fast, and when its certificate ends"""
    address = as_written(words)
    if not address:
        raise NeedsWords("Which web address? For example: check example.com")
    if len(address) > LONGEST:
        raise NeedsWords(f"That address is longer than {LONGEST} characters. Please try a shorter one.")
    return Slow(tasks.check, address, f"I am looking at {mask_addresses(address).removesuffix('/…')}.")


def as_written(words: str) -> str:
    """What was said, as it is written: "example dot com slash news" is example.com/news."""
    for said, written in ((" dot ", "."), (" slash ", "/"), (" dash ", "-"), (" colon ", ":")):
        words = f" {words.strip()} ".replace(said, written).strip()
    return words.split(" up")[0].replace(" ", "").strip(".,!?")
