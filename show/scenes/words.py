"""The `words` scene: a word cloud."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from answer_outcomes import NOT_UNDERSTOOD, AnswerText
from show import moderation
from show.base_scene import CLOSED, OPEN, TTL_SECONDS, Contribution, SceneView, length_problems
from show.contribution_limits import REFUSALS
from show.graphics.word_cloud_layout import HEIGHT, WIDTH, layout
from show.moderated_scene import ModeratedScene, clean_words
from show.moderation import APPROVED, BANNED, PENDING, STATES, Item
from show.sanitize import EMOJI_JOINERS
from store import Pipe, Store

MAX_WORD_CHARACTERS = 20
WITHIN_WORDS = "-'’+#&"
NO_WORD = AnswerText(f"Please send a single word of at most {MAX_WORD_CHARACTERS} letters.", NOT_UNDERSTOOD)


@dataclass(frozen=True)
class Words(ModeratedScene):
    """Counts one word per person. A word appears once it is approved, for everybody who sends it."""

    question: str = ""

    kind: ClassVar[str] = "words"

    def problems(self) -> Iterator[str]:
        """Check that the question can be read on the stage."""
        yield from super().problems()
        yield from length_problems("question", self.question)

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store the person's word, in place of an earlier one; an item is added if nobody has sent the word before."""
        word = find_word(contribution.words)
        if not word:
            return NO_WORD
        item = replace(self.make_item(contribution, "word"), id=word_id(word), words=word)
        outcome = moderation.submit(store, pipe, item, self.is_approval_required)
        if outcome in REFUSALS:
            return REFUSALS[outcome]
        if outcome != BANNED:
            pipe.execute_command("HSET", self.key("words"), contribution.person, item.id)
            pipe.execute_command("EXPIRE", self.key("words"), TTL_SECONDS)
        return f"Thank you. Your word is {word}."  # one segment, whatever the alphabet

    def spoken_choices(self) -> str:
        """Speech is free text."""
        return "Say one word."

    def hide_banned(self, store: Store) -> None:
        """Stop counting the words of banned people, and hide the pending ones that nobody else has sent."""
        if banned := moderation.load_banned(store):
            store.hdel(self.key("words"), *banned)
        counts, pending = self.count(store), moderation.load_items(store, self.id, PENDING)
        moderation.hide(store, [item for item in pending if item.person in banned and not counts[item.id]])

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The approved words with their places in the cloud."""
        texts = {item.id: item.words for item in moderation.load_items(view.store, self.id, APPROVED)}
        counts = Counter({id: count for id, count in self.count(view.store).items() if id in texts})
        placed = layout(moderation.load_order(view.store, self.id), counts)
        return {
            "cloud": [(word, texts[word.text]) for word in sorted(placed, key=lambda word: word.text)],
            "ranking": [(texts[id], count) for id, count in counts.most_common()],
            "more": len(counts) - len(placed),
            "width": WIDTH,
            "height": HEIGHT,
            "is_open": view.phase == OPEN,
        }

    def footer(self, view: SceneView) -> str:
        """The number of people, which reveals no word."""
        return f"{view.store.hlen(self.key('words')):,} sent a word · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """How many people sent each word, except hidden words."""
        items: list[Item] = []
        for state in (APPROVED, PENDING):
            items += moderation.load_items(view.store, self.id, state)
        counts = self.count(view.store)
        words = {item.words: counts[item.id] for item in items if counts[item.id]}
        return {"words": dict(sorted(words.items(), key=lambda row: -row[1]))}

    def count(self, store: Store) -> Counter[str]:
        """Return how many people have sent the word with each id."""
        return Counter(id.decode() for id in store.execute_command("HVALS", self.key("words")))

    def shared_words(self, store: Store) -> Iterator[tuple[str, Item]]:
        """Yield the people who have sent a word that somebody else sent first, each with the word's item."""
        items = {item.id: item for state in STATES for item in moderation.load_items(store, self.id, state)}
        for person, id in store.hgetall(self.key("words")).items():
            item = items.get(id.decode())
            if item and item.person != person.decode():
                yield person.decode(), item

    def hand_over(self, store: Store, person: str) -> None:
        """Transfer each word that others have sent too to one of them."""
        rows = store.hgetall(self.key("words")).items()
        senders = {id.decode(): sender.decode() for sender, id in rows if sender != person.encode()}
        moderation.hand_over(store, self.id, person, senders)

    def storage_keys(self) -> list[str]:
        """The items, and each person's word."""
        return [*super().storage_keys(), self.key("words")]


def find_word(words: str) -> str:
    """Return the only word in these words, in lower case; "" if there are none or several, or it is a number."""
    tokens = clean_words(words).split()
    if len(tokens) != 1:
        return ""
    word = tokens[0].casefold().strip("".join(filter(_is_punctuation, tokens[0])))
    letters = [char for char in word if unicodedata.category(char)[0] in "LMN" or char in WITHIN_WORDS]
    has_letter = any(char.isalpha() for char in letters)
    is_word = len(letters) == len(word) <= MAX_WORD_CHARACTERS and has_letter
    return word if is_word else ""


def _is_punctuation(char: str) -> bool:
    """Whether the character is neither a letter, nor a vowel or tone mark after one, nor the end of C++ or C#."""
    is_mark = unicodedata.category(char) in ("Mn", "Mc") and char not in EMOJI_JOINERS
    return not (char.isalnum() or is_mark or char in "+#")


def word_id(word: str) -> str:
    """Return the word without accents and points, so that spellings with and without them count as one word."""
    decomposed = unicodedata.normalize("NFKD", word).casefold()
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if not _is_optional(char)))


def _is_optional(char: str) -> bool:
    """Whether the character is an accent, or a Hebrew or Arabic point. Marks of other scripts distinguish words.

    https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values
    """
    combining_class = unicodedata.combining(char)
    return 10 <= combining_class <= 36 or combining_class >= 200
