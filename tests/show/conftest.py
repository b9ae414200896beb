"""A talk, and somebody who presents it."""

import pytest

from show import show_state
from stage.scene_renderer import SceneRenderer
from stage.timeline import Timeline
from tests.support.person import Person


@pytest.fixture
def go(app, redis):
    """Go to the scene with this id."""

    def go_to(scene_id):
        talk = app.extensions["talk"]
        pipe = redis.pipeline()
        show_state.go(pipe, show_state.load(redis), talk, talk.positions[scene_id])
        pipe.execute()
        return talk.find(scene_id)

    return go_to


@pytest.fixture
def people(post_as_twilio):
    """Return this many people, each with a phone."""

    def get(count):
        found = [Person(post_as_twilio, f"+4477009003{number:02d}") for number in range(count)]
        for number, person in enumerate(found):
            person.texts_sent = 1_000 * (number + 1)  # so that no two texts have the same SID
        return found

    return get


@pytest.fixture
def draw_stage(app, redis):
    """Return the HTML of the current scene, as the stage gets it."""

    def render():
        return SceneRenderer(app, redis)(Timeline()).html

    return render


@pytest.fixture
def look(scene, visitor):
    """Return the HTML of the stage page, once the test's `scene` is the current one."""

    def render():
        html = visitor.get("/").text
        return html[html.index('<div id="stage">') :]

    return render
