"""Announcements: plays a TwiML document to conference participants, and sends the conference's callback.

https://www.twilio.com/docs/voice/api/conference-resource (2026-11)"""

from __future__ import annotations

import asyncio
from asyncio import Task

from ringback.calls.conferences import Conference
from ringback.calls.participant import Participant
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.steps import Fetch

ANNOUNCEMENT_VERBS = frozenset({"Say", "Play", "Pause", "Redirect"})


def announce_method(request: ApiRequest) -> str:
    return parameters.method(request, "AnnounceMethod")


def play_to(request: ApiRequest, participant: Participant, url: str, method: str) -> Task[bool]:
    """Play a document to one participant. The task's result is whether it was played without an error."""

    async def play() -> bool:
        session = VoiceSession(request.state, participant.call, ANNOUNCEMENT_VERBS)
        session.uses_fallback = False
        await session.run(Fetch(url, method))
        return session.error is None

    return participant.play(play())


async def announced(
    conference: Conference, tasks: list[Task[bool]], url: str, participant: Participant | None = None
) -> None:
    """Wait for the tasks of play_to(), then send an announcement-end or announcement-fail callback."""
    played = await asyncio.gather(*tasks, return_exceptions=True)
    if all(each is True for each in played):
        conference.notify("announcement-end", participant, AnnounceUrl=url)
    else:
        reason = "The announcement could not be played"
        conference.notify("announcement-fail", participant, AnnounceUrl=url, ReasonAnnouncementFailed=reason)
