"""Messages that callers record, and Twilio's callback once a recording has been processed."""

import time

from flask import Blueprint

import events
from context import queues
from phone.call_steps import speak_menu, step_key
from phone.twiml import basic_documents
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from show import contributions
from workers import call_state, pending_answers, tasks
from workers.pending_answers import PendingAnswer

bp = Blueprint("call_recordings", __name__)

MEASURING_TIMEOUT_SECONDS = 600


@webhook(bp, "/voice/recorded", key=step_key)
def finish_recording(context: WebhookContext) -> StoredResponse:
    """Thank the caller. The recording itself arrives at /voice/recording once Twilio has processed it."""
    if context.delivery["Digits"] == "hangup":
        return StoredResponse(basic_documents.goodbye())
    return speak_menu(context, "Thank you. We have your message.")


def recording_key(delivery: Delivery) -> str:
    """The claim key for a recording callback: each status of a recording is handled once."""
    sid, _ = delivery.sid("RecordingSid", "RE"), delivery.sid("CallSid", "CA")
    return f"recording:{sid}:{delivery['RecordingStatus'] or 'completed'}"


@webhook(bp, "/voice/recording", key=recording_key)
def process_recording(context: WebhookContext) -> StoredResponse:
    """Have a worker measure a completed recording for the stage."""
    sid, call_sid = context.delivery["RecordingSid"], context.delivery["CallSid"]
    if context.delivery["RecordingStatus"] not in ("", "completed"):
        return StoredResponse(status=204)
    events.publish(context.pipe, "recording.left", call_sid, seconds=context.delivery["RecordingDuration"])
    id, number = pending_answers.derive_id(f"recording {sid} "), call_state.load(context.redis, call_sid).phone_number
    deadline = time.time() + MEASURING_TIMEOUT_SECONDS
    pending = PendingAnswer(id, "message", sid, "stage", number, call_sid, deadline)
    queues().enqueue(context.pipe, pending, tasks.measure_recording)
    contributions.contribute_recording(context, context.delivery.query.get("scene", ""), number)
    return StoredResponse(status=204)
