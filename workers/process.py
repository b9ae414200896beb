"""The process that runs the jobs: the engine, with this app's store, queues and periodic tasks."""

import logging
import sys

import config
from masking import MaskingFilter
from workers import sweep
from workers.engine import process
from workers.engine.periodic import PeriodicTask
from workers.engine.supervisor import EX_CONFIG
from workers.queues import CALLERS, LOOKUPS, TEXTERS, WEBHOOKS

# How many jobs of each queue one process runs at once. Each queue has its own slots, so that neither webhooks nor
# third-party servers that hang delay callers and texters.
SLOTS = {CALLERS: 200, TEXTERS: 200, LOOKUPS: 200, WEBHOOKS: 100}
PERIODIC_TASKS: list[PeriodicTask] = [
    (sweep.INTERVAL_SECONDS, sweep.sweep),
    (sweep.INTERVAL_SECONDS, sweep.send_waiting),
]


def main() -> None:
    """Run jobs until the supervisor ends this process."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().handlers[0].addFilter(MaskingFilter())
    try:
        settings = config.load()
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(EX_CONFIG)
    process.main(config.connect(settings), SLOTS, PERIODIC_TASKS)


if __name__ == "__main__":
    main()
