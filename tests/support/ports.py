"""TCP ports that stay free until this process uses them, as Ringback's tests reserve them."""

from ringback.testing.ports import reserved_port

__all__ = ["reserved_port"]
