"""The Service resource of messaging.twilio.com, and the PhoneNumber resource of a service."""

from __future__ import annotations

from typing import Any

from ringback.account.geography import country_of
from ringback.account.messaging_services import MessagingService
from ringback.account.phone_numbers import PhoneNumber
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page_with_meta
from ringback.service.dates import iso8601

EVIDENCE = documented("messaging/api/service-resource")

BASE = "https://messaging.twilio.com/v1/Services"
MAX_NAME_CHARACTERS = 64
URLS = {"InboundRequestUrl": "inbound_request_url", "FallbackUrl": "fallback_url", "StatusCallback": "status_callback"}
METHODS = {"InboundMethod": "inbound_method", "FallbackMethod": "fallback_method"}
SWITCHES = {
    "UseInboundWebhookOnNumber": "use_inbound_webhook_on_number",
    "StickySender": "sticky_sender",
    "MmsConverter": "mms_converter",
    "SmartEncoding": "smart_encoding",
    "FallbackToLongCode": "fallback_to_long_code",
    "AreaCodeGeomatch": "area_code_geomatch",
}
SUBRESOURCES = {
    "alpha_senders": "AlphaSenders",
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "us_app_to_person": "Compliance/Usa2p",
    "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
}


def list_all(request: ApiRequest) -> dict[str, Any]:
    return page_with_meta(request, "services", list(reversed(request.state.messaging_services.values())), _resource)


def create(request: ApiRequest) -> dict[str, Any]:
    now = request.state.clock.now()
    service = MessagingService(account=request.account, friendly_name="", created=now, updated=now)
    _update(request, service, _name(request, request.text("FriendlyName")))
    request.state.messaging_services[service.sid] = service
    return _resource(service)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(_service(request))


def update(request: ApiRequest) -> dict[str, Any]:
    service = _service(request)
    _update(request, service, _name(request, request.text("FriendlyName", service.friendly_name)))
    return _resource(service)


def delete(request: ApiRequest) -> None:
    del request.state.messaging_services[_service(request).sid]


def list_numbers(request: ApiRequest) -> dict[str, Any]:
    service = _service(request)
    numbers = [number for number in request.state.numbers.values() if number.sid in service.added]
    return page_with_meta(request, "phone_numbers", numbers, lambda number: _number_resource(service, number))


def add_number(request: ApiRequest) -> dict[str, Any]:
    service, sid = _service(request), request.text("PhoneNumberSid").strip()
    number = next((number for number in request.state.numbers.values() if number.sid == sid), None)
    if number is None:
        raise RestError(21421, number=sid[:40])
    other = request.state.messaging_services.of_number(sid)
    if other:
        raise RestError(21710 if other is service else 21712)
    service.added[sid] = request.state.clock.now()
    return _number_resource(service, number)


def fetch_number(request: ApiRequest) -> dict[str, Any]:
    service = _service(request)
    return _number_resource(service, _number(request, service))


def remove_number(request: ApiRequest) -> None:
    service = _service(request)
    del service.added[_number(request, service).sid]


def _update(request: ApiRequest, service: MessagingService, name: str) -> None:
    """Sets the fields for which the request has parameters. If any is invalid, raises RestError and changes nothing."""
    changes: dict[str, Any] = {
        field: parameters.url(request, name, 20001) for name, field in URLS.items() if request.has(name)
    }
    changes |= {field: parameters.method(request, name, 20001) for name, field in METHODS.items() if request.has(name)}
    changes |= {field: parameters.boolean(request, name, getattr(service, field)) for name, field in SWITCHES.items()}
    changes["validity_period"] = parameters.whole_number(
        request, "ValidityPeriod", service.validity_period, 21624, 1, 36_000
    )
    changes |= {"usecase": request.text("Usecase", service.usecase), "friendly_name": name}
    for field, value in changes.items():
        setattr(service, field, value)
    service.updated = request.state.clock.now()


def _name(request: ApiRequest, name: str) -> str:
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise RestError(20001, message=f"FriendlyName must have 1 to {MAX_NAME_CHARACTERS} characters")
    return name


def _service(request: ApiRequest) -> MessagingService:
    service = request.state.messaging_services.get(request.path("sid"))
    if service is None:
        raise not_found(request.http.path)
    return service


def _number(request: ApiRequest, service: MessagingService) -> PhoneNumber:
    for number in request.state.numbers.values():
        if number.sid == request.path("number") and number.sid in service.added:
            return number
    raise not_found(request.http.path)


def _resource(service: MessagingService) -> dict[str, Any]:
    url = f"{BASE}/{service.sid}"
    switches = {field: getattr(service, field) for field in SWITCHES.values()}
    urls = {field: getattr(service, field) or None for field in URLS.values()}
    return (
        switches
        | urls
        | {
            "account_sid": service.account,
            "date_created": iso8601(service.created),
            "date_updated": iso8601(service.updated),
            "fallback_method": service.fallback_method,
            "friendly_name": service.friendly_name,
            "inbound_method": service.inbound_method,
            "links": {name: f"{url}/{path}" for name, path in SUBRESOURCES.items()},
            "scan_message_content": "inherit",
            "sid": service.sid,
            "synchronous_validation": False,
            "url": url,
            "us_app_to_person_registered": False,
            "usecase": service.usecase,
            "validity_period": service.validity_period,
        }
    )


def _number_resource(service: MessagingService, number: PhoneNumber) -> dict[str, Any]:
    added = iso8601(service.added[number.sid])
    return {
        "account_sid": service.account,
        "capabilities": ["MMS", "SMS", "Voice"],
        "country_code": country_of(number.phone_number),
        "date_created": added,
        "date_updated": added,
        "phone_number": number.phone_number,
        "service_sid": service.sid,
        "sid": number.sid,
        "url": f"{BASE}/{service.sid}/PhoneNumbers/{number.sid}",
    }
