"""The one exception a request ends in when it does not end in a reply."""

from typing import Literal

Cause = Literal["blocked", "dns", "connect", "tls", "timeout", "too large", "protocol"]


class RequestFailed(Exception):
    """Why there is no reply: `cause` is one word for programs, `sentence` is for people and names no address of ours.

    blocked: our own rules forbid that address. dns: no such name, or no answer about it. connect: nobody there.
    tls: the certificate or the encryption is not in order. timeout: too slow, as a whole. too large: a head beyond
    all measure. protocol: it hung up early or does not speak HTTP.
    """

    def __init__(self, cause: Cause, sentence: str) -> None:
        super().__init__(sentence)
        self.cause: Cause = cause
        self.sentence = sentence
        self.elapsed = 0.0  # seconds, set by the client


def blocked(sentence: str) -> RequestFailed:
    """The refusal of a web address that breaks our rules."""
    return RequestFailed("blocked", sentence)
