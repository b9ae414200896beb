"""Twilio's error codes for requests to send a message (2026-11): https://www.twilio.com/docs/api/errors"""

from __future__ import annotations

MESSAGE_ERRORS: dict[int, tuple[str, str]] = {
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
    21656: ("The ContentVariables are invalid", 'Use a JSON object with texts, such as {"1": "Ada"}.'),
    21910: ("'From' and 'To' must be of the same channel: {detail}", "Use whatsapp: in both or in neither."),
    63007: ("There is no WhatsApp sender {detail}", "Use one of your numbers, or the sandbox +14155238886."),
    21623: ("More than 10 MediaUrl parameters", ""),
    21624: ("ValidityPeriod {detail} is not valid", ""),
    21626: ("StatusCallbackEvent {detail} is not valid", ""),
    21704: ("The Messaging Service contains no phone numbers", "Add one of your numbers to it."),
    21705: ("The Messaging Service Sid {detail} is invalid.", ""),
    21710: ("The phone number is already in the Messaging Service", ""),
    21712: ("The phone number is associated with another Messaging Service", "Remove it from there first."),
    30409: ("This message cannot be canceled", "Only a scheduled message can be canceled, before it is sent."),
    35111: ("SendAt timestamp is missing", "Send SendAt with ScheduleType=fixed."),
    35114: (
        "SendAt time must be 300 seconds to 35 days (3024000 seconds) in the future, inclusive: {detail}",
        "Use UTC in ISO 8601 format, such as 2026-01-02T03:04:05Z.",
    ),
    35118: ("MessagingServiceSid is required to schedule a message", "Add a MessagingServiceSid."),
    35126: ("The ScheduleType {detail} is not supported", "Use ScheduleType=fixed."),
}
