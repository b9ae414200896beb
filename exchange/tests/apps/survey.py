"""A survey by phone or by text: a yes or no, a number, and a comment."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask, Response, current_app, redirect, request, session, url_for
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from apps.shared import new_app, xml

QUESTIONS = (
    ("yes-no", "Was the hall warm enough?"),
    ("number", "How many stars, from 1 to 5?"),
    ("words", "What should we do better?"),
)
HOW = {
    "yes-no": "Press 1 or say yes, press 0 or say no.",
    "number": "Press a number, then the hash key.",
    "words": "Speak after the beep.",
}


@dataclass
class Answers:
    """All answers, by person and question: the text, or the recording's transcription."""

    given: dict[tuple[str, int], str] = field(default_factory=dict)


def create() -> Flask:
    app = new_app(__name__)
    app.config["ANSWERS"] = Answers()
    app.add_url_rule("/voice", view_func=lambda: redirect(url_for("ask", number=0), 307), methods=["POST"])
    app.add_url_rule("/question/<int:number>", view_func=ask, methods=["GET", "POST"])
    app.add_url_rule("/answer/<int:number>", view_func=keep, methods=["POST"])
    app.add_url_rule("/transcribed/<int:number>", view_func=transcribed, methods=["POST"])
    app.add_url_rule("/sms", view_func=by_text, methods=["POST"])
    return app


def remember(number: int, words: str) -> None:
    current_app.config["ANSWERS"].given[request.form["From"], number] = words


def ask(number: int) -> Response:
    answer = VoiceResponse()
    if number == len(QUESTIONS):
        answer.say("Thank you. Goodbye.")
        return xml(answer)
    kind, question = QUESTIONS[number]
    answer.say(question)
    if kind == "words":
        answer.say(HOW[kind])
        heard = url_for("transcribed", number=number)
        answer.record(action=url_for("keep", number=number), transcribe_callback=heard, finish_on_key="#")
    else:
        keys = {"num_digits": 1} if kind == "yes-no" else {"finish_on_key": "#"}
        gather = answer.gather(input="speech dtmf", action=url_for("keep", number=number), hints="yes, no", **keys)
        gather.say(HOW[kind])
        answer.redirect(url_for("ask", number=number), method="GET")
    return xml(answer)


def keep(number: int) -> Response:
    told = request.form
    remember(number, told.get("SpeechResult") or told.get("RecordingUrl") or told["Digits"])
    return redirect(url_for("ask", number=number + 1), 303)


def transcribed(number: int) -> tuple[str, int]:
    if request.form["TranscriptionStatus"] == "completed":
        remember(number, request.form["TranscriptionText"])
    return "", 204


def by_text() -> Response:
    """The session contains the open question; the first text starts the survey, whatever it says."""
    answer = MessagingResponse()
    asked = session.get("asked")
    if asked is not None:
        remember(asked, request.form["Body"])
    following = 0 if asked is None else asked + 1
    if following == len(QUESTIONS):
        session.pop("asked")
        answer.message("Thank you.")
    else:
        session["asked"] = following
        answer.message(QUESTIONS[following][1])
    return xml(answer)
