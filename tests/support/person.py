"""A person who texts and calls the number, through webhooks signed as Twilio signs them."""

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import config
from receiving import twilio_signature
from ringback.twiml.parser import parse
from ringback.twiml.schema_validation import violations

PUBLIC_URL = "https://talk.example"
ME = "+447700900201"
NUMBER = "+447700900100"
TEXT_SID, CALL_SID, RECORDING_SID = (prefix + "0" * 31 + "1" for prefix in ("SM", "CA", "RE"))


class WebhookPoster:
    """Signs webhooks and posts them to the app, byte for byte as given."""

    def __init__(self, app: Any, settings: config.Settings) -> None:
        self.app, self.settings, self.client = app, settings, app.test_client()

    def __call__(self, target: str, fields: dict[str, str] | list[tuple[str, str]], **changes: Any) -> Any:
        """Post a form to this target (raw). `changes`: token, signature, url, method, body, headers, content_type."""
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        url = changes.get("url", PUBLIC_URL + target)
        token = changes.get("token", self.settings.twilio_auth_token[0])
        signature = changes.get("signature", twilio_signature.compute_signature(token, url, pairs))
        path, _, query = target.partition("?")
        answer = self.client.open(
            path,
            method=changes.get("method", "POST"),
            query_string=query,
            data=changes.get("body", urlencode(pairs).encode()),
            headers={"X-Twilio-Signature": signature, **changes.get("headers", {})},
            content_type=changes.get("content_type", "application/x-www-form-urlencoded"),
            environ_overrides={"RAW_URI": target},
        )
        if answer.status_code == 200:
            is_valid_twiml(answer.data, "sms" if path.startswith("/sms") else "voice")
        return answer


def is_valid_twiml(document: bytes, channel: str) -> bool:
    """Returns True. Raises AssertionError if the TwiML is too long or the exchange would warn about it."""
    warnings = [warning for _, warning in violations(parse(document), channel)]
    assert not warnings, f"{warnings} in {document.decode()}"
    assert len(document) < 64 * 1024
    return True


class Person:
    """Texts and calls the number; `heard`, `verbs` and `next` describe the last voice document."""

    def __init__(self, post: WebhookPoster, number: str = ME) -> None:
        self.post, self.number, self.texts_sent = post, number, 0
        self.call_sid, self.heard, self.next = "CA" + "0" * 32, "", ""

    def texts(self, body: str, sid: str = "", **more: str) -> str:
        """Text this; return the reply, or "" if there is none."""
        self.texts_sent += 1
        sid = sid or f"SM{self.texts_sent:032d}"
        fields = {"MessageSid": sid, "From": self.number, "To": NUMBER, "Body": body, "NumMedia": "0", **more}
        self.answer = self.post("/sms", fields)
        assert self.answer.status_code == 200, self.answer.text
        messages = ElementTree.fromstring(self.answer.text).findall("Message")
        return "\n".join(message.text or "" for message in messages)

    def dials(self) -> "Person":
        """Call the number."""
        return self._listens("/voice", {"CallStatus": "ringing"})

    def presses(self, digits: str) -> "Person":
        """Press keys in the current <Gather>."""
        return self._listens(self.next, {"Digits": digits})

    def says(self, words: str) -> "Person":
        """Say something in the current <Gather>."""
        return self._listens(self.next, {"SpeechResult": words, "Confidence": "0.9"})

    def waits(self) -> "Person":
        """Do nothing until the document redirects."""
        return self._listens(self.redirect, {})

    def _listens(self, target: str, fields: dict[str, str]) -> "Person":
        target, _, _ = target.partition("#")  # connection overrides are neither sent nor signed
        known = {"CallSid": self.call_sid, "From": self.number, "To": NUMBER, "CallStatus": "in-progress"}
        self.answer = self.post(target, known | fields)
        assert self.answer.status_code == 200, self.answer.text
        document = ElementTree.fromstring(self.answer.text)
        self.heard = " ".join(say.text or "" for say in document.iter("Say"))
        actions = [verb.get("action", "") for verb in document.iter() if verb.get("action")]
        self.next = actions[0] if actions else ""
        self.redirect = "".join(verb.text or "" for verb in document.iter("Redirect"))
        self.verbs = [verb.tag for verb in document]
        return self
