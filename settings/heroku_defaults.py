"""The defaults that differ on a Heroku dyno."""

from collections.abc import Mapping

# Heroku's router is the only proxy. The certificate of Heroku's key-value store is self-signed.
HEROKU_DEFAULTS = {"trusted_proxies": "1", "redis_tls_verify": "no"}


def heroku_default(name: str, environ: Mapping[str, str]) -> str:
    """Return a setting's default on a Heroku dyno, or "": https://devcenter.heroku.com/articles/dyno-metadata."""
    domain = environ.get("HEROKU_APP_DEFAULT_DOMAIN_NAME", "")
    return f"https://{domain}" if name == "public_url" and domain else HEROKU_DEFAULTS.get(name, "")
