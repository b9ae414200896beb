"""The unfollow page, linked from our texts.

GET changes nothing, because phones fetch links to show a preview. The form's POST also accepts one-click unsubscribe
requests: https://www.rfc-editor.org/rfc/rfc8058.
"""

from flask import Response, render_template

from masking import mask
from sending import followers, unfollow_tokens
from stage.blueprint import bp, get_page_store
from stage.theme import requested_theme


@bp.get("/unfollow/<token>")
def unfollow_page(token: str) -> Response:
    """Lists the followed topics, with a button to unfollow them."""
    number = unfollow_tokens.resolve_unfollow_token(get_page_store(), token)
    topics = followers.list_topics(get_page_store(), number) if number else []
    return _render(number, topics=topics, is_done=False)


@bp.post("/unfollow/<token>")
def unfollow_all(token: str) -> Response:
    """Unfollows all topics. The secret token in the URL is the only authorization needed; it permits nothing else."""
    number = unfollow_tokens.resolve_unfollow_token(get_page_store(), token)
    if number:
        followers.unfollow(get_page_store(), number)
    return _render(number, topics=[], is_done=True)


def _render(number: str, **values: object) -> Response:
    who = mask(number) if number else ""
    page = render_template("stage/unfollow.html", who=who, theme=requested_theme(), **values)
    return Response(page, 200 if number else 404)
