"""The test credentials: what is asked with them is checked and answered, and nothing happens. Magic numbers refuse.

https://www.twilio.com/docs/iam/test-credentials"""

from __future__ import annotations

from typing import Any

from ringback.account.phone_numbers import is_address, is_number, tidy
from ringback.calls.call import Call
from ringback.calls.plan import Plan
from ringback.messages.message import Message
from ringback.rest import calls, incoming_phone_numbers, messages
from ringback.rest.api_request import Asked
from ringback.rest.errors import RestError

MAGIC = "+1500555000"
GOOD = f"{MAGIC}6"
TEXT_FROM = {f"{MAGIC}1": 21212, f"{MAGIC}8": 21611}
TEXT_TO = {f"{MAGIC}1": 21211, f"{MAGIC}2": 21612, f"{MAGIC}3": 21408, f"{MAGIC}4": 21610, f"{MAGIC}9": 21614}
CALL_FROM = {f"{MAGIC}1": 21212}
CALL_TO = {f"{MAGIC}1": 21217, f"{MAGIC}2": 21214, f"{MAGIC}3": 21215, f"{MAGIC}4": 21216}
BUYING = {f"{MAGIC}0": 21422, f"{MAGIC}1": 21421}
EMPTY_AREA = "533"


def text(asked: Asked) -> dict[str, Any]:
    to = _number(asked, "To", 21604, 21211, TEXT_TO)
    from_ = _from(asked, 21603, 21606, TEXT_FROM)
    if not asked.text("Body") and not asked.has("MediaUrl"):
        raise RestError(21602)
    now = asked.state.clock.now()
    return messages.as_resource(Message(asked.account, from_, to, asked.text("Body"), "outbound-api", to, now))


def call(asked: Asked) -> dict[str, Any]:
    to = _number(asked, "To", 21201, 21211, CALL_TO)
    from_ = _from(asked, 21213, 21210, CALL_FROM)
    if not any(asked.text(name) for name in ("Url", "Twiml", "ApplicationSid")):
        raise RestError(21205, why="(none given)")
    return calls.as_resource(Call(asked.state, Plan(from_, to, "outbound-api", to, asked.account)))


def buy(asked: Asked) -> dict[str, Any]:
    wanted, area = tidy(asked.text("PhoneNumber")), asked.text("AreaCode")
    if not wanted and area:
        if area == EMPTY_AREA:
            raise RestError(21452, why=area)
        wanted = GOOD
    if wanted != GOOD:
        raise RestError(BUYING.get(wanted, 21422 if is_number(wanted) else 21421), number=wanted[:40])
    return incoming_phone_numbers.as_resource(incoming_phone_numbers.bought(asked, wanted))


def refused(asked: Asked) -> None:
    raise RestError(20008)


def _number(asked: Asked, name: str, missing: int, wrong: int, magic: dict[str, int]) -> str:
    number = tidy(asked.text(name))
    if not number:
        raise RestError(missing)
    if number in magic or not is_address(number):
        raise RestError(magic.get(number, wrong), number=number[:40])
    return number


def _from(asked: Asked, missing: int, unknown: int, magic: dict[str, int]) -> str:
    number = tidy(asked.text("From"))
    if not number:
        raise RestError(missing)
    if number != GOOD:
        raise RestError(magic.get(number, unknown), number=number[:40])
    return number


REHEARSED = {("POST", "/Messages"): text, ("POST", "/Calls"): call, ("POST", "/IncomingPhoneNumbers"): buy}
