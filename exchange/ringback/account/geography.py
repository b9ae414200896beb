"""The location of a phone number, as webhook parameters.

https://www.twilio.com/docs/voice/twiml#request-parameters (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Place:
    """What Twilio knows about a number. "" means unknown; an unknown country is derived from the number."""

    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""

    def as_json(self, number: str) -> dict[str, str]:
        return vars(self) | {"country": self.country or country_of(number)}


@lru_cache(maxsize=10_000)
def country_of(number: str) -> str:
    """The ISO code of the country to which an E.164 number belongs, or ""."""
    import phonenumbers  # imported here, because loading its tables delays startup

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    country = region or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return country if country.isalpha() and country != "ZZ" else ""  # 001: the number belongs to no country


@lru_cache(maxsize=10_000)
def geography(number: str, place: Place, *roles: str) -> dict[str, str]:
    """City, State, Zip and Country for each role (From, To). As with Twilio, unknown values are "".

    The result is cached, so it must not be changed."""
    parameters: dict[str, str] = {}
    for role in roles:
        parameters |= {
            f"{role}City": place.city,
            f"{role}State": place.state,
            f"{role}Zip": place.zip,
            f"{role}Country": place.country or country_of(number),
        }
    return parameters
