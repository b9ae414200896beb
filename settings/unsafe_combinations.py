"""Settings that must not be used together: what is right for the demo is wrong at a public address."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

DEMO_FILE = Path(__file__).parents[1] / ".env.demo"
SECRET_NAMES = re.compile(r".*(TOKENS?|KEYS?|PASSWORD|SECRET)")


def find_unsafe(environ: Mapping[str, str], public_url: str, allow_loopback: bool) -> Iterator[str]:
    """Yield a sentence for each setting that is unsafe if the app is reached by https, with the fix."""
    if not public_url.startswith("https://"):
        return
    if allow_loopback:
        yield "ALLOW_LOOPBACK must be no with an https PUBLIC_URL: anybody could reach the services of this machine"
    for name, text in _demo_secrets().items():
        if set(_split(environ.get(name, ""))) & set(_split(text)):
            fix = "use the real one, or generate one with: openssl rand -hex 32"
            yield f"{name} is the demo's, which everybody can read: {fix}"


def _demo_secrets() -> dict[str, str]:
    lines = DEMO_FILE.read_text().splitlines() if DEMO_FILE.exists() else []
    pairs = (line.partition("=")[::2] for line in lines)
    return {name: text for name, text in pairs if SECRET_NAMES.fullmatch(name)}


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
