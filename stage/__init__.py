"""The stage: the page shown to the audience, and its event stream."""

from stage import audience_media, raffle_receipt_json, screens, stage_page, unfollow_page
from stage.blueprint import bp

__all__ = ["audience_media", "bp", "raffle_receipt_json", "screens", "stage_page", "unfollow_page"]
