"""Services and their verifications over REST: verify.twilio.com, by text and by call."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ringback.account.phone_numbers import is_e164, normalize_number
from ringback.account.verify import MAX_CHECKS, MAX_SENDS, SendCodeAttempt, Verification, VerifyService
from ringback.calls.outgoing import start_outbound_call
from ringback.calls.plan import CallPlan
from ringback.messages.delivery import send
from ringback.messages.message import Message
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page_with_meta
from ringback.service.dates import iso8601
from ringback.state import State
from ringback.twiml.steps import Inline

BASE = "https://verify.twilio.com/v2/Services"
SENDER = "VERIFY"  # whom the text and the call come from: no number of the app's, whose STOP does not count here
RING_SECONDS = 60.0
CHANNELS = ("sms", "call")
NOT_HERE = ("auto", "email", "rcs", "sna", "whatsapp")
SUBRESOURCES = {"verifications": "Verifications", "verification_checks": "VerificationCheck"}


def list_services(asked: ApiRequest) -> dict[str, Any]:
    return page_with_meta(asked, "services", list(reversed(asked.state.verify.services.values())), _service_resource)


def create_service(asked: ApiRequest) -> dict[str, Any]:
    name = asked.text("FriendlyName").strip()
    if not 0 < len(name) <= 30:
        raise RestError(60200, name="FriendlyName", why=name[:40])
    return _service_resource(asked.state.verify.new_service(name, _code_length(asked, 6)))


def fetch_service(asked: ApiRequest) -> dict[str, Any]:
    return _service_resource(_service(asked))


def update_service(asked: ApiRequest) -> dict[str, Any]:
    service = _service(asked)
    service.code_length = _code_length(asked, service.code_length)
    service.friendly_name = asked.text("FriendlyName").strip()[:30] or service.friendly_name
    service.updated = asked.state.clock.now()
    return _service_resource(service)


def delete_service(asked: ApiRequest) -> None:
    asked.state.verify.delete(_service(asked))


def create(asked: ApiRequest) -> dict[str, Any]:
    """Send a code; while one lasts, the same again."""
    service, to, channel = _service(asked), normalize_number(asked.text("To")), asked.text("Channel").strip().lower()
    if not is_e164(to) or len(to) < 8:
        raise RestError(60200, name="To", why=asked.text("To")[:40])
    if channel in NOT_HERE:
        raise RestError(60223, why=channel.upper())
    if channel not in CHANNELS:
        raise RestError(60200, name="Channel", why=channel[:40])
    verification = asked.state.verify.pending(service, to)
    verification = verification or asked.state.verify.begin(service, to, _custom_code(asked))
    if len(verification.attempts) >= MAX_SENDS:
        raise RestError(60203)
    _deliver(asked.state, verification, channel, asked.text("CustomFriendlyName") or service.friendly_name)
    return _resource(asked, verification)


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return _resource(asked, _pending(asked, asked.path("verification")))


def update(asked: ApiRequest) -> dict[str, Any]:
    verification, status = _pending(asked, asked.path("verification")), asked.text("Status")
    if status not in ("canceled", "approved"):
        raise RestError(60200, name="Status", why=status[:40])
    verification.status, verification.updated = status, asked.state.clock.now()
    return _resource(asked, verification)


def check(asked: ApiRequest) -> dict[str, Any]:
    """Is that the code? One that was right, was canceled or is too old is not found."""
    code, whom = asked.text("Code").strip(), asked.text("VerificationSid") or normalize_number(asked.text("To"))
    if not (code.isascii() and code.isalnum() and 4 <= len(code) <= 10):
        raise RestError(60200, name="Code", why=code[:40])
    if not whom:
        raise RestError(60200, name="To", why="")
    verification = _pending(asked, whom)
    if verification.checks >= MAX_CHECKS:
        raise RestError(60202)
    verification.check(code)
    verification.updated = asked.state.clock.now()
    return _shared(asked, verification) | {"sna_attempts_error_codes": []}


def _code_length(asked: ApiRequest, default: int) -> int:
    return parameters.whole_number(asked, "CodeLength", default, 60200, 4, 10)


def _custom_code(asked: ApiRequest) -> str:
    code = asked.text("CustomCode")
    if code and not (code.isascii() and code.isalnum() and 4 <= len(code) <= 10):
        raise RestError(60200, name="CustomCode", why=code[:40])
    return code


def _service(asked: ApiRequest) -> VerifyService:
    service = asked.state.verify.service(asked.path("sid"))
    if service is None:
        raise not_found(asked.request.path)
    return service


def _pending(asked: ApiRequest, whom: str) -> Verification:
    verification = asked.state.verify.pending(_service(asked), whom)
    if verification is None:
        raise not_found(asked.request.path)
    return verification


def _service_resource(service: VerifyService) -> dict[str, Any]:
    url = f"{BASE}/{service.sid}"
    return {
        "account_sid": service.account,
        "code_length": service.code_length,
        "custom_code_enabled": True,
        "date_created": iso8601(service.created),
        "date_updated": iso8601(service.updated),
        "default_template_sid": None,
        "do_not_share_warning_enabled": False,
        "dtmf_input_required": False,
        "friendly_name": service.friendly_name,
        "links": {name: f"{url}/{path}" for name, path in SUBRESOURCES.items()},
        "lookup_enabled": False,
        "passkeys": None,
        "psd2_enabled": False,
        "push": None,
        "sid": service.sid,
        "skip_sms_to_landlines": False,
        "totp": None,
        "tts_name": None,
        "url": url,
        "verify_event_subscription_enabled": False,
        "whatsapp": None,
    }


def _shared(asked: ApiRequest, verification: Verification) -> dict[str, Any]:
    return {
        "account_sid": asked.account,
        "amount": None,
        "channel": verification.attempts[-1].channel,
        "date_created": iso8601(verification.created),
        "date_updated": iso8601(verification.updated),
        "payee": None,
        "service_sid": verification.service.sid,
        "sid": verification.sid,
        "status": verification.status,
        "to": verification.to,
        "valid": verification.status == "approved",
    }


def _resource(asked: ApiRequest, verification: Verification) -> dict[str, Any]:
    attempts = [
        {"time": iso8601(one.at), "channel": one.channel, "attempt_sid": one.sid} for one in verification.attempts
    ]
    return _shared(asked, verification) | {
        "lookup": {"carrier": None},
        "send_code_attempts": attempts,
        "sna": None,
        "url": f"{BASE}/{verification.service.sid}/Verifications/{verification.sid}",
    }


def _deliver(state: State, verification: Verification, channel: str, name: str) -> None:
    """Send the code to the phone, as a text or by a call that says it twice."""
    now, to, account = state.clock.now(), verification.to, state.settings.account_sid
    verification.attempts.append(SendCodeAttempt(now, channel))
    verification.updated = now
    words = f"Your {name} verification code is: "
    if channel == "call":
        said = escape(words + ". ".join(verification.code)) + "."
        document = f"<Response><Say>{said}</Say><Say>{said}</Say></Response>"
        start_outbound_call(
            state, CallPlan(SENDER, to, "outbound-api", to, account, hidden=True), Inline(document), RING_SECONDS
        )
    else:
        send(state, Message(account, SENDER, to, words + verification.code, "outbound-api", to, now, hidden=True))
