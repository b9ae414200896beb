"""A pager: it calls one person after another until somebody accepts; customers reach the person on call."""

from __future__ import annotations

from flask import Flask, Response, current_app, request, session, url_for
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from apps.shared import new_app, text, twilio, whole, xml
from support.exchange import NUMBER

TEAM = {"+441632960001": "Ada", "+441632960002": "Ben"}


def create() -> Flask:
    app = new_app(__name__)
    app.config.update(ON_CALL=next(iter(TEAM)), TAKEN_BY="")
    for path, view in (("wake", wake), ("taken", taken), ("next", call_the_next), ("sent", sent)):
        app.add_url_rule(f"/{path}", view_func=view, methods=["POST"])
    for path, view in (("voice", take_a_message), ("kept", kept), ("recorded", deliver)):
        app.add_url_rule(f"/{path}", view_func=view, methods=["POST"])
    for path, view in (("sms", listen), ("who", who), ("take", take), ("yes", yes)):
        app.add_url_rule(f"/{path}", view_func=view, methods=["POST"])
    return app


def alarm(what: str, turn: int = 0) -> None:
    """Call the next person in the team about the alarm, or give up."""
    if turn == len(TEAM):
        for number in TEAM:
            text(number, f"Nobody took: {what}")
        return
    more = f"turn={turn}&what={what}"
    twilio().calls.create(
        to=list(TEAM)[turn],
        from_=NUMBER,
        url=whole(f"/wake?{more}"),
        timeout=20,
        status_callback=whole(f"/next?{more}#rc=2&rp=all"),
        machine_detection="Enable",
    )


def wake() -> Response:
    answer = VoiceResponse()
    if request.form["AnsweredBy"].startswith("machine"):
        answer.hangup()
        return xml(answer)
    what = request.args["what"]
    answer.gather(action=f"/taken?what={what}", num_digits=1, input="dtmf speech", hints="yes").say(
        f"{what}. Press 1 or say yes to take it."
    )
    answer.say("Somebody else will be asked.")
    return xml(answer)


def taken() -> Response:
    answer = VoiceResponse()
    if request.form.get("Digits") == "1" or request.form.get("SpeechResult", "").lower().startswith("yes"):
        current_app.config["TAKEN_BY"] = request.form["To"]
        answer.say("Thank you.")
        for number in TEAM:
            text(number, f"{TEAM[request.form['To']]} took: {request.args['what']}")
    return xml(answer)


def call_the_next() -> tuple[str, int]:
    if not current_app.config["TAKEN_BY"]:
        alarm(request.args["what"], int(request.args["turn"]) + 1)
    return "", 204


def take_a_message() -> Response:
    answer = VoiceResponse()
    answer.say("Tell whoever is on call.")
    answer.record(
        action=url_for("kept"),
        max_length=60,
        recording_status_callback=url_for("deliver") + "?" + f"customer={request.form['From'].lstrip('+')}",
        recording_status_callback_event="completed absent",
    )
    answer.say("You said nothing.")
    return xml(answer)


def kept() -> Response:
    answer = VoiceResponse()
    answer.say(f"Your {request.form['RecordingDuration']} seconds are on their way.")
    answer.hangup()
    return xml(answer)


def deliver() -> tuple[str, int]:
    if request.form["RecordingStatus"] == "completed":
        sound = request.form["RecordingUrl"] + ".mp3"
        words = f"A message from +{request.args['customer']}"
        text(current_app.config["ON_CALL"], words, media_url=sound, status_callback=whole("/sent"))
    return "", 204


def sent() -> tuple[str, int]:
    return "", 204


def listen() -> Response:
    """Any text is answered according to the session, which identifies the person."""
    answer = MessagingResponse()
    session["name"] = TEAM.get(request.form["From"], "")
    word = request.form["Body"].strip().lower()
    if session["name"] and word in ("who", "take", "yes"):
        answer.redirect(url_for(word))
    return xml(answer)


def who() -> Response:
    answer = MessagingResponse()
    answer.message(f"{TEAM[current_app.config['ON_CALL']]} is on call.")
    return xml(answer)


def take() -> Response:
    answer = MessagingResponse()
    session["asked"] = True
    answer.message(f"{session['name']}, reply YES to take over.")
    return xml(answer)


def yes() -> Response:
    answer = MessagingResponse()
    if session.pop("asked", False):
        current_app.config["ON_CALL"] = request.form["From"]
        answer.message(f"You are on call, {session['name']}.")
    else:
        answer.message("Say TAKE first.")
    return xml(answer)
