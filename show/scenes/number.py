"""The `number` scene: the phone number, as large as possible, and how to take part."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from show.base_scene import Scene, SceneView
from show.graphics.qr_code import sms_link, svg


@dataclass(frozen=True)
class Number(Scene):
    """Invites the audience. `example` is a text to send; one QR code prepares it, another opens a browser phone."""

    example: str = "flip"

    kind: ClassVar[str] = "number"

    def problems(self) -> Iterator[str]:
        """Check the length of the example, which people send unchanged."""
        if not 0 < len(self.example) <= 20:
            yield "the example must have 1 to 20 characters, such as flip"

    def invited_texts(self) -> tuple[str, ...]:
        """The example."""
        return (self.example,)

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The QR codes as SVG."""
        browser_phone = view.browser_phone_url
        return {
            "example": self.example,
            "text_code": svg(sms_link(view.number, self.example), "QR code that prepares the text"),
            "phone_code": svg(browser_phone, "QR code of a phone in the browser") if browser_phone else "",
        }
