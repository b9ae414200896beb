"""Words around a command that say nothing about it: greetings, politeness, hesitation."""

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

_HESITATIONS = "ah alright er erm hm hmm like mm now ok okay oh right so uh uhm um umm well yeah yes"
_COURTESIES = "cheers for kindly me pls please plz ta thank thanks thankyou thanx thx ty u us you"
_OPENINGS = (
    "a about afternoon again an and are bot can command could dear did do does evening get give go going gonna"
    " good got have hello hey hi hiya how howdy i i'd i'll i'm id im is it it's its just let let's lets love"
    " morning my need perform robot run say send show some tell that the then there this to try use wanna want was"
    " what what's whats which will would your"
)
HESITATIONS, COURTESIES = frozenset(_HESITATIONS.split()), frozenset(_COURTESIES.split())
OPENINGS = frozenset(_OPENINGS.split())
FILLERS = HESITATIONS | COURTESIES | OPENINGS


def normalize_word(word: str) -> str:
    """Return the word in lower case, with a plain apostrophe."""
    return word.casefold().replace("’", "'")


def strip_courtesies(line: str) -> str:
    """Return the line without hesitations and courtesies at its ends."""
    words = list(WORD.finditer(line))
    polite = HESITATIONS | COURTESIES
    while words and normalize_word(words[-1][0]) in polite:
        words.pop()
    while words and normalize_word(words[0][0]) in polite:
        words.pop(0)
    if not words:
        return ""
    return line[words[0].start() : words[-1].end()] + line[words[-1].end() :].partition(" ")[0]
