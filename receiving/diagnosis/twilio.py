"""Why did this fail, for Twilio: which usual mistake would have made its signature fit."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

from config import Settings
from receiving import twilio
from receiving.delivery import MAX_FORM_FIELDS, Delivery
from receiving.diagnosis.mistakes import RAW_BODY_ADVICE, UNKNOWN, Mistake, other_bodies, other_urls
from receiving.diagnosis.provider import TOO_LARGE
from receiving.diagnosis.wrong_secrets import other_secrets
from receiving.errors import RejectedRequest
from receiving.twilio import SETTINGS_HEADER, SIGNATURE_HEADER

Candidates = Iterator[tuple[Mistake, Delivery, Settings]]
"""Each mistake, with the request and the settings that would have been good had it been made."""

MAX_DIAGNOSED_BODY_BYTES = (
    16 * 1024
)  # bytes: ten times what Twilio sends, and each of a hundred tries costs as much as the door
MAX_DIAGNOSED_FIELDS = 100  # fields
MISSING_HEADER_ADVICE = "If it was Twilio: let the proxy pass X-Twilio-Signature on."
KEEP_QUERY_ADVICE = "Let the proxy pass the query on as it is: Twilio adds bodySHA256 to it."
RAW_FORM_ADVICE = "Switch off what trims or decodes forms in front of us: every field is signed as it was sent."


def explain(delivery: Delivery, settings: Settings) -> Mistake:
    """For our log and the presenter, never for the sender."""
    if not delivery.headers.get(SIGNATURE_HEADER):
        return Mistake(
            "no signature", "no X-Twilio-Signature: not from Twilio, or a proxy removed it", MISSING_HEADER_ADVICE
        )
    if len(delivery.body) > MAX_DIAGNOSED_BODY_BYTES or len(delivery.form) > MAX_DIAGNOSED_FIELDS:
        return TOO_LARGE
    for mistake, tried, what_if in _usual_mistakes(delivery, settings):
        try:
            twilio.verify(tried, what_if)
        except RejectedRequest:
            continue
        return mistake
    return _unexplained(delivery, settings)


def _usual_mistakes(delivery: Delivery, settings: Settings) -> Candidates:
    if not twilio.body_matches(delivery):
        yield from _body_mistakes(delivery, settings)
        return
    for mistake, url in other_urls(delivery):
        yield mistake, delivery.with_url(url), settings
    yield from _key_mistakes(delivery, settings)
    for mistake, form in _other_forms(delivery.form):
        yield mistake, _with_form(replace(delivery, body=b""), form), settings


def _body_mistakes(delivery: Delivery, settings: Settings) -> Candidates:
    """A body that is no form is held by its SHA-256 in the query: that was lost, or the body was changed."""
    if "bodySHA256" in delivery.query:
        for mistake, body in other_bodies(delivery.body):
            yield mistake, replace(delivery, body=body), settings
        return
    given = f"bodySHA256={delivery.fingerprint}"
    path, _, query = delivery.url.partition("?")
    lost = Mistake("missing bodySHA256", "the bodySHA256 was removed from the address on the way", KEEP_QUERY_ADVICE)
    for whole in (given, f"{query}&{given}", f"{given}&{query}"):
        yield lost, replace(delivery, url=f"{path}?{whole}"), settings
    kind = delivery.headers.get("content-type", "")[:60] or "nothing"
    form = parse_qsl(delivery.body.decode("utf-8", "replace"), keep_blank_values=True)[:MAX_FORM_FIELDS]
    other_kind = Mistake("content type", f"it is a form, but came as {kind}", RAW_BODY_ADVICE)
    yield other_kind, _with_form(replace(delivery, body=b""), form), settings


def _key_mistakes(delivery: Delivery, settings: Settings) -> Candidates:
    for name, (_, secret) in settings.twilio_shared_keys.items():
        words = f"it was signed with the SharedKey {name}, but did not say so in X-Twilio-Webhooks-Signature-Settings"
        named = delivery.with_headers(**{SETTINGS_HEADER: f"key={name},algorithm=HMAC_SHA1"})
        only = replace(settings, twilio_shared_keys={name: ("HMAC_SHA1", secret)})
        yield Mistake("SharedKey", words, "Let the proxy pass that header on."), named, only
    if SETTINGS_HEADER in delivery.headers:
        plain = {name: value for name, value in delivery.headers.items() if name != SETTINGS_HEADER}
        words = "it names a SharedKey, but the Auth Token signed it"
        mend = "Finish the change to SharedKeys in Twilio's console, or take it back."
        yield Mistake("SharedKey", words, mend), replace(delivery, headers=plain), settings
    everybodys = settings.webhook_secrets
    for mistake, theirs in other_secrets(settings.twilio_auth_token, "TWILIO_AUTH_TOKEN", "twilio", everybodys):
        yield mistake, delivery, replace(settings, twilio_auth_token=theirs)


def _other_forms(form: list[tuple[str, str]]) -> Iterator[tuple[Mistake, list[tuple[str, str]]]]:
    words = "something trimmed the white space of its fields"
    yield Mistake("white space", words, RAW_FORM_ADVICE), [(name, value.strip()) for name, value in form]
    words = "the form was decoded twice: plus signs became spaces"
    yield Mistake("plus signs", words, RAW_FORM_ADVICE), [(name, value.replace(" ", "+")) for name, value in form]
    yield Mistake("plus signs", words, RAW_FORM_ADVICE), [(name, _with_plus(value)) for name, value in form]
    words = "it was signed as a GET, without its form fields"
    yield Mistake("method", words, "Let the number's webhook be POST, and the proxy keep the method."), []


def _with_plus(value: str) -> str:
    """` 447700900123` as the number it was."""
    return "+" + value[1:] if value[:1] == " " and value[1:].isdigit() else value


def _with_form(delivery: Delivery, form: list[tuple[str, str]]) -> Delivery:
    changed = replace(delivery)
    changed.__dict__["form"] = form
    return changed


def _unexplained(delivery: Delivery, settings: Settings) -> Mistake:
    if not twilio.body_matches(delivery):
        if "bodySHA256" in delivery.query:
            words = "the body was changed on the way: its SHA-256 is not the bodySHA256 in the query"
            return Mistake("changed body", words, RAW_BODY_ADVICE)
        words = "the body is no form, and the address has no bodySHA256: it was removed, or this is not from Twilio"
        return Mistake("missing bodySHA256", words, KEEP_QUERY_ADVICE)
    account = delivery["AccountSid"]
    if account and account != settings.twilio_account_sid:
        words = f"no usual mistake fits, and it says it is from another account, {account[:34]}"
        mend = "Use that account's TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, if it is yours."
        return Mistake(UNKNOWN, words, mend)
    mend = "If it was Twilio: compare TWILIO_AUTH_TOKEN with the primary token in Twilio's console."
    return Mistake(UNKNOWN, "no usual mistake fits: another account's token, or a forgery", mend)
