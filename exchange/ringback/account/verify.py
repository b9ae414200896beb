"""Verify: codes that are sent to a phone, and checked while they last."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from ringback.service.bounded_dict import MAX_MESSAGES, MAX_VERIFY_SERVICES, BoundedDict
from ringback.service.clock import Clock
from ringback.service.sids import SID, new_sid

VERIFICATION_TTL_SECONDS = 600  # seconds
MAX_CHECKS = 5
MAX_SENDS = 5


@dataclass
class VerifyService:
    """Whose codes they are. Field names are Twilio's."""

    account: str
    friendly_name: str
    created: datetime
    updated: datetime
    code_length: int = 6
    sid: str = field(default_factory=lambda: new_sid("VA"))


@dataclass
class SendCodeAttempt:
    """One time that the code was sent."""

    at: datetime
    channel: str
    sid: str = field(default_factory=lambda: new_sid("VL"))


@dataclass
class Verification:
    """One code for one phone; sent again, it stays the same."""

    service: VerifyService
    to: str
    code: str
    created: datetime
    updated: datetime
    status: str = "pending"
    checks: int = 0
    attempts: list[SendCodeAttempt] = field(default_factory=list)
    sid: str = field(default_factory=lambda: new_sid("VE"))

    def check(self, code: str) -> bool:
        self.checks += 1
        right = secrets.compare_digest(code.encode(), self.code.encode())
        self.status = "approved" if right else self.status
        return right


class VerifyServices:
    """Services and what they verify. Any service exists, until it was deleted."""

    def __init__(self, clock: Clock, account: str) -> None:
        self.clock, self.account = clock, account
        self.services: BoundedDict[str, VerifyService] = BoundedDict(MAX_VERIFY_SERVICES)
        self.deleted: BoundedDict[str, bool] = BoundedDict(MAX_VERIFY_SERVICES)
        self.verifications: BoundedDict[str, Verification] = BoundedDict(MAX_MESSAGES)

    def new_service(self, friendly_name: str, code_length: int, sid: str = "") -> VerifyService:
        now = self.clock.now()
        service = VerifyService(self.account, friendly_name, now, now, code_length, sid or new_sid("VA"))
        self.services[service.sid] = service
        return service

    def service(self, sid: str) -> VerifyService | None:
        """An app may bring the sid of a service it made elsewhere."""
        known = self.services.get(sid)
        if known or sid in self.deleted or not (sid.startswith("VA") and SID.fullmatch(sid)):
            return known
        return self.new_service("App", 6, sid)

    def delete(self, service: VerifyService) -> None:
        self.deleted[service.sid] = True
        del self.services[service.sid]

    def pending(self, service: VerifyService, whom: str) -> Verification | None:
        """The one that lasts still, by its own sid or the phone's number."""
        for found in reversed(self.verifications.values()):
            if found.service.sid == service.sid and whom in (found.sid, found.to) and found.status == "pending":
                return found if self.clock.time() - found.created.timestamp() < VERIFICATION_TTL_SECONDS else None
        return None

    def start(self, service: VerifyService, to: str, code: str) -> Verification:
        now = self.clock.now()
        made = Verification(service, to, code or _digits(service.code_length), now, now)
        self.verifications[made.sid] = made
        return made


def _digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))
