"""The way out of all one follows, in one press: the page behind the address in our texts.

Opening it changes nothing, since phones open what they get to show a preview. Pressing does, and so does the POST of
RFC 8058, which programs make for people.
"""

from flask import Response, render_template

from masking import mask
from sending import followers
from stage.blueprint import bp, get_page_store
from stage.views import requested_theme


@bp.get("/unfollow/<word>")
def unfollow_page(word: str) -> Response:
    """What would end, and the button."""
    number = followers.resolve_unfollow_token(get_page_store(), word)
    topics = followers.list_topics(get_page_store(), number) if number else []
    return _page(word, number, topics=topics, ended=False)


@bp.post("/unfollow/<word>")
def unfollow_all(word: str) -> Response:
    """It has ended. Whoever holds the address may do this: nobody else can know it, and it can do nothing else."""
    number = followers.resolve_unfollow_token(get_page_store(), word)
    if number:
        followers.unfollow(get_page_store(), number)
    return _page(word, number, topics=[], ended=True)


def _page(word: str, number: str, **facts: object) -> Response:
    page = render_template(
        "stage/unfollow.html", word=word, who=mask(number) if number else "", theme=requested_theme(), **facts
    )
    return Response(page, 200 if number else 404)
