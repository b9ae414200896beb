"""The way out of all one follows, in one press: the page behind the address in our texts.

Opening it changes nothing, since phones open what they get to show a preview. Pressing does, and so does the POST of
RFC 8058, which programs make for people.
"""

from flask import Response, render_template

from masking import mask
from sending import followers
from stage.blueprint import bp, store
from stage.views import theme


@bp.get("/unfollow/<word>")
def unfollow_page(word: str) -> Response:
    """What would end, and the button."""
    number = followers.behind(store(), word)
    topics = followers.topics(store(), number) if number else []
    return _page(word, number, topics=topics, ended=False)


@bp.post("/unfollow/<word>")
def unfollow_now(word: str) -> Response:
    """It has ended. Whoever holds the address may do this: nobody else can know it, and it can do nothing else."""
    number = followers.behind(store(), word)
    if number:
        followers.unfollow(store(), number)
    return _page(word, number, topics=[], ended=True)


def _page(word: str, number: str, **facts: object) -> Response:
    page = render_template("stage/unfollow.html", word=word, who=mask(number) if number else "", theme=theme(), **facts)
    return Response(page, 200 if number else 404)
