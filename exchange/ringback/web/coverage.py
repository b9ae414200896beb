"""The coverage tables of the README, generated from the code: `python -m ringback.web.coverage` prints them."""

from __future__ import annotations

from ringback.rest.product_hosts import NEWER_PRODUCTS
from ringback.rest.routes import INSTANCE_ROUTES, LIST_ROUTES
from ringback.service.faults import FAULT_KINDS
from ringback.verbs.registry import VOICE, elements

# Decisions of this emulator where Twilio's documentation is silent, or where a laptop differs from a telephone network.
BEHAVIOUR_NOTES = (
    "A webhook redirect with status 301, 302 or 303 is followed with GET, one with 307 or 308 with the same "
    "method. The redirected request has none of Twilio's parameters, and its signature covers the new URL.",
    "Requests for `<Play>` and for the media of a message are signed too. They have no parameters.",
    "Each call has a cookie jar, and so does each pair of numbers that exchange messages. A jar expires after "
    "four hours without use.",
    "The idempotency token is the same in all retries and duplicates of one delivery.",
    "An unknown verb or attribute causes a warning (12200) and is skipped. The document continues.",
    "If an action URL or a `<Redirect>` fails, the fallback URL of the number or call is requested, once. "
    "Without one the caller hears: “We are sorry, an application error has occurred. Goodbye.”",
    "If a waitUrl fails, a conference is silent and an `<Enqueue>` ends with QueueResult=error.",
    "A `<Gather>` ends as soon as a handset sends speech. It does not wait for a silence, whatever "
    "speechTimeout is. Speech that takes longer than maxSpeechTime is cut off.",
    "A partialResultCallback is sent at most five times, with growing parts of the speech, one after the "
    "other, over the time the speech takes. The action request waits for these callbacks for at most two more "
    "seconds.",
    "A `<Gather>` that gets only its finishing key has no result. With actionOnEmptyResult, Digits is then sent empty.",
    "A `<Record>` that gets no audio continues with the next verb. A recording of silence is kept.",
    "Typed speech is recorded as a synthetic sound in the rhythm of the words. Its transcription is the typed text.",
    "A call whose caller hangs up before it is answered ends as canceled.",
    "A live update cancels the running verb. If a webhook is in progress, its response is ignored; the request "
    "itself is not aborted. The action URL of an interrupted `<Dial>`, `<Record>` or `<Enqueue>` is not "
    "requested.",
    "The action URL of `<Dial>` is requested even if the caller hangs up first. If the called leg ends "
    "during its whisper document, the result is DialCallStatus=no-answer with DialBridged=false, because the "
    "calls were not connected.",
    "`<Dial>` reads ten digits as a North American number, and more digits as an international number without its +.",
    "A `<Dial>` whose callerId is not allowed calls nobody and fails.",
    "A call to one of the app's own numbers rings there as an incoming call: two calls that are connected. A "
    "call that would reach the same number twice, or pass through more than three numbers, is not placed "
    "(13224).",
    "A `<Dial>` to a `<Queue>` waits until its timeout for a member of the queue. DialCallStatus is then no-answer.",
    "A queue member that is redirected over REST leaves the queue; the action URL of `<Enqueue>` is not requested.",
    "A recording's URL, with or without .wav, returns WAV; with .mp3 it returns MP3.",
    "A recording holds at most one hour.",
    "The first channel of a recording has the person on the call, the second what this person hears: the other "
    "party, `<Say>`, `<Play>` (WAV only; other formats are silent) and beeps. If two people speak at once, "
    "both are audible.",
    "A conference is recorded with the options of the first participant that asks for it, from the start or "
    "from then on. The participant who joined first is on one channel, everybody else on the other. Without "
    "RequestedChannels=2 the download is mixed.",
    "A `<Dial>` into a full conference fails. A participant whose label is taken joins without a label, one "
    "whose coach target is missing joins without coaching.",
    "Starting a call recording over REST twice returns the same recording. A recording of `<Start>` has two "
    "channels unless channels is mono.",
    "A recording that starts while the call is ringing is kept if nobody answers.",
    "A reply to a person who has sent STOP is listed as failed with 21610. The carrier's automatic replies are "
    "listed as replies.",
    "Every Messaging Service SID is accepted. Its messages are sent from the account's first number.",
    "Every Verify service SID is accepted. Codes are sent by sms or call from VERIFY; REST does not list these "
    "messages and calls, and a STOP to the app's number does not block them. Other channels are rejected with "
    "60223.",
    "Lookup calls a number valid if it belongs to a handset or to the app, is reserved for fiction, or is "
    "valid in the numbering plan. The line type comes from the numbering plan; a number that could be a mobile "
    "counts as one. The carrier is the exchange, and the caller name is the handset's name. Lookup packages that the "
    "exchange lacks return 60606.",
    "A message can be scheduled 300 seconds to 35 days ahead, as Twilio's error dictionary says (its guide "
    "says 15 minutes). Other times are rejected with 35114, SendAt without ScheduleType with 35126, and "
    "canceling a message that was sent with 30409.",
    "HELP has no automatic reply unless --help-reply sets one. The app receives it in any case.",
    "A message with only media has an empty Body. There is no status callback for sending.",
    "A response with status 429 has Retry-After: 1. The auth_token of an account is not returned.",
    "The exchange itself serves Twilio's hold music, twimlets.com/holdmusic and the documents of "
    "demo.twilio.com, with its own music.",
    "Machine detection takes two seconds, and its result is a setting of the handset. Its tuning parameters "
    "have no effect. AsyncAmd and the amdStatusCallback of `<Number>` report the result in the background, or "
    "unknown if the call is over. After that, every request has AnsweredBy.",
    "There are no rate limits for a number or an account unless --segments-a-second or --calls-a-second sets one.",
    "Requests with the test credentials cause no status callbacks.",
    "Recordings and media can be downloaded without authentication, as in a new account.",
)


def coverage_table() -> str:
    """All tables and notes, as Markdown."""
    return "\n".join(
        [*_verbs(), "", *_rest(), "", *_faults(), "", "Behaviour:", "", *(f"- {note}" for note in BEHAVIOUR_NOTES)]
    )


def _verbs() -> list[str]:
    """The verbs, then the nouns."""
    rows = ["| TwiML | | attributes without effect |", "|---|---|---|"]
    voice = [entry for entry in elements().values() if VOICE in entry.channels and entry.in_coverage]
    for entry in sorted(voice, key=lambda entry: entry.run is None):
        support = "run" if entry.supported else "skipped with a warning"
        rows.append(f"| {entry.name} | {support} | {', '.join(entry.without_effect.split())} |")
    return rows


def _rest() -> list[str]:
    rows = ["| REST, under `/2010-04-01/Accounts/{AccountSid}` | |", "|---|---|"]
    for path, methods in sorted((LIST_ROUTES | INSTANCE_ROUTES).items()):
        rows.append(f"| `{path}.json` | {' '.join(methods)} |")
    for product, table in NEWER_PRODUCTS.items():
        rows += ["", f"| REST, at `{product}.twilio.com` or the exchange's own URL | |", "|---|---|"]
        rows += [f"| `{path}` | {' '.join(methods)} |" for path, methods in table.items()]
    return rows


def _faults() -> list[str]:
    return ["| fault | |", "|---|---|", *(f"| `{kind}` | {effect} |" for kind, effect in FAULT_KINDS.items())]


if __name__ == "__main__":
    print(coverage_table())
