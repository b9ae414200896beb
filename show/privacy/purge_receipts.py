"""The receipts of purges: what was erased, when and why, without numbers or words."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from store import Pipe, Store

RECEIPTS_KEY = "purge:receipts"
MAX_RECEIPTS = 20  # the newest


@dataclass(frozen=True)
class PurgeReceipt:
    """One purge. Times are Unix timestamps. `erased` maps kinds of records to how many were erased.

    `cause` is the presenter's name, "time" (an automatic purge) or "a person" (somebody asked to be forgotten).
    `recordings` is the number of recordings and pictures that a worker deletes at Twilio.
    """

    time: float
    before: float
    cause: str
    erased: Mapping[str, int]
    recordings: int = 0

    @property
    def total(self) -> int:
        """The number of records that were erased."""
        return sum(self.erased.values())


def save_receipt(pipe: Pipe | Store, receipt: PurgeReceipt) -> None:
    """Store the receipt; only the newest ones are kept."""
    pipe.execute_command("LPUSH", RECEIPTS_KEY, json.dumps(asdict(receipt)))
    pipe.execute_command("LTRIM", RECEIPTS_KEY, 0, MAX_RECEIPTS - 1)


def load_receipts(store: Store, count: int = MAX_RECEIPTS) -> list[PurgeReceipt]:
    """Return the newest receipts, newest first."""
    return [PurgeReceipt(**json.loads(row)) for row in store.lrange(RECEIPTS_KEY, 0, count - 1)]
