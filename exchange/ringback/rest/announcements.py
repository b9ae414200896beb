"""Announcements: a document that people in a conference hear, and the callback about it."""

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


def play_to(request: ApiRequest, participant: Participant, address: str, way: str) -> Task[bool]:
    """Let somebody hear a document; True if it could be had."""

    async def play() -> bool:
        session = VoiceSession(request.state, participant.call, ANNOUNCEMENT_VERBS)
        session.uses_fallback = False
        await session.run(Fetch(address, way))
        return session.error is None

    return participant.play(play())


async def announced(
    conference: Conference, hearing: list[Task[bool]], address: str, to: Participant | None = None
) -> None:
    """Tell when everybody has heard it."""
    heard = await asyncio.gather(*hearing, return_exceptions=True)
    if all(each is True for each in heard):
        conference.notify("announcement-end", to, AnnounceUrl=address)
    else:
        conference.notify(
            "announcement-fail", to, AnnounceUrl=address, ReasonAnnouncementFailed="it could not be played"
        )
