"""Twilio's error codes, each with its level, message and fix.

The page for a code is https://www.twilio.com/docs/api/errors/ followed by the code (read 2026-11)."""

from __future__ import annotations

from dataclasses import dataclass

from ringback.service.error_codes_of_verbs import VERB_ERRORS, VERB_WARNINGS

HANDSHAKE_FIX = "Accept the upgrade at this URL with status 101. Check your app's log for this request."
WEBSOCKET_ERRORS: dict[int, tuple[str, str]] = {
    31901: ("The WebSocket {url}: connection timed out", "Check that your app runs and accepts connections."),
    31902: ("The WebSocket {url}: connection refused", "Start your app, or correct the host and port."),
    31920: ("The WebSocket {url}: handshake error: {detail}", HANDSHAKE_FIX),
    31921: ("The WebSocket {url}: close error: {detail}", "Close the connection with a close frame."),
    31922: ("The scheme of {url} is not supported", "Use wss://, also on this machine: Ringback dials without TLS."),
    31923: ("The WebSocket URL {url} is malformed", "Use a full URL such as wss://example.com/path."),
    31924: ("The WebSocket {url}: protocol error: {detail}", "Send frames as RFC 6455 specifies."),
    31951: ("The message from your app is not valid: {detail}", "Send JSON text as Twilio documents it."),
    64101: ("ConversationRelay cannot be used: {detail}", "Use a provider, model and voice that belong together."),
    64102: ("ConversationRelay cannot connect: {detail}", HANDSHAKE_FIX),
    64104: ("ConversationRelay: the session has reached its maximum duration", "End the session with an end message."),
    64105: ("ConversationRelay: the WebSocket ended: {detail}", "Send an end message to end a session."),
    64106: ("ConversationRelay: invalid argument: {detail}", "Correct the attribute."),
    64107: ("ConversationRelay: invalid message: {detail}", "Correct the message; the session continues."),
}


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
        14106: ("More than 50 documents for one message", "Look for a <Redirect> or an action that points to itself."),
        14107: ("More than 15 replies in a row, each within 30 seconds", "Check whether two apps reply to each other."),
        14109: ("More than 10 replies to one message", "Send at most 10 <Message> verbs."),
    }
)
WARNINGS = _errors(
    {
        12200: ("{detail}", "Check the spelling. Names are case-sensitive: Say, numDigits."),
        15003: ("The callback {url} returned HTTP status {status}", "Return 204, or 200 with <Response/>."),
        15004: ("{detail} is relative, but inline TwiML has no base URL", "Use a full URL: http://…"),
        20001: (
            "Parameters without effect: {detail}",
            "Correct the spelling, or remove what Ringback does not support.",
        ),
        21610: ("Attempt to send to unsubscribed recipient {detail}", "This person has texted STOP. Wait for START."),
        32019: ("Both Url and Twiml were sent; Url is used", "Send only one of them."),
    },
    level="warning",
) | _errors(VERB_WARNINGS, level="warning")
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
            21602: ("Message body is required.", ""),
            21603: ("A 'From' phone number is required.", ""),
            21604: ("A 'To' phone number is required.", ""),
            21606: (
                "The 'From' phone number provided, {number}, is not a valid message-capable Twilio phone number.",
                "Use one of your numbers: see IncomingPhoneNumbers.",
            ),
            21608: ("The number {number} is unverified. Trial accounts cannot send to unverified numbers.", ""),
            21609: ("The StatusCallback {detail} is not a valid URL", ""),
            21611: ("The message queue of {number} is full", ""),
            21612: ("The 'To' phone number {number} is not currently reachable using this 'From' number.", ""),
            21614: ("To number: {number}, is not a mobile number", ""),
            21617: ("The concatenated message body exceeds the 1600 character limit", ""),
            21619: ("A text message body or media urls must be specified.", ""),
            21620: ("The MediaUrl {detail} is not valid", ""),
            21655: ("The ContentSid {detail} is invalid", "Use HX and 32 hexadecimal digits."),
            21656: ("The ContentVariables are invalid", 'Use a JSON object of strings, such as {"1": "Ada"}.'),
            21910: ("'From' and 'To' must be of the same channel: {detail}", "Use whatsapp: in both or in neither."),
            63007: ("There is no WhatsApp sender {detail}", "Use one of your numbers, or the sandbox +14155238886."),
            21623: ("More than 10 MediaUrl parameters", ""),
            21624: ("ValidityPeriod {detail} is not valid", ""),
            21626: ("StatusCallbackEvent {detail} is not valid", ""),
            21704: ("The Messaging Service contains no phone numbers", "Add one of your numbers to it."),
            21705: ("The Messaging Service Sid {detail} is invalid.", ""),
            21710: ("The phone number is already in the Messaging Service", ""),
            21712: ("The phone number is associated with another Messaging Service", "Remove it from there first."),
            30409: ("This message cannot be canceled", "Cancel a scheduled message before it is sent."),
            35111: ("SendAt timestamp is missing", "Send SendAt with ScheduleType=fixed."),
            35114: (
                "SendAt time must be 300 seconds to 35 days (3024000 seconds) in the future, inclusive: {detail}",
                "Use UTC in ISO 8601 format, such as 2026-01-02T03:04:05Z.",
            ),
            35118: ("MessagingServiceSid is required to schedule a message", "Add a MessagingServiceSid."),
            35126: ("The ScheduleType {detail} is not supported", "Use ScheduleType=fixed."),
            60200: ("Invalid parameter `{name}`: {detail}", ""),
            32018: ("Inline Twiml has more than 4000 characters", ""),
        }
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
    FETCH_ERRORS | DOCUMENT_ERRORS | REST_ERRORS | WARNINGS | DELIVERY_ERRORS | _errors(WEBSOCKET_ERRORS | VERB_ERRORS)
)


class _EmptyDefaults(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return ""


def message_of(code: int, /, **values: object) -> str:
    """The message for an error code. `values` replace the placeholders; those without a value become empty."""
    return ERROR_CODES[code].message.format_map(_EmptyDefaults(values))
