"""What callers and Twilio do in the tests of the scene `line`."""

from show import waiting_line
from tests.support.person import NUMBER

OTHER = "+447700900202"
PRESENTER_CALL = "CA" + "e" * 32


def joins(person, words="webhooks"):
    person.dials().presses("1").says(words)
    return person


def names(line, redis):
    return [caller.name for caller in waiting_line.list_waiting(redis, line.id)]


def hangs_up(post_as_twilio, person):
    fields = {"CallSid": person.call_sid, "From": person.number, "To": NUMBER, "CallStatus": "completed"}
    post_as_twilio("/voice/status", fields | {"CallDuration": "5"})
