"""Pictures from the audience, re-encoded: nothing but the image itself reaches a browser."""

import io

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
SIZE = (1600, 900)  # in px, the largest on the stage
MAX_PIXELS = 50_000_000  # decoded, a picture of this size takes 150 MB
QUALITY = 82


class InvalidPicture(ValueError):
    """The bytes are not a picture in one of FORMATS, or it has more than MAX_PIXELS."""


def encode(content: bytes) -> bytes:
    """Return the picture as JPEG, upright, and without metadata such as the place where it was taken.

    Of an animation, only the first image remains. Raises InvalidPicture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InvalidPicture(f"{picture.width} by {picture.height} pixels are too many")
            picture.draft("RGB", SIZE)  # decodes a large JPEG at a fraction of its size
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail(SIZE)
            return _encode_jpeg(upright)
    except InvalidPicture:
        raise
    except Exception as error:  # decoders raise many kinds, such as struct.error, on damaged files
        raise InvalidPicture(f"not a picture: {type(error).__name__}") from error


def _encode_jpeg(picture: Image.Image) -> bytes:
    """Transparent parts become white."""
    flat = Image.new("RGB", picture.size, "white")
    opaque = picture.convert("RGBA")
    flat.paste(opaque, mask=opaque.getchannel("A"))
    output = io.BytesIO()
    flat.save(output, "JPEG", quality=QUALITY)
    return output.getvalue()
