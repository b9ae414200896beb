"""Reasons for rejecting a request: one exception for each, shared by Twilio and all providers."""


class RejectedRequest(Exception):
    """The request failed verification. The message is one sentence that the sender may read."""

    status = 403

    def headers(self) -> dict[str, str]:
        """Return the headers of the response."""
        return {}


class InvalidSignature(RejectedRequest):
    """The request was not signed with one of our secrets."""


class MissingSignature(InvalidSignature):
    """The request has no signature; `header` is the header that should contain it."""

    def __init__(self, header: str) -> None:
        self.header = canonical_header_name(header)
        super().__init__(f"This endpoint accepts only signed webhooks, and {self.header} is missing.")


class InvalidSid(RejectedRequest):
    """A field that should be a SID is not one. Twilio signs names and values concatenated without separators, so a
    captured request keeps its signature if the end of a value is moved to the next name. A SID has a fixed length."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} must be a Twilio SID.")


class InvalidNumber(RejectedRequest):
    """A URL parameter that should be a number is not one."""

    status = 400

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} must be a number.")


class TimestampOutOfTolerance(InvalidSignature):
    """The signature is valid, but its timestamp is too old or in the future: a replay attack or a wrong clock."""


class CredentialsRequired(RejectedRequest):
    """Credentials are missing or wrong. The response is a 401, because some senders send credentials only after one."""

    status = 401

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        super().__init__("This endpoint requires valid credentials: a user name and password, or a token.")

    def headers(self) -> dict[str, str]:
        """Return the challenge. See https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate."""
        return {"WWW-Authenticate": self.challenge}


class SecretPathNotFound(RejectedRequest):
    """The path does not contain one of our secrets. The response is a 404, as for any unknown path."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Not found.")


def canonical_header_name(header: str) -> str:
    """Return `x-hub-signature-256` as X-Hub-Signature-256."""
    return header.title()
