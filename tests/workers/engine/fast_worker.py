"""The worker with shorter intervals, which sets the Redis key `leaving` when it is asked to stop.

Its timeouts are an hour, so that a slow machine does not trigger them: a test deletes a registration or sets a limit.
"""

import os
import sys
import threading

import redis

from workers.engine import supervisor

supervisor.LIVENESS_TIMEOUT_SECONDS = float(os.environ.get("LIVENESS_TIMEOUT_SECONDS", "3600"))
supervisor.SHUTDOWN_TIMEOUT_SECONDS = 3_600


def run_process():
    """Run the process that the supervisor starts. As in production, the supervisor does not import what it needs."""
    import worker
    from workers.engine import dead_worker_recovery, rq_overrides, threaded_worker, timeouts

    rq_overrides.WORKER_TTL_SECONDS = 3_600
    threaded_worker.DRAIN_TIMEOUT_SECONDS = 3_600
    threaded_worker.HEARTBEAT_INTERVAL_SECONDS = threaded_worker.RECOVERY_INTERVAL_SECONDS = (
        threaded_worker.LIVENESS_INTERVAL_SECONDS
    ) = 0.5
    dead_worker_recovery.CONFIRM_AFTER_SECONDS = 1.0
    timeouts.RETRY_INTERVAL_SECONDS = 0.3
    original_request_stop = threaded_worker.ThreadedWorker.request_stop

    def request_stop(self, *arguments):
        """Also set the key `leaving`, in a thread because a signal handler may interrupt a Redis command.

        On a connection of its own: a worker that stops has two, and its jobs and its heartbeat may use both.
        """
        original_request_stop(self, *arguments)
        threading.Thread(target=redis.Redis.from_url(os.environ["REDIS_URL"]).set, args=("leaving", 1)).start()

    threaded_worker.ThreadedWorker.request_stop = request_stop
    worker.main()


if sys.argv[1:2] == ["process"]:
    del sys.argv[1]
    run_process()
else:
    sys.exit(supervisor.supervise([sys.executable, "-m", "tests.workers.engine.fast_worker", "process"]))
