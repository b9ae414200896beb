"""REDIS_URL: the forms that it may have, and the parts of a URL that names Sentinels."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from redis.connection import Connection, parse_url
from redis.exceptions import RedisError

DIRECT_PREFIXES = ("redis://", "rediss://", "unix://")
SENTINEL_SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
SENTINEL_EXAMPLE = "redis+sentinel://host:26379,host2:26379/service"


@dataclass(frozen=True)
class SentinelUrl:
    """The parts of redis[s]+sentinel://[user:password@]host[:port][,…]/service[/database][?options].

    `sentinels` are pairs of host and port; a missing port is None. `primary_url` contains everything else,
    as a URL that redis-py parses; its host is a placeholder.
    """

    sentinels: tuple[tuple[str, int | None], ...]
    service: str
    primary_url: str


def check(text: str) -> str:
    """Return this REDIS_URL. Raises ValueError with the accepted forms if it has none of them."""
    if is_sentinel(text):
        split(text)
    elif not text.startswith(DIRECT_PREFIXES):
        raise ValueError(f"must start with redis:// or rediss://, or name Sentinels: {SENTINEL_EXAMPLE}")
    else:
        _check_for_client(text)
    return text


def _check_for_client(text: str) -> None:
    """Raise ValueError if redis-py cannot connect to this URL.

    The message does not quote an invalid port, which may be part of the password: in redis://:a/b@host, it is "a".
    """
    try:
        _ = urlsplit(text).port
    except ValueError:
        raise ValueError(
            "is not valid: check the port, and write / ? # [ ] in the password as %2F %3F %23 %5B %5D"
        ) from None
    try:
        options = parse_url(text)
        options.pop("max_connections", None)  # it concerns only the pool
        options.pop("connection_class", Connection)(**options)  # it does not connect yet
    except TypeError as error:
        raise ValueError(f"has an option that is not known: {str(error).rpartition(' ')[2]}") from error
    except (ValueError, RedisError) as error:
        raise ValueError(f"is not valid: {error}") from error


def is_sentinel(text: str) -> bool:
    """Return whether this REDIS_URL names Sentinels instead of the store itself."""
    return text.partition("://")[0] in SENTINEL_SCHEMES


def split(text: str) -> SentinelUrl:
    """Return the parts of a URL for which `is_sentinel` is true. Raises ValueError."""
    scheme, _, rest = text.partition("://")
    address, _, query = rest.partition("?")
    netloc, _, path = address.partition("/")
    service, _, database = path.partition("/")
    credentials, at, hosts = netloc.rpartition("@")
    if not service or "/" in database or (database and not database.isdecimal()):
        raise ValueError(
            f"must name the service that the Sentinels watch, and then at most a database number: {SENTINEL_EXAMPLE}/0"
        )
    sentinels = tuple(_split_host(host) for host in hosts.split(","))
    primary_url = f"{SENTINEL_SCHEMES[scheme]}://{credentials}{at}primary/{database}?{query}"
    return SentinelUrl(sentinels, unquote(service), primary_url)


def _split_host(text: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise ValueError(f"must list the Sentinels as host:port, separated by commas: {SENTINEL_EXAMPLE}")
    return host, port
