"""A talk, and somebody who presents it."""

import pytest

from show import state


@pytest.fixture
def go(app, redis):
    """Go to the scene with this id."""

    def go_to(scene_id):
        talk = app.extensions["talk"]
        pipe = redis.pipeline()
        state.go(pipe, state.load(redis), talk, talk.positions[scene_id])
        pipe.execute()
        return talk.find(scene_id)

    return go_to
