"""Answering machine detection: a human or a machine, as the handset is set."""

from __future__ import annotations

from ringback.calls.call import DETECTION_MILLISECONDS, Call
from ringback.calls.plan import StatusCallback
from ringback.state import State

MIN_DELAY_SECONDS = 0.05  # seconds, so that the first request goes out without the verdict
AUTO_ANSWER_RESULTS = {"answers": "human", "machine": "machine_start"}


def detect_machine(state: State, call: Call) -> None:
    """The verdict comes with the first request; or beside the call, if it does not wait for it."""
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
    """What is found, where it was asked for. The app's own numbers are machines."""
    if not call.plan.machine_detection:
        return None
    behaviour = "machine" if call.plan.to_own_number else state.handset(call.plan.handset).when_called
    found = AUTO_ANSWER_RESULTS.get(behaviour, "human")
    if found == "machine_start" and call.plan.machine_detection == "DetectMessageEnd":
        return "machine_end_beep"
    return found
