"""A small WSGI app: it sells tea by text and by phone, and calls back through Twilio's REST API."""

import os
import urllib.parse

import requests

from ringback.sound import wav

MENU = '<Gather input="dtmf speech" numDigits="1" action="/order"><Say>Welcome. {}</Say></Gather><Say>Goodbye</Say>'


def sms(form):
    match form["Body"]:
        case "picture":
            return f"<Message>Here you are<Media>http://{os.environ['SHOP']}/cup.svg</Media></Message>"
        case "call me":
            ask_twilio("Calls", Twiml="<Response><Say>Your tea is ready</Say></Response>", **back(form))
        case "text me":
            ask_twilio("Messages", Body="Later", **back(form))
        case "fail":
            raise RuntimeError("no tea today")
        case "nothing":
            return ""
        case body:
            return f"<Message>Hello {form['From']}: {body}, {form['NumMedia']} pictures</Message>"
    return ""


def order(form):
    said = form.get("SpeechResult") or form.get("Digits")
    return f"<Say>You ordered {said}</Say><Play>/kettle.wav</Play><Record timeout='5' action='/done'/>"


PAGES = {
    "/sms": sms,
    "/voice": lambda form: MENU.format("Press 1 for tea"),
    "/order": order,
    "/done": lambda form: f"<Say>{form['RecordingDuration']} seconds</Say>",
}


def back(form):
    return {"To": form["From"], "From": form["To"]}


def ask_twilio(resource, **form):
    account, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    url = f"https://api.twilio.com/2010-04-01/Accounts/{account}/{resource}.json"
    requests.post(url, form, auth=(account, token), timeout=60).raise_for_status()


def app(environ, start_response):
    os.environ["SHOP"] = environ["HTTP_HOST"]
    path = environ["PATH_INFO"]
    if path == "/cup.svg":
        start_response("200 OK", [("Content-Type", "image/svg+xml")])
        return [b"<svg/>"]
    if path == "/kettle.wav":
        start_response("200 OK", [("Content-Type", "audio/wav")])
        return [wav.to_wav(wav.beep())]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
    document = f"<Response>{PAGES[path](form)}</Response>"
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [document.encode()]
