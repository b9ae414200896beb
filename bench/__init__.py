"""How fast, against what, in one run. `python -m bench` prints every section; `python -m bench webhooks` prints one."""
