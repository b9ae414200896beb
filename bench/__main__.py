"""Run all sections one after another, or the named ones: `python -m bench webhooks answers`."""

import importlib
import sys

SECTIONS = {
    "webhooks": "signed webhooks per second, compared with an empty route and Twilio's tutorial",
    "answers": "time from a text message to its slow answer, without the task itself",
    "workers": "RQ's worker classes and ours: 200 waiting jobs, empty jobs, a hung job, a killed worker",
    "stage": "the stage in Chromium while 200 people text within 20 seconds, and while a crowd is played back",
    "providers": "each provider's webhook, compared with the bare signature check in a Flask route",
    "deliveries": "outgoing webhooks to a fast receiver, compared with requests in a job and RQ's Webhook",
    "hostile_receivers": "how much hostile receivers delay well-behaved ones",
    "hostile_requests": "20,000 hostile requests to the app: no 500, no traceback, no hang, below 200 MB",
    "saturation": "the CPU time of the web process, worker and store for each unit of work: see docs/scale.md",
    "memory": "the memory of the store for audiences of 200, 2,000 and 10,000 people",
    "smallest": "500 people on a store of Heroku's smallest size, during a deployment: answers, connections, memory",
    "chaos": "texts and calls while processes and the store fail: correct, lost and duplicate answers, and apologies",
    "exchange": "the exchange on one core: 1,000 calls, 10,000 texts, 200 media streams, and 10,000 waiting calls",
}


def main(names: list[str]) -> None:
    """Run the named sections, or all of them. Exits with an error if a name is unknown."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"Unknown section: {', '.join(unknown)}. Sections: {', '.join(SECTIONS)}.")
    for name in names or SECTIONS:
        print(f"\n# {name}: {SECTIONS[name]}\n", flush=True)
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
