"""Twilio's error numbers: what each means, how serious it is, and how to mend it. The one table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorCode:
    """`status` is the HTTP status when REST refuses with it; `message` may hold {placeholders}."""

    level: str
    message: str
    mend: str = ""
    status: int = 400


def _errors(table: dict[int, tuple[str, str]], level: str = "error", status: int = 400) -> dict[int, ErrorCode]:
    return {number: ErrorCode(level, message, mend, status) for number, (message, mend) in table.items()}


FETCH_ERRORS = _errors(
    {
        11100: ("Invalid URL format: {url}", "Write a whole http or https address, or a path."),
        11200: ("The document could not be retrieved: {why}", "Open the address yourself and look at your app's log."),
        11201: ("No connection to {url} within 5 seconds, twice", "Is the app running, and is this its address?"),
        11202: ("Connection to {url} refused", "Start the app, or mend the address and port."),
        11203: ("No whole answer from {url} in time", "Answer at once; do slow work in a worker and call back."),
        11205: ("Connection to {url} failed: {why}", "Is the app running, and is this its address?"),
        11206: ("{url} does not speak HTTP properly: {why}", "Answer with a whole HTTP response."),
        11210: ("The host name in {url} does not resolve", "Mend the host name."),
        11215: ("More than 10 redirects, the last to {url}", "Let the webhook answer at its own address."),
        11217: ("{url} answered {status}", "Look at your app's log for this request."),
        11220: ("No TLS connection to {url}: {why}", "Mend the certificate, or use http on this machine."),
        11237: ("The certificate of {url} is not trusted: {why}", "Use a certificate of a public authority."),
        11243: ("The retry policy {why} is not known", "Use 4xx, 5xx, ct, rt or all, separated by commas."),
        11750: ("The answer is larger than 64 kB", "Send a shorter document; use Redirect for the rest."),
        11770: ("The answer is chunked, but empty", "Send a document, or an empty body with Content-Length: 0."),
    }
)
DOCUMENT_ERRORS = _errors(
    {
        12100: ("The document does not parse: {why}", "Send well-formed XML, beginning with its first character."),
        12101: ("The version attribute of Response is not known", "Leave the version attribute out."),
        12102: ("The root element is {why}, not Response", "Wrap the verbs in <Response>…</Response>."),
        12300: ("The content type {why} cannot be used here", "Answer with Content-Type: text/xml."),
        12400: ("The exchange itself failed: {why}", "This is a mistake of the exchange; its log says more."),
        13201: ("Dial cannot be used in a document for the person being dialled", "Only Say, Play, Gather, Hangup."),
        14106: ("More than 50 documents for one text", "Look for a Redirect or an action that leads to itself."),
        14107: ("More than 15 replies in a row, each within 30 seconds", "Two robots may be talking to each other."),
        14109: ("More than 10 replies to one text", "Send at most 10 Message verbs."),
    }
)
WARNINGS = _errors(
    {
        12200: ("{why}", "Names are case-sensitive: verbs like Say, attributes like numDigits."),
        13210: ("Dial: method must be GET or POST, not {why}", "Use GET or POST."),
        13212: ("Dial: timeout must be a positive whole number, not {why}", "Write seconds, such as 30."),
        13213: ("Dial: hangupOnStar must be true or false, not {why}", "Write true or false."),
        13214: ("Dial: callerId {why} cannot be shown", "Show the caller's number, your own or a --verified one."),
        13215: ("Dial: {why}", "Write one number, or Number, Client, Conference or Queue nouns."),
        13216: ("Dial: timeLimit must be a positive whole number, not {why}", "Write seconds."),
        13217: ("Dial: record {why} is not known", "Use do-not-record, record-from-answer or record-from-answer-dual."),
        13218: ("Dial: sequential must be true or false, not {why}", "Write true or false."),
        13219: ("Dial: answerOnBridge must be true or false, not {why}", "Write true or false."),
        13221: ("Number: method must be GET or POST, not {why}", "Use GET or POST."),
        13222: ("Number: sendDigits holds {why}", "Use 0-9, *, #, w and W."),
        13223: ("Dial: {why} is not a phone number", "Write it in E.164 form, such as +441632960001."),
        13224: (
            "Dial: {why} would lead the call back to where it came from",
            "Dial a handset, or another of the app's numbers.",
        ),
        13230: ("Conference: muted must be true or false, not {why}", "Write true or false."),
        13231: ("Conference: endConferenceOnExit must be true or false, not {why}", "Write true or false."),
        13232: ("Conference: startConferenceOnEnter must be true or false, not {why}", "Write true or false."),
        13234: ("Conference: waitMethod must be GET or POST, not {why}", "Use GET or POST."),
        13235: ("Conference: beep {why} is not known", "Use true, false, onEnter or onExit."),
        13237: ("Conference: the name {why} cannot be used", "Give it a name of 1 to 128 characters."),
        13238: ("{why} cannot be used while waiting for a conference", "Use Play, Say, Pause and Redirect."),
        13310: ("Gather: finishOnKey {why} is not a key", "Use one of 0-9, * and #, or leave it empty."),
        13311: ("Gather: finishOnKey {why} is more than one key", "Use one key."),
        13312: ("Gather: method must be GET or POST, not {why}", "Use GET or POST."),
        13313: ("Gather: timeout must be a whole number of seconds, not {why}", "Write seconds, such as 5."),
        13314: ("Gather: numDigits must be a positive whole number, not {why}", "Write a number, or leave it out."),
        13320: ("{why} cannot be nested in Gather", "Only Say, Play and Pause can."),
        13325: ("Gather's Play: the content type {why} is not audio", "Serve it as audio/wav or audio/mpeg."),
        13330: ("Gather: input {why} is not known", "Use dtmf, speech, or both separated by a space."),
        13335: ("Gather: speechTimeout must be a number or auto, not {why}", "Write seconds, or auto."),
        13410: ("Play: loop must be a whole number from 0, not {why}", "Write a number."),
        13420: ("Play: the content type {why} is not audio", "Serve it as audio/wav or audio/mpeg."),
        13510: ("Say: loop must be a whole number from 0, not {why}", "Write a number."),
        13520: ("Say has no words", "Put the text between <Say> and </Say>."),
        13521: ("Say: {why} characters are too many", "Say at most 4096 characters at a time."),
        13610: ("Record: method must be GET or POST, not {why}", "Use GET or POST."),
        13611: ("Record: timeout must be a whole number of seconds, not {why}", "Write seconds, such as 5."),
        13612: ("Record: maxLength must be a positive whole number, not {why}", "Write seconds, such as 120."),
        13613: ("Record: finishOnKey holds {why}", "Use keys of 0-9, * and #."),
        13614: ("Record: transcribe must be true or false, not {why}", "Write true or false."),
        13616: ("Record: playBeep must be true or false, not {why}", "Write true or false."),
        13710: ("Redirect: method must be GET or POST, not {why}", "Use GET or POST."),
        13910: ("Pause: length must be a positive whole number, not {why}", "Write seconds, such as 2."),
        14101: ("Message: to {why} is not a phone number", "Write it in E.164 form."),
        14102: ("Message: from {why} is not one of your numbers", "Leave from out, or use a number of yours."),
        14103: ("Message: {why}", "Give it a Body or a Media."),
        14104: ("Message: method must be GET or POST, not {why}", "Use GET or POST."),
        14105: ("Message: statusCallback {why} is not an address", "Write an http address or a path."),
        14110: ("{why} is not a verb for texts", "Only Message and Redirect are."),
        14201: ("Enqueue: method must be GET or POST, not {why}", "Use GET or POST."),
        14205: ("Enqueue: the queue's name must have 1 to 64 characters, not {why}", "Shorten the name, or give one."),
        14206: ("Enqueue: waitUrlMethod must be GET or POST, not {why}", "Use GET or POST."),
        14207: ("Enqueue: the queue {why} is full", "Make it larger, or handle QueueResult=queue-full."),
        14210: ("Dial Queue: method must be GET or POST, not {why}", "Use GET or POST."),
        14213: ("Dial Queue: the queue's name must have 1 to 64 characters, not {why}", "Shorten it, or give one."),
        15003: ("The callback {url} answered {status}", "Answer callbacks with 204, or 200 and <Response/>."),
        15004: ("{why} must be a whole address in a document without one", "Write http://… in inline TwiML."),
        13239: ("Conference: trim {why} is not known", "Use trim-silence or do-not-trim."),
        13240: (
            "Conference: {why} is not in this conference and cannot be coached",
            "Give the CallSid of somebody in it.",
        ),
        16020: ("The conference {why} is full", "Raise maxParticipants, or say what else the caller can do."),
        16024: ("Conference: the label {why} cannot be used", "At most 128 characters, no /, and no CallSid."),
        16025: ("Conference: the label {why} is already taken", "Labels are unique in a conference."),
        21610: ("The text to {why} was not sent: that person has texted STOP", "Wait until they text START."),
        32019: ("Both Url and Twiml were given: Url is used", "Give one of them."),
    },
    level="warning",
)
REST_ERRORS = (
    _errors({20003: ("Authenticate", "The account SID or the token is wrong.")}, status=401)
    | _errors({20008: ("Resource not accessible with Test Account Credentials", "")}, status=403)
    | _errors({20404: ("The requested resource {path} was not found", "")}, status=404)
    | _errors({20004: ("Method not allowed", "")}, status=405)
    | _errors(
        {60223: ("Delivery channel disabled: {why}", "The exchange delivers codes by sms and by call.")}, status=403
    )
    | _errors(
        {
            60202: ("Max check attempts reached", "Five checks are all a code gets: wait until it expires."),
            60203: ("Max send attempts reached", "Check the code, cancel the verification, or wait until it expires."),
        },
        status=429,
    )
    | _errors({20429: ("Too Many Requests", "Wait a moment, then send the same request again.")}, status=429)
    | _errors({20500: ("Internal Server Error", "")}, status=500)
    | _errors({20503: ("Service Unavailable", "")}, status=503)
    | _errors(
        {
            20001: ("Unknown parameters", ""),
            20006: ("Account is suspended", ""),
            20007: ("Page size must be at most 1000", ""),
            20009: ("Resource cannot be deleted before it is complete", ""),
            16113: ("Cannot download a dual-channel presentation of a mono recording", "Leave RequestedChannels out."),
            21481: ("The PageToken {why} is not valid", ""),
            21201: ("No 'To' number is specified", ""),
            21205: ("Url parameter is required and must be a valid address: {why}", ""),
            21206: ("SendDigits {why} is not valid", ""),
            21208: ("Timeout {why} is not valid", ""),
            21209: ("The method {why} is not GET or POST", ""),
            21210: ("The source phone number provided, {number}, is not yet verified for your account.", ""),
            21211: ("The 'To' number {number} is not a valid phone number.", ""),
            21212: (
                "The 'From' number {number} is not a valid phone number, shortcode, or alphanumeric sender ID.",
                "Use a number of yours: see IncomingPhoneNumbers.",
            ),
            21213: ("No 'From' number is specified", ""),
            21214: ("The phone number you are attempting to call, {number}, cannot be reached.", ""),
            21215: ("Account not authorized to call {number}.", ""),
            21216: ("Calls to {number} are blocked.", ""),
            21217: ("Phone number {number} does not appear to be valid", ""),
            21218: ("ApplicationSid {why} is not valid", ""),
            21219: ("The number {number} is unverified. Trial accounts may only make calls to verified numbers.", ""),
            21220: ("Call is not in-progress. Cannot redirect.", "The person has hung up: reach them by text."),
            21402: ("The address {why} is not valid", ""),
            21403: ("The method {why} is not GET or POST", ""),
            21405: ("A fallback address needs a voice address", ""),
            21406: ("A fallback address needs an SMS address", ""),
            21408: ("Permission to send an SMS has not been enabled for the region of {number}.", ""),
            21421: ("PhoneNumber {number} is not valid", ""),
            21422: ("PhoneNumber {number} is not available", ""),
            21452: ("No phone numbers found in area code {why}", ""),
            21602: ("Message body is required.", ""),
            21603: ("A 'From' phone number is required.", ""),
            21604: ("A 'To' phone number is required.", ""),
            21606: (
                "The 'From' phone number provided, {number}, is not a valid message-capable Twilio phone number.",
                "Use a number of yours: see IncomingPhoneNumbers.",
            ),
            21608: ("The number {number} is unverified. Trial accounts cannot send to unverified numbers.", ""),
            21609: ("The StatusCallback {why} is not a valid address", ""),
            21610: ("Attempt to send to unsubscribed recipient", "That person has texted STOP; wait for START."),
            21611: ("The queue of {number} is full", ""),
            21612: ("The 'To' phone number {number} is not currently reachable using this 'From' number.", ""),
            21614: ("To number: {number}, is not a mobile number", ""),
            21617: ("The concatenated message body exceeds the 1600 character limit", ""),
            21619: ("A text message body or media urls must be specified.", ""),
            21620: ("The media address {why} is not valid", ""),
            21623: ("More than 10 media addresses", ""),
            21624: ("ValidityPeriod {why} is not valid", ""),
            21626: ("StatusCallbackEvent {why} is not valid", ""),
            21705: ("The Messaging Service Sid {why} is invalid.", ""),
            30409: ("This message cannot be canceled", "Only a scheduled message can, until it is sent."),
            35111: ("SendAt timestamp is missing", "With ScheduleType=fixed, say when: SendAt=2026-01-02T03:04:05Z."),
            35114: (
                "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive: {why}",
                "Write it in UTC, as in 2026-01-02T03:04:05Z.",
            ),
            35118: ("MessagingServiceSid is required to schedule a message", "Send a MessagingServiceSid too."),
            35126: ("The ScheduleType {why} is not supported", "Write ScheduleType=fixed."),
            60200: ("Invalid parameter `{name}`: {why}", ""),
            32018: ("Inline Twiml has more than 4000 characters", ""),
        }
    )
)
DELIVERY_ERRORS = _errors(
    {
        30003: ("Unreachable destination handset", ""),
        30005: ("Unknown destination handset", ""),
        30007: ("Message filtered", "A carrier filter, or the fault message-filter, kept it."),
        30008: ("Unknown error", ""),
    }
)
ERROR_CODES: dict[int, ErrorCode] = FETCH_ERRORS | DOCUMENT_ERRORS | REST_ERRORS | WARNINGS | DELIVERY_ERRORS


class _EmptyDefaults(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return ""


def message_of(code: int, /, **blanks: object) -> str:
    """What the number means, its blanks filled in; REST's wording where a number is used there."""
    return ERROR_CODES[code].message.format_map(_EmptyDefaults(blanks))
