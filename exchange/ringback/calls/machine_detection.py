"""Answering machine detection (AMD). The handset's setting determines the result.

https://www.twilio.com/docs/voice/answering-machine-detection (2026-11)"""

from __future__ import annotations

from ringback.calls.call import DETECTION_MILLISECONDS, Call
from ringback.calls.call_plan import StatusCallback
from ringback.state import State

MIN_DELAY_SECONDS = 0.05  # a call's first webhook must be sent before the asynchronous AMD result
AUTO_ANSWER_RESULTS = {"answers": "human", "machine": "machine_start"}


def detect_machine(state: State, call: Call) -> None:
    """Sets `answered_by` before the first webhook. Asynchronous AMD sets it later and sends a callback."""
    result = _result(state, call)
    if result and call.plan.amd_callback is not None:
        state.spawn(_report_result(call, result, call.plan.amd_callback))
    else:
        call.answered_by = result


async def _report_result(call: Call, result: str, callback: StatusCallback) -> None:
    await call.runtime.clock.sleep(max(MIN_DELAY_SECONDS, int(DETECTION_MILLISECONDS) / 1000 * call.audio.pace))
    call.answered_by = "unknown" if call.is_over else result
    parameters = {
        "CallSid": call.sid,
        "AccountSid": call.plan.account,
        "AnsweredBy": call.answered_by,
        "MachineDetectionDuration": DETECTION_MILLISECONDS,
    }
    if callback.url:
        call.runtime.webhooks.send_callback(
            callback.url, callback.method, parameters, "status", call.sid, cookie_jar=call.sid
        )


def _result(state: State, call: Call) -> str | None:
    """Returns AnsweredBy, or None if the call did not request detection. The app's own numbers count as machines."""
    if not call.plan.machine_detection:
        return None
    behaviour = "machine" if call.plan.to_own_number else state.handset(call.plan.handset).when_called
    answered_by = AUTO_ANSWER_RESULTS.get(behaviour, "human")
    if answered_by == "machine_start" and call.plan.machine_detection == "DetectMessageEnd":
        return "machine_end_beep"
    return answered_by
