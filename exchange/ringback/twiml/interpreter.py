"""Fetches TwiML documents for a call and runs their verbs in order until a document ends the call.

If a document cannot be fetched or parsed, the fallback URL is requested; if that fails, the caller hears an apology.
https://www.twilio.com/docs/voice/twiml (2026-11), https://www.twilio.com/docs/usage/troubleshooting (2026-11)"""

from __future__ import annotations

import asyncio

from ringback.calls.call import Call
from ringback.state import State
from ringback.twiml.application_error import say_application_error
from ringback.twiml.attribute_values import GENERIC_WARNING, boolean
from ringback.twiml.documents import Document, DocumentError, read_voice
from ringback.twiml.fallback import FallbackRequest
from ringback.twiml.parser import Element
from ringback.twiml.schema_validation import report_violations
from ringback.twiml.steps import HANG_UP, End, Fetch, Inline, Outcome, Step
from ringback.verbs.registry import VOICE, verbs
from ringback.webhooks.request import Webhook
from ringback.webhooks.urls import resolve

MAX_FAST_DOCUMENTS = 50  # per session; every further document is delayed
SLOWDOWN_SECONDS = 0.1


class VoiceSession:
    """Runs documents on one call: its own documents, or a wait or whisper document.

    `allowed` holds the verbs that may be used (None: all). Others are skipped with the warning `forbidden_code`."""

    def __init__(
        self, state: State, call: Call, allowed: frozenset[str] | None = None, forbidden_code: int = GENERIC_WARNING
    ) -> None:
        self.state, self.call, self.audio = state, call, call.audio
        self.allowed, self.forbidden_code = allowed, forbidden_code
        self.document = Document(url="", method="POST", root=Element("Response"))
        self.hangup_fetch: Fetch | None = None  # the request to send if the caller hangs up during the current verb
        self.remaining: list[Element] = []  # the verbs after the current one
        self.uses_fallback = True  # False for a wait document, which ends if it fails
        self.fallback = FallbackRequest(call.plan)
        self.document_count = 0
        self.error: DocumentError | None = None

    async def run(self, step: Step) -> End:
        """Runs documents until there is no next step. Returns the End of the call."""
        while not isinstance(step, End):
            outcome = await self.run_document(step)
            step = outcome or HANG_UP
        return step

    async def run_document(self, step: Fetch | Inline) -> Outcome:
        """Fetches and runs one document. Returns the next step, or None if no verb returns one."""
        await self._throttle()
        self.hangup_fetch = None
        try:
            self.document = await self._get_document(step)
        except DocumentError as error:
            return await self._handle_error(error)
        return await self._run_current_document()

    async def _run_current_document(self) -> Outcome:
        report_violations(self.state.debugger, self.document, VOICE, self.call.sid, self.call.plan.handset)
        return await self._run_verbs(self.document.root.elements())

    async def _throttle(self) -> None:
        """Delays a call that runs many documents, so that a redirect loop cannot keep the exchange busy."""
        self.document_count += 1
        if self.document_count > MAX_FAST_DOCUMENTS:
            await self.state.clock.sleep(SLOWDOWN_SECONDS)

    async def _run_verbs(self, elements: list[Element]) -> Outcome:
        """Runs verbs in order until one returns a step."""
        for index, element in enumerate(elements):
            self.remaining = elements[index + 1 :]
            if not self._is_allowed(element):
                continue
            if element.name != "Reject" and not boolean(self, element, "answerOnBridge", False, 13219):
                self.call.answer_inbound()
            outcome = await verbs()[element.name](self, element)
            self.hangup_fetch = None
            if outcome is not None:
                return outcome
        return None

    async def run_nested_verb(self, element: Element) -> Outcome:
        return await verbs()[element.name](self, element)

    def _is_allowed(self, element: Element) -> bool:
        if self.allowed is not None and element.name not in self.allowed:
            where = " cannot be used in a wait or whisper document" if self.forbidden_code == GENERIC_WARNING else ""
            self.warn(self.forbidden_code, element, f"<{element.name}>{where}")
            return False
        return element.name in verbs()

    async def _handle_error(self, error: DocumentError) -> Outcome:
        """Reports the error and runs the fallback document. If that fails too, speaks an apology and hangs up."""
        error.report(self.state.debugger, self.call.sid, self.call.plan.handset)
        self.error = error
        if not self.uses_fallback:
            return End(leave=True)
        if fallback := self.fallback.next_step(error):
            try:
                self.document = await self._get_document(fallback)
            except DocumentError as fallback_error:
                fallback_error.report(self.state.debugger, self.call.sid, self.call.plan.handset)
            else:
                return await self._run_current_document()
        self.call.answer_inbound()
        await say_application_error(self.audio)
        return HANG_UP

    async def _get_document(self, step: Fetch | Inline) -> Document:
        if isinstance(step, Inline):
            return read_voice(step.twiml)
        parameters = tuple((self.call.parameters() | step.extra).items())
        webhook = Webhook(step.url, step.method, parameters, "voice", cookie_jar=self.call.sid, sid=self.call.sid)
        request = self.state.spawn(self.state.webhooks.send(webhook))
        response = await asyncio.shield(request)  # interrupting the call does not cancel an in-flight request
        self.call.document_received()
        return read_voice(response, step, is_main=self.allowed is None)

    async def request_stale_document(self) -> None:
        """Requests the document that the interrupted one would have redirected to, and ignores the response.

        The fault stale-document uses this to imitate a race that occurs at Twilio."""
        for element in self.remaining:
            if element.name == "Redirect":
                url, parameters = self.absolute(element.text()), tuple(self.call.parameters().items())
                await self.state.webhooks.send(
                    Webhook(url, "POST", parameters, "voice", cookie_jar=self.call.sid, sid=self.call.sid)
                )
                return

    def absolute(self, url: str) -> str:
        """Resolves a URL against the current document; "" means the document's own URL."""
        return resolve(self.document.url, url) if self.document.url else url.strip()

    def fetch(self, url: str, method: str, extra: dict[str, str] | None = None) -> Fetch:
        """Returns the step that fetches a URL of the current document. An invalid URL is reported.

        Inline TwiML has no URL of its own, so a relative URL in it is error 15004."""
        url = self.absolute(url)
        if not url.lower().startswith(("http://", "https://")):
            code = 11100 if self.document.url else 15004
            self.state.debugger.report(code, sid=self.call.sid, detail=url, url=url)
            return Fetch(url or "about:blank", method, extra or {})
        return Fetch(url, method, extra or {})

    def warn(self, code: int, element: Element, detail: str = "", mend: str = "") -> None:
        """Reports a warning about an element of the current document to the debugger; `mend` replaces the advice."""
        self.state.debugger.report(
            code,
            sid=self.call.sid,
            handset=self.call.plan.handset,
            request=self.document.request,
            response=self.document.response,
            line=element.line,
            column=element.column,
            mend=mend,
            detail=detail,
        )
