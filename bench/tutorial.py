"""What ours is measured against: an empty route, and a webhook checked the way Twilio's Flask tutorial shows it."""

import functools
import os

from flask import Flask, abort, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

app = Flask(__name__)


@app.post("/empty")
def empty():
    """Nothing at all."""
    return ""


def validated(view):
    """The official validator over the request as Flask shows it, and nothing else: no claim, no store."""

    @functools.wraps(view)
    def checked():
        validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
        if not validator.validate(request.url, request.form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        return view()

    return checked


@app.post("/sms")
@validated
def sms():
    """One text back."""
    response = MessagingResponse()
    response.message("It is 12:30 UTC.")
    return str(response)


@app.post("/voice")
@validated
def voice():
    """A greeting and a menu."""
    response = VoiceResponse()
    gather = response.gather(num_digits=1, action="/voice/menu")
    gather.say("Hello. Press 1 for the time, press 2 to flip a coin.")
    response.redirect("/voice")
    return str(response)
