"""The worker with its waits cut short, for tests of what happens after them. `crew` starts its other process."""

import sys

from workers import crew, deadlines, orphans, process, worker

worker.CREW = [sys.executable, "-m", "tests.workers.hasty", "crew"]
worker.FROZEN_AFTER = 2.5
crew.ALIVE_FOR = 4
crew.HEARTBEAT_EVERY = crew.SEARCH_EVERY = crew.PULSE_EVERY = 0.5
orphans.SURE_AFTER = 1.0
deadlines.ASK_AGAIN_AFTER = 0.3

if sys.argv[1:2] == ["crew"]:
    del sys.argv[1]
    process.main()
else:
    worker.main()
