"""Transcriptions over REST."""

from __future__ import annotations

from typing import Any

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.sound.transcriptions import Transcription


def list_all(request: ApiRequest) -> dict[str, Any]:
    recording = request.http.match_info.get("sid")
    rows = [
        found
        for found in reversed(request.state.transcriptions.values())
        if not recording or recording == found.recording_sid
    ]
    return page(request, "transcriptions", rows, _resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    found = request.state.transcriptions.get(request.path("sid"))
    if found is None:
        raise not_found(request.http.path)
    return _resource(found)


def _resource(found: Transcription) -> dict[str, Any]:
    return {
        "account_sid": found.account,
        "api_version": "2010-04-01",
        "date_created": rfc2822(found.created),
        "date_updated": rfc2822(found.created),
        "duration": str(found.duration),
        "price": None,
        "price_unit": "USD",
        "recording_sid": found.recording_sid,
        "sid": found.sid,
        "status": found.status,
        "transcription_text": found.text,
        "type": "fast",
        "uri": f"{found.path}.json",
    }
