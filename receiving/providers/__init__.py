"""Providers: one file here is one, and its name is its address: /webhooks/<name>.

What such a file holds, by these names; `Provider` below is the same list for programs.

    its docstring               begins with the provider's name, a colon and the link to its rules
    SETTING_DESCRIPTION                     what <NAME>_WEBHOOK_SECRET holds: a row of the settings table
    MAX_BYTES_BY_TYPE                       content type -> the most bytes of such a body
    CLAIM_TTL_SECONDS                  seconds that a notice's id is remembered: the sender's longest resend, and more
    verify(delivery, secrets)   raises RejectedRequest unless one of the secrets made exactly this; on raw bytes
    sign(delivery, secrets)     the delivery as the provider would send it, signed with the first secret, now
    parse(delivery)              what it says, as Notices; ValueError when it says nothing we can read
    summarize(notice)                 one line for people
    SAMPLES                     event name -> a realistic body's facts; the first is the one to send by default
    sample(event, url)          a Delivery of such an event to that URL, with fresh ids, not signed yet

and, where the provider has them,

    handshake(delivery, secrets)    its handshake: the Reply to a GET, HEAD or unsigned POST; None: go on and verify
    RESPONSE                       what it wants to hear instead of 204
    TOLERANCE_SECONDS, signed_at(delivery) seconds either way that a signature holds, and when it says it was made
    ALLOWS_SECRET_PATH                 True: a secret may follow the name in the path
    SIGNS_BODY                  False: nothing protects the body
    check(secrets)              raises ValueError("must …") for secrets it cannot work with
    mistakes(delivery, secrets) each usual Mistake, with the delivery and the secrets that would have been good
"""

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

from config import ConfigError, Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent

NO_CONTENT = StoredResponse("", "text/plain; charset=utf-8", 204)
DEFAULTS = {
    "handshake": lambda _delivery, _secrets: None,
    "RESPONSE": NO_CONTENT,
    "TOLERANCE_SECONDS": None,
    "signed_at": lambda _delivery: None,
    "ALLOWS_SECRET_PATH": False,
    "SIGNS_BODY": True,
    "check": lambda _secrets: None,
    "mistakes": lambda _delivery, _secrets: (),
}

Mistakes = Iterable[tuple[Mistake, Delivery, Secrets]]


@dataclass(frozen=True)
class Provider:
    """One file of this folder, read: the names there in lower case here."""

    name: str
    title: str
    setting_description: str
    max_bytes_by_type: Mapping[str, int]
    claim_ttl_seconds: int
    verify: Callable[[Delivery, Secrets], None]
    sign: Callable[[Delivery, Secrets], Delivery]
    parse: Callable[[Delivery], list[ProviderEvent]]
    summarize: Callable[[ProviderEvent], str]
    samples: Mapping[str, object]
    sample: Callable[[str, str], Delivery]
    handshake: Callable[[Delivery, Secrets], StoredResponse | None]
    has_handshake: bool
    response: StoredResponse
    tolerance_seconds: float | None
    signed_at: Callable[[Delivery], float | None]
    allows_secret_path: bool
    signs_body: bool
    check: Callable[[Secrets], None]
    mistakes: Callable[[Delivery, Secrets], Mistakes]

    @property
    def setting_name(self) -> str:
        """The environment variable that holds its secrets."""
        return f"{self.name.upper()}_WEBHOOK_SECRET"

    def check_setting(self, secrets: Secrets) -> None:
        """ConfigError, saying how to mend it, when these secrets are of no use."""
        try:
            self.check(secrets)
        except ValueError as mistake:
            raise ConfigError(f"{self.setting_name} {mistake}. The table of settings is in README.md.") from mistake

    def make_signed_sample(self, event: str, secrets: Secrets, origin: str) -> Delivery:
        """What the provider would send to the app at this origin, now. KeyError when there is no such sample."""
        unsigned = self.sample(event or next(iter(self.samples)), f"{origin}/webhooks/{self.name}")
        return self.sign(replace(unsigned, received_at=time.time()), secrets)


@cache
def load() -> Mapping[str, Provider]:
    """Every provider by its name, in the order of the alphabet."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return {name: _load_module(name, importlib.import_module(f"{__name__}.{name}")) for name in names}


def setting_rows() -> Iterator[tuple[str, str]]:
    """The rows of the settings table that are about providers: the variable's name, and what it holds."""
    return ((provider.setting_name, provider.setting_description) for provider in load().values())


def _load_module(name: str, module: ModuleType) -> Provider:
    title = (module.__doc__ or name).partition(":")[0]
    attributes = {"name": name, "title": title, "has_handshake": hasattr(module, "handshake")}
    constants = (
        "SETTING_DESCRIPTION",
        "MAX_BYTES_BY_TYPE",
        "CLAIM_TTL_SECONDS",
        "SAMPLES",
        "RESPONSE",
        "TOLERANCE_SECONDS",
        "ALLOWS_SECRET_PATH",
        "SIGNS_BODY",
    )
    functions = ("verify", "sign", "parse", "summarize", "sample", "handshake", "signed_at", "check", "mistakes")
    for attribute in (*constants, *functions):
        if not hasattr(module, attribute) and attribute not in DEFAULTS:
            raise AttributeError(
                f"receiving/providers/{name}.py lacks {attribute}; what it means is said in __init__.py"
            )
        attributes[attribute.lower()] = getattr(module, attribute, DEFAULTS.get(attribute))
    return Provider(**attributes)  # type: ignore[arg-type]
