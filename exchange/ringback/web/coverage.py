"""What the exchange supports, made from its own tables; `python -m ringback.web.coverage` prints it."""

from __future__ import annotations

from ringback.rest.product_hosts import NEWER_PRODUCTS
from ringback.rest.routes import INSTANCE_ROUTES, LIST_ROUTES
from ringback.service.faults import FAULT_KINDS
from ringback.verbs.registry import VOICE, elements

# Where Twilio's own documents are silent, or a laptop is not a telephone network.
BEHAVIOUR_NOTES = (
    "A redirect of a webhook by 301, 302 or 303 becomes a GET, by 307 or 308 keeps its method; it carries none of "
    "Twilio's parameters either way, and is signed over its new address.",
    "Fetches of Play and of a message's media are signed too, and carry no parameters.",
    "Cookies of calls are kept for each call, those of texts for each pair of numbers for four idle hours.",
    "An idempotency token stays the same over the retries and copies of one delivery.",
    "A verb or attribute that is not known is warned of (12200) and passed over; the document goes on.",
    "A failing action or Redirect uses the number's or the call's fallback, once; without one the caller hears: "
    "“We are sorry, an application error has occurred. Goodbye.”",
    "A wait document that fails is silence in a conference and QueueResult=error in a queue.",
    "A Gather ends with the words that are handed in; it does not wait for a silence after them, whatever "
    "speechTimeout says. Words that take longer to say than maxSpeechTime are cut off there.",
    "partialResultCallback is told the words in at most five growing parts, one after the other, spread over the time "
    "they take to say; the action waits at most two seconds longer for them.",
    "A Gather's bare finishing key is no answer. actionOnEmptyResult sends Digits empty.",
    "A Record in which nothing was taken falls through to the next verb; one of silence is kept.",
    "Words that are typed are recorded as a sound in their rhythm, and transcribed as they were typed.",
    "A caller who hangs up before the call is answered leaves it canceled.",
    "A live update interrupts the running verb and drops the answer of a webhook that is still open, without breaking "
    "that request off. The interrupted Dial's, Record's or Enqueue's action is not asked.",
    "Dial's action is asked when the caller leaves first too; somebody who refused in a whisper leaves "
    "DialCallStatus=no-answer with DialBridged=false, as they were not connected.",
    "Dial takes ten digits for a North American number, and more for an international one without its +.",
    "A Dial whose callerId may not be shown rings nobody and fails.",
    "Dialling or calling a number of the app's own rings it as an incoming call: two calls, joined. One that would "
    "come to the same number twice, or through more than three, is not made (13224).",
    "Dial Queue waits for somebody as long as its timeout says; then DialCallStatus is no-answer.",
    "A queue's member who is sent elsewhere over REST leaves without the Enqueue's action.",
    "A recording is WAV at its address, with and without .wav, and MP3 at .mp3. It holds an hour at most.",
    "A recording's first channel is the person whose call it is, its second what they hear: the other party, Say, Play "
    "(WAV; other formats leave silence) and beeps. Two who speak at once are both there.",
    "A conference's recording is made as the first who asks for it says, from the start or from then on: the first who "
    "came on one channel, everybody else on the other, and mixed when fetched without RequestedChannels=2.",
    "Dial fails for somebody who finds a conference full; with a label that is taken, or nobody to coach, they enter "
    "without.",
    "A call's recording that REST asks for twice is one. Start's Recording has two channels unless channels is mono.",
    "A recording that begins while it rings is kept when nobody answers.",
    "A reply to somebody who said STOP is listed as failed with 21610; the carrier's own words are listed as replies.",
    "Any Messaging Service exists; its texts come from the account's first number.",
    "Any Verify service exists. Its codes come from VERIFY by sms or by call; they are none of the app's messages and "
    "calls, and a STOP to the app's number does not hold them back. Other channels are refused with 60223.",
    "Lookup calls a number valid when it is one of a handset here, of the app, or kept for fiction, or when the "
    "numbering plan has it. Line types come from the plan, and what may be a mobile is one; the carrier is the "
    "exchange, and the caller's name the handset's. The packages the exchange lacks say 60606.",
    "A text can be scheduled from 300 seconds ahead, as Twilio's dictionary of errors says (its guide says 15 "
    "minutes), to 35 days; otherwise 35114. SendAt without ScheduleType is 35126; canceling what has left is 30409.",
    "HELP is left to the app unless --help-reply says otherwise.",
    "Body is sent empty for a text that is only a picture. No callback says sending.",
    "A 429 carries Retry-After: 1. An account's auth_token is not handed out.",
    "Twilio's own hold music, twimlets.com/holdmusic and the documents of demo.twilio.com are answered by the exchange "
    "itself, with a tune of its own.",
    "Machine detection is the handset's setting and takes two seconds; its tuning changes nothing. AsyncAmd and "
    "Number's amdStatusCallback tell it beside the call, unknown if that is over; from then on AnsweredBy is on every "
    "request.",
    "A number's and an account's rates are unlimited unless --segments-a-second and --calls-a-second say otherwise.",
    "What is asked with the test credentials sends no callbacks.",
    "Recordings and media can be fetched without a login, as on a new account.",
)


def coverage_table() -> str:
    """The whole of it, as Markdown."""
    return "\n".join(
        [*_verbs(), "", *_rest(), "", *_faults(), "", "Chosen:", "", *(f"- {one}" for one in BEHAVIOUR_NOTES)]
    )


def _verbs() -> list[str]:
    """Verbs first, then nouns."""
    rows = ["| TwiML | | without effect |", "|---|---|---|"]
    voice = [entry for entry in elements().values() if VOICE in entry.channels and entry.in_coverage]
    for entry in sorted(voice, key=lambda entry: entry.run is None):
        run = "run" if entry.supported else "known by name: warned of and passed over"
        rows.append(f"| {entry.name} | {run} | {', '.join(entry.without_effect.split())} |")
    return rows


def _rest() -> list[str]:
    rows = ["| REST, under `/2010-04-01/Accounts/{AccountSid}` | |", "|---|---|"]
    for path, methods in sorted((LIST_ROUTES | INSTANCE_ROUTES).items()):
        rows.append(f"| `{path}.json` | {' '.join(methods)} |")
    for product, table in NEWER_PRODUCTS.items():
        rows += ["", f"| REST, at `{product}.twilio.com` or the exchange's own address | |", "|---|---|"]
        rows += [f"| `{path}` | {' '.join(methods)} |" for path, methods in table.items()]
    return rows


def _faults() -> list[str]:
    return ["| fault | |", "|---|---|", *(f"| `{kind}` | {means} |" for kind, means in FAULT_KINDS.items())]


if __name__ == "__main__":
    print(coverage_table())
