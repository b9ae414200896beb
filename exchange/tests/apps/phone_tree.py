"""A phone tree: a menu, a submenu, and a person at the end."""

from __future__ import annotations

from flask import Flask, Response, request
from twilio.twiml.voice_response import VoiceResponse

from apps.shared import new_app, xml

DESKS = {"2": "441632960002", "3": "+441632960003"}  # as somebody keyed it, and as it should be


def create() -> Flask:
    app = new_app(__name__)
    app.add_url_rule("/voice", view_func=welcome, methods=["GET", "POST"])
    app.add_url_rule("/tree/menu", view_func=menu, methods=["POST"])
    app.add_url_rule("/tree/desks", view_func=desks, methods=["POST"])
    return app


def welcome() -> Response:
    answer = VoiceResponse()
    answer.gather(action="tree/menu", num_digits=1, timeout=3).say("Press 1 for our hours, 2 for a desk.", loop=2)
    if not request.args.get("again"):
        answer.redirect("?again=1", method="GET")
    answer.say("Goodbye.")
    return xml(answer)


def menu() -> Response:
    answer = VoiceResponse()
    match request.form["Digits"]:
        case "1":
            answer.say("We are open from nine to five.")
        case "2":
            answer.gather(action="desks", num_digits=1).say(
                "Press 2 for lost property, 3 for tickets, star to go back."
            )
        case _:
            answer.say("Sorry, there is no such choice.")
            answer.redirect("/voice")
    return xml(answer)


def desks() -> Response:
    answer = VoiceResponse()
    desk = DESKS.get(request.form["Digits"])
    if desk:
        answer.dial(desk, timeout=10)
        answer.say("That was all.")
    else:
        answer.redirect("../voice")
    return xml(answer)
