"""Sends webhooks to the app, applies the active faults to them, and adds each request and response to the logs.

https://www.twilio.com/docs/usage/webhooks/webhooks-faq (2026-11)"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ringback.calls.call_log import CallLog
from ringback.service.background_tasks import BackgroundTasks
from ringback.service.clock import Clock
from ringback.service.debugger import Debugger
from ringback.service.faults import Fault, FaultInjector
from ringback.service.settings import Settings
from ringback.webhooks.app_address import AppAddress
from ringback.webhooks.demo_urls import demo_response
from ringback.webhooks.http_client import WebhookClient
from ringback.webhooks.request import Webhook, WebhookResponse
from ringback.webhooks.request_log import RequestLog


@dataclass(eq=False)
class HeldWebhook:
    """A webhook that the fault webhook-reorder holds until a later webhook matching the fault has been sent."""

    fault: Fault
    overtaken: asyncio.Event


class WebhookSender:
    """`log_of` returns a call's log, given its SID. `log` holds the 500 most recent requests."""

    def __init__(
        self,
        settings: Settings,
        address: AppAddress,
        clock: Clock,
        faults: FaultInjector,
        debugger: Debugger,
        tasks: BackgroundTasks,
        log_of: Callable[[str], CallLog | None],
    ) -> None:
        self.clock, self.faults, self.debugger, self.tasks = clock, faults, debugger, tasks
        self.log_of = log_of
        self.client = WebhookClient(clock, settings.auth_token, address, settings.shared_key)
        self.log = RequestLog()
        self.held: list[HeldWebhook] = []
        self.pending = 0  # requests that the app has not answered yet

    async def send(self, webhook: Webhook) -> WebhookResponse:
        """Send a webhook. Does not raise if the request fails: see WebhookResponse.error."""
        if built_in := demo_response(webhook.url, webhook.parameters):
            return built_in
        overtaken = [held for held in self.held if held.fault.matches("webhook-reorder", webhook.channel, webhook.url)]
        try:
            if not overtaken:
                await self._hold(webhook)
            return await self._send(webhook)
        finally:
            for held in overtaken:
                held.overtaken.set()

    async def _hold(self, webhook: Webhook) -> None:
        fault = self.faults.trigger("webhook-reorder", webhook.channel, webhook.url)
        if fault is None:
            return
        held = HeldWebhook(fault, asyncio.Event())
        self.held.append(held)
        try:
            async with self.clock.deadline(fault.seconds):
                await held.overtaken.wait()
        except TimeoutError:
            pass  # no other webhook was sent in the meantime
        finally:
            self.held.remove(held)

    async def _send(self, webhook: Webhook) -> WebhookResponse:
        def trigger(kind: str) -> Fault | None:
            return self.faults.trigger(kind, webhook.channel, webhook.url)

        if fault := trigger("webhook-delay"):
            await self.clock.sleep(fault.seconds)
        if trigger("webhook-drop"):
            return WebhookResponse(webhook.url, error=11205, detail="dropped by the fault webhook-drop")
        token = "0" * 32 if trigger("webhook-wrong-signature") else None
        duplicate = trigger("webhook-duplicate")
        if webhook.method == "POST" and (fault := trigger("webhook-slow")):
            webhook = replace(webhook, body_seconds=fault.seconds)
        return await self._logged(webhook, token, copies=duplicate.copies if duplicate else 1)

    async def _logged(self, webhook: Webhook, token: str | None, copies: int) -> WebhookResponse:
        finish = self.start_entry(webhook)
        self.pending += 1
        try:
            response = await self.client.send(webhook, token, copies)
        finally:
            self.pending -= 1
        if self.faults.trigger("webhook-truncate", webhook.channel, webhook.url):
            response = replace(response, body=response.body[: len(response.body) // 2])  # it may be in the cache
        finish(response)
        return response

    def start_entry(self, webhook: Webhook) -> Callable[[WebhookResponse], None]:
        """Logs a request that is about to be sent. Call the returned function with the response."""
        at = self.clock.now()
        call_log = self.log_of(webhook.sid) or self.log_of(dict(webhook.parameters).get("CallSid", ""))
        call_entry = call_log.add("request", webhook) if call_log else None

        def finish(response: WebhookResponse) -> None:
            logged = self.log.add(webhook, response, at)
            if call_log and call_entry:
                call_log.add_response(call_entry, logged)

        return finish

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
        """Send a status callback in the background, after awaiting `after`. A failure is reported to the debugger."""
        webhook = Webhook(url, method, tuple(parameters.items()), channel, cookie_jar=cookie_jar, sid=sid)
        self.tasks.spawn(self.send_and_report(webhook, after))

    async def send_and_report(self, webhook: Webhook, after: Awaitable[None] | None = None) -> None:
        """Await `after`, send a status callback and wait for the response. A failure is reported to the debugger."""
        if after:
            await after
        response = await self.send(webhook)
        if not response.error and response.status < 400:
            return
        code = response.error or (15003 if webhook.channel == "voice-status" else 11217)
        self.debugger.report(
            code,
            sid=webhook.sid,
            request=response.request,
            response=response.as_json() if response.status else None,
            url=webhook.url,
            status=response.status,
            detail=response.detail,
        )
