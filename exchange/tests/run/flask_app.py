"""An ordinary Flask app that uses Twilio's Python library and has no code for the exchange."""

import asyncio
import os

import requests
from flask import Flask, abort, request
from twilio.request_validator import RequestValidator
from twilio.rest import Client

app = Flask(__name__)
SERVICE = "VA" + "0" * 32


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


def products(person, us):
    client, number = Client(), {"To": person, "Channel": "sms", "CustomCode": "1234", "Code": "1234"}
    if not hasattr(client, "verify"):  # older versions of the library do not have it
        for what in ("Verifications", "VerificationCheck"):
            login = (os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
            url = f"https://verify.twilio.com/v2/Services/{SERVICE}/{what}"
            status = requests.post(url, number, auth=login, timeout=5).json()["status"]
        return text(person, us, f"{status} {client.lookups.phone_numbers(person).fetch().national_format} True")
    service = client.verify.v2.services(SERVICE)
    service.verifications.create(to=person, channel="sms", custom_code="1234")
    status = service.verification_checks.create(to=person, code="1234").status
    number = client.lookups.v1.phone_numbers(person).fetch().national_format
    text(person, us, f"{status} {number} {isinstance(client.monitor.v1.alerts.list(limit=5), list)}")


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
    except ImportError:  # older versions of the library do not have it
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
    "products": products,
    "trunks": trunks,
    "elsewhere": elsewhere,
    "by hand": by_hand,
    "without a proxy": without_a_proxy,
}
