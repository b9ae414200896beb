"""Captured requests that are altered so that they keep their signature: nothing in them is processed as new."""

import random

import pytest

import events
from receiving import rejected_requests, stored_requests, twilio_signature
from sending import opt_outs
from tests.support.environment import SECRETS
from tests.support.person import CALL_SID, ME, NUMBER, PUBLIC_URL, RECORDING_SID, TEXT_SID
from workers import pending_answers

FIELDS = {
    "AccountSid": "AC" + "0" * 32,
    "ApiVersion": "2010-04-01",
    "Body": "START",
    "From": ME,
    "MessageSid": TEXT_SID,
    "NumMedia": "0",
    "SmsMessageSid": TEXT_SID,
    "To": NUMBER,
}


def cut_elsewhere(fields: dict[str, str], rng: random.Random) -> dict[str, str]:
    """Return other fields with the same text when names and values are run together in order, as they are signed."""
    names = sorted(fields)
    at = names.index("MessageSid")
    whole = "".join(name + fields[name] for name in names[at:])
    cuts = sorted(rng.sample(range(11, len(whole)), 3))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    altered = {name: fields[name] for name in names[:at]} | {"MessageSid": pieces[0][len("MessageSid") :]}
    return altered | {piece: "" for piece in pieces[1:]}


def test_altered_copies_of_a_captured_text_are_not_processed(post_as_twilio, redis):
    def sign(fields):
        return twilio_signature.compute_signature(
            post_as_twilio.settings.twilio_auth_token[0], f"{PUBLIC_URL}/sms", fields.items()
        )

    signature, rng, rejected = sign(FIELDS), random.Random(1), 0
    assert post_as_twilio("/sms", FIELDS, signature=signature).status_code == 200
    opt_outs.opt_out(redis, ME, SECRETS)
    while rejected < 40:
        altered = cut_elsewhere(FIELDS, rng)
        if sign(altered) != signature:
            continue  # its fields have another order
        answer = post_as_twilio("/sms", altered, signature=signature)
        is_duplicate = altered["MessageSid"] == TEXT_SID
        assert answer.status_code == 200 if is_duplicate else 403, altered
        rejected += not is_duplicate
    assert opt_outs.has_opted_out(redis, ME, SECRETS)


NOT_SIDS = [
    "",
    "x",
    "../Calls",
    "RE0?x=",
    TEXT_SID[:-1],
    TEXT_SID + "0",
    "sm" + "0" * 32,
    "SM" + "G" * 32,
    "SM" + "²" * 32,
]


@pytest.mark.parametrize("sid", NOT_SIDS)
@pytest.mark.parametrize(
    ("path", "name", "more"),
    [
        ("/sms", "MessageSid", {"Body": "time"}),
        ("/sms/status", "MessageSid", {"MessageStatus": "delivered"}),
        ("/voice", "CallSid", {}),
        ("/voice/menu", "CallSid", {"Digits": "1"}),
        ("/voice/status", "CallSid", {"CallStatus": "completed"}),
        ("/voice/recording", "RecordingSid", {"CallSid": CALL_SID}),
        ("/voice/recording", "CallSid", {"RecordingSid": RECORDING_SID}),
        ("/voice/outbound", "CallSid", {}),
        ("/voice/outbound/key", "CallSid", {}),
        ("/voice/outbound/status", "CallSid", {"CallStatus": "busy"}),
    ],
)
def test_invalid_sid_is_rejected(post_as_twilio, redis, sid, path, name, more):
    answer = post_as_twilio(path, {name: sid, "From": ME, **more})
    assert answer.status_code == 403
    assert not stored_requests.latest(redis)
    assert not redis.zcard(pending_answers.OPEN_KEY)
    assert events.read_latest(redis, 1)[0].type == "delivery.rejected"
    assert "Twilio would not send this request" in rejected_requests.latest(redis)[0][2].explanation


@pytest.mark.parametrize(
    "target", ["/voice/menu?silent=%2B447700900123x", "/voice/menu?silent=", "/voice/menu?silent=²"]
)
def test_invalid_number_in_the_url_is_a_bad_request(post_as_twilio, caplog, target):
    answer = post_as_twilio(target, {"CallSid": CALL_SID, "From": ME})
    assert answer.status_code == 400
    assert "447700900123" not in caplog.text
