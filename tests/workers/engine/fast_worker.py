"""The worker with its waits cut short, and a note in the store once its crew was told to leave. `crew` starts that."""

import sys
import threading

from workers.engine import process, recovery, supervisor, threaded_worker, timeouts

supervisor.CREW = [sys.executable, "-m", "tests.workers.engine.fast_worker", "crew"]
supervisor.FROZEN_AFTER = 2.5
threaded_worker.ALIVE_FOR = 4
threaded_worker.HEARTBEAT_EVERY = threaded_worker.SEARCH_EVERY = threaded_worker.PULSE_EVERY = 0.5
recovery.SURE_AFTER = 1.0
timeouts.ASK_AGAIN_AFTER = 0.3


def hears(self, *given):
    """Told to leave: the key `leaving` says so, written from a thread of its own since this interrupts others."""
    told_to_leave(self, *given)
    threading.Thread(target=self.connection.set, args=("leaving", 1)).start()


told_to_leave, threaded_worker.Crew.request_stop = threaded_worker.Crew.request_stop, hears

if sys.argv[1:2] == ["crew"]:
    del sys.argv[1]
    process.main()
else:
    supervisor.main()
