"""Secrets and passwords among the settings: their type, and their minimum lengths."""

MIN_SECRET_CHARACTERS = 16
MIN_PASSWORD_CHARACTERS = 8


class Secret(str):
    """A string whose repr is masked, so that logs and tracebacks do not contain it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')"


Secrets = tuple[Secret, ...]


def parse_secrets(text: str) -> Secrets:
    """Return the comma-separated secrets, without spaces."""
    found = tuple(Secret(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("contains no value")
    return found


def parse_long_secrets(text: str) -> Secrets:
    """Return the comma-separated secrets. Raises ValueError if one is too short."""
    found = parse_secrets(text)
    if any(len(secret) < MIN_SECRET_CHARACTERS for secret in found):
        raise ValueError(
            f"must be at least {MIN_SECRET_CHARACTERS} characters; generate one with: openssl rand -hex 32"
        )
    return found


def parse_password(text: str) -> Secret:
    """Return the password. Raises ValueError if it is too short."""
    if len(text) < MIN_PASSWORD_CHARACTERS:
        raise ValueError(
            f"must be at least {MIN_PASSWORD_CHARACTERS} characters: anybody can try passwords, five in a minute from "
            "each address"
        )
    return Secret(text)


def parse_shared_keys(text: str) -> dict[str, tuple[str, Secret]]:
    """Return a dict that maps the ids of comma-separated SharedKeys to (algorithm, secret). Raises ValueError."""
    keys = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = part.partition(":")
        secret, _, algorithm = rest.partition(":")
        if not name or len(secret) < MIN_SECRET_CHARACTERS or algorithm not in ("", "HMAC_SHA1", "HMAC_SHA256"):
            raise ValueError(
                f"must be id:secret or id:secret:HMAC_SHA1; a secret has at least {MIN_SECRET_CHARACTERS} characters"
            )
        keys[name] = (algorithm or "HMAC_SHA256", Secret(secret))
    return keys
