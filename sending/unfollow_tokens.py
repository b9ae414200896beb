"""The tokens in unfollow links, with which people can unfollow everything without logging in."""

import secrets
from collections.abc import Iterable

from store import Store
from store.erasure import scan

UNFOLLOW_TOKEN_TTL_SECONDS = 60 * 24 * 3600  # after the last text containing the token


def issue_unfollow_tokens(redis: Store, numbers: Iterable[str]) -> dict[str, str]:
    """Return a dict that maps phone numbers to tokens for /unfollow/<token>. Reissued tokens get a new time to live."""
    new_tokens = {number: secrets.token_urlsafe(12) for number in numbers}
    pipe = redis.pipeline(transaction=False)
    for number, token in new_tokens.items():
        pipe.set(f"unfollow-token:{number}", token, nx=True)
        pipe.getex(f"unfollow-token:{number}", ex=UNFOLLOW_TOKEN_TTL_SECONDS)
    tokens = dict(zip(new_tokens, (token.decode() for token in pipe.execute()[1::2]), strict=True))
    for number, token in tokens.items():
        pipe.set(f"unfollow:{token}", number, ex=UNFOLLOW_TOKEN_TTL_SECONDS)
    pipe.execute()
    return tokens


def issue_unfollow_token(redis: Store, number: str) -> str:
    """Return the unfollow token of one number."""
    return issue_unfollow_tokens(redis, [number])[number]


def resolve_unfollow_token(redis: Store, token: str) -> str:
    """Return the phone number that this token was issued for, or ""."""
    return (redis.get(f"unfollow:{token}") or b"").decode()


def list_numbers(redis: Store) -> set[str]:
    """Return the numbers that have a token."""
    return {key.removeprefix("unfollow-token:") for key in scan(redis, "unfollow-token:*")}


def revoke(redis: Store, number: str) -> None:
    """Delete this number's token, if it has one."""
    token = redis.getdel(f"unfollow-token:{number}")
    if token:
        redis.delete(f"unfollow:{token.decode()}")
