"""The real-time Transcription resource of a call: start and stop a transcription."""

from __future__ import annotations

from typing import Any

from ringback.calls.call import Call
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.service.dates import rfc2822
from ringback.transcribing.live_transcription import MAX_AT_ONCE, LiveTranscription, running
from ringback.transcribing.options import InvalidTranscription, read_options

EVIDENCE = documented("voice/api/realtime-transcription-resource")


def create(request: ApiRequest) -> dict[str, Any]:
    call = _call(request)
    if not call.is_live:
        raise RestError(21220)
    url = parameters.url(request, "StatusCallbackUrl", 21609)
    http_method = parameters.method(request, "StatusCallbackMethod")
    try:
        options = read_options(lambda name: request.text(name[0].upper() + name[1:]).strip(), url, http_method)
        if len(running(call)) >= MAX_AT_ONCE:
            raise InvalidTranscription(f"{MAX_AT_ONCE} transcriptions of this call are running already")
    except InvalidTranscription as error:
        raise RestError(32650, detail=str(error)) from None
    return _resource(call, LiveTranscription(call, options))


def update(request: ApiRequest) -> dict[str, Any]:
    """Stops the transcription with this SID or name."""
    call, wanted = _call(request), request.path("transcription")
    for transcription in running(call):
        if wanted in (transcription.sid, transcription.options.name):
            parameters.one_of(request, "Status", "stopped", {"stopped"})
            transcription.close()
            return _resource(call, transcription)
    raise not_found(request.http.path)


def _call(request: ApiRequest) -> Call:
    call = request.state.calls.get(request.path("sid"))
    if call is None or call.plan.hidden:
        raise not_found(request.http.path)
    return call


def _resource(call: Call, transcription: LiveTranscription) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{call.plan.account}/Calls/{call.sid}/Transcriptions/{transcription.sid}.json"
    return {
        "account_sid": call.plan.account,
        "call_sid": call.sid,
        "date_updated": rfc2822(transcription.updated),
        "name": transcription.options.name or None,
        "sid": transcription.sid,
        "status": transcription.status,
        "uri": path,
    }
