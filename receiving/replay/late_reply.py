"""Sends the response to a backfilled text as an SMS, because Twilio is no longer waiting for it."""

from xml.etree import ElementTree

import context
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from sending import outbox, text_circuit_breaker
from sending.outbox import OutboundMessage
from store import Pipe


def plan_late_reply(pipe: Pipe, delivery: Delivery, response: StoredResponse) -> None:
    """Add each <Message> in our TwiML to the outbox on this pipeline, addressed to the sender of the text.

    The outbox sends each message once, within the rate limits, and not to people who have opted out.
    """
    if not (delivery["MessageSid"] and delivery["From"] and "xml" in response.content_type and response.body):
        return
    sender = context.settings().sender_for(delivery["To"])
    messages = ElementTree.fromstring(response.body).findall("Message")  # noqa: S314 (our own TwiML)
    for number, message in enumerate(messages):
        body = "".join(message.itertext()).strip()
        if body:
            text_circuit_breaker.record_request(pipe, delivery["From"])
            id = f"late:{delivery['MessageSid']}:{number}"
            outbox.plan(pipe, OutboundMessage(id, delivery["From"], body, delivery["MessageSid"], sender))
