"""The Stream resource of a call: starts and stops one-way media streams."""

from __future__ import annotations

from typing import Any

from ringback.calls.call import Call
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.service.dates import rfc2822
from ringback.streams.options import TRACKS, StreamOptions, fits
from ringback.streams.session import MediaStream
from ringback.streams.start_and_stop import StreamRefused, start_stream, streams_of
from ringback.websockets.handshake import HandshakeFailed, checked_socket_url

EVIDENCE = documented("voice/api/stream-resource")

MAX_PARAMETERS = 99
INVALID = 20001


def create(request: ApiRequest) -> dict[str, Any]:
    """Start a one-way stream on a call in progress. Its WebSocket is opened after the response."""
    call = _call(request)
    if not call.is_live:
        raise RestError(21220)
    track = parameters.one_of(request, "Track", "inbound_track", TRACKS)
    options = StreamOptions(
        url=_url(request),
        name=request.text("Name"),
        tracks=TRACKS[track],
        parameters=_custom_parameters(request),
        callback=parameters.url(request, "StatusCallback", 21609),
        callback_method=parameters.method(request, "StatusCallbackMethod"),
    )
    try:
        return as_resource(start_stream(request.state, call, options))
    except StreamRefused as refused:
        raise RestError(INVALID, message=str(refused)) from None


def update(request: ApiRequest) -> dict[str, Any]:
    """Stop the one-way stream with this SID or name."""
    call, wanted = _call(request), request.path("stream")
    found = [stream for stream in streams_of(request.state, call.sid) if wanted in (stream.sid, stream.options.name)]
    if not found:
        raise not_found(request.http.path)
    if not request.text("Status"):
        raise RestError(INVALID, message="Status is required")
    parameters.one_of(request, "Status", "", ("stopped",))
    stream = found[-1]
    if stream.options.two_way:
        raise RestError(INVALID, message="A two-way stream ends when the app closes its WebSocket, or with the call")
    stream.close()
    return as_resource(stream)


def as_resource(stream: MediaStream) -> dict[str, Any]:
    account, call_sid = stream.call.plan.account, stream.call.sid
    return {
        "account_sid": account,
        "call_sid": call_sid,
        "date_updated": rfc2822(stream.updated),
        "name": stream.options.name or None,
        "sid": stream.sid,
        "status": stream.status,
        "uri": f"/2010-04-01/Accounts/{account}/Calls/{call_sid}/Streams/{stream.sid}.json",
    }


def _url(request: ApiRequest) -> str:
    """The URL of the app's WebSocket. Raises RestError."""
    url = request.text("Url").strip()
    if not url:
        raise RestError(21205, detail="(missing)")
    try:
        return checked_socket_url(url)
    except HandshakeFailed as failure:
        raise RestError(failure.code, url=failure.url, detail=failure.detail) from None


def _custom_parameters(request: ApiRequest) -> dict[str, str]:
    """Returns the custom parameters, Parameter1.Name and Parameter1.Value up to Parameter99. Raises RestError."""
    found = {}
    for number in range(1, MAX_PARAMETERS + 1):
        if request.has(f"Parameter{number}.Name"):
            name, value = request.text(f"Parameter{number}.Name"), request.text(f"Parameter{number}.Value")
            if not fits(name, value):
                raise RestError(INVALID, message=f"Parameter{number}: name and value have 500 characters or more")
            found[name] = value
    return found


def _call(request: ApiRequest) -> Call:
    call = request.state.calls.get(request.path("sid"))
    if call is None or call.plan.hidden:
        raise not_found(request.http.path)
    return call
