"""The worker with its waits cut short, and a note in the store once its crew was told to leave. `crew` starts that."""

import sys
import threading

from workers.engine import process, recovery, supervisor, threaded_worker, timeouts

supervisor.WORKER_COMMAND = [sys.executable, "-m", "tests.workers.engine.fast_worker", "crew"]
supervisor.LIVENESS_TIMEOUT_SECONDS = 2.5
threaded_worker.WORKER_TTL_SECONDS = 4
threaded_worker.HEARTBEAT_INTERVAL_SECONDS = threaded_worker.RECOVERY_INTERVAL_SECONDS = (
    threaded_worker.LIVENESS_INTERVAL_SECONDS
) = 0.5
recovery.CONFIRM_AFTER_SECONDS = 1.0
timeouts.RETRY_INTERVAL_SECONDS = 0.3


def hears(self, *given):
    """Told to leave: the key `leaving` says so, written from a thread of its own since this interrupts others."""
    told_to_leave(self, *given)
    threading.Thread(target=self.connection.set, args=("leaving", 1)).start()


told_to_leave, threaded_worker.ThreadedWorker.request_stop = threaded_worker.ThreadedWorker.request_stop, hears

if sys.argv[1:2] == ["crew"]:
    del sys.argv[1]
    process.main()
else:
    supervisor.main()
