"""Asking the app: a webhook goes out through whatever faults are switched on, and what came of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ringback.service.clock import iso
from ringback.service.faults import Fault
from ringback.sound import demo_media
from ringback.webhooks.request import Answer, Webhook

if TYPE_CHECKING:
    from ringback.state import State

SHOWN_BYTES = 2000  # of an answer


@dataclass(frozen=True)
class Exchanged:
    """One request to the app and the beginning of what came back, for whoever wants to see what was asked when."""

    webhook: Webhook
    answer: Answer
    at: datetime

    def shown(self) -> dict[str, Any]:
        answer = self.answer
        return answer.request | {
            "at": iso(self.at),
            "sid": self.webhook.sid,
            "channel": self.webhook.channel,
            "status": answer.status,
            "seconds": round(answer.seconds, 4),
            "error": answer.error,
            "body": answer.body.decode("utf-8", "replace"),
        }


@dataclass(eq=False)
class Held:
    """A webhook that waits for another one, which its fault fits too, to overtake it."""

    fault: Fault
    overtaken: asyncio.Event


async def ask(state: State, webhook: Webhook) -> Answer:
    """Send a webhook. Never raises for what the other side does: see Answer.error."""
    if known := demo_media.answer(webhook.url):
        return known
    slower = [held for held in state.held if held.fault.fits("webhook-reorder", webhook.channel, webhook.url)]
    try:
        if not slower:
            await _hold_back(state, webhook)
        return await _send(state, webhook)
    finally:
        for held in slower:
            held.overtaken.set()


async def _hold_back(state: State, webhook: Webhook) -> None:
    fault = state.faults.take("webhook-reorder", webhook.channel, webhook.url)
    if fault is None:
        return
    held = Held(fault, asyncio.Event())
    state.held.append(held)
    try:
        async with state.clock.deadline(fault.seconds):
            await held.overtaken.wait()
    except TimeoutError:
        pass  # nothing came to overtake it
    finally:
        state.held.remove(held)


async def _send(state: State, webhook: Webhook) -> Answer:
    def take(kind: str) -> Fault | None:
        return state.faults.take(kind, webhook.channel, webhook.url)

    if fault := take("webhook-delay"):
        await state.clock.sleep(fault.seconds)
    if take("webhook-drop"):
        return Answer(webhook.url, error=11205, why="the fault webhook-drop kept it")
    token = "0" * 32 if take("webhook-wrong-signature") else None
    duplicate = take("webhook-duplicate")
    if webhook.method == "POST" and (fault := take("webhook-slow")):
        webhook = replace(webhook, lasts=fault.seconds)
    at = state.clock.now()
    call = state.calls.get(webhook.sid) or state.calls.get(dict(webhook.parameters).get("CallSid", ""))
    noted = call.journal.note("request", webhook) if call else None
    answer = await state.client.send(webhook, token, copies=duplicate.copies if duplicate else 1)
    if take("webhook-truncate"):
        answer.body = answer.body[: len(answer.body) // 2]
    seen = replace(answer, body=answer.body[:SHOWN_BYTES])
    state.requests.append(Exchanged(webhook, seen, at))
    if call and noted:
        call.journal.answered(noted, seen)
    return answer


async def tell(state: State, webhook: Webhook, after: Awaitable[None] | None) -> None:
    """Send a status callback, `after` something if need be, and wait for its answer; only a refusal is noted."""
    if after:
        await after
    answer = await ask(state, webhook)
    if not answer.error and answer.status < 400:
        return
    code = answer.error or (15003 if webhook.channel == "voice-status" else 11217)
    state.debugger.report(
        code,
        sid=webhook.sid,
        request=answer.request,
        answer=answer.shown() if answer.status else None,
        url=webhook.url,
        status=answer.status,
        why=answer.why,
    )
