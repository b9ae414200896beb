"""The Conference resource, and announcements: TwiML documents that are played to participants."""

from __future__ import annotations

import asyncio
from asyncio import Task
from typing import Any

from ringback.calls.conferences import Conference
from ringback.calls.participant import Participant
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.steps import Fetch

EVIDENCE = documented("voice/api/conference-resource")
STATUSES = ("init", "in-progress", "completed")
ANNOUNCEMENT_VERBS = frozenset({"Say", "Play", "Pause", "Redirect"})


def list_all(request: ApiRequest) -> dict[str, Any]:
    """Conferences with this Status, by default those in progress, as at Twilio since 30 September 2026."""
    status = request.query.get("Status") or "in-progress"
    if status not in STATUSES:
        raise RestError(20001, message=f"Status must be one of {', '.join(STATUSES)}, not {status[:40]!r}")
    rows = select(
        request,
        [conference for conference in reversed(request.state.conferences.values()) if conference.status == status],
        {"FriendlyName": lambda conference: conference.name},
        {"DateCreated": lambda conference: conference.created, "DateUpdated": lambda conference: conference.updated},
    )
    return page(request, "conferences", rows, as_resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(find_conference(request))


def update(request: ApiRequest) -> dict[str, Any]:
    """End the conference, or play an announcement to all participants."""
    conference = find_conference(request)
    if url := parameters.url(request, "AnnounceUrl", 21205):
        method = announce_method(request)
        tasks = [play_to(request, participant, url, method) for participant in conference.participants.values()]
        request.state.spawn(announced(conference, tasks, url))
    if request.text("Status") == "completed":
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


def find_conference(request: ApiRequest) -> Conference:
    """The conference in the path, found by its SID or, until it ends, by its name. Raises RestError."""
    sid_or_name = request.path("sid")
    for conference in reversed(request.state.conferences.values()):
        if conference.sid == sid_or_name or (conference.name == sid_or_name and conference.status != "completed"):
            return conference
    raise not_found(request.http.path)


def announce_method(request: ApiRequest) -> str:
    return parameters.method(request, "AnnounceMethod")


def play_to(request: ApiRequest, participant: Participant, url: str, method: str) -> Task[bool]:
    """Play a document to one participant. The task's result is whether the document was played without an error."""

    async def play() -> bool:
        session = VoiceSession(request.state, participant.call, ANNOUNCEMENT_VERBS)
        session.uses_fallback = False
        await session.run(Fetch(url, method))
        return session.error is None

    return participant.play(play())


async def announced(
    conference: Conference, tasks: list[Task[bool]], url: str, participant: Participant | None = None
) -> None:
    """Wait for the tasks from play_to(), then send an announcement-end or announcement-fail callback."""
    played = await asyncio.gather(*tasks, return_exceptions=True)
    if all(each is True for each in played):
        conference.notify("announcement-end", participant, AnnounceUrl=url)
    else:
        reason = "The announcement could not be played"
        conference.notify("announcement-fail", participant, AnnounceUrl=url, ReasonAnnouncementFailed=reason)
