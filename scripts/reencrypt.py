"""Encrypts what endpoints entrusted to us with the newest SECRET_KEY: python -m scripts.reencrypt.

Run it once every process has both values, the newest first. What was paused for want of the old one goes on.
"""

import sys
from typing import Any

import config
from sending.webhooks import endpoints
from sending.webhooks.encryption import Encryption, WrongKey


def main() -> int:
    """0 when the older values of SECRET_KEY may go; 1 when something was sealed with one that is not there."""
    settings = config.load()
    sealed, locked = reencrypt_all(config.connect(settings), Encryption(settings.secret_key))
    print(f"{sealed} subscribers are sealed with the newest SECRET_KEY.")
    if locked:
        print(f"{len(locked)} are not: {', '.join(locked)}. {WrongKey()}", file=sys.stderr)
        print("If the old value is lost, rotate their keys and set their headers again.", file=sys.stderr)
    return 1 if locked else 0


def reencrypt_all(redis: Any, encryption: Encryption) -> tuple[int, list[str]]:
    """How many were sealed anew, and the ids of those that no value opens."""
    sealed, locked = 0, []
    for one in list(endpoints.load_all(redis)):
        try:
            endpoints.reencrypt(redis, encryption, one.id)
        except WrongKey:
            locked.append(one.id)
            continue
        except KeyError:  # deleted meanwhile
            continue
        sealed += 1
        if one.state == "paused" and one.state_reason.startswith(str(WrongKey())):
            endpoints.resume(redis, one.id)
    return sealed, locked


if __name__ == "__main__":
    sys.exit(main())
