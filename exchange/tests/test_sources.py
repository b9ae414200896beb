"""Every module that speaks Twilio's protocol names its source, and every source has a date."""

import re
from pathlib import Path

import ringback

PACKAGE = Path(ringback.__file__).parent
# Modules in these packages that state nothing about Twilio.
WITHOUT_FACTS = {
    "verbs/registry.py",
    "twiml/steps.py",
    "webhooks/app_address.py",
    "webhooks/connections.py",
    "webhooks/request.py",
    "webhooks/request_log.py",
}
PACKAGES = ("account", "messages", "rest", "twiml", "verbs", "webhooks")
MODULES = sorted(
    path for package in PACKAGES for path in (PACKAGE / package).glob("*.py") if path.name != "__init__.py"
)
SOURCE = re.compile(r"(documented|observed|inferred)\(|https://\S+ \(20\d\d-\d\d")
DATE = re.compile(r"20\d\d-\d\d")


def test_modules_name_their_source_with_a_date():
    names = {f"{path.parent.name}/{path.name}": path for path in MODULES}
    assert [
        f"{name}: add the URL of Twilio's page and (year-month)"
        for name, path in names.items()
        if name not in WITHOUT_FACTS and not SOURCE.search(path.read_text())
    ] == []


def test_every_link_to_twilios_documentation_has_a_date():
    undated = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text().splitlines()
        if "https://www.twilio.com/docs/" in line and not DATE.search(line) and not line.startswith("DOCS = ")
    ]
    assert undated == []
