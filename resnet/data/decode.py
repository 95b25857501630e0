"""One image file of any kind to pixels; a broken one to None."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from resnet.data.dataset import Images

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""Formats that hold only pixels: Pillow passes other formats, such as EPS, to other programs."""

ENDINGS = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
# 3 bytes for each pixel: 300 MB for one picture.
MOST_PIXELS = 100_000_000
# Values of EXIF's tag "orientation": turned by 90°, so height and width change places.
SIDEWAYS = (5, 6, 7, 8)
ORIENTATION = 0x0112
MARK_BYTES = 512


def read_size(path: Path) -> tuple[int, int] | None:
    """(height, width) as the picture is meant to be looked at, from its header; None where it has
    none.

    Raises OSError where the disk refuses.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            turned = image.getexif().get(ORIENTATION) in SIDEWAYS
            return (image.width, image.height) if turned else (image.height, image.width)
    except Exception as error:  # a damaged picture may raise anything at all
        _raise_again_if_ours(error)
        return None


def read_pixels(path: Path, side: int | None, mark: bytes = b"") -> Images | None:
    """[height, width, 3], RGB, 0 to 255; None where the file is broken, huge, or without `mark`
    near its beginning.

    With a `side`, the middle square of the picture, resized to side × side. Transparent pixels
    become white. Raises OSError where the disk refuses.
    """
    try:
        with path.open("rb") as file:
            if mark and mark not in file.read(MARK_BYTES):
                return None
            with Image.open(file, formats=FORMATS) as image:
                return None if image.width * image.height > MOST_PIXELS else _pixels(image, side)
    except Exception as error:  # a damaged picture may raise anything at all
        _raise_again_if_ours(error)
        return None


def _raise_again_if_ours(error: Exception) -> None:
    """A disk error or a full memory does not mean a broken picture: Pillow's own OSErrors have no
    number (errno)."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno):
        raise error


def _pixels(image: Image.Image, side: int | None) -> Images:
    if side:
        # A large JPEG is unpacked at a fraction of its size; twice the side leaves enough detail
        # for the resizing below.
        image.draft("RGB", (2 * side, 2 * side))
    upright = _rgb(ImageOps.exif_transpose(image))
    if side:
        upright = ImageOps.fit(upright, (side, side), Image.Resampling.BILINEAR)
    return np.asarray(upright)  # (height, width, 3)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # 16 bits to 8: keep the upper byte; some versions of Pillow clip at 255 instead.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ValueError("the number that means white is unknown")
    if image.has_transparency_data:
        # Without a ground, the hidden colour of transparent pixels would be seen.
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")
