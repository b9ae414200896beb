"""The Call resource: place, list, fetch and delete calls, and update calls in progress."""

from __future__ import annotations

import re
from typing import Any

from ringback.account.sip_uris import new_sip_call_id
from ringback.calls.call import Call
from ringback.calls.call_plan import CallPlan
from ringback.calls.lifecycle import limit_duration
from ringback.calls.outgoing import start_outbound_call
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.call_parameters import (
    amd_callback,
    call_recording,
    fallback,
    first_step,
    from_number,
    sip_uri,
    status_callback,
    time_limit,
    to_number,
    twiml_application,
)
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.twiml.steps import HANG_UP, Fetch, Step

EVIDENCE = documented("voice/api/call-resource")

SEND_DIGITS = re.compile(r"[0-9A-D*#wW]{0,32}")
DEFAULT_TIME_LIMIT = 14400
SUBRESOURCES = (
    "notifications",
    "recordings",
    "payments",
    "events",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)


def create(request: ApiRequest) -> dict[str, Any]:
    to, from_, sip = to_number(request), from_number(request), sip_uri(request)
    application = twiml_application(request)
    first = Fetch(application.voice_url, application.voice_method) if application else first_step(request)
    if first is None:
        raise RestError(21205, detail="(missing)")
    timeout = parameters.whole_number(request, "Timeout", 60, 21208, 1, 600)
    tones = request.text("SendDigits")
    if not SEND_DIGITS.fullmatch(tones):
        raise RestError(21206, detail=tones[:40])
    plan = CallPlan(
        from_=from_,
        to=to,
        direction="outbound-api",
        handset=to,
        account=request.account,
        number_sid=request.state.numbers[from_].sid if from_ in request.state.numbers else None,
        fallback=fallback(request, application),
        callbacks=[status_callback(request, application)],
        machine_detection=request.text("MachineDetection"),
        amd_callback=amd_callback(request, "AsyncAmdStatusCallback")
        if parameters.boolean(request, "AsyncAmd")
        else None,
        recording=call_recording(request),
        delivered=sip.headers if sip else {},
        time_limit=time_limit(request) or DEFAULT_TIME_LIMIT,
        reason=request.text("CallReason")[:50],
        sip_call_id=new_sip_call_id() if sip else "",
    )
    return as_resource(start_outbound_call(request.state, plan, first, timeout, tones))


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(_call(request))


def list_all(request: ApiRequest) -> dict[str, Any]:
    rows = select(
        request,
        [call for call in reversed(request.state.calls.values()) if not call.plan.hidden],
        {
            "To": lambda call: call.plan.to,
            "From": lambda call: call.plan.from_,
            "Status": lambda call: call.status,
            "ParentCallSid": lambda call: call.plan.parent or "",
        },
        {"StartTime": lambda call: call.answered or call.created, "EndTime": lambda call: call.ended},
    )
    return page(request, "calls", rows, as_resource)


def update(request: ApiRequest) -> dict[str, Any]:
    """End a call, or redirect it to another document. The current verb stops, even if it is waiting for a webhook."""
    call = _call(request)
    if call.is_over:
        raise RestError(21220)
    status = request.text("Status").strip()
    ends = status == "completed" or (status == "canceled" and not call.is_live)
    if not ends and status not in ("", "canceled"):
        raise RestError(21220)
    step = None if ends else first_step(request)
    if step and not call.is_live and call.plan.direction != "inbound":
        raise RestError(21220)
    limit = time_limit(request)
    _update_callbacks(request, call)
    if limit:
        limit_duration(call, limit)
    if ends:
        _end(call, status)
    elif step:
        _redirect(request, call, step)
    return as_resource(call)


def _update_callbacks(request: ApiRequest, call: Call) -> None:
    """Changes both callbacks, or neither if one of them is not valid."""
    new_fallback = fallback(request, None) if request.has("FallbackUrl") else call.plan.fallback
    if request.has("StatusCallback"):
        call.plan.callbacks = [status_callback(request)]
    call.plan.fallback = new_fallback


def _end(call: Call, status: str) -> None:
    if call.is_live or call.running:
        call.interrupt(HANG_UP)
        call.set_status("completed" if call.is_live else status)
    else:
        if not call.was_placed:  # a call that is canceled in the queue causes no callbacks
            call.plan.callbacks = []
        call.set_status("canceled")


def _redirect(request: ApiRequest, call: Call, step: Step) -> None:
    call.redirected = True
    if request.state.faults.trigger("stale-document", "voice"):
        call.serves_stale_document = True
    call.interrupt(step)


def delete(request: ApiRequest) -> None:
    call = _call(request)
    if not call.is_over:
        raise RestError(20009)
    del request.state.calls[call.sid]


def as_resource(call: Call) -> dict[str, Any]:
    plan = call.plan
    path = f"/2010-04-01/Accounts/{plan.account}/Calls/{call.sid}"
    duration = call.duration() if call.answered else (0 if call.is_over else None)
    return {
        "account_sid": plan.account,
        "annotation": None,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "caller_name": call.plan.extra.get("CallerName"),
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "direction": plan.direction,
        "duration": None if duration is None else str(duration),
        "end_time": rfc2822(call.ended),
        "forwarded_from": None,
        "from": plan.from_,
        "from_formatted": formatted(plan.from_),
        "group_sid": None,
        "parent_call_sid": plan.parent,
        "phone_number_sid": plan.number_sid,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": rfc2822(call.answered or (call.created if call.is_over else None)),
        "status": call.status,
        "stir_verstat": None,
        "subresource_uris": {name: f"{path}/{_camel_case(name)}.json" for name in SUBRESOURCES},
        "to": plan.to,
        "to_formatted": formatted(plan.to),
        "trunk_sid": None,
        "uri": f"{path}.json",
    }


def formatted(number: str) -> str:
    """The number as `(415) 555-1212` if it is North American, otherwise unchanged."""
    if re.fullmatch(r"\+1[0-9]{10}", number):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _call(request: ApiRequest) -> Call:
    call = request.state.calls.get(request.path("sid"))
    if call is None or call.plan.hidden:
        raise not_found(request.http.path)
    return call
