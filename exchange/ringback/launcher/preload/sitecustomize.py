"""Runs first in every Python program that `run` starts, for clients that ignore the environment variables.

Up to version 7, Twilio's library trusts only certifi's certificates or its own; AsyncTwilioHttpClient uses no proxy.
An app may also clear os.environ, or set a different environment for a child process."""

import _socket  # socket and gevent both resolve names through this module
import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "environment"), encoding="utf-8") as file:
    VARIABLES = dict(line.rstrip("\n").split("=", 1) for line in file)
ENVIRONMENT = os.environ  # the variables of this process, even if the app assigns another object to os.environ
getaddrinfo = _socket.getaddrinfo


def trust_exchange_certificates():
    """Adds the exchange's certificates to every TLS context.

    Patches _ssl, because ssl must not be imported yet: gevent patches ssl only if nothing has imported it."""
    try:
        import _ssl
    except ImportError:  # a Python without TLS
        return
    bundle = VARIABLES["SSL_CERT_FILE"]

    class SSLContext(_ssl._SSLContext):
        def load_verify_locations(self, *args, **kwargs):
            super().load_verify_locations(*args, **kwargs)
            super().load_verify_locations(bundle)

        def set_default_verify_paths(self):
            super().set_default_verify_paths()
            super().load_verify_locations(bundle)

    _ssl._SSLContext = SSLContext


def twilio_host(host):
    """Returns the host name as text if it is one of Twilio's, otherwise ""."""
    name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
    return name if isinstance(name, str) and ("." + name.lower().rstrip(".")).endswith(".twilio.com") else ""


def blocked(name):
    return _socket.gaierror(_socket.EAI_NONAME, "The local exchange blocks requests to " + name)


def getaddrinfo_of_exchange(host, port, *args, **kwargs):
    """Resolves Twilio's host names to the address of the exchange. TLS still uses the original host name."""
    if twilio_host(host):
        if str(port) not in ("443", "https"):
            raise blocked(twilio_host(host))
        host, port = "127.0.0.1", int(VARIABLES["EXCHANGE_TLS_PORT"])
    return getaddrinfo(host, port, *args, **kwargs)


def blocking(resolve):
    """Wraps `resolve` so that it raises for Twilio's host names, which cannot be redirected without a port."""

    def resolve_others(host):
        if twilio_host(host):
            raise blocked(twilio_host(host))
        return resolve(host)

    return resolve_others


def completed(environment):
    """Returns an environment with the variables added. Options and search paths extend the existing ones."""
    result = {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}
    for name, own in VARIABLES.items():
        value = result.get(name, "")
        if name in ("NODE_OPTIONS", "RUBYOPT", "JAVA_TOOL_OPTIONS"):
            result[name] = value if own in value else (value + " " + own).strip()
        elif name == "PHP_INI_SCAN_DIR":
            result[name] = value if own in value else value + ":" + own
        elif name in ("PYTHONPATH", "RUBYLIB"):
            result[name] = value if own in value else own + ":" + value if value else own
        else:
            result[name] = own
    return result


def give_variables_to_children():
    """Completes the environment of every child process, by replacing the functions on which all others are based."""
    import _posixsubprocess  # subprocess, multiprocessing and gevent start processes with it

    fork_exec, execve = _posixsubprocess.fork_exec, os.execve

    def fork_exec_completed(*args):
        environment = ENVIRONMENT if args[5] is None else dict(pair.split(b"=", 1) for pair in args[5])
        pairs = [os.fsencode(name + "=" + value) for name, value in completed(environment).items()]
        return fork_exec(*args[:5], pairs, *args[6:])

    def spawning(spawn):
        return lambda path, argv, env, **options: spawn(
            path, argv, completed(ENVIRONMENT if env is None else env), **options
        )

    _posixsubprocess.fork_exec = fork_exec_completed
    os.execve = lambda path, argv, env: execve(path, argv, completed(env))
    os.execv = lambda path, argv: os.execve(path, argv, ENVIRONMENT)  # noqa: S606 (as the app asked)
    os.posix_spawn, os.posix_spawnp = spawning(os.posix_spawn), spawning(os.posix_spawnp)


def run_hidden_sitecustomize():
    """Runs the sitecustomize module that this one shadows, if there is one."""
    path = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


trust_exchange_certificates()
give_variables_to_children()
_socket.getaddrinfo = getaddrinfo_of_exchange
_socket.gethostbyname, _socket.gethostbyname_ex = blocking(_socket.gethostbyname), blocking(_socket.gethostbyname_ex)
run_hidden_sitecustomize()
