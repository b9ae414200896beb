"""Chapter 3, slow work: queues, pending answers, tasks, and the sweep that recovers what was lost."""
