"""A warm transfer: an agent talks with the customer, adds an expert to the same conference, and leaves."""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, VoiceResponse

from apps.shared import new_app, twilio, whole, xml
from support.exchange import NUMBER

AGENT, EXPERT = "+441632960002", "+441632960003"
WAIT = "/wait"


def create() -> Flask:
    app = new_app(__name__)
    app.config.update(ROOM="", EVENTS=[])
    for path, view in (("voice", welcome), ("join", join), ("sms", fetch_the_expert), ("event", event), ("out", out)):
        app.add_url_rule(f"/{path}", view_func=view, methods=["POST"])
    app.add_url_rule(WAIT, view_func=wait, methods=["GET"])
    return app


def room(who: str, ends: bool) -> Response:
    answer = VoiceResponse()
    dial = Dial(action="/out")
    dial.conference(
        current_app.config["ROOM"],
        participant_label=who,
        start_conference_on_enter=who != "customer",
        end_conference_on_exit=ends,
        wait_url=WAIT,
        wait_method="GET",
        status_callback=f"/event?from={who}",
        status_callback_event="start end join leave",
    )
    answer.append(dial)
    return xml(answer)


def welcome() -> Response:
    """The customer waits in a conference of their own while the agent's phone rings."""
    current_app.config["ROOM"] = request.form["CallSid"]
    call_in(AGENT, "agent")
    return room("customer", ends=True)


def call_in(number: str, who: str) -> None:
    twilio().calls.create(to=number, from_=NUMBER, url=whole(f"/join?who={who}"))


def join() -> Response:
    return room(request.args["who"], ends=request.args["who"] == "expert")


def wait() -> Response:
    answer = VoiceResponse()
    answer.say("One moment.")
    return xml(answer)


def fetch_the_expert() -> Response:
    call_in(EXPERT, "expert")
    answer = MessagingResponse()
    answer.message("The expert is being called.")
    return xml(answer)


def event() -> tuple[str, int]:
    told = request.form
    current_app.config["EVENTS"].append((told["StatusCallbackEvent"], told.get("ParticipantLabel", "")))
    return "", 204


def out() -> Response:
    answer = VoiceResponse()
    answer.say("Goodbye.")
    return xml(answer)
