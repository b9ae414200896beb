"""Benchmarks that compare variants within one run: `python -m bench` runs all, `python -m bench webhooks` runs one."""
