"""A proxy for the app's own requests: api.twilio.com is the exchange, and nothing ever reaches Twilio."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from functools import lru_cache
from urllib.parse import urlsplit

import trustme

OURS = {"api.twilio.com"}
MOST_HEAD = 16 * 1024
PIECE = 64 * 1024


class Proxy:
    """Listens on loopback. `certificate` is what its callers must trust; it exists for this run only."""

    def __init__(self, exchange: tuple[str, int], let_through: tuple[str, ...] = ()) -> None:
        self.exchange, self.let_through = exchange, let_through
        self.authority = trustme.CA(organization_name="The local exchange")
        self.refused: list[str] = []
        self.server: asyncio.Server | None = None
        self.pipes: set[asyncio.Task[None]] = set()

    @property
    def certificate(self) -> bytes:
        return self.authority.cert_pem.bytes()

    @property
    def url(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MOST_HEAD)

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
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
                await self._serve(reader, writer)
        finally:
            self.pipes.discard(task)
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        host, port = _host_and_port(target if method == "CONNECT" else urlsplit(target).netloc, method)
        if method == "CONNECT" and host in OURS:
            await self._as_twilio(host, reader, writer)
        elif self._may_pass(host):
            await self._pass_on(method, head, host, port, reader, writer)
        else:
            await self._refuse(host, writer)

    def _may_pass(self, host: str) -> bool:
        """Never to Twilio, whatever was allowed."""
        if host == "twilio.com" or host.endswith(".twilio.com"):
            return False
        return host in self.let_through or "*" in self.let_through

    async def _refuse(self, host: str, writer: StreamWriter) -> None:
        self.refused.append(host)
        sentence = f"The local exchange lets nothing through to {host[:100]!r}"
        if not host.endswith("twilio.com"):
            sentence += ": start it with --let-through if the app needs that host"
        print(f"exchange: {sentence}", flush=True)
        body = (sentence + "\n").encode()
        head = f"HTTP/1.1 502 Refused by the exchange\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    async def _as_twilio(self, host: str, reader: StreamReader, writer: StreamWriter) -> None:
        """End the TLS here, with a certificate for that name, and hand the plain request to the exchange."""
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(self._context(host))
        await self._join(reader, writer, *await asyncio.open_connection(*self.exchange))

    async def _pass_on(
        self, method: str, head: bytes, host: str, port: int, reader: StreamReader, writer: StreamWriter
    ) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            there_writer.write(head)
        await self._join(reader, writer, there_reader, there_writer)

    async def _join(
        self, reader: StreamReader, writer: StreamWriter, there_reader: StreamReader, there_writer: StreamWriter
    ) -> None:
        try:
            await asyncio.gather(_pour(reader, there_writer), _pour(there_reader, writer))
        finally:
            there_writer.close()

    @lru_cache(maxsize=16)  # noqa: B019 - the proxy lives as long as the process
    def _context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        return context


async def _pour(source: StreamReader, sink: StreamWriter) -> None:
    """Pass bytes on until one side is done."""
    with suppress(OSError, ssl.SSLError):
        while piece := await source.read(PIECE):
            sink.write(piece)
            await sink.drain()
    sink.close()


def _host_and_port(netloc: str, method: str) -> tuple[str, int]:
    name, colon, port = netloc.rpartition(":")
    if not colon:
        name, port = netloc, ""
    default = 443 if method == "CONNECT" else 80
    return name.strip("[]").lower(), int(port) if port.isascii() and port.isdigit() and len(port) < 6 else default
