"""A raffle's receipt: the draw from a committed seed and the entries, and its verification."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

SEED_BYTES = 32
MAX_ENTRIES = 100_000
HEXADECIMAL = re.compile(r"[0-9a-f]{64}")
RULE = (
    "The commitment is the SHA-256 of the seed, which is 64 hexadecimal digits in ASCII. The entries are sorted by "
    "Unicode code point. The digest is the SHA-256 of the seed and the entries in UTF-8, joined by line feeds. The "
    "digest, as a big-endian number, modulo the number of entries is the position of the winner, counted from 0."
)


class InvalidReceipt(Exception):
    """The receipt does not follow from its seed and entries. The message says which part is wrong."""


@dataclass(frozen=True)
class Receipt:
    """What anyone needs to recompute the draw. `entries` are friendly names, sorted; `winner` is one of them."""

    rule: str
    commitment: str
    seed: str
    entries: tuple[str, ...]
    digest: str
    winner: str

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt as it is written to a file."""
        return {**asdict(self), "entries": list(self.entries)}


def new_seed() -> str:
    """Return a new secret seed."""
    return secrets.token_hex(SEED_BYTES)


def commitment_to(seed: str) -> str:
    """Return what is published before the raffle opens: it binds us to the seed and does not reveal it."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw(seed: str, entries: Iterable[str]) -> Receipt:
    """Draw the winner. Raises ValueError if there are no entries."""
    names = tuple(sorted(set(entries)))
    if not names:
        raise ValueError("A raffle needs at least one entry.")
    digest = hashlib.sha256("\n".join([seed, *names]).encode()).hexdigest()
    return Receipt(RULE, commitment_to(seed), seed, names, digest, names[int(digest, 16) % len(names)])


def verify(found: object) -> Receipt:
    """Return the receipt if the draw can be recomputed from it. Raises InvalidReceipt."""
    receipt = _parse(found)
    if receipt.rule != RULE:
        raise InvalidReceipt("The rule is not the one that this program applies.")
    if receipt.commitment != commitment_to(receipt.seed):
        raise InvalidReceipt("The seed is not the one in the commitment: its SHA-256 differs.")
    expected = draw(receipt.seed, receipt.entries)
    if receipt.entries != expected.entries:
        raise InvalidReceipt("The entries are not sorted, or one occurs twice.")
    if receipt.digest != expected.digest:
        raise InvalidReceipt("The entries are not those of the draw: the digest differs.")
    if receipt.winner != expected.winner:
        raise InvalidReceipt(f"The winner is {expected.winner}, not the one in the receipt.")
    return receipt


def _parse(found: object) -> Receipt:
    names = tuple(Receipt.__dataclass_fields__)
    if not isinstance(found, Mapping) or set(found) != set(names):
        raise InvalidReceipt(f"A receipt is a JSON object with the fields {', '.join(names)}.")
    entries = found["entries"]
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_ENTRIES:
        raise InvalidReceipt(f"entries must be a list of 1 to {MAX_ENTRIES:,} names.")
    texts = [found[name] for name in names if name != "entries"]
    if not all(isinstance(text, str) and _is_encodable(text) for text in [*texts, *entries]):
        raise InvalidReceipt("Every field, and every entry, must be text.")
    if not HEXADECIMAL.fullmatch(found["seed"]):
        raise InvalidReceipt(f"seed must have {2 * SEED_BYTES} hexadecimal digits in lower case.")
    return Receipt(**{**found, "entries": tuple(entries)})


def _is_encodable(text: str) -> bool:
    return "\n" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
