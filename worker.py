"""The process that runs the jobs, with the periodic tasks of the packages above `workers`."""

from show.privacy import purge
from workers import worker_setup

if __name__ == "__main__":
    worker_setup.main([(purge.INTERVAL_SECONDS, purge.purge_expired)])
