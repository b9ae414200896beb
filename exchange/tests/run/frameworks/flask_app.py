import os

from flask import Flask
from twilio.rest import Client

app = Flask(__name__)
xml = {"Content-Type": "text/xml"}


@app.post("/sms")
def sms():
    account = Client().api.accounts(os.environ["TWILIO_ACCOUNT_SID"]).fetch()
    return f"<Response><Message>Twilio says {account.status}</Message></Response>", xml


@app.post("/voice")
def voice():
    return "<Response><Say>Hello from Flask</Say></Response>", xml


app.run(port=int(os.environ["PORT"]))
