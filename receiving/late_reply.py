"""Late answers: nobody reads the reply to a text that was fed in afterwards, so what it says leaves as a text."""

from typing import Any
from xml.etree import ElementTree

from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from sending import outbox
from sending.outbox import OutboundMessage


def plan_late_reply(pipe: Any, delivery: Delivery, reply: StoredResponse) -> None:
    """Plan every <Message> of our own TwiML for whoever texted, on the pipeline that holds the reply: all or nothing.

    The ledger sends it like any text of ours: once, within the limits, and not to who texted STOP.
    """
    if not (delivery["MessageSid"] and delivery["From"] and "xml" in reply.content_type and reply.body):
        return
    for number, message in enumerate(ElementTree.fromstring(reply.body).findall("Message")):  # noqa: S314 (ours)
        words = "".join(message.itertext()).strip()
        if words:
            id = f"late:{delivery['MessageSid']}:{number}"
            outbox.plan(pipe, OutboundMessage(id, delivery["From"], words, delivery["MessageSid"]))
