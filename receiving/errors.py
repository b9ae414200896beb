"""How a request is turned away at the door: one exception for each reason, shared by every sender's rules."""


class RejectedRequest(Exception):
    """Somebody we do not believe. The message is the one sentence a stranger may read."""

    status = 403

    def headers(self) -> dict[str, str]:
        """What the answer needs beside its sentence."""
        return {}


class InvalidSignature(RejectedRequest):
    """This request was not signed with a key of ours."""


class MissingSignature(InvalidSignature):
    """This request was not signed at all; `header` is where its signature should be."""

    def __init__(self, header: str) -> None:
        self.header = canonical_header_name(header)
        super().__init__(f"This address takes signed webhooks only, and {self.header} is missing.")


class TimestampOutOfTolerance(InvalidSignature):
    """The signature is genuine, but was made too long ago, or in the future: a replay, or a wrong clock."""


class CredentialsRequired(RejectedRequest):
    """No user and password, or others: some senders name themselves only after this answer."""

    status = 401

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        super().__init__("This address wants a user and password, or a token, that it knows.")

    def headers(self) -> dict[str, str]:
        """The challenge: RFC 9110, 11.6.1."""
        return {"WWW-Authenticate": self.challenge}


class SecretPathNotFound(RejectedRequest):
    """An address that holds a secret, and not this one: the same answer as anywhere else that nothing is."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Nothing is here.")


def canonical_header_name(header: str) -> str:
    """`x-hub-signature-256` as its owner writes it: X-Hub-Signature-256."""
    return header.title()
