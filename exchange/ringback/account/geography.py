"""The country of a phone number, as webhook parameters."""

from __future__ import annotations

COUNTRIES = {"+1": "US", "+44": "GB", "+49": "DE", "+33": "FR", "+61": "AU", "+353": "IE"}


def geography(number: str, *roles: str) -> dict[str, str]:
    """City, State, Zip and Country for each role (From, To). As with Twilio, unknown values are ""."""
    country = next((name for prefix, name in COUNTRIES.items() if number.startswith(prefix)), "")
    parameters: dict[str, str] = {}
    for role in roles:
        parameters |= {f"{role}City": "", f"{role}State": "", f"{role}Zip": "", f"{role}Country": country}
    return parameters
