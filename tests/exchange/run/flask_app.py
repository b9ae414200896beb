"""An app as its author would write it, with Twilio's library for Python. It knows nothing of the exchange."""

import asyncio
import os

import requests
from flask import Flask, abort, request
from twilio.request_validator import RequestValidator
from twilio.rest import Client

app = Flask(__name__)


@app.post("/sms")
def sms():
    if not RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]).validate(
        request.url, request.form, request.headers["X-Twilio-Signature"]
    ):
        abort(403)
    ORDERS[request.form["Body"]](request.form["From"], request.form["To"])
    return "", 204


def text(person, us, body="As you wish"):
    Client().messages.create(to=person, from_=us, body=body)


def call(person, us):
    Client().calls.create(to=person, from_=us, url=request.url_root + "hello")


def read(person, us):
    text(person, us, "You wrote: " + ", ".join(message.body for message in Client().messages.list(from_=person)))


def trunks(person, us):
    try:
        Client().trunking.trunks.list()
    except Exception as refusal:
        text(person, us, str(refusal))


def elsewhere(person, us):
    try:
        requests.get("https://weather.example/", timeout=5)
    except requests.exceptions.RequestException as refusal:
        text(person, us, str(refusal))


def by_hand(person, us, session=requests, body="Sent by hand"):
    account = os.environ["TWILIO_ACCOUNT_SID"]
    url = f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json"
    form = {"To": person, "From": us, "Body": body}
    session.post(url, form, auth=(account, os.environ["TWILIO_AUTH_TOKEN"]), timeout=5)


def without_a_proxy(person, us, body="Sent without a proxy"):
    try:
        from twilio.http.async_http_client import AsyncTwilioHttpClient
    except ImportError:  # it is younger than some of the libraries this is run with
        session = requests.Session()
        session.trust_env = False
        return by_hand(person, us, session, body)

    async def send():
        async with AsyncTwilioHttpClient() as http:
            await Client(http_client=http).messages.create_async(to=person, from_=us, body=body)

    asyncio.run(send())


@app.post("/hello")
def hello():
    return "<Response><Say>Hello from the app</Say></Response>", {"Content-Type": "text/xml"}


ORDERS = {
    "text": text,
    "call": call,
    "read": read,
    "trunks": trunks,
    "elsewhere": elsewhere,
    "by hand": by_hand,
    "without a proxy": without_a_proxy,
}
