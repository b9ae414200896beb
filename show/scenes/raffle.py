"""The `raffle` scene: a draw that anyone can recompute."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import context
from answer_outcomes import DECLINED, AnswerText
from phone_numbers import can_be_texted
from sending import outbox, text_circuit_breaker
from sending.outbox import CALL_PREFIX, PRIVATE_PREFIX, OutboundMessage
from show import encrypted_phone_numbers, raffle_receipt, show_state
from show.base_scene import CLOSED, OPEN, TTL_SECONDS, Contribution, Scene, SceneError, SceneView, length_problems
from show.graphics.qr_code import svg
from store import ConditionFailed, Pipe, Store, commit_if_unchanged, new_pipeline, require

CODE_DIGITS = 4
ALREADY_CALLED = "{} is being called already."


@dataclass(frozen=True)
class Raffle(Scene):
    """Commits to a secret seed before it opens, and draws the winner from the seed and the entries."""

    question: str = "Text anything to enter"
    prize: str = ""

    kind: ClassVar[str] = "raffle"
    is_answerable: ClassVar[bool] = True
    first_phase: ClassVar[str] = CLOSED
    closed_reply: ClassVar[str] = "The raffle is not open at the moment."
    takes_free_text: ClassVar[bool] = True
    takes_commands: ClassVar[bool] = True
    needs_numbers: ClassVar[bool] = True
    actions: ClassVar[Mapping[str, str]] = {"draw": "Draw", "call": "Call the winner"}

    def problems(self) -> Iterator[str]:
        """Check that both sentences can be read on the stage."""
        yield from length_problems("question", self.question)
        yield from length_problems("prize", self.prize) if self.prize else ()

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store the entry. Each phone has one entry, so a duplicate webhook changes nothing.

        The draw closes the raffle and takes the entries in one transaction. An entry is committed and confirmed only if
        the raffle is still open, so every confirmed entry is in the draw.
        """
        if store.hexists(self.key("raffle"), "drawn"):
            return AnswerText("The winner has been drawn already.", DECLINED)
        require(pipe, show_state.STATE_KEY, f"phase:{self.id}", OPEN)
        require(pipe, self.key("raffle"), "drawn", "")
        pipe.execute_command("HSETNX", self.key("entries"), contribution.person, contribution.name)
        pipe.execute_command("EXPIRE", self.key("entries"), TTL_SECONDS)
        return f"You are in the raffle as {contribution.name}. Good luck!"

    def spoken_choices(self) -> str:
        """Key 1 or any words enter the raffle."""
        return "Press 1 to enter the raffle."

    def words_for_key(self, digits: str) -> str:
        """Key 1 enters."""
        return "enter" if digits == "1" else ""

    def perform(self, store: Store, action: str, item: str) -> None:
        """Draw the winner, once; or call the winner, provided that `item` is "" or the number of calls so far."""
        if action == "draw":
            self._draw(store)
        else:
            self._call(store, item)

    def button_item(self, view: SceneView, action: str) -> str:
        """For *Call the winner*, return the number of calls so far: a winner who missed a call can be called again."""
        return str(self._count_calls(view.store)) if action == "call" else ""

    def _count_calls(self, store: Store) -> int:
        return int(store.hget(self.key("raffle"), "called") or 0)

    def _draw(self, store: Store) -> None:
        if self.load_receipt(store):
            raise SceneError("The winner has been drawn. Reset the scene to draw again.")
        pipe = store.pipeline()
        show_state.set_phase(pipe, self, CLOSED)
        pipe.hgetall(self.key("entries"))
        entries = {name.decode(): person.decode() for person, name in pipe.execute()[-1].items()}
        if not entries:
            raise SceneError("Nobody has entered yet. Open the raffle, and wait for entries.")
        drawn = raffle_receipt.draw(self.seed(store), entries)
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        row: dict[Any, Any] = {"drawn": 1, "person": entries[drawn.winner], "code": code}
        row["receipt"] = json.dumps(drawn.as_dict())
        deferred = new_pipeline(store)
        deferred.require(show_state.STATE_KEY, f"phase:{self.id}", CLOSED)
        deferred.hset(self.key("raffle"), mapping=row)
        try:  # two presenters may draw at once, or one of them may open the raffle again
            commit_if_unchanged(store, deferred, self.key("raffle"), "", field="drawn")
        except ConditionFailed:
            raise SceneError("The raffle has been opened again in the meantime. Draw once more.") from None

    def _call(self, store: Store, item: str) -> None:
        drawn, calls, settings = self.load_receipt(store), self._count_calls(store), context.settings()
        if drawn is None:
            raise SceneError("Draw the winner first.")
        if item not in ("", str(calls)):
            raise SceneError(ALREADY_CALLED.format(drawn.winner))
        person, code = ((value or b"").decode() for value in store.hmget(self.key("raffle"), ("person", "code")))
        number = encrypted_phone_numbers.load(store, settings.secret_key, person)
        if not number:
            raise SceneError(f"The number of {drawn.winner} is not known. Ask them to come forward.")
        id, pipe = f"raffle-{drawn.commitment[:16]}-{calls}", new_pipeline(store)
        spoken = f"Congratulations, {drawn.winner}. You have won the raffle. Your code is {' '.join(code)}."
        written = f"Congratulations, {drawn.winner}! You have won the raffle. Show this code on stage: {code}"
        outbox.plan(pipe, OutboundMessage(f"{CALL_PREFIX}{id}", number, spoken, ""))
        text_circuit_breaker.record_request(pipe, number)
        if can_be_texted(number):
            outbox.plan(pipe, OutboundMessage(f"{PRIVATE_PREFIX}{id}", number, written, ""))
            text_circuit_breaker.record_request(pipe, number)
        pipe.hset(self.key("raffle"), "called", calls + 1)
        expected = str(calls or "")
        if not commit_if_unchanged(store, pipe, self.key("raffle"), expected, field="called"):
            raise SceneError(ALREADY_CALLED.format(drawn.winner))

    def seed(self, store: Store) -> str:
        """Return the secret seed, created on first use and after a reset."""
        if not store.hexists(self.key("raffle"), "seed"):
            store.execute_command("HSETNX", self.key("raffle"), "seed", raffle_receipt.new_seed())
            store.expire(self.key("raffle"), TTL_SECONDS)
        return str(store.hget(self.key("raffle"), "seed").decode())

    def load_receipt(self, store: Store) -> raffle_receipt.Receipt | None:
        """Return the receipt once the winner has been drawn."""
        found = store.hget(self.key("raffle"), "receipt")
        return raffle_receipt.verify(json.loads(found)) if found else None

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The commitment, the number of entries, and the winner's friendly name once it has been drawn."""
        drawn = self.load_receipt(view.store)
        url = f"{view.public_url}/receipt/{self.id}.json"
        return {
            "commitment": raffle_receipt.commitment_to(self.seed(view.store)),
            "entries": view.store.hlen(self.key("entries")),
            "winner": drawn.winner if drawn else "",
            "is_called": view.store.hexists(self.key("raffle"), "called"),
            "receipt_code": svg(url, "QR code of the receipt") if drawn and view.public_url else "",
            "is_open": view.phase == OPEN,
        }

    def footer(self, view: SceneView) -> str:
        """The number of entries."""
        return f"{view.store.hlen(self.key('entries')):,} entered · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of entries and the commitment; after the draw also the winner, and the code to ask for."""
        figures = {
            "entries": view.store.hlen(self.key("entries")),
            "commitment": raffle_receipt.commitment_to(self.seed(view.store)),
        }
        drawn = self.load_receipt(view.store)
        code = (view.store.hget(self.key("raffle"), "code") or b"").decode()
        return {**figures, "winner": drawn.winner, "code": code} if drawn else figures

    def storage_keys(self) -> list[str]:
        """The entries, person -> friendly name; and seed, receipt and code."""
        return [self.key("entries"), self.key("raffle")]
