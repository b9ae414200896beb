"""Limits on what the audience contributes to a scene, and the replies to what exceeds them."""

from answer_outcomes import DECLINED, AnswerText

MAX_CHARACTERS = 240  # of an item's words, which fill the screen
MAX_ITEMS = 2_000  # per scene, of at most 1.5 kB each
MAX_PENDING = 1_000  # per scene
MAX_ITEMS_PER_PERSON = 10  # per scene
MAX_MEDIA = 10  # files per text: Twilio's limit

REFUSALS = {
    "full": AnswerText(
        "There are too many messages waiting at the moment. Please try again in a few minutes.", DECLINED
    ),
    "too many": AnswerText(
        f"You have sent {MAX_ITEMS_PER_PERSON} messages, and that is the limit. Thank you.", DECLINED
    ),
}
