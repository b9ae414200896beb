"""The HTTP proxy for the started app: forwards requests for Twilio to the exchange and by default blocks all others."""

from __future__ import annotations

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from urllib.parse import urlsplit

from ringback.webhooks.urls import is_twilio_host

MAX_HEAD_BYTES = 16 * 1024
CHUNK_BYTES = 64 * 1024
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HOP_BY_HOP = {"connection", "proxy-connection", "proxy-authorization", "keep-alive"}


class Proxy:
    """Listens on loopback. For Twilio's hosts, connects tunnels to `tls_port` and plain HTTP requests to `plain_port`.

    `let_through` lists other hosts that the app may reach; `*` allows all of them, but never Twilio itself."""

    def __init__(self, tls_port: int, plain_port: int, let_through: tuple[str, ...] = ()) -> None:
        self.tls_port, self.plain_port = tls_port, plain_port
        self.let_through = {name.lower().rstrip(".") for name in let_through}
        self.server: asyncio.Server | None = None
        self.pipes: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)

    async def stop(self) -> None:
        if self.server:
            self.server.close()
        for pipe in list(self.pipes):
            pipe.cancel()
        await asyncio.gather(*self.pipes, return_exceptions=True)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.pipes.add(task)
        try:
            # Python 3.11 logs the cancellation of a connection's task as an error.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self.pipes.discard(task)
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, _, rest = head.partition(" ")
        target = rest.partition(" ")[0]
        host, port = _host_and_port(target, method)
        tunnel = method == "CONNECT"
        if is_twilio_host(host):
            host, port = "127.0.0.1", self.tls_port if tunnel else self.plain_port
        elif host not in self.let_through and "*" not in self.let_through:
            return await _refuse(host, writer)
        await self._forward(reader, writer, host, port, b"" if tunnel else _single_request_head(head, target))

    async def _forward(self, reader: StreamReader, writer: StreamWriter, host: str, port: int, head: bytes) -> None:
        """Connects the client to a server. `head` is the head of a plain request; it is empty for a tunnel."""
        try:
            server_reader, server_writer = await asyncio.open_connection(host, port)
        except OSError as error:
            return await _respond(502, f"{host} cannot be reached: {error}", writer)
        try:
            if head:
                server_writer.write(head)
            else:
                writer.write(ESTABLISHED)
            await asyncio.gather(_pipe(reader, server_writer), _pipe(server_reader, writer))
        finally:
            server_writer.close()


async def _pipe(source: StreamReader, sink: StreamWriter) -> None:
    """Copies bytes until one side closes."""
    with suppress(OSError):
        while chunk := await source.read(CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()
    sink.close()


async def _refuse(host: str, writer: StreamWriter) -> None:
    print(f"ringback: blocked a request to {host}: to allow it, start with --let-through {host}", flush=True)
    await _respond(403, f"The local exchange blocks requests to {host}", writer)


async def _respond(status: int, message: str, writer: StreamWriter) -> None:
    """Sends the message in the status line too, because many clients show only that line of a proxy's response."""
    message = re.sub(r"[^ -~]", "?", message)
    head = f"HTTP/1.1 {status} {message}\r\nContent-Length: {len(message) + 1}\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n{message}\n".encode())
    await writer.drain()


def _single_request_head(head: str, target: str) -> bytes:
    """Returns the request head with a path instead of a URL.

    `Connection: close` ends the connection after the response, because the next request may be for another host."""
    line, *fields = head.rstrip("\r\n").split("\r\n")
    path = re.sub(r"^[^:/?#]+://[^/?#]*", "", target)
    line = line.replace(target, path if path.startswith("/") else f"/{path}", 1)
    kept = [field for field in fields if field.partition(":")[0].strip().lower() not in HOP_BY_HOP]
    return "\r\n".join([line, *kept, "Connection: close", "", ""]).encode("latin-1")


def _host_and_port(target: str, method: str) -> tuple[str, int]:
    """Returns the host and port of a request target, which is untrusted: ("nowhere", 0) if it is invalid."""
    tunnel = method == "CONNECT"
    with suppress(ValueError):
        parts = urlsplit(f"//{target}" if tunnel else target)
        host = (parts.hostname or "").rstrip(".")
        if re.fullmatch(r"[a-z0-9._:-]{1,253}", host):
            return host, parts.port or (443 if tunnel else 80)
    return "nowhere", 0
