"""Finds the web address in what somebody wrote or said. Returns only what was given as an address."""

import re

from phone.recognition.filler_words import COURTESIES, FILLERS, HESITATIONS, WORD, normalize_word

LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
HOST = rf"(?:(?:{LABEL}\.)+(?:[^\W\d_]{{2,}}|xn--[a-z0-9-]+)|(?:\d{{1,3}}\.){{3}}\d{{1,3}}|localhost|\[[0-9a-f:.]+\])"
PATH = r"[^\s<>\"“”«»]"
ADDRESS = re.compile(
    rf"([a-z][a-z0-9+.-]{{1,20}}:/+){PATH}+"
    rf"|(?<![^\W_])(?<!@)(?<![^\W_]\.)({HOST})(?![_-]*[^\W_]|[\w.-]*@)(?::\d{{1,5}}(?!\w))?(?:[/?#]{PATH}*)?",
    re.IGNORECASE,
)
SCHEME = re.compile(r"\b(https?) ?:? ?[/\\] ?[/\\] ?", re.IGNORECASE)  # as autocorrect writes it: https: // or https//
# Autocorrect also puts a space after a full stop. Only before these domains can the full stop not end a sentence.
SPLIT_HOST = re.compile(r"(?<=\bwww)\. |(?<=[^\W_]) ?\. ?(?=(?:com|org|net|edu|gov|io|dev|co\. ?uk|example)\b)", re.I)
CONNECTORS = {"dot": ".", "slash": "/", "dash": "-", "hyphen": "-", "underscore": "_", "colon": ":"}
CONNECTOR = re.compile(rf" ?\b(?:forward )?({'|'.join(CONNECTORS)})\b ?", re.IGNORECASE)
SPELLED = re.compile(r"(?<![\w'’])(?:\w ){2,}\w(?![\w'’])")  # spelled letter by letter: b b c
CLOSING = {")": "(", "]": "[", "}": "{"}
# A spoken name may consist of several words: "open street map dot org". It starts after the last of these words.
CONTEXT = (
    "address addresses alive at call called check checking cheque domain down fast follow hook host if link named of on"
    " online our page ping please quick quickly see server site sites slow status test their these this to unfollow up"
    " url urls web webhook webhooks webpage website websites whether working your"
)
IN_NAMES = "i we you u go good love"
NOT_IN_NAME = FILLERS - set(IN_NAMES.split()) | set(CONTEXT.split())


def find_address(words: str) -> str:
    """Return the first web address in a line, or "". "Example dot com slash news" becomes example.com/news."""
    line = SPLIT_HOST.sub(".", SCHEME.sub(r"\1://", words))
    if not re.search(r"\bdot\b", line, re.IGNORECASE):
        return next((_trim(found[0]) for found in ADDRESS.finditer(line) if _is_address(found)), "")
    line = SPELLED.sub(lambda spelled: spelled[0].replace(" ", ""), line.lower())
    line = CONNECTOR.sub(lambda word: CONNECTORS[word[1]], line)
    found = next(filter(_is_address, ADDRESS.finditer(line)), None)
    if found is None:
        return ""
    return _trim(("" if found[1] else _name_before(line[: found.start()])) + found[0])


def _is_address(found: re.Match[str]) -> bool:
    """Return False for the end of a sentence that no space follows: "check it.thanks"."""
    ending = (found[2] or "").rpartition(".")[2].lower()
    return len(ending) < 3 or ending not in COURTESIES | HESITATIONS


def _name_before(line: str) -> str:
    """Return the words at the end of the line that belong to a spoken host name, without spaces."""
    words = [normalize_word(word) for word in WORD.findall(line)]
    start = max((index + 1 for index, word in enumerate(words) if word in NOT_IN_NAME), default=0)
    return "".join(words[start:])


def _trim(address: str) -> str:
    """Return the address without the punctuation, quotation marks or emoji that follow it."""
    while address and not address[-1].isalnum() and address[-1] not in "/=&-_~+%":
        opening = CLOSING.get(address[-1])
        if opening and address.count(opening) >= address.count(address[-1]):
            break
        address = address[:-1]
    return address
