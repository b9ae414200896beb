"""The loopback: an outgoing call to one of the app's own numbers starts a second, inbound call; the two are bridged."""

from __future__ import annotations

import asyncio
from asyncio import Queue, QueueFull
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ringback.account.phone_numbers import PhoneNumber
from ringback.calls import lifecycle
from ringback.calls.audio_path import AudioClip, CallerInput, HeardItem, KeyPress, PlayedMedia, Speech
from ringback.calls.call import Call
from ringback.sound import wav
from ringback.state import State
from ringback.twiml.steps import End

MAX_HOPS = 3  # how many of the app's numbers one chain of calls may pass
MAX_WAIT_SECONDS = 2.0  # how long input from one side waits for the other side to listen
MAX_BUFFERED_INPUTS = 100  # per direction
UNANSWERED_STATUSES = {"busy": "busy", "no-answer": "no-answer"}  # inner -> outer status; all others -> "failed"


def would_loop(own_numbers_passed: tuple[str, ...], number: str) -> bool:
    """Returns whether a call that has passed through these numbers of the app must not be connected to `number`."""
    return number in own_numbers_passed or len(own_numbers_passed) >= MAX_HOPS


def connect_loopback(state: State, outer: Call, number: PhoneNumber) -> None:
    """Starts an inbound call to `number`. `outer` is answered when the inbound call is; both end together."""
    inner = lifecycle.start_inbound_call(state, outer.plan.from_, number, outer.plan.own_numbers_passed)
    state.spawn(_join_calls(state, outer, inner))


async def _join_calls(state: State, outer: Call, inner: Call) -> None:
    inward, outward = _Direction(state, outer, inner), _Direction(state, inner, outer)
    forwarding = [asyncio.create_task(direction.forward()) for direction in (inward, outward)]
    try:
        await _until_one_is_over(state, outer, inner)
        if inner.is_over:
            await outward.drained()
    finally:
        await _cancel_all(forwarding)
    if not inner.is_over:
        lifecycle.hang_up_at_handset(inner)
    elif outer.is_live:
        outer.interrupt(End("completed", by_person=True))
    else:
        outer.set_status(UNANSWERED_STATUSES.get(inner.status, "failed"))


async def _until_one_is_over(state: State, outer: Call, inner: Call) -> None:
    while True:
        changes = [asyncio.ensure_future(changed.wait()) for changed in (outer.changed, inner.changed)]
        if inner.answered and outer.status == "ringing":
            lifecycle.answer_call(state, outer)
        if outer.is_over or inner.is_over:
            return await _cancel_all(changes)
        try:
            await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel_all(changes)


async def _cancel_all(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Direction:
    """One direction: items that one call hears become input for the other call, in order."""

    def __init__(self, state: State, source: Call, target: Call) -> None:
        self.state, self.target = state, target
        self.buffered: Queue[CallerInput] = Queue(MAX_BUFFERED_INPUTS)
        source.on_heard = self.buffer

    def buffer(self, item: HeardItem) -> None:
        with suppress(QueueFull):
            for event in input_events(self.state, item):
                self.buffered.put_nowait(event)

    async def forward(self) -> None:
        while True:
            event = await self.buffered.get()
            await self.target.audio.wait_until_listening(MAX_WAIT_SECONDS, key=isinstance(event, KeyPress))
            self.target.take_input(event)
            self.buffered.task_done()

    async def drained(self) -> None:
        """Waits up to MAX_WAIT_SECONDS for all buffered input to be forwarded."""
        with suppress(TimeoutError):
            async with self.state.clock.deadline(MAX_WAIT_SECONDS):
                await self.buffered.join()


def input_events(state: State, item: HeardItem) -> Iterator[CallerInput]:
    """Yields the caller input that this item produces on the other call."""
    details = item.details
    media = state.media.get((details.get("url") or "").rpartition("/")[2])
    match item.verb:
        case "Voice" if media:
            yield AudioClip(wav.from_wav(media.body))
        case "Say" | "Voice" if details["text"]:
            yield Speech(details["text"])
        case "Tones":
            yield from (KeyPress(digit) for digit in details["digits"] if digit not in "wW")
        case "Play" if media:
            yield PlayedMedia(details["url"], details["source"], details["seconds"])
