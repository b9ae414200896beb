"""The process that runs the jobs, with the periodic tasks of the packages above `workers`."""

from show.privacy import purge
from workers import process

if __name__ == "__main__":
    process.main([(purge.INTERVAL_SECONDS, purge.purge_expired)])
