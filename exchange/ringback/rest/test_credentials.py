"""Requests with the test credentials: they are validated but have no effect, and magic numbers cause errors.

Source: https://www.twilio.com/docs/iam/test-credentials (2026-11)"""

from __future__ import annotations

from typing import Any

from ringback.account.phone_numbers import is_e164, is_handset_address, normalize_number
from ringback.calls.call import Call
from ringback.calls.call_plan import CallPlan
from ringback.messages.message import Message
from ringback.rest import calls, incoming_phone_numbers, messages
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError

MAGIC = "+1500555000"
VALID_NUMBER = f"{MAGIC}6"
MESSAGE_FROM_ERRORS = {f"{MAGIC}1": 21212, f"{MAGIC}8": 21611}
MESSAGE_TO_ERRORS = {f"{MAGIC}1": 21211, f"{MAGIC}2": 21612, f"{MAGIC}3": 21408, f"{MAGIC}4": 21610, f"{MAGIC}9": 21614}
CALL_FROM_ERRORS = {f"{MAGIC}1": 21212}
CALL_TO_ERRORS = {f"{MAGIC}1": 21217, f"{MAGIC}2": 21214, f"{MAGIC}3": 21215, f"{MAGIC}4": 21216}
PURCHASE_ERRORS = {f"{MAGIC}0": 21422, f"{MAGIC}1": 21421}
EMPTY_AREA = "533"


def create_message(request: ApiRequest) -> dict[str, Any]:
    to = _number(request, "To", 21604, 21211, MESSAGE_TO_ERRORS)
    from_ = _from(request, 21603, 21606, MESSAGE_FROM_ERRORS)
    if not request.text("Body") and not request.has("MediaUrl"):
        raise RestError(21602)
    now = request.state.clock.now()
    return messages.as_resource(Message(request.account, from_, to, request.text("Body"), "outbound-api", to, now))


def create_call(request: ApiRequest) -> dict[str, Any]:
    to = _number(request, "To", 21201, 21211, CALL_TO_ERRORS)
    from_ = _from(request, 21213, 21210, CALL_FROM_ERRORS)
    if not any(request.text(name) for name in ("Url", "Twiml", "ApplicationSid")):
        raise RestError(21205, detail="(missing)")
    return calls.as_resource(Call(request.state, CallPlan(from_, to, "outbound-api", to, request.account)))


def buy_number(request: ApiRequest) -> dict[str, Any]:
    number, area = normalize_number(request.text("PhoneNumber")), request.text("AreaCode")
    if not number and area:
        if area == EMPTY_AREA:
            raise RestError(21452, detail=area)
        number = VALID_NUMBER
    if number != VALID_NUMBER:
        raise RestError(PURCHASE_ERRORS.get(number, 21422 if is_e164(number) else 21421), number=number[:40])
    return incoming_phone_numbers.as_resource(incoming_phone_numbers.new_number(request, number))


def forbidden(request: ApiRequest) -> None:
    raise RestError(20008)


def _number(request: ApiRequest, name: str, missing: int, invalid: int, magic: dict[str, int]) -> str:
    """The number in a parameter. `missing` and `invalid` are error codes; `magic` maps magic numbers to codes."""
    number = normalize_number(request.text(name))
    if not number:
        raise RestError(missing)
    if number in magic or not is_handset_address(number):
        raise RestError(magic.get(number, invalid), number=number[:40])
    return number


def _from(request: ApiRequest, missing: int, not_owned: int, magic: dict[str, int]) -> str:
    number = normalize_number(request.text("From"))
    if not number:
        raise RestError(missing)
    if number != VALID_NUMBER:
        raise RestError(magic.get(number, not_owned), number=number[:40])
    return number


SIMULATED = {
    ("POST", "/Messages"): create_message,
    ("POST", "/Calls"): create_call,
    ("POST", "/IncomingPhoneNumbers"): buy_number,
}
