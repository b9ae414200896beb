"""A conference line: a code admits a listener or the host, who can mute people by text."""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, VoiceResponse

from apps.shared import new_app, text, twilio, xml

CODES = {"1111": "host", "2222": "speaker", "3333": "listener"}
HOST = "+441632960001"
ROOM = "The weekly call"


def create() -> Flask:
    app = new_app(__name__)
    app.config["INSIDE"] = {}
    for path, view in (("voice", ask), ("code", enter), ("over", over), ("sms", order), ("event", event)):
        app.add_url_rule(f"/{path}", view_func=view, methods=["POST"])
    return app


def ask() -> Response:
    answer = VoiceResponse()
    for _ in range(3):
        answer.gather(action="/code", num_digits=4).say("Your code, please.")
    return xml(answer)


def enter() -> Response:
    answer = VoiceResponse()
    role = CODES.get(request.form["Digits"])
    if role is None:
        answer.say("That is not a code.")
        answer.redirect("/voice")
        return xml(answer)
    dial = Dial(action="/over", hangup_on_star=True)
    dial.conference(
        ROOM,
        muted=role == "listener",
        start_conference_on_enter=role == "host",
        end_conference_on_exit=role == "host",
        beep="onEnter",
        wait_url="",
        status_callback="/event",
        status_callback_event="join leave",
    )
    answer.append(dial)
    return xml(answer)


def event() -> tuple[str, int]:
    """Record who is in the conference, and text the host."""
    told, inside = request.form, current_app.config["INSIDE"]
    caller = twilio().calls(told["CallSid"]).fetch()._from
    if told["StatusCallbackEvent"] == "participant-join":
        inside[caller] = (told["ConferenceSid"], told["CallSid"])
    else:
        inside.pop(caller, None)
    text(HOST, f"{len(inside)} in the room")
    return "", 204


def order() -> Response:
    """Accept commands from the host only: mute, unmute or out, followed by a number."""
    answer = MessagingResponse()
    what, _, number = request.form["Body"].partition(" ")
    conference, call = current_app.config["INSIDE"][number]
    participant = twilio().conferences(conference).participants(call)
    if what == "out":
        participant.delete()
    else:
        participant.update(muted=what == "mute")
    return xml(answer)


def over() -> Response:
    answer = VoiceResponse()
    answer.say("You have left the room.")
    return xml(answer)
