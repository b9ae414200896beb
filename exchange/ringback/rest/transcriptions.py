"""The Transcription resource."""

from __future__ import annotations

from typing import Any

from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.sound.transcription import Transcription

EVIDENCE = documented("voice/api/recording-transcription")


def list_all(request: ApiRequest) -> dict[str, Any]:
    recording_sid = request.http.match_info.get("sid")
    rows = [
        transcription
        for transcription in reversed(request.state.transcriptions.values())
        if recording_sid in (None, transcription.recording_sid)
    ]
    return page(request, "transcriptions", rows, _resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(_transcription(request))


def delete(request: ApiRequest) -> None:
    del request.state.transcriptions[_transcription(request).sid]


def _transcription(request: ApiRequest) -> Transcription:
    transcription = request.state.transcriptions.get(request.path("sid"))
    if transcription is None:
        raise not_found(request.http.path)
    return transcription


def _resource(transcription: Transcription) -> dict[str, Any]:
    return {
        "account_sid": transcription.account,
        "api_version": "2010-04-01",
        "date_created": rfc2822(transcription.created),
        "date_updated": rfc2822(transcription.created),
        "duration": str(transcription.duration),
        "price": None,
        "price_unit": "USD",
        "recording_sid": transcription.recording_sid,
        "sid": transcription.sid,
        "status": transcription.status,
        "transcription_text": transcription.text,
        "type": "fast",
        "uri": f"{transcription.path}.json",
    }
