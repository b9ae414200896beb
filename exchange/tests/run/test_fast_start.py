"""Ringback starts fast, because slow work is deferred until it is first needed."""

import os
import ssl
import subprocess
import sys

from ringback.webhooks.connections import tls_context

LOOK = """
import ssl, sys
loaded = []
original = ssl.SSLContext.set_default_verify_paths
ssl.SSLContext.set_default_verify_paths = lambda self: (original(self), loaded.extend(self.get_ca_certs()))
import ringback.__main__
print(sorted({"phonenumbers", "trustme", "cryptography"} & set(sys.modules)), len(loaded))
"""


def test_start_loads_no_certificate_authorities_phone_number_tables_or_cryptography():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    told = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == "[] 0\n"


def test_app_with_tls_must_have_a_certificate_of_a_known_authority():
    context = tls_context("https://app.example/voice")
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert tls_context("wss://app.example/stream") is context
    assert tls_context("http://127.0.0.1:5000/voice") is True
