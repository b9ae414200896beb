"""A call in a ConversationRelay session, with the app's end of the WebSocket controlled by the test."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

from support.app_websocket import AppWebSocket
from support.exchange import Exchange
from support.person import Person
from support.stub_app import StubApp


class RelayCall:
    """`socket` is the app's end. `starts` places the call and waits for the session's first message."""

    def __init__(self, exchange: Exchange, app: StubApp, person: Person, socket: AppWebSocket) -> None:
        self.exchange, self.app, self.person, self.socket = exchange, app, person, socket
        app.answers["/agent"] = socket.accept
        app.answers["/after"] = "<Response/>"
        self.url = app.origin.replace("http", "wss") + "/agent"

    def starts(self, children: str = "", after: str = "", **attributes: str) -> dict[str, Any]:
        named = " ".join(f"{name}={quoteattr(value)}" for name, value in {"url": self.url, **attributes}.items())
        noun = f"<ConversationRelay {named}>{children}</ConversationRelay>"
        self.app.answers["/voice"] = f'<Response><Connect action="/after">{noun}</Connect>{after}</Response>'
        self.person.dials()
        return self.socket.gets("setup")

    def says(self, text: str, **more: Any) -> None:
        """The app sends a whole answer, and the caller hears its beginning."""
        heard = len(self.person.heard())
        self.socket.sends({"type": "text", "token": text, "last": True, **more})
        self.person.hears_more_than(heard)

    def ends(self, **more: Any) -> None:
        self.socket.sends({"type": "end", **more})

    def result(self) -> dict[str, str]:
        """Wait for the action request, and return its parameters."""
        return self.app.was_asked("/after")[0].all()
