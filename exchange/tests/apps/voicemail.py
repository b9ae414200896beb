"""Voicemail: the owner's phone rings first, and a caller whom they do not accept can leave a message."""

from __future__ import annotations

from flask import Flask, Response, request
from twilio.twiml.voice_response import Dial, VoiceResponse

from apps.shared import new_app, text, xml

OWNER = "+441632960002"


def create() -> Flask:
    app = new_app(__name__)
    for path, view in (("voice", ring), ("screen", screen), ("let-in", let_in), ("after", after), ("kept", kept)):
        app.add_url_rule(f"/{path}", view_func=view, methods=["POST"])
    app.add_url_rule("/transcribed", view_func=transcribed, methods=["POST"])
    return app


def ring() -> Response:
    answer = VoiceResponse()
    dial = Dial(action="/after", timeout=10)
    dial.number(OWNER, url="/screen")
    answer.append(dial)
    return xml(answer)


def screen() -> Response:
    answer = VoiceResponse()
    answer.gather(action="/let-in", num_digits=1).say(f"A call from {request.form['From']}. Press 1 to take it.")
    answer.hangup()
    return xml(answer)


def let_in() -> Response:
    answer = VoiceResponse()
    if request.form["Digits"] != "1":
        answer.hangup()
    return xml(answer)


def after() -> Response:
    answer = VoiceResponse()
    if request.form["DialCallStatus"] != "completed":
        answer.say("Please leave a message after the beep.")
        answer.record(action="/kept", max_length=30, transcribe=True, transcribe_callback="/transcribed")
    return xml(answer)


def kept() -> Response:
    answer = VoiceResponse()
    answer.say("Thank you.")
    return xml(answer)


def transcribed() -> tuple[str, int]:
    told = request.form
    text(OWNER, f"{told['From']} said: {told['TranscriptionText']}", media_url=f"{told['RecordingUrl']}.mp3")
    return "", 204
