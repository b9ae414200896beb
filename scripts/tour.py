"""The reading tour: the files of the main path, in reading order, with line counts. `make tour` prints it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_LINES = 3_500  # about an hour of reading

# Title of each step -> its files.
TOUR = {
    "The wiring: app, settings, event stream": ["app.py", "config.py", "events.py"],
    "Receiving a webhook: verify, claim, store": [
        "receiving/delivery.py",
        "receiving/receiver.py",
        "receiving/idempotency.py",
        "receiving/twilio_signature.py",
        "receiving/stored_requests.py",
    ],
    "A provider as an example": ["receiving/providers/stripe.py"],
    "Answering texts and calls": [
        "phone/commands/__init__.py",
        "phone/commands/check.py",
        "phone/sms.py",
        "phone/call_steps.py",
        "phone/voice.py",
        "phone/voice_answers.py",
    ],
    "Slow work and its callback": [
        "workers/pending_answers.py",
        "workers/queues.py",
        "workers/tasks.py",
        "workers/answer_delivery.py",
        "workers/sweep.py",
    ],
    "Sending an answer exactly once": ["sending/outbox.py", "sending/twilio/gateway.py", "sending/http/client.py"],
    "Showing everything to the audience": ["stage/stage_page.py", "stage/event_stream.py", "stage/timeline.py"],
}


def lines(name: str) -> int:
    """Return the number of lines in a file, or in all Python files in a folder."""
    path = ROOT / name
    files = sorted(path.glob("*.py")) if path.is_dir() else [path]
    return sum(len(file.read_text().splitlines()) for file in files)


def total() -> int:
    """Return the number of lines in the whole tour."""
    return sum(lines(name) for names in TOUR.values() for name in names)


def main() -> int:
    """Print the tour. Return 1 if it has more than MAX_LINES lines."""
    for step, names in TOUR.items():
        print(step)
        for name in names:
            print(f"  {name:32}{lines(name):6,}")
    print(f"{total():,} lines (at most {MAX_LINES:,})")
    return 1 if total() > MAX_LINES else 0


if __name__ == "__main__":
    sys.exit(main())
