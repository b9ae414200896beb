"""A proxy for the app's own requests: Twilio's names lead to the exchange, and every other host is refused by name."""

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
    """Listens on loopback. What is for Twilio ends at two ports here: tunnels at `tls_port`, which speaks TLS in its
    names, and plain requests at `plain_port`.

    `let_through` are other hosts the app may reach; `*` is every one, and still none of Twilio's."""

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
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
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
        await self._join(reader, writer, host, port, b"" if tunnel else _one_request(head, target))

    async def _join(self, reader: StreamReader, writer: StreamWriter, host: str, port: int, first: bytes) -> None:
        """Pass on what is said, beginning with `first` or, for a tunnel, with the word that it stands."""
        try:
            there_reader, there_writer = await asyncio.open_connection(host, port)
        except OSError as problem:
            return await _answer(502, f"{host} cannot be reached: {problem}", writer)
        try:
            (there_writer if first else writer).write(first or ESTABLISHED)
            await asyncio.gather(_pipe(reader, there_writer), _pipe(there_reader, writer))
        finally:
            there_writer.close()


async def _pipe(source: StreamReader, sink: StreamWriter) -> None:
    """Pass bytes on until one side is done."""
    with suppress(OSError):
        while piece := await source.read(CHUNK_BYTES):
            sink.write(piece)
            await sink.drain()
    sink.close()


async def _refuse(host: str, writer: StreamWriter) -> None:
    refusal = f"lets nothing through to {host}"
    print(f"exchange: {refusal}: start it with --let-through {host} if the app needs that", flush=True)
    await _answer(403, f"The local exchange {refusal}", writer)


async def _answer(status: int, sentence: str, writer: StreamWriter) -> None:
    """The sentence stands in the first line too: many clients show no more than that of a proxy's refusal."""
    sentence = re.sub(r"[^ -~]", "?", sentence)
    head = f"HTTP/1.1 {status} {sentence}\r\nContent-Length: {len(sentence) + 1}\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n{sentence}\n".encode())
    await writer.drain()


def _one_request(head: str, target: str) -> bytes:
    """The head as the other server wants it, and so that the connection ends with its answer: a client might
    send the next request, for quite another host, over the same one."""
    line, *fields = head.rstrip("\r\n").split("\r\n")
    path = re.sub(r"^[^:/?#]+://[^/?#]*", "", target)
    line = line.replace(target, path if path.startswith("/") else f"/{path}", 1)
    kept = [field for field in fields if field.partition(":")[0].strip().lower() not in HOP_BY_HOP]
    return "\r\n".join([line, *kept, "Connection: close", "", ""]).encode("latin-1")


def _host_and_port(target: str, method: str) -> tuple[str, int]:
    """Whom a request is for; what stands there is a stranger's, and may be no host at all."""
    tunnel = method == "CONNECT"
    with suppress(ValueError):
        parts = urlsplit(f"//{target}" if tunnel else target)
        host = (parts.hostname or "").rstrip(".")
        if re.fullmatch(r"[a-z0-9._:-]{1,253}", host):
            return host, parts.port or (443 if tunnel else 80)
    return "nowhere", 0
