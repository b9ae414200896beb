"""Verify: services, and the verification codes that they send and check.

https://www.twilio.com/docs/verify/api (2026-11)"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock
from ringback.service.sids import SID, new_sid

MAX_SERVICES = 500  # existing services, and as many deleted ones
MAX_VERIFICATIONS = 10_000
VERIFICATION_TTL_SECONDS = 600
MAX_CHECKS = 5
MAX_SENDS = 5


@dataclass
class VerifyService:
    """A Verify service, with Twilio's field names."""

    account: str
    friendly_name: str
    created: datetime
    updated: datetime
    code_length: int = 6
    sid: str = field(default_factory=lambda: new_sid("VA"))


@dataclass
class SendCodeAttempt:
    """One attempt to send the code."""

    at: datetime
    channel: str
    sid: str = field(default_factory=lambda: new_sid("VL"))


@dataclass
class Verification:
    """The verification of a phone number. Its code stays the same when it is sent again."""

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
        """Count a check, and approve the verification if `code` is right. Returns whether it is."""
        self.checks += 1
        is_right = secrets.compare_digest(code.encode(), self.code.encode())
        self.status = "approved" if is_right else self.status
        return is_right


class VerifyServices:
    """All services and their verifications. Any well-formed service SID is valid until the service is deleted."""

    def __init__(self, clock: Clock, account: str) -> None:
        self.clock, self.account = clock, account
        self.services: BoundedDict[str, VerifyService] = BoundedDict(MAX_SERVICES)
        self.deleted: BoundedDict[str, bool] = BoundedDict(MAX_SERVICES)
        self.verifications: BoundedDict[str, Verification] = BoundedDict(MAX_VERIFICATIONS)

    def new_service(self, friendly_name: str, code_length: int, sid: str = "") -> VerifyService:
        now = self.clock.now()
        service = VerifyService(self.account, friendly_name, now, now, code_length, sid or new_sid("VA"))
        self.services[service.sid] = service
        return service

    def service(self, sid: str) -> VerifyService | None:
        """The service with this SID, created if it is unknown, because the app may have created it in a real account.

        None if the service has been deleted, or the SID is not a Verify service SID."""
        service = self.services.get(sid)
        if service or sid in self.deleted or not (sid.startswith("VA") and SID.fullmatch(sid)):
            return service
        return self.new_service("App", 6, sid)

    def delete(self, service: VerifyService) -> None:
        self.deleted[service.sid] = True
        del self.services[service.sid]

    def pending(self, service: VerifyService, sid_or_number: str) -> Verification | None:
        """The newest pending verification with this SID or phone number. None if there is none, or it has expired."""
        for found in reversed(self.verifications.values()):
            matches = found.service.sid == service.sid and sid_or_number in (found.sid, found.to)
            if matches and found.status == "pending":
                age = round((self.clock.now() - found.created).total_seconds(), 3)  # forward() has rounding errors
                return found if age < VERIFICATION_TTL_SECONDS else None
        return None

    def start(self, service: VerifyService, to: str, code: str) -> Verification:
        """Create a verification with this code, or with a random code if `code` is ""."""
        now = self.clock.now()
        verification = Verification(service, to, code or _random_digits(service.code_length), now, now)
        self.verifications[verification.sid] = verification
        return verification


def _random_digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))
