"""One image file to pixels: every kind of picture, every kind of damage."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resnet.data import image_folder
from resnet.data.decode import read_pixels, read_size


@pytest.mark.parametrize("keep", range(0, 90, 9))
def test_a_picture_cut_short_anywhere_is_none(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "x.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)).save(file)
    assert read_pixels(file, 8) is not None
    file.write_bytes(file.read_bytes()[:keep])
    assert read_pixels(file, 8) is None


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"P5 "]),
)
def test_no_bytes_make_the_reader_raise(content: bytes, magic: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, image_folder._quiet_pillow():
        file = Path(folder) / "x.jpg"
        file.write_bytes(magic + content)
        pixels = read_pixels(file, 8)
        assert pixels is None or pixels.shape == (8, 8, 3)
        assert read_size(file) is None or all(side > 0 for side in read_size(file))


RED, WHITE = (255, 0, 0), (255, 255, 255)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (8, 8), 100), (100, 100, 100)),
        (Image.new("1", (8, 8), 1), WHITE),
        (Image.new("P", (8, 8), 0), (0, 0, 0)),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 255)), RED),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 0)), WHITE),
        (Image.new("LA", (8, 8), (0, 0)), WHITE),
        (Image.new("I;16", (8, 8), 0x8000), (128, 128, 128)),
    ],
    ids=lambda value: getattr(value, "mode", ""),
)
def test_every_kind_of_picture_becomes_rgb(
    tmp_path: Path, image: Image.Image, expected: tuple[int, ...]
) -> None:
    """Grey, black and white, palette, transparent, 16 bits: as a person would see them on white
    paper."""
    image.save(tmp_path / "x.png")
    pixels = read_pixels(tmp_path / "x.png", None)
    assert pixels.shape == (8, 8, 3)
    assert (pixels == expected).all()


def test_the_middle_square_is_kept_and_nothing_is_squeezed(tmp_path: Path) -> None:
    """Red and blue ends of a wide picture are cropped, not pressed into the square."""
    wide = Image.new("RGB", (30, 10), "green")
    wide.paste("red", (0, 0, 10, 10))
    wide.paste("blue", (20, 0, 30, 10))
    wide.save(tmp_path / "x.png")
    assert (read_pixels(tmp_path / "x.png", 10) == (0, 128, 0)).all()


def test_a_photograph_taken_sideways_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("L", (16, 8), 0)
    image.paste(255, (0, 0, 8, 8))
    image.save(tmp_path / "x.jpg", exif=exif)
    pixels = read_pixels(tmp_path / "x.jpg", None)
    assert read_size(tmp_path / "x.jpg") == pixels.shape[:2] == (16, 8)
    assert pixels[:4].mean() > 250
    assert pixels[-4:].mean() < 5


@pytest.mark.parametrize("kind", ["PCX", "ICO", "TGA", "SGI"])
def test_a_kind_of_file_that_is_not_on_the_list_is_not_even_tried(
    tmp_path: Path, kind: str
) -> None:
    """Pillow knows forty kinds, and hands some to other programs: only those named in the list may
    be opened."""
    Image.new("RGB", (16, 16)).save(tmp_path / "x.jpg", format=kind)
    assert read_pixels(tmp_path / "x.jpg", 8) is None
    assert read_size(tmp_path / "x.jpg") is None


def test_a_picture_of_absurd_size_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resnet.data.decode.MOST_PIXELS", 99)
    Image.new("L", (10, 10)).save(tmp_path / "x.png")
    assert read_pixels(tmp_path / "x.png", 8) is None
