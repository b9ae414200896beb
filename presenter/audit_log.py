"""The audit log: what each presenter has done, newest first."""

import json
import time
from dataclasses import asdict, dataclass

from store import Pipe, Store

AUDIT_KEY = "show:audit"
MAX_ENTRIES = 200
TTL_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class AuditEntry:
    """One action. `who` is the presenter's browser, such as "phone 3f2a"; `time` is a Unix timestamp."""

    time: float
    who: str
    action: str
    item: str = ""


def record(pipe: Pipe, who: str, action: str, item: str = "") -> None:
    """Add an entry on this pipeline."""
    entry = AuditEntry(round(time.time(), 3), who, action, item[:100])
    pipe.execute_command("LPUSH", AUDIT_KEY, json.dumps(asdict(entry)))
    pipe.execute_command("LTRIM", AUDIT_KEY, 0, MAX_ENTRIES - 1)
    pipe.execute_command("EXPIRE", AUDIT_KEY, TTL_SECONDS)


def load(store: Store, count: int = MAX_ENTRIES) -> list[AuditEntry]:
    """Return the newest entries, newest first."""
    return [AuditEntry(**json.loads(row)) for row in store.lrange(AUDIT_KEY, 0, count - 1)]
