"""Number masking: two people reach each other through one number, and neither sees the other's number."""

from __future__ import annotations

from flask import Flask, Response, request
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from apps.shared import new_app, xml
from support.exchange import NUMBER

RIDER, DRIVER = "+441632960001", "+441632960002"
PARTNERS = {RIDER: DRIVER, DRIVER: RIDER}


def create() -> Flask:
    app = new_app(__name__)
    app.add_url_rule("/sms", view_func=pass_on, methods=["POST"])
    app.add_url_rule("/voice", view_func=connect, methods=["POST"])
    return app


def pass_on() -> Response:
    answer = MessagingResponse()
    partner = PARTNERS.get(request.form["From"])
    if partner is None:
        answer.message("This number is for rides that are under way.")
        return xml(answer)
    message = answer.message(to=partner)
    message.body(request.form["Body"])
    for place in range(int(request.form["NumMedia"])):
        message.media(request.form[f"MediaUrl{place}"])
    return xml(answer)


def connect() -> Response:
    answer = VoiceResponse()
    partner = PARTNERS.get(request.form["From"])
    if partner is None:
        answer.reject(reason="busy")
        return xml(answer)
    answer.dial(partner, caller_id=NUMBER, answer_on_bridge=True)
    return xml(answer)
