"""Code shared by the small apps: they accept only signed webhooks, and call Twilio through its official library."""

from __future__ import annotations

from flask import Flask, Response, abort, current_app, request
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml import TwiML

from support.exchange import NUMBER, SID, TOKEN


def new_app(name: str) -> Flask:
    app = Flask(name)
    app.secret_key = "of these tests"
    app.before_request(only_from_twilio)
    return app


def only_from_twilio() -> None:
    signature = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(TOKEN).validate(request.url, request.form, signature):
        abort(403)


def xml(document: TwiML) -> Response:
    return Response(str(document), mimetype="text/xml")


def twilio() -> Client:
    client = Client(SID, TOKEN)
    client.api.base_url = current_app.config["TWILIO_API"]
    return client


def text(to: str, body: str, **more: object) -> None:
    twilio().messages.create(to=to, from_=NUMBER, body=body, **more)


def whole(path: str) -> str:
    """A full URL of this app, for use outside a request."""
    return str(current_app.config["ORIGIN"]) + path
