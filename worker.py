"""The process that runs the jobs: the engine with this app's store, queues and periodic tasks."""

import logging
import sys

import config
import logs
from show.privacy import purge
from store import clients, connection_budget
from store.pool import BLOCKING
from workers import sweep, twilio_lookups
from workers.engine import worker_process
from workers.engine.periodic import PeriodicTask
from workers.engine.rq_overrides import StoreAccess
from workers.engine.supervisor import EX_CONFIG
from workers.queues import SLOTS

PERIODIC_TASKS: list[PeriodicTask] = [
    (sweep.INTERVAL_SECONDS, sweep.PatientSweeper()),
    (sweep.INTERVAL_SECONDS, twilio_lookups.look_up_unknown_states),
    (sweep.INTERVAL_SECONDS, sweep.send_waiting),
    (purge.INTERVAL_SECONDS, purge.purge_expired),
]


def main() -> None:
    """Run jobs and the periodic tasks until the supervisor ends this process."""
    logs.set_up(logging.INFO)
    try:
        settings = config.load()
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(EX_CONFIG)
    worker_process.main(lambda is_isolated: connect(settings, is_isolated), SLOTS, PERIODIC_TASKS)


def connect(settings: config.Settings, is_isolated: bool) -> StoreAccess:
    """Return the engine's access to the store: a listener per queue if connections can be spared, otherwise one."""
    client = clients.connect(settings, connection_budget.ISOLATED if is_isolated else connection_budget.WORKER)
    pool = clients.pool_of(client)
    listeners = pool.role.blocking_at(pool.renew_share()) - 1
    blocking = clients.lane(client, BLOCKING)
    isolated_processes = 3 if listeners > 1 else 1  # each takes two connections
    return StoreAccess(
        client, blocking, listeners, isolated_processes, lambda: pool.set_role(connection_budget.REPLACED)
    )


if __name__ == "__main__":
    main()
