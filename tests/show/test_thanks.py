"""The scene `thanks`."""

import pytest

from show.base_scene import SceneView
from show.scenes.thanks import Thanks


@pytest.fixture
def thanks(go):
    return go("thanks")


def test_links_are_those_of_the_talk(thanks, app, redis):
    values = thanks.stage_values(SceneView(redis))
    assert [link for link, _ in values["links"]] == [link[8:] for link in app.extensions["talk"].links]


def test_purge_is_announced_and_then_reported(thanks, person, redis, app, visitor):
    person.texts("time")
    assert "1 took part" in thanks.footer(SceneView(redis))
    assert "deleted after a day" in visitor.get("/").text
    with app.app_context():
        thanks.perform(redis, "purge", "")
    assert "have been deleted" in visitor.get("/").text


@pytest.mark.parametrize("links", [("http://x.example",), (f"https://{60 * 'x'}",), 4 * ("https://x.example",)])
def test_links_that_cannot_be_shown_are_named(links):
    assert list(Thanks(links=links).problems())
