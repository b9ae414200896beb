"""The page that ends all notifications of a follower."""

import pytest

from sending import followers, unfollow_tokens

ADA, BOB = "+447700900201", "+447700900202"


@pytest.fixture
def way_out(stage_events):
    for number in (ADA, BOB):
        followers.follow(stage_events.redis, number, "github")
        followers.follow(stage_events.redis, number, "call.ended", followers.CALL)
    return f"/unfollow/{unfollow_tokens.issue_unfollow_token(stage_events.redis, ADA)}"


def test_opening_the_page_changes_nothing(visitor, stage_events, way_out):
    page = visitor.get(way_out).text
    assert "call.ended, github" in page
    assert ADA not in page
    assert followers.list_topics(stage_events.redis, ADA) == ["call.ended", "github"]


@pytest.mark.parametrize("form", [{}, {"List-Unsubscribe": "One-Click"}], ids=["button", "RFC 8058"])
def test_posting_ends_all_own_subscriptions_only(visitor, stage_events, way_out, form):
    assert "Unfollowed" in visitor.post(way_out, data=form).text
    assert "Unfollowed" in visitor.get(way_out).text
    assert followers.list_topics(stage_events.redis, ADA) == []
    assert followers.list_topics(stage_events.redis, BOB) == ["call.ended", "github"]


def test_unknown_link_is_404(visitor, stage_events, way_out):
    for word in ("made-up", "é", "x" * 500):
        for answer in (visitor.get(f"/unfollow/{word}"), visitor.post(f"/unfollow/{word}")):
            assert answer.status_code == 404
            assert "Link not found" in answer.text
    assert followers.list_topics(stage_events.redis, ADA) == ["call.ended", "github"]


def test_link_is_stable_and_has_no_number(stage_events, way_out):
    assert way_out == f"/unfollow/{unfollow_tokens.issue_unfollow_token(stage_events.redis, ADA)}"
    assert "447700" not in way_out
    assert len(way_out) == len("/unfollow/") + 16


def test_stored_link_expires(stage_events, way_out):
    for key in stage_events.redis.keys("unfollow*"):
        assert 0 < stage_events.redis.ttl(key) <= unfollow_tokens.UNFOLLOW_TOKEN_TTL_SECONDS
        stage_events.redis.expire(key, 60)
    unfollow_tokens.issue_unfollow_token(stage_events.redis, ADA)
    assert min(stage_events.redis.ttl(key) for key in stage_events.redis.keys("unfollow*")) > 60
