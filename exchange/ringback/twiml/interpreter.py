"""A call's program: documents fetched, run verb by verb, and followed to the next, until nothing is left to do."""

from __future__ import annotations

import asyncio

from ringback.calls.audio_path import speaking_seconds
from ringback.calls.call import Call
from ringback.state import State
from ringback.twiml import grammar
from ringback.twiml.documents import Document, DocumentError, read_voice
from ringback.twiml.parser import Element
from ringback.twiml.steps import HANG_UP, End, Fetch, Inline, Outcome, Step
from ringback.verbs.registry import VOICE, verbs
from ringback.webhooks.request import Webhook
from ringback.webhooks.urls import resolve

APPLICATION_ERROR_MESSAGE = "We are sorry, an application error has occurred. Goodbye."


MAX_FAST_DOCUMENTS = 50  # documents of one call after which each further one…
SLOWDOWN_SECONDS = 0.1  # …waits so many seconds


class VoiceSession:
    """Documents run one after another on one call: its main program, or what it hears while it waits.

    `allowed` are the verbs that may be used, None for all; others are warned of with `forbidden_code` and skipped.
    `fallback` is asked when a document cannot be had."""

    def __init__(
        self, state: State, call: Call, allowed: frozenset[str] | None = None, forbidden_code: int = 12200
    ) -> None:
        self.state, self.call, self.audio = state, call, call.audio
        self.allowed, self.forbidden_code = allowed, forbidden_code
        self.document = Document(url="", method="POST", root=Element("Response"))
        self.hangup_fetch: Fetch | None = None  # what is still asked if the person hangs up during this verb
        self.remaining: list[Element] = []  # verbs of the document that are still to come
        self.uses_fallback = True  # a wait document that fails is silence instead, and asks no fallback
        self.documents = 0
        self.used_fallback = False  # a fallback that leads back to what fails must not go round for ever
        self.error: DocumentError | None = None

    async def run(self, step: Step) -> End:
        """Run until a document ends, someone hangs up or nothing can be had; says how it ended."""
        while not isinstance(step, End):
            outcome = await self.run_document(step)
            step = outcome or HANG_UP
        return step

    async def run_document(self, step: Fetch | Inline) -> Outcome:
        """One document: get it, run it, and say what comes next (None: it simply ended)."""
        await self._throttle()
        self.hangup_fetch = None
        try:
            self.document = await self._get(step)
        except DocumentError as trouble:
            return await self.handle_error(trouble)
        self._check_grammar()
        return await self.perform(self.document.root.elements())

    async def _throttle(self) -> None:
        """A program that goes in circles and takes no time is slowed down, so that one caller cannot keep us busy."""
        self.documents += 1
        if self.documents > MAX_FAST_DOCUMENTS:
            await self.state.clock.sleep(SLOWDOWN_SECONDS)

    async def perform(self, elements: list[Element]) -> Outcome:
        """Run verbs in order until one leads elsewhere."""
        for place, element in enumerate(elements):
            self.remaining = elements[place + 1 :]
            if not self._is_allowed(element):
                continue
            if element.name != "Reject" and element.get("answerOnBridge") != "true":
                self.call.answer_inbound()
            outcome = await verbs()[element.name](self, element)
            self.hangup_fetch = None
            if outcome is not None:
                return outcome
        return None

    async def perform_one(self, element: Element) -> Outcome:
        """Run a nested verb."""
        return await verbs()[element.name](self, element)

    def _is_allowed(self, element: Element) -> bool:
        if self.allowed is not None and element.name not in self.allowed:
            self.warn(self.forbidden_code, element, why=f"<{element.name}>")
            return False
        return element.name in verbs()

    async def handle_error(self, trouble: DocumentError) -> Outcome:
        """Report it and ask the fallback; without one, or when that fails too, apologise and hang up."""
        trouble.report(self.state.debugger, self.call.sid, self.call.plan.handset)
        self.error = trouble
        if not self.uses_fallback:
            return End(leave=True)
        fallback = self.call.plan.fallback
        if fallback.url and not self.used_fallback:
            self.used_fallback = True
            extra = {"ErrorCode": str(trouble.code), "ErrorUrl": trouble.url}
            try:
                self.document = await self._get(Fetch(fallback.url, fallback.method, extra))
            except DocumentError as second:
                second.report(self.state.debugger, self.call.sid, self.call.plan.handset)
            else:
                self._check_grammar()
                return await self.perform(self.document.root.elements())
        await self._say_application_error()
        return HANG_UP

    def _check_grammar(self) -> None:
        grammar.report_violations(self.state.debugger, self.document, VOICE, self.call.sid, self.call.plan.handset)

    async def _say_application_error(self) -> None:
        self.call.answer_inbound()
        item = self.audio.start_item(
            "Say", text=APPLICATION_ERROR_MESSAGE, voice="", language="en-US", seconds=4.0, system=True
        )
        await self.audio.play_out(item, speaking_seconds(APPLICATION_ERROR_MESSAGE))

    async def _get(self, step: Fetch | Inline) -> Document:
        if isinstance(step, Inline):
            return read_voice(step.twiml)
        parameters = tuple((self.call.parameters() | step.extra).items())
        webhook = Webhook(step.url, step.method, parameters, "voice", cookie_jar=self.call.sid, sid=self.call.sid)
        asked = self.state.spawn(self.state.webhooks.send(webhook))
        answer = await asyncio.shield(asked)  # an interruption does not take the request back: it is on its way
        self.call.document_received()
        return read_voice(answer, step)

    async def stale_fetch(self) -> None:
        """Ask for what the interrupted document would have led to, and ignore it: real exchanges sometimes do."""
        for element in self.remaining:
            if element.name == "Redirect":
                url, parameters = self.absolute(element.text()), tuple(self.call.parameters().items())
                await self.state.webhooks.send(
                    Webhook(url, "POST", parameters, "voice", cookie_jar=self.call.sid, sid=self.call.sid)
                )
                return

    # What verbs need.

    def absolute(self, address: str) -> str:
        """An address in the running document, made whole; "" is the document itself."""
        return resolve(self.document.url, address) if self.document.url else address.strip()

    def fetch(self, address: str, method: str, extra: dict[str, str] | None = None) -> Fetch:
        """The next document at an address of this one. Inline TwiML has no address to be relative to: 15004."""
        url = self.absolute(address)
        if not url.lower().startswith(("http://", "https://")):
            self.state.debugger.report(15004 if not self.document.url else 11100, sid=self.call.sid, why=url, url=url)
            return Fetch(url or "about:blank", method, extra or {})
        return Fetch(url, method, extra or {})

    def warn(self, code: int, element: Element, why: str = "") -> None:
        """Tell the debugger, with the element's place in the running document."""
        self.state.debugger.report(
            code,
            sid=self.call.sid,
            handset=self.call.plan.handset,
            request=self.document.request,
            answer=self.document.answer,
            line=element.line,
            column=element.column,
            why=why,
        )
