"""The worker with its waits cut short, and a note in the store once its crew was told to leave. `crew` starts that."""

import sys
import threading

from workers import crew, deadlines, orphans, process, worker

worker.CREW = [sys.executable, "-m", "tests.workers.hasty", "crew"]
worker.FROZEN_AFTER = 2.5
crew.ALIVE_FOR = 4
crew.HEARTBEAT_EVERY = crew.SEARCH_EVERY = crew.PULSE_EVERY = 0.5
orphans.SURE_AFTER = 1.0
deadlines.ASK_AGAIN_AFTER = 0.3


def hears(self, *given):
    """Told to leave: the key `leaving` says so, written from a thread of its own since this interrupts others."""
    told_to_leave(self, *given)
    threading.Thread(target=self.connection.set, args=("leaving", 1)).start()


told_to_leave, crew.Crew.request_stop = crew.Crew.request_stop, hears

if sys.argv[1:2] == ["crew"]:
    del sys.argv[1]
    process.main()
else:
    worker.main()
