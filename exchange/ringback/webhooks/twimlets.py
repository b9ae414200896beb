"""The Twimlets: Twilio's public documents for common call flows, whose content depends on the URL's parameters.

Source: https://www.twilio.com/labs/twimlets (2026-11) for the parameters of forward, conference and echo. The
parameters of the other Twimlets are inferred, and the sentences that callers hear are our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

HOSTS = ("twimlets.com", "www.twimlets.com")
HOLD_MUSIC = "http://com.twilio.music.{}.s3.amazonaws.com/BusyStrings.mp3"
GENRES = ("classical", "ambient", "electronica", "guitars", "rock", "soft-rock")
SIGNIFICANT_DIGITS = 10  # Twimlets accept North American numbers with or without +1
ANSWERED = ("completed", "answered")


class Twimlet:
    """A request to a Twimlet: its URL, and all parameters, both the URL's and Twilio's."""

    def __init__(self, url: str, parameters: Iterable[tuple[str, str]]) -> None:
        self.url = url
        self.values = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) | dict(parameters)

    def value(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def every(self, name: str) -> list[str]:
        """The values of name, name[] and name[0], name[1], …"""
        pattern = re.compile(rf"{name}(\[\d*\])?")
        return [value.strip() for key, value in self.values.items() if pattern.fullmatch(key) and value.strip()]

    def action(self) -> str:
        """The `action` attribute that requests this Twimlet again."""
        return f" action={quoteattr(self.url)}"

    def option(self, attribute: str, name: str) -> str:
        return f" {attribute}={quoteattr(self.value(name))}" if self.value(name) else ""

    def is_from(self, numbers: list[str]) -> bool:
        return _digits(self.value("From")) in [_digits(number) for number in numbers]


def twimlet_document(url: str, parameters: Iterable[tuple[str, str]]) -> str | None:
    """The TwiML of a Twimlet's URL, or None for any other URL."""
    parts = urlsplit(url)
    twimlet = TWIMLETS.get(parts.path.strip("/")) if parts.hostname in HOSTS else None
    return twimlet(Twimlet(url, parameters)) if twimlet else None


def _echo(request: Twimlet) -> str:
    return request.value("Twiml")


def _message(request: Twimlet) -> str:
    return _response(*map(_say_or_play, request.every("Message")))


def _hold_music(request: Twimlet) -> str:
    genre = request.value("Bucket").removeprefix("com.twilio.music.") or "classical"
    music = f'<Play loop="0">{escape(HOLD_MUSIC.format(genre))}</Play>'
    return _response(*map(_say_or_play, request.every("Message")), music)


def _forward(request: Twimlet) -> str:
    allowed = request.every("AllowedCallers")
    if allowed and not request.is_from(allowed):
        return _response(_say_or_play("You are not permitted to call this number. Goodbye."), "<Hangup/>")
    return _dial(request, [request.value("PhoneNumber")])


def _simulring(request: Twimlet) -> str:
    return _dial(request, request.every("PhoneNumbers"))


def _dial(request: Twimlet, numbers: list[str]) -> str:
    """Dials the numbers at the same time. Afterwards, the action requests this Twimlet again, with DialCallStatus."""
    if status := request.value("DialCallStatus"):
        failed = status not in ANSWERED and request.value("FailUrl")
        return _response(f"<Redirect>{escape(failed)}</Redirect>" if failed else "<Hangup/>")
    options = request.option("callerId", "CallerId") + request.option("timeout", "Timeout")
    targets = "".join(f"<Number>{escape(number)}</Number>" for number in numbers)
    return _response(f"<Dial{request.action()}{options}>{targets}</Dial>")


def _conference(request: Twimlet) -> str:
    password, moderators = request.value("Password"), request.every("Moderators")
    if password and request.value("Digits") != password:
        prompt = _say_or_play("Please enter the password of the conference, followed by the pound sign.")
        return _response(f"<Gather{request.action()}>{prompt}</Gather>")
    message = map(_say_or_play, request.every("Message"))
    name = request.value("Name") or f"{moderators} {request.every('Message')}"
    moderator = not moderators or request.is_from(moderators)
    options = f' startConferenceOnEnter="{str(moderator).lower()}"'
    if music := request.value("Music"):
        options += f" waitUrl={quoteattr(HOLD_MUSIC.format(music) if music in GENRES else music)}"
    return _response(*message, f"<Dial><Conference{options}>{escape(name)}</Conference></Dial>")


def _menu(request: Twimlet) -> str:
    options = {key[8:-1]: url for key, url in request.values.items() if re.fullmatch(r"Options\[[0-9*#]+\]", key)}
    digits = request.value("Digits")
    if digits in options:
        return _response(f"<Redirect>{escape(options[digits])}</Redirect>")
    wrong = [_say_or_play("That is not a valid option.")] if digits else []
    length = max(map(len, options), default=1)
    messages = "".join(map(_say_or_play, request.every("Message")))
    gather = f'<Gather{request.action()} numDigits="{length}">{messages}</Gather>'
    return _response(*wrong, gather, f"<Redirect>{escape(request.url)}</Redirect>")


def _voicemail(request: Twimlet) -> str:
    """Records a message, but sends no e-mail."""
    if request.value("RecordingUrl"):
        return _response(_say_or_play("Thank you. Goodbye."), "<Hangup/>")
    messages = request.every("Message") or ["Please leave a message after the beep."]
    transcribe = request.option("transcribe", "Transcribe")
    return _response(*map(_say_or_play, messages), f'<Record maxLength="120"{request.action()}{transcribe}/>')


TWIMLETS: dict[str, Callable[[Twimlet], str]] = {
    "echo": _echo,
    "message": _message,
    "holdmusic": _hold_music,
    "forward": _forward,
    "simulring": _simulring,
    "conference": _conference,
    "menu": _menu,
    "voicemail": _voicemail,
}


def _say_or_play(message: str) -> str:
    verb = "Play" if message.lower().startswith(("http://", "https://")) else "Say"
    return f"<{verb}>{escape(message)}</{verb}>"


def _response(*verbs: str) -> str:
    return f"<Response>{''.join(verbs)}</Response>"


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)[-SIGNIFICANT_DIGITS:]
