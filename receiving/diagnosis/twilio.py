"""Explains why a request from Twilio was rejected, for our log and the presenter. The sender never sees it."""

from collections.abc import Iterator
from dataclasses import replace

from config import Settings
from receiving import twilio_signature
from receiving.body_parsing import parse_form
from receiving.delivery import Delivery
from receiving.diagnosis.body_mistakes import RAW_BODY_ADVICE, other_bodies
from receiving.diagnosis.diagnosis_limits import MAX_TWILIO_BODY_BYTES, MAX_TWILIO_FIELDS, TOO_LARGE
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from receiving.diagnosis.secret_mistakes import other_secrets
from receiving.diagnosis.url_mistakes import other_urls
from receiving.rejection_reasons import InvalidNumber, InvalidSid, RejectedRequest
from receiving.twilio_signature import SETTINGS_HEADER, SIGNATURE_HEADER

Candidates = Iterator[tuple[Mistake, Delivery, Settings]]
"""Common mistakes, each with the delivery and the settings that would be valid without it."""

Form = list[tuple[str, str]]

# The CallSid of the request with which Preflight checks that a wrong signature is rejected.
PREFLIGHT_CALL_SID = "CA" + "f" * 32

QUERY_ADVICE = "Configure the proxy to forward the query unchanged: Twilio adds bodySHA256 to it."
FORM_ADVICE = "Disable anything that trims or decodes forms on the way here: the signature covers each field as sent."


def explain(delivery: Delivery, settings: Settings, rejection: RejectedRequest | None = None) -> Mistake:
    """Return the common mistake that makes this delivery invalid."""
    if isinstance(rejection, InvalidSid | InvalidNumber):
        explanation = f"its signature is valid, but Twilio would not send this request: {str(rejection).rstrip('.')}"
        fix = "It may be a captured request that has been altered: use HTTPS. Nothing was processed."
        return Mistake("altered", explanation, fix)
    if not delivery.headers.get(SIGNATURE_HEADER):
        explanation = "no X-Twilio-Signature: not from Twilio, or a proxy removed it"
        fix = "If it was from Twilio: configure the proxy to forward that header."
        return Mistake("no signature", explanation, fix)
    if len(delivery.body) > MAX_TWILIO_BODY_BYTES or len(delivery.form) > MAX_TWILIO_FIELDS:
        return TOO_LARGE
    for mistake, candidate, candidate_settings in _candidates(delivery, settings):
        try:
            twilio_signature.verify(candidate, candidate_settings)
        except RejectedRequest:
            continue
        return mistake
    return _unexplained(delivery, settings)


def _candidates(delivery: Delivery, settings: Settings) -> Candidates:
    if not twilio_signature.body_matches(delivery):
        yield from _body_mistakes(delivery, settings)
        return
    for mistake, url in other_urls(delivery):
        yield mistake, delivery.with_url(url), settings
    yield from _key_mistakes(delivery, settings)
    for mistake, form in _other_forms(delivery.form):
        yield mistake, _with_form(replace(delivery, body=b""), form), settings


def _body_mistakes(delivery: Delivery, settings: Settings) -> Candidates:
    """Yield mistakes for a body that is not a form and whose SHA-256 in the query is missing or does not match."""
    if "bodySHA256" in delivery.query:
        for mistake, body in other_bodies(delivery.body):
            yield mistake, replace(delivery, body=body), settings
        return
    param = f"bodySHA256={delivery.fingerprint}"
    path, _, query = delivery.url.partition("?")
    removed = Mistake("missing bodySHA256", "the parameter bodySHA256 was removed from the URL", QUERY_ADVICE)
    for complete in (param, f"{query}&{param}", f"{param}&{query}"):
        yield removed, replace(delivery, url=f"{path}?{complete}"), settings
    content_type = delivery.headers.get("content-type", "")[:60] or "nothing"
    form = parse_form(delivery.body.decode("utf-8", "replace"))[:MAX_TWILIO_FIELDS]
    changed = Mistake("content type", f"it is a form, but its Content-Type is {content_type}", RAW_BODY_ADVICE)
    yield changed, _with_form(replace(delivery, body=b""), form), settings


def _key_mistakes(delivery: Delivery, settings: Settings) -> Candidates:
    for name, (_, secret) in settings.twilio_shared_keys.items():
        explanation = f"it was signed with the SharedKey {name}, but has no X-Twilio-Webhooks-Signature-Settings"
        candidate = delivery.with_headers(**{SETTINGS_HEADER: f"key={name},algorithm=HMAC_SHA1"})
        candidate_settings = replace(settings, twilio_shared_keys={name: ("HMAC_SHA1", secret)})
        fix = "Configure the proxy to forward that header."
        yield Mistake("SharedKey", explanation, fix), candidate, candidate_settings
    if SETTINGS_HEADER in delivery.headers:
        headers = {name: value for name, value in delivery.headers.items() if name != SETTINGS_HEADER}
        explanation = "it names a SharedKey, but was signed with the Auth Token"
        fix = "Complete the change to SharedKeys in Twilio's console, or revert it."
        yield Mistake("SharedKey", explanation, fix), replace(delivery, headers=headers), settings
    ours = settings.twilio_auth_token
    for mistake, other in other_secrets(ours, "TWILIO_AUTH_TOKEN", "twilio", settings.webhook_secrets):
        yield mistake, delivery, replace(settings, twilio_auth_token=other)


def _other_forms(form: Form) -> Iterator[tuple[Mistake, Form]]:
    trimmed = Mistake("white space", "a proxy trimmed white space from the form fields", FORM_ADVICE)
    yield trimmed, [(name, value.strip()) for name, value in form]
    decoded_twice = Mistake("plus signs", "the form was decoded twice: plus signs became spaces", FORM_ADVICE)
    yield decoded_twice, [(name, value.replace(" ", "+")) for name, value in form]
    yield decoded_twice, [(name, _with_plus(value)) for name, value in form]
    fix = "Set the number's webhook to POST, and configure the proxy to forward the method unchanged."
    yield Mistake("method", "it was signed as a GET, without its form fields", fix), []


def _with_plus(value: str) -> str:
    """Return ` 447700900123` as +447700900123, and other values unchanged."""
    return "+" + value[1:] if value[:1] == " " and value[1:].isdigit() else value


def _with_form(delivery: Delivery, form: Form) -> Delivery:
    changed = replace(delivery)
    changed.__dict__["form"] = form
    return changed


def _unexplained(delivery: Delivery, settings: Settings) -> Mistake:
    if not twilio_signature.body_matches(delivery):
        if "bodySHA256" in delivery.query:
            explanation = "the body was changed: its SHA-256 is not the bodySHA256 in the query"
            return Mistake("changed body", explanation, RAW_BODY_ADVICE)
        explanation = "the body is not a form and the URL has no bodySHA256: not from Twilio, or a proxy removed it"
        return Mistake("missing bodySHA256", explanation, QUERY_ADVICE)
    account = delivery["AccountSid"]
    if account and account != settings.twilio_account_sid:
        explanation = f"no common mistake explains it, and it claims to be from another account, {account[:34]}"
        fix = "If that account is yours, use its TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        return Mistake(UNKNOWN, explanation, fix)
    if delivery["CallSid"] == PREFLIGHT_CALL_SID:
        explanation = "no common mistake explains it, but Preflight sends such a request to see that it is rejected"
        return Mistake(UNKNOWN, explanation, "If somebody ran Preflight at that time, nothing needs to be done.")
    fix = "If it was from Twilio: compare TWILIO_AUTH_TOKEN with the primary token in Twilio's console."
    return Mistake(UNKNOWN, "no common mistake explains it: another account's token, or a forgery", fix)
