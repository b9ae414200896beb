"""The receipt of a raffle, from which anyone can recompute the draw."""

from flask import Response, abort, jsonify

from show import talk_file
from show.scenes.raffle import Raffle
from stage.blueprint import bp, get_page_store


@bp.get("/receipt/<scene_id>.json")
def raffle_receipt(scene_id: str) -> Response:
    """The receipt as JSON; 404 until the winner has been drawn."""
    scene = talk_file.current_talk().find(scene_id)
    drawn = scene.load_receipt(get_page_store()) if isinstance(scene, Raffle) else None
    if drawn is None:
        abort(404, "There is no receipt until the winner has been drawn.")
    return jsonify(drawn.as_dict())
