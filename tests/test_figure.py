"""`resnet.draw` in a notebook and in a script."""

from pathlib import Path
from typing import Any, get_args

import pytest

import resnet
from resnet import exports
from resnet.diagram import View
from resnet.exports import DrawingFormat


def test_a_notebook_shows_it() -> None:
    """Catches an object that Jupyter prints as its name."""
    figure = resnet.draw(resnet.get("resnet20").config)
    assert figure._repr_svg_().startswith("<svg")


@pytest.mark.parametrize("form", get_args(DrawingFormat))
def test_it_saves_what_page_and_command_line_write(form: Any, tmp_path: Path) -> None:
    """Catches a third way to write a figure, with other bytes."""
    config, other = resnet.get("plain20").config, resnet.get("resnet20").config
    path = tmp_path / f"a.{form}"
    resnet.draw(config, level="block", style="compact", beside=other).save(path)
    assert path.read_bytes() == exports.drawing(
        config, form, View(level="block", style="compact"), other
    )


def test_an_unknown_ending_is_one_sentence(tmp_path: Path) -> None:
    """Catches a file that is written in a format nobody asked for."""
    with pytest.raises(resnet.ExportError, match=r"received 'a\.gif'"):
        resnet.draw(resnet.get("resnet20").config).save(tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_an_unknown_option_names_the_allowed_ones() -> None:
    with pytest.raises(resnet.ConfigError, match="level"):
        resnet.draw(resnet.get("resnet20").config, level="stages")  # type: ignore[arg-type]
