"""Read by every Python program that `exchange run` starts: who trusts certifi's list then trusts the exchange too.

Twilio's own library up to version 7 reads no environment variable that would say so."""

import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def trust_the_exchange() -> None:
    try:
        import certifi
    except ImportError:
        return
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle:
        certifi.where = lambda: bundle


def run_the_one_we_hide() -> None:
    """There may be another sitecustomize further on, which Python would have read."""
    path = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


trust_the_exchange()
run_the_one_we_hide()
