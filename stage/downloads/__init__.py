"""Files that the stage serves: pictures and recorded messages from the audience, and the receipts of raffles."""

from stage.downloads import media, raffle_receipt

__all__ = ["media", "raffle_receipt"]
