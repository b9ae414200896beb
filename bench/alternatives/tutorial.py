"""The apps that ours is compared with: an empty route, and webhooks verified as in Twilio's Flask tutorial."""

import functools
import os

from flask import Flask, abort, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

app = Flask(__name__)


@app.post("/empty")
def empty():
    """An empty response."""
    return ""


def validated(view):
    """Verify the request with Twilio's RequestValidator; there is no claim and no store."""

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
    """A reply with one message."""
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
