"""The worker itself: RQ with many jobs in one process, supervised. Independent of what the jobs do."""
