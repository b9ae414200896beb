"""Status callbacks for incoming calls, of which only the last one matters: the end of the call."""

from flask import Blueprint

import events
from context import queues
from phone import line_calls
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from workers import call_state

bp = Blueprint("voice_status", __name__)


def status_key(delivery: Delivery) -> str:
    """The claim key for a status callback: each status of a call is handled once."""
    return f"call-status:{delivery.sid('CallSid', 'CA')}:{delivery['CallStatus']}"


@webhook(bp, "/voice/status", key=status_key)
def update_call_status(context: WebhookContext) -> StoredResponse:
    """Record the end of a call. A worker then texts the answers that the caller did not hear.

    https://www.twilio.com/docs/voice/api/call-resource#statuscallback
    """
    sid, status = context.delivery["CallSid"], context.delivery["CallStatus"]
    if status in call_state.FINAL_STATUSES:
        call_state.record_end(context.pipe, sid, status)
        line_calls.end_call(context)
        seconds = context.delivery["CallDuration"] or "0"
        events.publish(context.pipe, "call.ended", sid, status=status, seconds=seconds)
        if call_state.load(context.redis, sid).answer_ids:
            queues().enqueue_after_call(context.pipe, sid)
    return StoredResponse(status=204)
