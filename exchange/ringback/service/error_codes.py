"""Twilio's error codes, each with its level, message and fix: https://www.twilio.com/docs/api/errors"""

from __future__ import annotations

from dataclasses import dataclass

from ringback.service.message_errors import MESSAGE_ERRORS
from ringback.service.websocket_errors import WEBSOCKET_ERRORS


@dataclass(frozen=True)
class ErrorCode:
    """`message` may contain {placeholders}; `mend` says how to fix the mistake; `status` is the REST API's status."""

    level: str
    message: str
    mend: str = ""
    status: int = 400


def _errors(table: dict[int, tuple[str, str]], level: str = "error", status: int = 400) -> dict[int, ErrorCode]:
    return {number: ErrorCode(level, message, mend, status) for number, (message, mend) in table.items()}


FETCH_ERRORS = _errors(
    {
        11100: ("Invalid URL format: {url}", "Use a full http or https URL, or a path."),
        11200: ("The document could not be retrieved: {detail}", "Open the URL yourself, and check your app's log."),
        11201: ("Connection to {url} timed out", "Check that your app is running and that the URL is right."),
        11202: ("Connection to {url} refused", "Start your app, or correct the host and port."),
        11203: ("No complete response from {url} in time", "Respond at once, and do slow work in a background job."),
        11205: ("Connection to {url} failed: {detail}", "Check that your app is running and that the URL is right."),
        11206: ("{url} did not send valid HTTP: {detail}", "Send a complete HTTP response."),
        11210: ("The host name in {url} does not resolve", "Correct the host name."),
        11215: ("More than 10 redirects, the last to {url}", "Respond at the webhook's own URL, without redirects."),
        11217: ("{url} returned HTTP status {status}", "Check your app's log for this request."),
        11220: ("The TLS connection to {url} failed: {detail}", "Fix the certificate, or use http on this machine."),
        11237: ("The certificate of {url} is not trusted: {detail}", "Use a certificate from a public CA."),
        11243: ("The retry policy {detail} is unknown", "Use 4xx, 5xx, ct, rt or all, comma-separated."),
        11750: ("The response is larger than 64 kB", "Send a shorter document, and continue with <Redirect>."),
        11770: ("The response is chunked but empty", "Send a document, or an empty body with Content-Length: 0."),
    }
)
DOCUMENT_ERRORS = _errors(
    {
        12100: ("The document cannot be parsed: {detail}", "Send well-formed XML, with nothing before its first tag."),
        12101: ("The version attribute of <Response> is unknown", "Remove the version attribute."),
        12102: ("The root element is {detail}, not <Response>", "Wrap the verbs in <Response>…</Response>."),
        12300: ("The content type {detail} cannot be used here", "Send Content-Type: text/xml."),
        12400: ("The exchange itself failed: {detail}", "This is a bug in the exchange. Its log has the traceback."),
        13201: ("<Dial> cannot be used for the person being dialed", "Use <Say>, <Play>, <Gather> or <Hangup>."),
        14106: ("More than 50 documents for one message", "Look for a <Redirect> or an action that leads to itself."),
        14107: ("More than 15 replies in a row, each within 30 seconds", "Check whether two apps reply to each other."),
        14109: ("More than 10 replies to one message", "Send at most 10 <Message> verbs."),
    }
)
WARNINGS = _errors(
    {
        12200: ("{detail}", "Check the spelling. Names are case-sensitive: Say, numDigits."),
        13210: ("Dial: method must be GET or POST, not {detail}", "Use GET or POST."),
        13212: ("Dial: timeout must be a positive whole number, not {detail}", "Use seconds, such as 30."),
        13213: ("Dial: hangupOnStar must be true or false, not {detail}", "Use true or false."),
        13214: ("Dial: callerId {detail} is not allowed", "Use the caller's number, yours, or a --verified one."),
        13215: ("Dial: {detail}", "Use one number, or <Number>, <Client>, <Conference> or <Queue> nouns."),
        13216: ("Dial: timeLimit must be a positive whole number, not {detail}", "Use seconds."),
        13217: ("Dial: unknown record {detail}", "Use do-not-record, record-from-answer or record-from-answer-dual."),
        13218: ("Dial: sequential must be true or false, not {detail}", "Use true or false."),
        13219: ("Dial: answerOnBridge must be true or false, not {detail}", "Use true or false."),
        13221: ("Number: method must be GET or POST, not {detail}", "Use GET or POST."),
        13222: ("Number: sendDigits contains {detail}", "Use only 0-9, *, #, w and W."),
        13223: ("Dial: {detail} is not a phone number", "Use E.164 format, such as +441632960001."),
        13224: (
            "Dial: {detail} would lead the call back to its origin",
            "Dial a handset, or another of your numbers.",
        ),
        13230: ("Conference: muted must be true or false, not {detail}", "Use true or false."),
        13231: ("Conference: endConferenceOnExit must be true or false, not {detail}", "Use true or false."),
        13232: ("Conference: startConferenceOnEnter must be true or false, not {detail}", "Use true or false."),
        13234: ("Conference: waitMethod must be GET or POST, not {detail}", "Use GET or POST."),
        13235: ("Conference: beep {detail} is not a known value", "Use true, false, onEnter or onExit."),
        13237: ("Conference: the name {detail} is not valid", "Use a name of 1 to 128 characters."),
        13238: ("{detail} cannot be used in a waitUrl document", "Use only <Play>, <Say>, <Pause> and <Redirect>."),
        13310: ("Gather: finishOnKey {detail} is not a key", "Use one of 0-9, * and #, or an empty value."),
        13311: ("Gather: finishOnKey {detail} is more than one key", "Use a single key."),
        13312: ("Gather: method must be GET or POST, not {detail}", "Use GET or POST."),
        13313: ("Gather: timeout must be 0 or a positive whole number, not {detail}", "Use seconds, such as 5."),
        13314: ("Gather: numDigits must be a positive whole number, not {detail}", "Use a number such as 4."),
        13320: ("{detail} cannot be nested in Gather", "Nest only <Say>, <Play> and <Pause>."),
        13325: ("Play in Gather: the content type {detail} is not audio", "Serve it as audio/wav or audio/mpeg."),
        13330: ("Gather: input {detail} is not a known value", "Use dtmf, speech, or both, separated by a space."),
        13335: ("Gather: speechTimeout must be a number or auto, not {detail}", "Use seconds, or auto."),
        13410: ("Play: loop must be 0 or a positive whole number, not {detail}", "Use a whole number."),
        13420: ("Play: the content type {detail} is not audio", "Serve it as audio/wav or audio/mpeg."),
        13510: ("Say: loop must be 0 or a positive whole number, not {detail}", "Use a whole number."),
        13520: ("Say has no text", "Put the text between <Say> and </Say>."),
        13521: ("Say: the text has {detail} characters", "Use at most 4096 characters in one <Say>."),
        13610: ("Record: method must be GET or POST, not {detail}", "Use GET or POST."),
        13611: ("Record: timeout must be 0 or a positive whole number, not {detail}", "Use seconds, such as 5."),
        13612: ("Record: maxLength must be a positive whole number, not {detail}", "Use seconds, such as 120."),
        13613: ("Record: finishOnKey contains {detail}", "Use only 0-9, * and #."),
        13614: ("Record: transcribe must be true or false, not {detail}", "Use true or false."),
        13616: ("Record: playBeep must be true or false, not {detail}", "Use true or false."),
        13710: ("Redirect: method must be GET or POST, not {detail}", "Use GET or POST."),
        13910: ("Pause: length must be a positive whole number, not {detail}", "Use seconds, such as 2."),
        14101: ("Message: to {detail} is not a phone number", "Use E.164 format, such as +441632960001."),
        14102: ("Message: from {detail} is not one of your numbers", "Remove from, or use one of your numbers."),
        14103: ("Message: {detail}", "Add a <Body> or a <Media>, within the limits."),
        14104: ("Message: method must be GET or POST, not {detail}", "Use GET or POST."),
        14105: ("Message: statusCallback {detail} is not a URL", "Use a full http or https URL, or a path."),
        14110: ("{detail} is not a verb for messages", "Use only <Message> and <Redirect>."),
        14201: ("Enqueue: method must be GET or POST, not {detail}", "Use GET or POST."),
        14205: ("Enqueue: the queue name must have 1 to 64 characters, not {detail}", "Use a name of that length."),
        14206: ("Enqueue: waitUrlMethod must be GET or POST, not {detail}", "Use GET or POST."),
        14207: ("Enqueue: the queue {detail} is full", "Raise its MaxSize, or handle QueueResult=queue-full."),
        14210: ("Dial Queue: method must be GET or POST, not {detail}", "Use GET or POST."),
        14213: ("Dial Queue: the queue name must have 1 to 64 characters, not {detail}", "Use a name of that length."),
        15003: ("The callback {url} returned HTTP status {status}", "Return 204, or 200 with <Response/>."),
        15004: ("{detail} is relative, but inline TwiML has no base URL", "Use a full URL: http://…"),
        13239: ("Conference: trim {detail} is not a known value", "Use trim-silence or do-not-trim."),
        13240: ("Conference: coach {detail} is not in this conference", "Use the CallSid of a participant."),
        16020: ("The conference {detail} is full", "Raise maxParticipants, or tell the caller what to do instead."),
        16024: ("Conference: the label {detail} is not valid", "Use at most 128 characters, no /, and not a CallSid."),
        16025: ("Conference: the label {detail} is already taken", "Use a label that is unique in the conference."),
        16102: (
            "The recording is silent and was not stored",
            "Speak after the beep, and put what to do without a recording after <Record>.",
        ),
        20001: (
            "Parameters without effect: {detail}",
            "Correct the spelling, or remove what Ringback does not support.",
        ),
        21610: ("Attempt to send to unsubscribed recipient {detail}", "This person has texted STOP. Wait for START."),
        32019: ("Both Url and Twiml were sent; Url is used", "Send only one of them."),
    },
    level="warning",
)
REST_ERRORS = (
    _errors({20003: ("Authenticate", "The account SID or the auth token is wrong.")}, status=401)
    | _errors({20008: ("Resource not accessible with Test Account Credentials", "")}, status=403)
    | _errors({20404: ("The requested resource {path} was not found", "")}, status=404)
    | _errors({20004: ("Method not allowed", "")}, status=405)
    | _errors(
        {60223: ("Delivery channel disabled: {detail}", "Use sms or call: the exchange has no other channels.")},
        status=403,
    )
    | _errors(
        {
            60202: ("Max check attempts reached", "A code can be checked five times. Wait until it expires."),
            60203: ("Max send attempts reached", "Check the code, cancel the verification, or wait until it expires."),
        },
        status=429,
    )
    | _errors({20429: ("Too Many Requests", "Wait, then send the same request again.")}, status=429)
    | _errors({20500: ("Internal Server Error", "")}, status=500)
    | _errors({20503: ("Service Unavailable", "")}, status=503)
    | _errors(
        {
            20006: ("Account is suspended", ""),
            20007: ("Page size must be at most 1000", ""),
            20009: ("Resource cannot be deleted before it is complete", ""),
            16113: ("Cannot download a dual-channel presentation of a mono recording", "Remove RequestedChannels."),
            21481: ("The PageToken {detail} is not valid", ""),
            21201: ("No 'To' number is specified", ""),
            21205: ("The Url parameter is required and must be a valid URL: {detail}", ""),
            21206: ("SendDigits {detail} is not valid", ""),
            21208: ("Timeout {detail} is not valid", ""),
            21209: ("The method {detail} is not GET or POST", ""),
            21210: ("The source phone number provided, {number}, is not yet verified for your account.", ""),
            21211: ("The 'To' number {number} is not a valid phone number.", ""),
            21212: (
                "The 'From' number {number} is not a valid phone number, shortcode, or alphanumeric sender ID.",
                "Use one of your numbers: see IncomingPhoneNumbers.",
            ),
            21213: ("No 'From' number is specified", ""),
            21214: ("The phone number you are attempting to call, {number}, cannot be reached.", ""),
            21215: ("Account not authorized to call {number}.", ""),
            21216: ("Calls to {number} are blocked.", ""),
            21217: ("Phone number {number} does not appear to be valid", ""),
            21218: ("ApplicationSid {detail} is not valid", ""),
            21219: ("The number {number} is unverified. Trial accounts may only make calls to verified numbers.", ""),
            21220: ("Call is not in-progress. Cannot redirect.", "The person has hung up. Send a text instead."),
            21402: ("The URL {detail} is not valid", ""),
            21403: ("The method {detail} is not GET or POST", ""),
            21405: ("A VoiceFallbackUrl requires a VoiceUrl", ""),
            21406: ("An SmsFallbackUrl requires an SmsUrl", ""),
            21408: ("Permission to send an SMS has not been enabled for the region of {number}.", ""),
            21421: ("PhoneNumber {number} is not valid", ""),
            21422: ("PhoneNumber {number} is not available", ""),
            21452: ("No phone numbers found in area code {detail}", ""),
            60200: ("Invalid parameter `{name}`: {detail}", ""),
            32018: ("Inline Twiml has more than 4000 characters", ""),
        }
        | MESSAGE_ERRORS
    )
)
DELIVERY_ERRORS = _errors(
    {
        30003: ("Unreachable destination handset", ""),
        30005: ("Unknown destination handset", ""),
        30007: ("Message filtered", "It was blocked by a carrier's filter or by the message-filter fault."),
        30008: ("Unknown error", ""),
        63016: (
            "Failed to send freeform message because you are outside the allowed window",
            "Send a template (ContentSid), or wait until the person writes: a session lasts 24 hours.",
        ),
    }
)
ERROR_CODES: dict[int, ErrorCode] = (
    FETCH_ERRORS | DOCUMENT_ERRORS | REST_ERRORS | WARNINGS | DELIVERY_ERRORS | _errors(WEBSOCKET_ERRORS)
)


class _EmptyDefaults(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return ""


def message_of(code: int, /, **values: object) -> str:
    """The message for an error code. `values` replace the placeholders; those without a value become empty."""
    return ERROR_CODES[code].message.format_map(_EmptyDefaults(values))
