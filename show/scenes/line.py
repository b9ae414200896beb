"""The `line` scene: callers wait in line, and the presenter brings them on stage one by one."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import context
from settings.twilio_account import parse_phone_number
from show import moderation, waiting_line
from show.base_scene import CLOSED, OPEN, Contribution, SceneError, SceneView, Target, length_problems
from show.moderated_scene import ModeratedScene
from show.moderation import APPROVED, PENDING
from show.waiting_line import Caller
from store import Pipe, Store

JOIN_KEY = "1"
SHOWN_CALLERS = 6
MAX_CAPTIONS = 200  # per call
SHOWN_BESIDE_STAGE = 2  # below a question of two lines and a caption of three
DECISIONS = ("approve", "hide", "ban")
NOBODY = "nobody"  # what End and Next caller send as the item if nobody was on stage when the console was drawn


@dataclass(frozen=True)
class Line(ModeratedScene):
    """Callers say what they want to talk about, and wait. Their words are captions, shown once they are approved."""

    question: str = "Call and talk with us"
    presenter_phone: str = ""  # defaults to the talk's setting, or else to PRESENTER_PHONE

    captions: bool = False  # whether the caller on stage is transcribed, which Twilio charges for

    kind: ClassVar[str] = "line"
    takes_free_text: ClassVar[bool] = False
    actions: ClassVar[Mapping[str, str]] = {
        **ModeratedScene.actions,
        "end": "End",
        "next-caller": "Next caller",
        "bring-on": "Bring on",
    }

    def problems(self) -> Iterator[str]:
        """Check that the question can be read on the stage, and that the presenter can be called."""
        yield from super().problems()
        yield from length_problems("question", self.question)
        yield from _phone_problems(self.presenter_phone) if self.presenter_phone else ()

    # The audience

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Add the caller to the queue; what they said becomes a caption. `contribution.id` is the call's sid."""
        waiting_line.join(pipe, self.id, contribution.id, contribution.name)
        item = self.make_item(contribution)
        if item.words:
            self.submit(store, pipe, item, "")
        return f"You are in line as {contribution.name}."

    def add_caption(self, store: Store, pipe: Pipe, sid: str, person: str, sentence: str, words: str) -> None:
        """Add a sentence of the caller on stage. `sentence` identifies it; a sentence from another call is ignored."""
        current = waiting_line.on_stage(store, self.id)
        if current is None or current.sid != sid:
            return
        item = self.make_item(Contribution(sentence, person, current.name, words, "speech"))
        if item.words:
            item = replace(item, id=f"{_item_id(sid)}-{item.id}")
            moderation.submit(store, pipe, item, self.is_approval_required, MAX_CAPTIONS)

    def spoken_choices(self) -> str:
        """Name the key that joins the line."""
        return f"Press {JOIN_KEY} to talk with the presenter on stage."

    def step_for_key(self, digits: str) -> str:
        """One key joins the line."""
        return "join-line" if digits == JOIN_KEY else ""

    # The presenter

    def button_item(self, view: SceneView, action: str) -> str:
        """For End and Next caller, return the sid of the call that they end, or NOBODY."""
        if action not in ("end", "next-caller"):
            return ""
        current = waiting_line.on_stage(view.store, self.id)
        return current.sid if current else NOBODY

    def perform(self, store: Store, action: str, item: str) -> None:
        """Bring on the first caller, or the caller whose call is `item`; bring on the next caller; end; or moderate."""
        if action in DECISIONS:
            super().perform(store, action, item)
            return
        current = waiting_line.on_stage(store, self.id)
        if action == "bring-on":
            if current:
                raise SceneError(f"{current.name} is on stage. Use Next caller, or End first.")
            self._bring_on(store, item)
        elif current and item not in ("", current.sid):
            raise SceneError(f"{current.name} has come on stage in the meantime, so nothing was changed.")
        else:
            self._end(store, current, is_followed=action == "next-caller")
        self._hide_captions_of_past_calls(store)

    def _end(self, store: Store, current: Caller | None, *, is_followed: bool) -> None:
        if is_followed:
            self._find_waiting(store, "")  # before the current call ends
        if current:
            self._thank(store, current)
        if is_followed:
            self._bring_on(store, "")
        elif sid := waiting_line.take_presenter_call(store, self.id):
            waiting_line.enqueue(waiting_line.hang_up_presenter, self.id, sid)

    def dismiss_callers(self, store: Store) -> None:
        """Thank everybody who is in line or on stage, and hang up the presenter's phone."""
        self._end(store, waiting_line.on_stage(store, self.id), is_followed=False)
        for caller in waiting_line.list_waiting(store, self.id):
            self._thank(store, caller)

    def _thank(self, store: Store, caller: Caller) -> None:
        waiting_line.leave(store, [self.id], caller.sid)
        waiting_line.enqueue(waiting_line.say_thanks, self.id, caller.sid)

    def _hide_captions_of_past_calls(self, store: Store) -> None:
        """Hide the pending captions of past calls: they will not be shown, so nobody needs to decide on them."""
        pending = moderation.load_items(store, self.id, PENDING)  # loaded first: somebody may join meanwhile
        callers = [*waiting_line.list_waiting(store, self.id), waiting_line.on_stage(store, self.id)]
        present = {_item_id(caller.sid) for caller in callers if caller}
        moderation.hide(store, [item for item in pending if item.id.partition("-")[0] not in present])

    def _bring_on(self, store: Store, sid: str) -> None:
        number = self.presenter_phone or context.settings().presenter_phone
        if not number:
            raise SceneError("Set presenter_phone in the talk file, or PRESENTER_PHONE, to the phone on stage.")
        caller = self._find_waiting(store, sid)
        if obstacle := waiting_line.move_to_stage(store, self.id, caller):
            raise SceneError(f"{caller.name} {obstacle}.")
        waiting_line.enqueue(waiting_line.call_presenter, self.id, number)
        waiting_line.enqueue(waiting_line.bring_on, self.id, caller.sid)

    def _find_waiting(self, store: Store, sid: str) -> Caller:
        waiting = waiting_line.list_waiting(store, self.id)
        found = next((caller for caller in waiting if sid in ("", caller.sid)), None)
        if found is None:
            raise SceneError("That caller has left the line." if sid else "Nobody is waiting in line.")
        return found

    def targets(self, view: SceneView) -> list[Target]:
        """The callers in line, each of whom can be brought on."""
        waiting = waiting_line.list_waiting(view.store, self.id)
        return [Target(caller.sid, f"{at}. {caller.name}", ("bring-on",)) for at, caller in enumerate(waiting, 1)]

    # The stage

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """Who is on stage, with the approved caption, and who is waiting."""
        waiting, current = waiting_line.list_waiting(view.store, self.id), waiting_line.on_stage(view.store, self.id)
        captions = {
            item.id.partition("-")[0]: item.words for item in moderation.load_items(view.store, self.id, APPROVED)
        }
        shown = waiting[: SHOWN_BESIDE_STAGE if current else SHOWN_CALLERS]
        return {
            "current": current,
            "caption": captions.get(_item_id(current.sid), "") if current else "",
            "waiting": [(caller, captions.get(_item_id(caller.sid), "")) for caller in shown],
            "more": len(waiting) - len(shown),
            "is_open": view.phase == OPEN,
        }

    def footer(self, view: SceneView) -> str:
        """The number of waiting callers."""
        return f"{view.store.zcard(waiting_line.waiting_key(self.id)):,} waiting · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of waiting callers, and who is on stage."""
        current = waiting_line.on_stage(view.store, self.id)
        return {
            "waiting": view.store.zcard(waiting_line.waiting_key(self.id)),
            "on stage": current.name if current else "",
        }

    def storage_keys(self) -> list[str]:
        """The line, and the captions."""
        return [*super().storage_keys(), *waiting_line.storage_keys(self.id)]


def _item_id(sid: str) -> str:
    """Return the id of a call's caption: see ModeratedScene.make_item."""
    return hashlib.sha256(sid.encode()).hexdigest()[:16]


def _phone_problems(number: str) -> Iterator[str]:
    try:
        if parse_phone_number(number) != number:
            yield "presenter_phone must be written as a plus sign and digits, without spaces"
    except ValueError as error:
        yield f"presenter_phone {error}"
