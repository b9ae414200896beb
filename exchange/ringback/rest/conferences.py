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
        conference
        for conference in reversed(asked.state.conferences.values())
        if matches(asked, "FriendlyName", conference.name)
        and matches(asked, "Status", conference.status)
        and matches_dates(asked, "DateCreated", conference.created)
        and matches_dates(asked, "DateUpdated", conference.updated)
    ]
    return page(asked, "conferences", rows, as_resource)


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return as_resource(find_conference(asked))


def update(asked: ApiRequest) -> dict[str, Any]:
    """End it, or let everybody hear an announcement."""
    conference = find_conference(asked)
    if address := parameters.url(asked, "AnnounceUrl", 21205):
        hearing = [
            play_to(asked, participant, address, announce_method(asked))
            for participant in conference.participants.values()
        ]
        asked.state.spawn(announced(conference, hearing, address))
    if asked.text("Status") == "completed":
        conference.end("conference-ended-via-api")
    return as_resource(conference)


def as_resource(conference: Conference) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{conference.account}/Conferences/{conference.sid}"
    return {
        "account_sid": conference.account,
        "api_version": "2010-04-01",
        "call_sid_ending_conference": conference.ended_by.call.sid if conference.ended_by else None,
        "date_created": rfc2822(conference.created),
        "date_updated": rfc2822(conference.updated),
        "friendly_name": conference.name,
        "reason_conference_ended": conference.reason,
        "region": "us1",
        "sid": conference.sid,
        "status": conference.status,
        "subresource_uris": {"participants": f"{path}/Participants.json", "recordings": f"{path}/Recordings.json"},
        "uri": f"{path}.json",
    }


def find_conference(asked: ApiRequest) -> Conference:
    """By its sid, or by its name while it goes on."""
    written = asked.path("sid")
    for conference in reversed(asked.state.conferences.values()):
        if conference.sid == written or (conference.name == written and conference.status != "completed"):
            return conference
    raise not_found(asked.request.path)
