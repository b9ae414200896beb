"""`flask reencrypt`: encrypt the endpoints' secrets with the newest SECRET_KEY, so that older values can be removed."""

import sys

import click
from flask.cli import with_appcontext

import context
from cli.options import StoreCommand
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from store import Store


@click.command(cls=StoreCommand)
@with_appcontext
def reencrypt() -> None:
    """Encrypt the secrets of all webhook endpoints with the newest SECRET_KEY.

    Run it once all processes have both values, newest first. Exits with 1 if some secrets cannot be decrypted.
    """
    count, failed_ids = reencrypt_all(context.store(), Encryption(context.settings().secret_key))
    click.echo(f"The secrets of {count} endpoints are encrypted with the newest SECRET_KEY.")
    if failed_ids:
        click.echo(
            f"The secrets of {len(failed_ids)} endpoints could not be decrypted: {', '.join(failed_ids)}. {WrongKey()}",
            err=True,
        )
        click.echo("If the old SECRET_KEY is lost, rotate these endpoints' keys and set their headers again.", err=True)
    sys.exit(1 if failed_ids else 0)


def reencrypt_all(redis: Store, encryption: Encryption) -> tuple[int, list[str]]:
    """Return the number of reencrypted endpoints, and the ids of those whose secrets no SECRET_KEY can decrypt.

    An endpoint that was paused because its secrets could not be decrypted is resumed.
    """
    count, failed_ids = 0, []
    for endpoint in list(stored_endpoints.load_all(redis)):
        try:
            key_rotation.reencrypt(redis, encryption, endpoint.id)
        except WrongKey:
            failed_ids.append(endpoint.id)
            continue
        except stored_endpoints.EndpointNotFound:  # deleted in the meantime
            continue
        count += 1
        if endpoint.state == "paused" and endpoint.state_reason.startswith(str(WrongKey())):
            stored_endpoints.resume(redis, endpoint.id)
    return count, failed_ids
