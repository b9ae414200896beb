"""All sections, one after another, or those named: `python -m bench webhooks answers`."""

import importlib
import sys

SECTIONS = {
    "webhooks": "signed webhooks per second, against an empty route and Twilio's tutorial",
    "answers": "from a text to its slow answer, over what the work itself takes",
    "workers": "RQ's worker classes and ours: waits at once, empty jobs, a hung one, a killed one",
    "stage": "from a webhook to fifty browsers' event streams",
    "providers": "each provider's webhook, against its bare check in a Flask route",
    "deliveries": "our own webhooks to a fast receiver, against requests in a job and RQ's own",
    "hostile": "what polite receivers notice of a zoo of hostile ones",
    "exchange": "a thousand calls at once, and ten thousand texts, on one core",
}


def main(names: list[str]) -> None:
    """Run the sections; an unknown name is told which there are."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"There is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}.")
    for name in names or SECTIONS:
        print(f"\n# {name}: {SECTIONS[name]}\n", flush=True)
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
