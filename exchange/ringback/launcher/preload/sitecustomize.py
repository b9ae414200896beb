"""Read by every Python program that `exchange run` starts, for clients that look at no environment variable.

Twilio's own library trusts certifi's list alone up to version 7, and at first one that it carried along itself; its
AsyncTwilioHttpClient knows no proxy."""

import _socket  # where socket itself, and gevent in its place, look names up
import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
look_up = _socket.getaddrinfo


def trust_the_exchange():
    """Whatever list of authorities a client brings along, ours is added to it. In _ssl, as ssl builds on what it finds
    there, and must not be imported yet: gevent would find it too late to put its own in its place."""
    try:
        import _ssl
    except ImportError:  # a Python without TLS
        return
    ours = os.environ.get("REQUESTS_CA_BUNDLE")

    class Trusting(_ssl._SSLContext):
        def load_verify_locations(self, *given, **named):
            super().load_verify_locations(*given, **named)
            if ours:
                super().load_verify_locations(ours)

    _ssl._SSLContext = Trusting


def twilios(host):
    """The name as text, if it is one of Twilio's, or else ""."""
    name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
    return name if isinstance(name, str) and ("." + name.lower().rstrip(".")).endswith(".twilio.com") else ""


def refusal(name):
    return _socket.gaierror(_socket.EAI_NONAME, "The local exchange lets nothing through to " + name)


def lead_to_the_exchange(host, port, *more, **named):
    """Looks a name up as ever, but Twilio's are the exchange's; TLS still asks for the name it wanted."""
    if twilios(host):
        if str(port) not in ("443", "https"):
            raise refusal(twilios(host))
        host, port = "127.0.0.1", int(os.environ["EXCHANGE_TLS_PORT"])
    return look_up(host, port, *more, **named)


def refusing(look):
    """An older way to look a name up: it is asked for no port, so Twilio's cannot be led anywhere."""

    def look_elsewhere(host):
        if twilios(host):
            raise refusal(twilios(host))
        return look(host)

    return look_elsewhere


def run_the_one_we_hide():
    """There may be another sitecustomize further on, which Python would have read."""
    path = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


trust_the_exchange()
_socket.getaddrinfo = lead_to_the_exchange
_socket.gethostbyname, _socket.gethostbyname_ex = refusing(_socket.gethostbyname), refusing(_socket.gethostbyname_ex)
run_the_one_we_hide()
