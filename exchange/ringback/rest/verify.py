"""The Verify API (verify.twilio.com): services, and verifications by text or call."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ringback.account.phone_numbers import is_e164, normalize_number
from ringback.account.verification_codes import MAX_CHECKS, MAX_SENDS, SendCodeAttempt, Verification, VerifyService
from ringback.calls.call_plan import CallPlan
from ringback.calls.outgoing import start_outbound_call
from ringback.evidence import documented
from ringback.messages.delivery import send
from ringback.messages.message import Message
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page_with_meta
from ringback.service.dates import iso8601
from ringback.state import State
from ringback.twiml.steps import Inline

EVIDENCE = documented("verify/api")

BASE = "https://verify.twilio.com/v2/Services"
SENDER = "VERIFY"  # sender of the codes; not one of the app's numbers, so that opt-outs from the app do not apply
RING_SECONDS = 60.0
CHANNELS = ("sms", "call")
UNSUPPORTED_CHANNELS = ("auto", "email", "rcs", "sna", "whatsapp")
SUBRESOURCES = {"verifications": "Verifications", "verification_checks": "VerificationCheck"}


def list_services(request: ApiRequest) -> dict[str, Any]:
    newest_first = list(reversed(request.state.verify.services.values()))
    return page_with_meta(request, "services", newest_first, _service_resource)


def create_service(request: ApiRequest) -> dict[str, Any]:
    name = request.text("FriendlyName").strip()
    if not 0 < len(name) <= 30:
        raise RestError(60200, name="FriendlyName", detail=name[:40])
    return _service_resource(request.state.verify.new_service(name, _code_length(request, 6)))


def fetch_service(request: ApiRequest) -> dict[str, Any]:
    return _service_resource(_service(request))


def update_service(request: ApiRequest) -> dict[str, Any]:
    service = _service(request)
    service.code_length = _code_length(request, service.code_length)
    service.friendly_name = request.text("FriendlyName").strip()[:30] or service.friendly_name
    service.updated = request.state.clock.now()
    return _service_resource(service)


def delete_service(request: ApiRequest) -> None:
    request.state.verify.delete(_service(request))


def create(request: ApiRequest) -> dict[str, Any]:
    """Send a code. If a verification is already pending, send its code again."""
    service, to = _service(request), normalize_number(request.text("To"))
    channel = request.text("Channel").strip().lower()
    if not is_e164(to) or len(to) < 8:
        raise RestError(60200, name="To", detail=request.text("To")[:40])
    if channel in UNSUPPORTED_CHANNELS:
        raise RestError(60223, detail=channel.upper())
    if channel not in CHANNELS:
        raise RestError(60200, name="Channel", detail=channel[:40])
    verification = request.state.verify.pending(service, to)
    verification = verification or request.state.verify.start(service, to, _custom_code(request))
    if len(verification.attempts) >= MAX_SENDS:
        raise RestError(60203)
    _deliver(request.state, verification, channel, request.text("CustomFriendlyName") or service.friendly_name)
    return _resource(request, verification)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(request, _pending(request, request.path("verification")))


def update(request: ApiRequest) -> dict[str, Any]:
    verification, status = _pending(request, request.path("verification")), request.text("Status")
    if status not in ("canceled", "approved"):
        raise RestError(60200, name="Status", detail=status[:40])
    verification.status, verification.updated = status, request.state.clock.now()
    return _resource(request, verification)


def check(request: ApiRequest) -> dict[str, Any]:
    """Check a code. The response is a 404 if the verification has been approved or canceled, or has expired."""
    code = request.text("Code").strip()
    sid_or_number = request.text("VerificationSid") or normalize_number(request.text("To"))
    if not (code.isascii() and code.isalnum() and 4 <= len(code) <= 10):
        raise RestError(60200, name="Code", detail=code[:40])
    if not sid_or_number:
        raise RestError(60200, name="To", detail="(missing)")
    verification = _pending(request, sid_or_number)
    if verification.checks >= MAX_CHECKS:
        raise RestError(60202)
    verification.check(code)
    verification.updated = request.state.clock.now()
    return _common_fields(request, verification) | {"sna_attempts_error_codes": []}


def _code_length(request: ApiRequest, default: int) -> int:
    return parameters.whole_number(request, "CodeLength", default, 60200, 4, 10)


def _custom_code(request: ApiRequest) -> str:
    code = request.text("CustomCode")
    if code and not (code.isascii() and code.isalnum() and 4 <= len(code) <= 10):
        raise RestError(60200, name="CustomCode", detail=code[:40])
    return code


def _service(request: ApiRequest) -> VerifyService:
    service = request.state.verify.service(request.path("sid"))
    if service is None:
        raise not_found(request.http.path)
    return service


def _pending(request: ApiRequest, sid_or_number: str) -> Verification:
    verification = request.state.verify.pending(_service(request), sid_or_number)
    if verification is None:
        raise not_found(request.http.path)
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


def _common_fields(request: ApiRequest, verification: Verification) -> dict[str, Any]:
    """The fields that verifications and checks have in common."""
    return {
        "account_sid": request.account,
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


def _resource(request: ApiRequest, verification: Verification) -> dict[str, Any]:
    attempts = [
        {"time": iso8601(attempt.at), "channel": attempt.channel, "attempt_sid": attempt.sid}
        for attempt in verification.attempts
    ]
    return _common_fields(request, verification) | {
        "lookup": {"carrier": None},
        "send_code_attempts": attempts,
        "sna": None,
        "url": f"{BASE}/{verification.service.sid}/Verifications/{verification.sid}",
    }


def _deliver(state: State, verification: Verification, channel: str, name: str) -> None:
    """Send the code in a text, or in a call that says it twice."""
    now, to, account = state.clock.now(), verification.to, state.settings.account_sid
    verification.attempts.append(SendCodeAttempt(now, channel))
    verification.updated = now
    text = f"Your {name} verification code is: "
    if channel == "call":
        speech = escape(text + ". ".join(verification.code)) + "."
        document = f"<Response><Say>{speech}</Say><Say>{speech}</Say></Response>"
        plan = CallPlan(SENDER, to, "outbound-api", to, account, hidden=True)
        start_outbound_call(state, plan, Inline(document), RING_SECONDS)
    else:
        send(state, Message(account, SENDER, to, text + verification.code, "outbound-api", to, now, hidden=True))
