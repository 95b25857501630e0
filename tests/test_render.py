"""Graphviz in its own process: real pictures, the carried font, clean ends."""

import os
import re
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from resnet import ExportError, build_graph, get
from resnet.as_keras import graphviz as render
from resnet.as_keras.plot_model import PlotOptions, dot
from resnet.diagram.looks import fonts

SHAPES = PlotOptions(show_shapes=True, show_layer_names=True)
TINY = 'digraph { dpi=96; a [label="Wäxj 8"]; a -> b }'


def picture(name: str, options: PlotOptions = SHAPES) -> str:
    return dot(build_graph(get(name).config), options)


def test_svg_shows_every_layer_and_every_edge() -> None:
    graph = build_graph(get("resnet20").config)
    svg = render.render(dot(graph, SHAPES), "svg").decode()
    for node in graph.nodes:
        assert svg.count(f">{node.id}</text>") == 1
    assert svg.count('class="edge"') == sum(len(node.inputs) for node in graph.nodes)


def test_pdf_carries_its_letters_and_no_date_of_today() -> None:
    """Would catch a PDF that shows other letters elsewhere, and one that differs from day to
    day."""
    pdf = render.render(picture("resnet20"), "pdf")
    assert pdf.startswith(b"%PDF-")
    assert b"SourceSansPro" in pdf
    assert re.findall(rb"/CreationDate \(D:(\d{8})", pdf) == [b"19800101"]


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_the_same_dot_gives_the_same_bytes(form: render.Format) -> None:
    assert render.render(TINY, form) == render.render(TINY, form)


def test_letters_are_letters_on_a_machine_without_fonts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch the empty boxes of a slim container: another fontconfig file, an empty home,
    nothing on the PATH."""
    expected = render.render(TINY, "png")
    nowhere = tmp_path / "fonts.conf"
    nowhere.write_text("<fontconfig></fontconfig>")
    for key in ("FONTCONFIG_FILE", "FONTCONFIG_PATH"):
        monkeypatch.setenv(key, str(nowhere))
    for key in ("HOME", "PATH", "XDG_CACHE_HOME"):
        monkeypatch.setenv(key, str(tmp_path))
    assert render.render(TINY, "png") == expected
    wide, narrow = (
        _ink_width(render.render(f'digraph {{ a [shape=none, label="{text}"] }}', "png"))
        for text in "Wi"
    )
    assert wide > 2 * narrow > 0, "a missing letter is a box, and all boxes are equally wide"


def _ink_width(png: bytes) -> int:
    left, _, right, _ = (
        Image.open(BytesIO(png)).convert("L").point(lambda value: 255 - value).getbbox() or (0,) * 4
    )
    return int(right - left)


def test_every_carried_font_is_there() -> None:
    for style in fonts.STYLES:
        assert fonts.path(style).read_bytes()[:4] == b"\x00\x01\x00\x00"


def test_resnet1202_as_png_is_refused_with_a_way_out_but_drawn_as_svg() -> None:
    """Keras's own PNG of it is 73×32,766 pixels, its letters about one pixel high."""
    with pytest.raises(
        ExportError, match=r"letters would be 1\.\d pixels high.*SVG or PDF.*folded drawing"
    ):
        render.render(picture("resnet1202", PlotOptions()), "png")
    assert b">ReLU</text>" in render.render(picture("resnet1202", PlotOptions()), "svg")


def test_a_png_that_has_to_shrink_but_stays_legible_is_drawn() -> None:
    """The rule is the letters' height, not the name or the number of layers."""
    png = Image.open(BytesIO(render.render(picture("resnet110", PlotOptions()), "png")))
    assert max(png.size) > 30_000


def test_a_png_at_too_few_dots_is_refused_however_small_the_network() -> None:
    with pytest.raises(ExportError, match="too small to read"):
        render.render(picture("resnet8", PlotOptions(dpi=20)), "png")


@pytest.mark.parametrize(
    "text", ["", "not a graph", "digraph {", "digraph { a [label=<<table>] }\0"]
)
def test_text_that_is_no_graph_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ExportError, match="could not read this DOT text"):
        render.render(text, "svg")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ExportError, match="svg, pdf or png; received 'gif'"):
        render.render(TINY, "gif")  # type: ignore[arg-type]


def test_a_picture_that_takes_too_long_is_given_up_and_its_process_ended() -> None:
    before = _children()
    with pytest.raises(ExportError, match=r"did not finish this picture within 0\.01 s"):
        render.render(picture("resnet1202"), "svg", timeout_s=0.01)
    assert _children() == before


def _children() -> set[str]:
    """Process ids of this process's children."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {pid for task in tasks for pid in task.read_text().split()}


def test_a_crash_of_graphviz_is_an_error_and_not_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stand-in for Python that dies of a signal, as Graphviz has been seen to."""
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    with pytest.raises(ExportError, match="ended with status -11"):
        render.render(TINY, "svg")


def test_pictures_asked_for_at_once_do_not_disturb_each_other() -> None:
    """Graphviz is not thread-safe; pages are drawn from threads."""
    expected = {
        name: render.render(picture(name), "svg") for name in ("resnet8", "plain14", "resnet20")
    }
    results: dict[str, bytes] = {}
    threads = [
        threading.Thread(
            target=lambda name=name: results.update({name: render.render(picture(name), "svg")})
        )
        for name in expected
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == expected


def test_the_asking_process_never_loads_graphviz() -> None:
    code = "import sys; from resnet.as_keras import graphviz; print('pygraphviz' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
