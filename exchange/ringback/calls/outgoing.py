"""Outgoing calls: wait for the rate limit, ring the handset, and run the call if it is answered.

https://www.twilio.com/docs/voice/api/call-resource (2026-11)"""

from __future__ import annotations

from ringback.calls.call import Call
from ringback.calls.call_plan import CallPlan
from ringback.calls.lifecycle import answer_call, register_call, run_call
from ringback.calls.loopback import connect_loopback
from ringback.calls.machine_detection import AUTO_ANSWER_RESULTS
from ringback.state import State
from ringback.twiml.steps import Step


def start_outbound_call(state: State, plan: CallPlan, first: Step, timeout: float, tones: str = "") -> Call:
    """Starts a call from the app to a handset, which hears `tones` once it has answered. `timeout` is in seconds."""
    call = register_call(state, plan)
    state.spawn(_place(state, call, first, timeout, tones))
    return call


async def _place(state: State, call: Call, first: Step, timeout: float, tones: str) -> None:
    delay_seconds = state.call_rate.reserve(call.plan.account)
    await state.clock.sleep(delay_seconds)  # even 0 yields, so that the REST response (status "queued") is sent first
    if await ring(state, call, timeout):
        if tones:
            call.audio.add_finished_item("Tones", digits=tones)
        await run_call(state, call, first)


async def ring(state: State, call: Call, timeout: float) -> bool:
    """Rings for up to `timeout` seconds. Returns False if the call was not answered and is therefore over."""
    number = state.numbers.get(call.plan.handset)
    if call.is_over:
        return False
    call.was_placed = True
    call.notify("initiated", "initiated")
    behaviour = "" if number else state.handset(call.plan.handset).when_called
    if behaviour in ("busy", "fails"):
        await state.clock.sleep(state.settings.answer_after)
        call.set_status("busy" if behaviour == "busy" else "failed")
        return False
    call.set_status("ringing")
    if number:
        connect_loopback(state, call, number)
    elif behaviour in AUTO_ANSWER_RESULTS:
        state.spawn(_auto_answer(state, call))
    try:
        async with state.clock.deadline(timeout):
            while call.status == "ringing":
                await call.changed.wait()
    except TimeoutError:
        call.set_status("no-answer")
    return call.is_live


async def _auto_answer(state: State, call: Call) -> None:
    await state.clock.sleep(state.settings.answer_after)
    if call.status == "ringing":
        answer_call(state, call)
