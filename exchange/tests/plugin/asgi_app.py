"""A small ASGI app that needs its lifespan, and has a WebSocket."""

import urllib.parse


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(scope, receive, send)
    if scope["type"] == "websocket":
        return await echo(receive, send)
    form = dict(urllib.parse.parse_qsl((await receive())["body"].decode()))
    host = dict(scope["headers"])[b"host"].decode()
    verb = f"<Message>{scope['state']['greeting']} {form.get('Body')}</Message>"
    if scope["path"] == "/voice":
        verb = f"<Connect><Stream url='ws://{host}/stream'/></Connect>"
    headers = [(b"content-type", b"text/xml")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<Response>", "more_body": True})
    await send({"type": "http.response.body", "body": f"{verb}</Response>".encode()})


async def lifespan(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    scope["state"]["greeting"] = "Hello from ASGI,"
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    await send({"type": "lifespan.shutdown.complete"})


async def echo(receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"echo {message['text']}"})
