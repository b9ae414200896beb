"""The README's coverage tables, generated from the code: `python -m ringback.web.coverage` prints them."""

from __future__ import annotations

from ringback.rest.product_hosts import NEWER_PRODUCTS
from ringback.rest.routes import INSTANCE_ROUTES, LIST_ROUTES
from ringback.service.faults import FAULT_KINDS
from ringback.verbs.registry import VOICE, elements

# This emulator's behaviour where Twilio's documentation is silent, or where a laptop differs from a telephone network.
BEHAVIOUR_NOTES = (
    "A webhook redirect with status 301, 302 or 303 is followed with GET, and one with 307 or 308 with the same "
    "method. The redirected request has none of Twilio's parameters, and its signature covers the new URL.",
    "Requests for `<Play>` files and for message media are also signed. They have no parameters.",
    "Each call has a cookie jar, and so does each pair of numbers that exchange messages. A jar expires after "
    "four hours without use.",
    "The idempotency token is the same for all retries and duplicates of a delivery.",
    "An unknown verb or attribute causes a warning (12200) and is skipped; the rest of the document is executed.",
    "If an action URL or a `<Redirect>` fails, the fallback URL of the number or call is requested once. "
    "If there is none, the caller hears: “We are sorry, an application error has occurred. Goodbye.”",
    "If a waitUrl fails, the conference is silent, or the `<Enqueue>` ends with QueueResult=error.",
    "A `<Gather>` ends as soon as a handset sends speech. It does not wait for silence, regardless "
    "of speechTimeout. Speech that takes longer than maxSpeechTime is cut off.",
    "A partialResultCallback is sent at most five times, one after another while the speech lasts, each "
    "time with more of it. The action request waits for these callbacks for at most two more seconds.",
    "A `<Gather>` that receives only its finishOnKey has no result. With actionOnEmptyResult, it sends empty Digits.",
    "If a `<Record>` receives no audio, the next verb is executed. A recording of silence is kept.",
    "Typed speech is recorded as a synthetic sound with the rhythm of the words. Its transcription is the typed text.",
    "A call whose caller hangs up before it is answered ends with status canceled.",
    "A live update cancels the running verb. If a webhook is in progress, its response is ignored; the request "
    "itself is not aborted. The action URL of an interrupted `<Dial>`, `<Record>` or `<Enqueue>` is not "
    "requested.",
    "The action URL of a `<Dial>` is requested even if the caller hangs up first. If the called leg ends "
    "during its whisper document, the result is DialCallStatus=no-answer with DialBridged=false, because the "
    "calls were not connected.",
    "`<Dial>` reads ten digits as a North American number, and more digits as an international number without its +.",
    "A `<Dial>` whose callerId is not allowed calls nobody and fails.",
    "A call to one of the app's own numbers arrives there as an incoming call: two connected calls. A "
    "call that would reach the same number twice, or pass through more than three numbers, is not placed "
    "(13224).",
    "A `<Dial>` to a `<Queue>` waits for a queue member until its timeout; DialCallStatus is then no-answer.",
    "A queue member redirected through the REST API leaves the queue; the `<Enqueue>` action is not requested.",
    "A recording's URL, with or without .wav, returns WAV; with .mp3 it returns MP3.",
    "A recording lasts at most one hour.",
    "The first channel of a recording contains the person on the call, and the second what that person hears: the "
    "other party, `<Say>`, `<Play>` (WAV only; other formats are silent) and beeps. If two people speak at the same "
    "time, both are audible.",
    "A conference is recorded with the options of the first participant who requests a recording, from the start or "
    "from that point on. The participant who joined first is on one channel, everybody else on the other. Unless "
    "RequestedChannels is 2, the download is mixed down to one channel.",
    "A `<Dial>` into a full conference fails. A participant whose label is taken joins without a label, and "
    "one whose coach target is missing joins without coaching.",
    "Starting a call recording through the REST API twice returns the same recording. A recording started with "
    "`<Start>` has two channels unless channels is mono.",
    "A recording that starts while the call is ringing is kept even if nobody answers.",
    "A reply to a person who has sent STOP is listed as failed with error 21610. The carrier's automatic replies are "
    "listed like other replies.",
    "Any Messaging Service SID is accepted. Its messages are sent from the account's first number.",
    "Any Verify service SID is accepted. Codes are sent by sms or call from VERIFY; the REST API does not list these "
    "messages and calls, and a STOP sent to the app's number does not block them. Other channels are rejected with "
    "error 60223.",
    "Lookup considers a number valid if it belongs to a handset or to the app, is reserved for use in fiction, or is "
    "valid in the numbering plan. The line type comes from the numbering plan; a number that could be mobile "
    "counts as mobile. The carrier is the exchange, and the caller name is the handset's name. Lookup packages that "
    "the exchange lacks return 60606.",
    "A message can be scheduled 300 seconds to 35 days ahead, as Twilio's error dictionary says (its guide "
    "says 15 minutes). Other times are rejected with 35114, SendAt without ScheduleType with 35126, and "
    "canceling a message that has been sent with 30409.",
    "HELP gets no automatic reply unless --help-reply sets one. The app receives HELP in either case.",
    "A message with only media has an empty Body. There is no status callback for the status sending.",
    "A response with status 429 includes Retry-After: 1. The auth_token of an account is not returned.",
    "The exchange itself serves Twilio's hold music, twimlets.com/holdmusic and the documents at "
    "demo.twilio.com, with music of its own.",
    "Machine detection takes two seconds, and its result is a handset setting. Tuning parameters have no "
    "effect. AsyncAmd and the amdStatusCallback of `<Number>` report the result in the background, or "
    "unknown if the call is over. After that, every request has AnsweredBy.",
    "There are no rate limits per number or account unless --segments-a-second or --calls-a-second sets one.",
    "Requests with the test credentials cause no status callbacks.",
    "Recordings and media can be downloaded without authentication, as in a new account.",
)


def coverage_table() -> str:
    """All tables and notes as Markdown."""
    return "\n".join(
        [*_verbs(), "", *_rest(), "", *_faults(), "", "Behaviour:", "", *(f"- {note}" for note in BEHAVIOUR_NOTES)]
    )


def _verbs() -> list[str]:
    """The verbs, followed by the nouns."""
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
