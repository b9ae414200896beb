"""One-line summaries of providers' events that need more than a few lines: who did what, to which kind of object."""
