"""The base class of all scenes, and what a scene receives and shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from show.lanes.assignment import Board
from store import Pipe, Store

TTL_SECONDS = 7 * 24 * 3600  # of everything that a scene stores
BROWSER_PHONE_PREFIX = (
    "b:"  # alongside a real account, browser phones' aliases begin with this: anybody can have several
)
NO_PHASE, OPEN, CLOSED, REVEALED = "", "open", "closed", "revealed"
MAX_QUESTION_CHARACTERS = 60  # two lines on the stage, readable from the back row


@dataclass(frozen=True)
class Media:
    """A picture or a recording. `path` is the file's path in Twilio's REST API, relative to the account's."""

    path: str
    content_type: str


@dataclass(frozen=True)
class Contribution:
    """What a person sent to a scene.

    `person` is an HMAC of the phone number, or of the call's sid if there is no number. `name` is the person's friendly
    name, for display only. `channel` is text, key, speech or recording. `id` is the same for all copies of one webhook.
    """

    id: str
    person: str
    name: str
    words: str
    channel: str
    media: tuple[Media, ...] = ()


@dataclass(frozen=True)
class SceneView:
    """What a scene needs in order to show itself. `entries` are the stage's calls, texts and webhooks, newest first.

    `number` is the phone number to call or text. `is_approval_required` is False if the talk shows free text at once.
    `board` has the entries that the `timeline` scene shows; `pinned` is the item that the presenter has selected.
    """

    store: Store
    phase: str = NO_PHASE
    entries: Sequence[Any] = ()
    number: str = ""
    browser_phone_url: str = ""
    is_approval_required: bool = True
    public_url: str = ""
    board: Board = field(default_factory=Board)
    pinned: str = ""


def length_problems(name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with the length of a text that the stage shows in large type."""
    if not 0 < len(text) <= MAX_QUESTION_CHARACTERS:
        yield f"{name} must have 1 to {MAX_QUESTION_CHARACTERS} characters to be readable from the back row"


@dataclass(frozen=True)
class Target:
    """Something that the presenter can act on, such as a caller in line, and which of the scene's actions apply."""

    id: str
    label: str
    actions: tuple[str, ...]


class SceneError(Exception):
    """The presenter's action is not possible. The message says why, and what to do."""


@dataclass(frozen=True)
class Scene:
    """A scene of the talk. A subclass's fields are its options in the talk file; its docstring describes the scene.

    A new kind of scene is a subclass in a module of `show/scenes/`, and the template `templates/show/<kind>.html`.
    """

    id: str = ""
    note: str = ""  # for the presenter only

    kind: ClassVar[str] = ""
    is_answerable: ClassVar[bool] = False  # whether it can be opened and closed, and so has a phase
    is_revealable: ClassVar[bool] = False
    first_phase: ClassVar[str] = OPEN  # of a scene that is answerable
    closed_reply: ClassVar[str] = "That has closed, so it was not counted."
    takes_free_text: ClassVar[bool] = False  # whether any text that is not a command belongs to this scene
    takes_commands: ClassVar[bool] = False  # whether, while it is open, even a command is free text for this scene
    takes_recordings: ClassVar[bool] = False
    needs_numbers: ClassVar[bool] = False  # whether the presenter may call the people who took part
    max_digits: ClassVar[int] = 1  # of the number that a caller can enter
    redraw_seconds: ClassVar[float] = 0  # how often the stage redraws it even if nothing has happened; 0 means never
    actions: ClassVar[Mapping[str, str]] = {}  # action -> the label of its button

    # The talk file

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the options, each with its fix."""
        yield from ()

    def choices(self) -> tuple[str, ...]:
        """Return the words from which people choose; key 1 selects the first."""
        return ()

    def invited_texts(self) -> tuple[str, ...]:
        """Return texts that the stage invites people to send unchanged."""
        return self.choices()

    def sample_replies(self) -> Iterator[str]:
        """Yield the replies that contain options, to check that each fits in one segment."""
        yield from ()

    # The audience

    def recognizes(self, words: str) -> bool:
        """Whether these words can only be meant for this scene, such as an option of its poll."""
        return False

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Add the contribution's effects to the webhook's pipeline. Return the reply, which fits in one segment."""
        raise NotImplementedError

    def spoken_choices(self) -> str:
        """Return what a caller hears first, such as "Press 1 for tabs."; "" if the scene has no choices."""
        return ""

    def words_for_key(self, digits: str) -> str:
        """Return the words that these digits stand for; "" if there are none."""
        return ""

    def step_for_key(self, digits: str) -> str:
        """Return the step of the call that these digits select, "" if they stand for words: see phone.scene_calls."""
        return ""

    # The stage and the presenter

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """Return the template's values. They contain nothing that is hidden or not yet approved."""
        return {}

    def footer(self, view: SceneView) -> str:
        """Return the figure in the footer, such as "218 voted · open"; "" if there is none."""
        return ""

    def figures(self, view: SceneView) -> dict[str, Any]:
        """Return the figures for the presenter, including those that the stage hides."""
        return {}

    def targets(self, view: SceneView) -> list[Target]:
        """Return the things on which the presenter can act individually."""
        return []

    def button_item(self, view: SceneView, action: str) -> str:
        """Return the item that this action's button sends, so that a second press finds the action already done.

        "" if the button does not depend on what the presenter saw when pressing it.
        """
        return ""

    def perform(self, store: Store, action: str, item: str) -> None:
        """Perform one of `actions` on an item, such as the id of a text. Raises SceneError."""
        raise NotImplementedError

    # Storage

    def key(self, name: str) -> str:
        """Return the Redis key for `name`. It contains the scene's id, so results survive a move within the file."""
        return f"show:{name}:{self.id}"

    def storage_keys(self) -> list[str]:
        """Return all Redis keys of this scene, which a reset deletes."""
        return []

    def hand_over(self, store: Store, person: str) -> None:
        """Before this person is forgotten, keep what others have contributed to the person's items."""

    def dismiss_callers(self, store: Store) -> None:
        """Before the scene's data is deleted, end the calls that wait for the presenter."""
