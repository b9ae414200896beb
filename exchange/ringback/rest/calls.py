"""Calls over REST: made, looked at, and changed while they last."""

from __future__ import annotations

import re
from typing import Any

from ringback.account.applications import Application
from ringback.account.phone_numbers import E164, is_address, tidy
from ringback.calls.call import Call
from ringback.calls.outgoing import outgoing
from ringback.calls.plan import Callback, Fallback, Plan
from ringback.rest import parameters
from ringback.rest.api_request import Asked
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import equals, in_dates
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.sound.recording_options import EVENTS as EVENTS_OF_RECORDING
from ringback.sound.recording_options import RecordingOptions
from ringback.sound.recordings import TRACKS
from ringback.twiml.steps import HANG_UP, Fetch, Inline, Step

MOST_TWIML = 4000
EVENTS = {"initiated", "ringing", "answered", "completed"}
SEND_DIGITS = re.compile(r"[0-9A-D*#wW]{0,32}")
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


def create(asked: Asked) -> dict[str, Any]:
    to, from_ = _to(asked), _from(asked)
    application = _application(asked)
    first = Fetch(application.voice_url, application.voice_method) if application else _program(asked)
    if first is None:
        raise RestError(21205, why="(none given)")
    timeout = parameters.whole(asked, "Timeout", 60, 21208, 1, 600)
    if not SEND_DIGITS.fullmatch(asked.text("SendDigits")):
        raise RestError(21206, why=asked.text("SendDigits")[:40])
    plan = Plan(
        from_=from_,
        to=to,
        direction="outbound-api",
        handset=to,
        account=asked.account,
        number_sid=asked.state.numbers[from_].sid if from_ in asked.state.numbers else None,
        fallback=_fallback(asked, application),
        callbacks=[_callback(asked, application)],
        machine_detection=asked.text("MachineDetection"),
        detected=detected(asked, "AsyncAmdStatusCallback") if parameters.truth(asked, "AsyncAmd") else None,
        recorded=recorded(asked),
    )
    limit = parameters.whole(asked, "TimeLimit", 14400, 21208, 1, 86400)
    return as_resource(outgoing(asked.state, plan, first, timeout, limit))


def detected(asked: Asked, name: str) -> Callback:
    """Where machine detection that the call does not wait for is told."""
    return Callback(parameters.url(asked, name, 21609), parameters.method(asked, f"{name}Method"))


def recorded(asked: Asked) -> RecordingOptions | None:
    """How the whole call is to be recorded, if it is."""
    return wanted(asked, "OutboundAPI") if parameters.truth(asked, "Record") else None


def wanted(asked: Asked, source: str) -> RecordingOptions:
    """What is asked of a recording, wherever REST can ask for one."""
    events = frozenset(word for given in asked.texts("RecordingStatusCallbackEvent") for word in given.split())
    if unknown := events - EVENTS_OF_RECORDING:
        raise RestError(21626, why=", ".join(sorted(unknown))[:100])
    return RecordingOptions(
        source,
        channels=2 if asked.text("RecordingChannels") == "dual" else 1,
        track=parameters.one_of(asked, "RecordingTrack", "both", TRACKS),
        trim=asked.text("Trim") != "do-not-trim",
        url=parameters.url(asked, "RecordingStatusCallback", 21609),
        method=parameters.method(asked, "RecordingStatusCallbackMethod"),
        events=events or frozenset({"completed"}),
    )


def _to(asked: Asked) -> str:
    to = tidy(asked.text("To"))
    if not to:
        raise RestError(21201)
    if not is_address(to) or (E164.fullmatch(to) and len(to) < 8):
        raise RestError(21211, number=asked.text("To"))
    return to


def _from(asked: Asked) -> str:
    from_ = tidy(asked.text("From"))
    if not from_:
        raise RestError(21213)
    if not is_address(from_):
        raise RestError(21212, number=asked.text("From"))
    if not asked.state.may_show(from_) and not from_.startswith("client:"):
        raise RestError(21210, number=from_)
    return from_


def _application(asked: Asked) -> Application | None:
    """The application to run, instead of any address given."""
    sid = asked.text("ApplicationSid")
    application = asked.state.applications.get(sid)
    if sid and (application is None or not application.voice_url):
        raise RestError(21218, why=sid[:40])
    return application


def _fallback(asked: Asked, application: Application | None) -> Fallback:
    if application:
        return Fallback(application.voice_fallback_url, application.voice_fallback_method)
    return Fallback(parameters.url(asked, "FallbackUrl", 21205), parameters.method(asked, "FallbackMethod"))


def _program(asked: Asked) -> Step | None:
    """What the call is to run: Url, or else Twiml."""
    address, twiml = asked.text("Url").strip(), asked.text("Twiml")
    if address and not parameters.is_url(address):
        raise RestError(21205, why=address[:200])
    if address and twiml:
        asked.state.debugger.report(32019)
    if address:
        return Fetch(address, parameters.method(asked, "Method"))
    if len(twiml) > MOST_TWIML:
        raise RestError(32018)
    return Inline(twiml) if twiml else None


def _callback(asked: Asked, application: Application | None = None) -> Callback:
    if application:
        return Callback(application.status_callback, application.status_callback_method)
    events = frozenset(word for given in asked.texts("StatusCallbackEvent") for word in given.split())
    if unknown := events - EVENTS:
        raise RestError(21626, why=", ".join(sorted(unknown))[:100])
    address = parameters.url(asked, "StatusCallback", 21609)
    return Callback(address, parameters.method(asked, "StatusCallbackMethod"), events or frozenset({"completed"}))


def fetch(asked: Asked) -> dict[str, Any]:
    return as_resource(_call(asked))


def list_all(asked: Asked) -> dict[str, Any]:
    rows = [
        call
        for call in reversed(asked.state.calls.values())
        if not call.plan.hidden
        and equals(asked, "To", call.plan.to)
        and equals(asked, "From", call.plan.from_)
        and equals(asked, "Status", call.status)
        and equals(asked, "ParentCallSid", call.plan.parent or "")
        and in_dates(asked, "StartTime", call.answered or call.created)
        and in_dates(asked, "EndTime", call.ended)
    ]
    return page(asked, "calls", rows, as_resource)


def update(asked: Asked) -> dict[str, Any]:
    """End a call, or give it another document: the running verb stops, also one whose webhook is still open."""
    call = _call(asked)
    if call.over:
        raise RestError(21220)
    _new_callback(asked, call)
    status = asked.text("Status").strip()
    if status == "completed" or (status == "canceled" and not call.live):
        _end(call, status)
    elif status not in ("", "canceled"):
        raise RestError(21220)
    elif (step := _program(asked)) is not None:
        if not call.live and call.plan.direction != "inbound":
            raise RestError(21220)
        _redirect(asked, call, step)
    return as_resource(call)


def _new_callback(asked: Asked, call: Call) -> None:
    if asked.has("FallbackUrl"):
        call.plan.fallback = _fallback(asked, None)
    if asked.has("StatusCallback"):
        call.plan.callbacks = [_callback(asked)]


def _end(call: Call, status: str) -> None:
    if call.live or call.running:
        call.interrupt(HANG_UP)
        call.becomes("completed" if call.live else status)
    else:
        call.becomes("canceled")


def _redirect(asked: Asked, call: Call, step: Step) -> None:
    call.redirected = True
    if asked.state.faults.take("stale-document", "voice"):
        call.goes_stale = True
    call.interrupt(step)


def delete(asked: Asked) -> None:
    call = _call(asked)
    if not call.over:
        raise RestError(20009)
    del asked.state.calls[call.sid]


def as_resource(call: Call) -> dict[str, Any]:
    plan = call.plan
    path = f"/2010-04-01/Accounts/{plan.account}/Calls/{call.sid}"
    duration = call.duration() if call.answered else (0 if call.over else None)
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
        "start_time": rfc2822(call.answered or (call.created if call.over else None)),
        "status": call.status,
        "stir_verstat": None,
        "subresource_uris": {name: f"{path}/{_camel(name)}.json" for name in SUBRESOURCES},
        "to": plan.to,
        "to_formatted": formatted(plan.to),
        "trunk_sid": None,
        "uri": f"{path}.json",
    }


def formatted(number: str) -> str:
    """`(415) 555-1212` for North America, as it is for everyone else."""
    if re.fullmatch(r"\+1[0-9]{10}", number):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _call(asked: Asked) -> Call:
    call = asked.state.calls.get(asked.path("sid"))
    if call is None or call.plan.hidden:
        raise not_found(asked.request.path)
    return call
