"""Webhooks to the app, sent through whatever faults are switched on, and kept in a log of requests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ringback.calls.call_log import CallLog
from ringback.service.background_tasks import BackgroundTasks
from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds
from ringback.service.debugger import Debugger
from ringback.service.faults import Fault, FaultInjector
from ringback.service.settings import Settings
from ringback.sound import demo_media
from ringback.webhooks.http_client import WebhookClient
from ringback.webhooks.request import Webhook, WebhookResponse

MAX_LOGGED_BYTES = 2000  # of an answer
MAX_LOGGED_REQUESTS = 500


@dataclass(frozen=True)
class RequestLogEntry:
    """One request to the app and the beginning of what came back, for whoever wants to see what was asked when."""

    webhook: Webhook
    answer: WebhookResponse
    at: datetime

    def as_json(self) -> dict[str, Any]:
        answer = self.answer
        return answer.request | {
            "at": iso8601_milliseconds(self.at),
            "sid": self.webhook.sid,
            "channel": self.webhook.channel,
            "status": answer.status,
            "seconds": round(answer.seconds, 4),
            "error": answer.error,
            "body": answer.body.decode("utf-8", "replace"),
        }


@dataclass(eq=False)
class HeldWebhook:
    """A webhook that waits for another one, which its fault fits too, to overtake it."""

    fault: Fault
    overtaken: asyncio.Event


class WebhookSender:
    """`log_of` finds the log of a call by its sid; `log` holds the newest requests."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        faults: FaultInjector,
        debugger: Debugger,
        tasks: BackgroundTasks,
        log_of: Callable[[str], CallLog | None],
    ) -> None:
        self.clock, self.faults, self.debugger, self.tasks = clock, faults, debugger, tasks
        self.log_of = log_of
        self.client = WebhookClient(clock, settings.auth_token, settings.shared_key)
        self.log: deque[RequestLogEntry] = deque(maxlen=MAX_LOGGED_REQUESTS)
        self.held: list[HeldWebhook] = []

    async def send(self, webhook: Webhook) -> WebhookResponse:
        """Send a webhook. Never raises for what the other side does: see Answer.error."""
        if known := demo_media.demo_response(webhook.url):
            return known
        slower = [held for held in self.held if held.fault.matches("webhook-reorder", webhook.channel, webhook.url)]
        try:
            if not slower:
                await self._hold_back(webhook)
            return await self._send(webhook)
        finally:
            for held in slower:
                held.overtaken.set()

    async def _hold_back(self, webhook: Webhook) -> None:
        fault = self.faults.trigger("webhook-reorder", webhook.channel, webhook.url)
        if fault is None:
            return
        held = HeldWebhook(fault, asyncio.Event())
        self.held.append(held)
        try:
            async with self.clock.deadline(fault.seconds):
                await held.overtaken.wait()
        except TimeoutError:
            pass  # nothing came to overtake it
        finally:
            self.held.remove(held)

    async def _send(self, webhook: Webhook) -> WebhookResponse:
        def trigger(kind: str) -> Fault | None:
            return self.faults.trigger(kind, webhook.channel, webhook.url)

        if fault := trigger("webhook-delay"):
            await self.clock.sleep(fault.seconds)
        if trigger("webhook-drop"):
            return WebhookResponse(webhook.url, error=11205, detail="the fault webhook-drop kept it")
        token = "0" * 32 if trigger("webhook-wrong-signature") else None
        duplicate = trigger("webhook-duplicate")
        if webhook.method == "POST" and (fault := trigger("webhook-slow")):
            webhook = replace(webhook, body_seconds=fault.seconds)
        return await self._logged(webhook, token, copies=duplicate.copies if duplicate else 1)

    async def _logged(self, webhook: Webhook, token: str | None, copies: int) -> WebhookResponse:
        at = self.clock.now()
        call_log = self.log_of(webhook.sid) or self.log_of(dict(webhook.parameters).get("CallSid", ""))
        noted = call_log.add("request", webhook) if call_log else None
        answer = await self.client.send(webhook, token, copies)
        if self.faults.trigger("webhook-truncate", webhook.channel, webhook.url):
            answer.body = answer.body[: len(answer.body) // 2]
        seen = replace(answer, body=answer.body[:MAX_LOGGED_BYTES])
        self.log.append(RequestLogEntry(webhook, seen, at))
        if call_log and noted:
            call_log.add_response(noted, seen)
        return answer

    def send_callback(
        self,
        url: str,
        method: str,
        parameters: dict[str, str],
        channel: str,
        sid: str,
        cookie_jar: str = "",
        after: Awaitable[None] | None = None,
    ) -> None:
        """Send a status callback in its own time; only a refusal is noted."""
        webhook = Webhook(url, method, tuple(parameters.items()), channel, cookie_jar=cookie_jar, sid=sid)
        self.tasks.spawn(self.send_and_report(webhook, after))

    async def send_and_report(self, webhook: Webhook, after: Awaitable[None] | None = None) -> None:
        """Send a status callback, `after` something if need be, and wait for its answer; only a refusal is noted."""
        if after:
            await after
        answer = await self.send(webhook)
        if not answer.error and answer.status < 400:
            return
        code = answer.error or (15003 if webhook.channel == "voice-status" else 11217)
        self.debugger.report(
            code,
            sid=webhook.sid,
            request=answer.request,
            response=answer.as_json() if answer.status else None,
            url=webhook.url,
            status=answer.status,
            detail=answer.detail,
        )
