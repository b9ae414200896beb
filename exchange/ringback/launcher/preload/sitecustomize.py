"""Runs first in every Python program that `run` starts, for clients that ignore the environment variables.

Up to version 7, Twilio's library trusts only certifi's certificates or its own; AsyncTwilioHttpClient uses no proxy."""

import _socket  # socket and gevent both resolve names through this module
import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
getaddrinfo = _socket.getaddrinfo


def trust_exchange_certificates():
    """Adds the exchange's certificates to every TLS context.

    Patches _ssl, since ssl must not be imported yet: gevent patches ssl only if nothing has imported it."""
    try:
        import _ssl
    except ImportError:  # a Python without TLS
        return
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")

    class SSLContext(_ssl._SSLContext):
        def load_verify_locations(self, *args, **kwargs):
            super().load_verify_locations(*args, **kwargs)
            if bundle:
                super().load_verify_locations(bundle)

    _ssl._SSLContext = SSLContext


def twilio_host(host):
    """Returns the host name as text if it is one of Twilio's, otherwise ""."""
    name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
    return name if isinstance(name, str) and ("." + name.lower().rstrip(".")).endswith(".twilio.com") else ""


def blocked(name):
    return _socket.gaierror(_socket.EAI_NONAME, "The local exchange blocks requests to " + name)


def getaddrinfo_of_exchange(host, port, *args, **kwargs):
    """Resolves Twilio's names to the exchange. TLS still uses the original host name."""
    if twilio_host(host):
        if str(port) not in ("443", "https"):
            raise blocked(twilio_host(host))
        host, port = "127.0.0.1", int(os.environ["EXCHANGE_TLS_PORT"])
    return getaddrinfo(host, port, *args, **kwargs)


def blocking(resolve):
    """Returns `resolve` without Twilio's names; it returns no port, so it cannot redirect to the exchange."""

    def resolve_others(host):
        if twilio_host(host):
            raise blocked(twilio_host(host))
        return resolve(host)

    return resolve_others


def run_hidden_sitecustomize():
    """Runs the sitecustomize module that this one shadows, if there is one."""
    path = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


trust_exchange_certificates()
_socket.getaddrinfo = getaddrinfo_of_exchange
_socket.gethostbyname, _socket.gethostbyname_ex = blocking(_socket.gethostbyname), blocking(_socket.gethostbyname_ex)
run_hidden_sitecustomize()
