"""The profanity filter of speech recognition: replaces all but the first letter of a profane word with asterisks.

https://www.twilio.com/docs/voice/twiml/gather#profanityfilter (2026-11) does not list the words."""

from __future__ import annotations

import re

PROFANE = re.compile(r"\b(?:arsehole|asshole|bastard|bitch|bollocks|bullshit|fuck|shit|wank)\w*", re.IGNORECASE)


def without_profanity(text: str) -> str:
    return PROFANE.sub(lambda word: word[0][0] + "*" * (len(word[0]) - 1), text)
