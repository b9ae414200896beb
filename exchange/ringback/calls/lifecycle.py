"""The lifecycle of a call: start, answer, run its documents, interrupt, hang up.

https://www.twilio.com/docs/voice/api/call-resource (2026-11)"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any
from xml.sax.saxutils import escape

from ringback.account.phone_numbers import PhoneNumber
from ringback.calls.call import Call
from ringback.calls.call_plan import CallPlan, Fallback, StatusCallback
from ringback.calls.machine_detection import detect_machine
from ringback.service.bounded_dict import trim
from ringback.state import State
from ringback.twiml.documents import DocumentError, check_status
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.steps import HANG_UP, End, Fetch, Inline, Outcome, Step
from ringback.webhooks.request import Webhook

log = logging.getLogger("exchange")


def start_inbound_call(
    state: State,
    handset: str,
    number: PhoneNumber,
    own_numbers_passed: tuple[str, ...] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Call:
    """Starts a call to one of the app's numbers, from a handset or, if `own_numbers_passed` is set, from a loopback.

    `parameters` are a client's custom parameters, which are sent with the first request."""
    urls, caller = state.webhook_urls(number, number.voice_application_sid), state.handsets.get(handset)
    plan = CallPlan(
        from_=handset,
        to=number.phone_number,
        direction="inbound",
        handset=handset,
        account=number.account_sid,
        number_sid=number.sid,
        fallback=Fallback(urls.voice_fallback_url, urls.voice_fallback_method),
        callbacks=[StatusCallback(urls.status_callback, urls.status_callback_method)],
        extra={"CallerName": caller.name if caller else ""} if urls.voice_caller_id_lookup else {},
        to_own_number=own_numbers_passed is not None,
        own_numbers_passed=(*(own_numbers_passed or ()), number.phone_number),
    )
    call = register_call(state, plan)
    call.log.add("did", (f"dials {number.phone_number}", True))
    call.set_status("ringing")
    extra = (caller.add_on_parameters() if caller else {}) | dict(parameters or {})
    first = Fetch(urls.voice_url, urls.voice_method, extra) if urls.voice_url else End("failed")
    state.spawn(run_call(state, call, first))
    return call


def start_handset_call(state: State, handset: str, other: str) -> Call:
    """Starts a call between two handsets. It does not involve the app, so the REST API does not list it."""
    account = state.settings.account_sid
    call = register_call(state, CallPlan(handset, other, "inbound", handset, account, hidden=True))
    call.log.add("did", (f"dials {other}", True))
    call.set_status("ringing")
    noun = {"client": "Client", "sip": "Sip", "sips": "Sip"}.get(other.partition(":")[0], "Number")
    address = escape(other.removeprefix("client:"))
    document = f'<Response><Dial answerOnBridge="true"><{noun}>{address}</{noun}></Dial></Response>'
    state.spawn(run_call(state, call, Inline(document)))
    return call


def register_call(state: State, plan: CallPlan) -> Call:
    """Creates a call and adds it to the state and to its handset."""
    call = Call(state, plan)
    state.calls[call.sid] = call
    plan.to_own_number = plan.to_own_number or plan.handset in state.numbers
    if not plan.to_own_number:
        calls = state.handset(plan.handset).calls
        calls.append(call)
        trim(calls, lambda listed: not listed.is_over)
    call.publish()
    return call


def answer_call(state: State, call: Call) -> None:
    """Answers the call, whether a person, an automatic handset or a loopback picks up."""
    detect_machine(state, call)
    call.set_status("in-progress")


def answer_at_handset(state: State, call: Call) -> None:
    """Answers the call when the person at the handset picks up."""
    call.log.add("did", ("answers", True))
    answer_call(state, call)


def hang_up_at_handset(call: Call) -> None:
    """Hangs up a live call, declines a ringing one, or cancels an inbound one that has not been answered."""
    call.log.add("did", ("hangs up" if call.is_live or call.plan.direction == "inbound" else "declines", True))
    if call.is_live:
        call.interrupt(End("completed", by_person=True))
    elif call.plan.direction == "inbound":
        call.interrupt(End("canceled", by_person=True))
    else:
        call.set_status("busy")


def limit_duration(call: Call, seconds: int) -> None:
    """Hangs up the call this many seconds after it was answered. Replaces an earlier limit."""
    call.plan.time_limit = seconds
    if call.limit_timer:
        call.limit_timer.cancel()
    if not (call.running or call.is_live):
        return  # run_call() calls this function again when the call has been answered
    now = call.runtime.clock.now()
    elapsed = (now - (call.answered or now)).total_seconds()
    call.limit_timer = call.runtime.clock.call_later(seconds - elapsed, lambda: _hang_up(call))


def _hang_up(call: Call) -> None:
    call.interrupt(HANG_UP)
    if not call.running:  # a leg that <Dial> has connected
        call.set_status("completed")


async def run_call(state: State, call: Call, first: Step) -> None:
    """Runs the call's documents, starting with `first`, until the call ends; then sets its final status."""
    session, end = VoiceSession(state, call), End("failed")
    call.redirected = False
    if call.plan.time_limit:
        limit_duration(call, call.plan.time_limit)
    try:
        end = await _run(session, first)
    except Exception as error:  # an error in the exchange must still end the call
        log.exception("Call %s failed because of an error in the exchange", call.sid)
        state.debugger.report(12400, sid=call.sid, handset=call.plan.handset, detail=type(error).__name__)
    finally:
        if call.limit_timer:
            call.limit_timer.cancel()
        unanswered_status = call.dial_status if end.status == "completed" else end.status
        call.set_status("completed" if call.is_live else unanswered_status or "completed")
    if end.by_person and session.hangup_fetch:
        state.spawn(fetch_and_ignore(state, call, session.hangup_fetch))
    else:
        call.document_received()


async def _run(session: VoiceSession, first: Step) -> End:
    step: Step = first
    while not isinstance(step, End):
        step = await run_interruptible(session.call, session.run_document(step)) or HANG_UP
        if session.call.serves_stale_document:
            session.call.serves_stale_document = False
            await session.request_stale_document()
    return step


async def run_interruptible(call: Call, work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Runs a step of the call and returns its result. If interrupted, cancels it and returns the interrupting step."""
    if call.interruption is not None:
        work.close()
        return _take_interruption(call)
    task = call.running = asyncio.current_task()
    assert task
    cancellations = task.cancelling()
    outcome, is_cancelled = None, False
    try:
        outcome = await work
    except (Exception, asyncio.CancelledError) as error:
        is_cancelled = isinstance(error, asyncio.CancelledError)
        if call.interruption is None:  # an error, or the exchange is stopping
            raise
    finally:
        call.running = None
    if call.interruption is None:
        return outcome
    while task.cancelling() > cancellations:
        task.uncancel()
    if not is_cancelled:  # the step itself interrupted the call: the cancellation is due at the next await
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
    return _take_interruption(call)


def _take_interruption(call: Call) -> Outcome:
    step, call.interruption = call.interruption, None
    return step


async def fetch_and_ignore(state: State, call: Call, fetch: Fetch) -> None:
    """Sends an action request that is due after a hang-up or a redirect, and reports a failure.

    The document in the response is ignored: nobody can hear it, or another document has replaced it."""
    parameters = tuple((call.parameters() | fetch.extra).items())
    webhook = Webhook(fetch.url, fetch.method, parameters, "voice", cookie_jar=call.sid, sid=call.sid)
    response = await state.webhooks.send(webhook)
    call.document_received()
    try:
        check_status(response)
    except DocumentError as error:
        error.report(state.debugger, call.sid, call.plan.handset)
