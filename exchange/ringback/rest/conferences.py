"""Conferences over REST."""

from __future__ import annotations

from typing import Any

from ringback.calls.conferences import Conference
from ringback.rest import parameters
from ringback.rest.announcements import announce_method, announced, play_to
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.list_filters import matches, matches_dates
from ringback.rest.paging import page
from ringback.service.dates import rfc2822


def list_all(asked: ApiRequest) -> dict[str, Any]:
    rows = [
        room
        for room in reversed(asked.state.rooms.values())
        if matches(asked, "FriendlyName", room.name)
        and matches(asked, "Status", room.status)
        and matches_dates(asked, "DateCreated", room.created)
        and matches_dates(asked, "DateUpdated", room.updated)
    ]
    return page(asked, "conferences", rows, as_resource)


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return as_resource(find_conference(asked))


def update(asked: ApiRequest) -> dict[str, Any]:
    """End it, or let everybody hear an announcement."""
    room = find_conference(asked)
    if address := parameters.url(asked, "AnnounceUrl", 21205):
        hearing = [play_to(asked, participant, address, announce_method(asked)) for participant in room.inside.values()]
        asked.state.spawn(announced(room, hearing, address))
    if asked.text("Status") == "completed":
        room.end("conference-ended-via-api")
    return as_resource(room)


def as_resource(room: Conference) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{room.account}/Conferences/{room.sid}"
    return {
        "account_sid": room.account,
        "api_version": "2010-04-01",
        "call_sid_ending_conference": room.ended_by.call.sid if room.ended_by else None,
        "date_created": rfc2822(room.created),
        "date_updated": rfc2822(room.updated),
        "friendly_name": room.name,
        "reason_conference_ended": room.reason,
        "region": "us1",
        "sid": room.sid,
        "status": room.status,
        "subresource_uris": {"participants": f"{path}/Participants.json", "recordings": f"{path}/Recordings.json"},
        "uri": f"{path}.json",
    }


def find_conference(asked: ApiRequest) -> Conference:
    """By its sid, or by its name while it goes on."""
    written = asked.path("sid")
    for room in reversed(asked.state.rooms.values()):
        if room.sid == written or (room.name == written and room.status != "completed"):
            return room
    raise not_found(asked.request.path)
