"""Values that hostile and unusual requests are made of. URLs lead only to this machine, as the app resolves them."""

PATH_LIST = """
/ /events /present /present/login /present/logout /present/fragment /present/talk /present/health
/present/health/fragment /present/audit /present/privacy /present/export.csv /present/export.json /screens
/present/backfill /present/replay /present/rejected /present/rejected/fragment /present/endpoints /present/endpoints/x
/present/endpoints/ep_0000000000000000/pause /present/endpoints/x/recoveries/y /unfollow/x /catalogue /catalogue.json
/health /health/live /health/ready /static/stage.css /static/../app.py /static/%2e%2e/app.py /api/endpoints
/api/endpoints/x /api/openapi.json /api/events/msg_1 /api/endpoints/ep_0000000000000000/rotate /nowhere
"""
FIELD_LIST = """
AccountSid Body From To Digits SpeechResult CallStatus MessageStatus SmsStatus ErrorCode OptOutType CallDuration
RecordingSid RecordingStatus RecordingDuration RecordingUrl NumMedia MediaUrl0 Confidence Timestamp Caller
"""
QUERY_LIST = """
numbers who state result page doc turn silent answer command message bodySHA256 last theme from mistake
recovery challenge bt_challenge
"""
PRESENTER_LIST = "id window from do resign force sending url event_types rate_limit hours message"
VOICE_STEPS = """
line/join line/wait line/left line/stage line/thanks line/presenter line/presenter/status menu words wait
answer recorded recording status fallback outbound outbound/key outbound/status
"""

PATHS, FIELDS, QUERY_NAMES, PRESENTER_FIELDS = (
    tuple(names.split()) for names in (PATH_LIST, FIELD_LIST, QUERY_LIST, PRESENTER_LIST)
)
SMS_PATHS = ("/sms", "/sms/status", "/sms/fallback")
TWILIO_PATHS = (*SMS_PATHS, "/voice", *(f"/voice/{step}" for step in VOICE_STEPS.split()))
METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X" * 40, "G\x00T")
VERSIONS = ("1.1", "1.0", "1.1", "0.9", "2.0", "1.1x", "9.99")
COMMANDS = ("count", "help", "time", "flip", "follow github", "unfollow", "check", "webhook", "STOP", "START", "")

# fmt: off
TEXTS = (
    "", " ", "\x00", "\x1b[31m", "é", "日本", "\u202e", "\ud800", "👩\u200d👧", "²", "-1", "1e999", "NaN", "null", "%",
    "%zz", "+", "&", "=", "'\"><script>", "{{7*7}}", "../../etc/passwd", "\r\nSet-Cookie: a=b", "+447700900123",
    "+447700900123x", "client:ada", "whatsapp:+447700900123", "sip:a@[", "anonymous", "http://[", "http://127.0.0.1:9/",
    "https://[::1]:9/x", "//127.0.0.1:9", "http://127.0.0.1:99999/", "9" * 400, "a" * 5_000, " " * 5_000,
    "\u0301" * 500, "." * 3_000, "[" * 3_000,
)
HEADERS = (
    "Host: [", "Host: evil.example", "Host: ", "Host: a\x00b", "Host: 127.0.0.1, x", "Cookie: session=x",
    "Upgrade: h2c", "Cookie: \xff=\xfe", "Cookie: session=eyJfIjoxfQ.x.x", "Content-Length: 5", "Content-Length: -1",
    "Content-Length: ²", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: nonsense",
    "Expect: 100-continue", "Expect: nonsense", ": x", "X Y: z",
    "Connection: upgrade", "Range: bytes=0-0,9-", "Range: bytes=x", 'If-None-Match: "', "If-Modified-Since: x",
    "Last-Event-ID: x", "Last-Event-ID: 99999999999999999-0", "X-Forwarded-For: x", "X-Forwarded-Proto: javascript",
    "X-Forwarded-Host: evil", "SCRIPT_NAME: //evil", "Authorization: Bearer \xff", "Authorization: Basic =", "no colon",
    "Authorization: Basic Og==", "X-Twilio-Signature: " + "=" * 28, "X-Replay-Mark: x.y.z", "Accept-Language: \xe9",
    "X-Twilio-Webhooks-Signature-Settings: key=x,algorithm=y", "A" * 5_000 + ": x", "X: " + "y" * 5_000, " folded",
    "X\x00: z", "Content-Type: " + "a/b;" * 500,
)
CHUNKED_BODIES = (
    "zz\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n", "3\r\nabcdef", '3;a="b\r\nabc\r\n0\r\n\r\n', "3\nabc\n0\n\n",
    "0" * 9_000, "f" * 40 + "\r\n", "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n", "3\r\nabc\r\n0\r\n: x\r\n\r\n",
    "0\r\n\r\n", "", "3\r\nabc\r\n0\r\n" + "a: b\r\n" * 3_000, "3\r\nabc\r\n0\r\n\r\n",
)
# fmt: on
