"""Curves as a figure for a paper, drawn with Matplotlib: validation bold, training dashed, the test
a diamond.

Letters have at least 6 points, lines half a point, the background is white. The same curves give
the same bytes.
"""

import io
import re
import threading
from collections.abc import Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

from resnet.diagram.looks import fonts
from resnet.errors import ConfigError
from resnet.extras import require
from resnet.results.published import Published
from resnet.studies.curves.arm_colours import colours
from resnet.studies.curves.arm_curves import SPREADS, ArmCurve, ArmCurves, apart, paper_says
from resnet.studies.curves.bands import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Form = Literal["svg", "pdf"]
Width = Literal["column", "page"]

INCHES: dict[Width, tuple[float, float]] = {"column": (3.35, 2.5), "page": (6.9, 3.3)}
"""Width and height for a two-column paper: one column, and the whole width of the text."""

LETTERS, SMALL = 7.0, 6.0
INK, GREY = "#23282b", "#6b7378"
BOLD, THIN, HAIR = 1.4, 0.7, 0.5
LABELLED = 4
LONGEST_LABEL: dict[Width, int] = {"column": 14, "page": 30}
"""Up to 4 arms with names of at most this many letters are labelled at their lines' ends; others
have a legend."""

KEY_COLUMNS: dict[Width, int] = {"column": 2, "page": 6}
MOST_COLUMNS, LETTER, HANDLE, LEGEND_ROW = 4, 3.1, 28.0, 0.125
"""For a legend: its most columns, points of a letter and of a handle, and inches of a row."""

MARKERS = "os^Dv<>pXPh*"
MARKED = 7
"""Markers along each line, so that it can be found in a print without colours."""

LABEL_HIGH, POINTS_HIGH = 15.0, 140.0
"""Heights of a label of two lines and of the axes, in points."""

THOUSANDS = 10_000
DASHES, DOTS = (0, (3, 1.5)), (0, (1, 2))
SETTINGS: dict[Any, Any] = {
    "font.family": [fonts.FAMILY, "DejaVu Sans"],
    "pdf.fonttype": 42,  # text stays text, with an embedded font
    "svg.fonttype": "path",  # not every program reads fonts in an SVG
    "svg.hashsalt": "resnet",
    "text.parse_math": False,  # a name may contain a dollar sign
}
NOTHING: Mapping[str, Published] = {}
TURN = threading.Lock()
"""Protects Matplotlib's settings, which all threads share."""


def figure(
    curves: ArmCurves,
    form: Form,
    width: Width = "column",
    title: str = "",
    published: Mapping[str, Published] = NOTHING,
    *,
    link: str = "",
) -> bytes:
    """The file's bytes. `title` stands above the curves and, like `link`, in the file's metadata.
    `published` is the paper's error by an arm's name.

    Raises ConfigError where there is nothing to draw.
    """
    if not curves.arms:
        raise ConfigError(
            "A figure needs at least one curve; none is on record along this axis: choose another"
            " one."
        )
    require("matplotlib")
    import matplotlib as mpl  # noqa: PLC0415  0.4 s, and only a figure for paper needs it
    from matplotlib.font_manager import fontManager  # noqa: PLC0415  as above

    with TURN, mpl.rc_context(SETTINGS):
        # Once in each process: every further call would add the font again.
        if fonts.FAMILY not in fontManager.get_font_names():
            fontManager.addfont(fonts.path())
        return _written(_drawn(curves, width, title, published), form, title, link)


def _written(drawn: "Figure", form: Form, title: str, link: str) -> bytes:
    named = {"Title": title or "Curves", "Creator": "ResNet Lab"}
    # Without a date, so that the same curves give the same bytes.
    undated = {"CreationDate": None, "Producer": None} if form == "pdf" else {"Date": None}
    linked = {"Subject" if form == "pdf" else "Source": link} if link else {}
    file = io.BytesIO()
    drawn.savefig(file, format=form, metadata={**named, **undated, **linked})
    return file.getvalue()


def _drawn(
    curves: ArmCurves, width: Width, title: str, published: Mapping[str, Published]
) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415  as above

    across, high = INCHES[width]
    shades, shown = (
        colours(curves.arms, "light"),
        published if curves.options.about == "error" else NOTHING,
    )
    longest = max(len(arm.name) for arm in curves.arms)
    few = len(curves.arms) <= LABELLED and longest <= LONGEST_LABEL[width]
    drawn = Figure(figsize=(across, high), layout="constrained", facecolor="white")
    axes = drawn.add_subplot()
    for at, (arm, colour) in enumerate(zip(curves.arms, shades, strict=True)):
        _arm(axes, arm, colour, {} if few else _marks(at, len(curves.arms), arm.validation))
    _frame(axes, curves)
    of_arm = dict(zip([arm.name for arm in curves.arms], shades, strict=True))
    for name, row in shown.items():
        _paper(axes, row, of_arm.get(name, GREY))
    rows = _key(drawn, curves, list(shown.values()), KEY_COLUMNS[width], title)
    if few:
        _labels(axes, curves, shades)
    else:
        rows += _legend(drawn, curves, shades)
    drawn.set_size_inches(across, high + LEGEND_ROW * rows)
    return drawn


def _arm(axes: "Axes", arm: ArmCurve, colour: str, marks: dict[str, Any]) -> None:
    for band, share in ((arm.training, 0.1), (arm.validation, 0.2)):
        _filled(axes, band, colour, share)
    for run in arm.lines if arm.n > 1 else ():
        axes.plot(*run.training, color=colour, lw=HAIR, ls=DASHES, alpha=0.5)
        axes.plot(*run.validation, color=colour, lw=HAIR, alpha=0.6)
    axes.plot(arm.training.x, arm.training.mean, color=colour, lw=THIN, ls=DASHES, zorder=2.5)
    axes.plot(arm.validation.x, arm.validation.mean, color=colour, lw=BOLD, zorder=3, **marks)
    if arm.test:
        x, mean, low, high, n = arm.test
        reach = (
            [[mean - low], [high - mean]]
            if low is not None and high is not None and n > 1
            else None
        )
        axes.errorbar(
            [x],
            [mean],
            reach,
            color=colour,
            marker="D",
            ms=3.5,
            mec="white",
            mew=HAIR,
            elinewidth=THIN,
            capsize=1.5,
            capthick=THIN,
            clip_on=False,
            zorder=4,
        )


def _filled(axes: "Axes", band: Band, colour: str, share: float) -> None:
    """Fill the band, in each stretch with more than one seed."""
    points = zip(band.x, band.low, band.high, band.n, strict=True)
    for wide, stretch in groupby(points, key=lambda point: point[1] is not None and point[3] > 1):
        if wide:
            x, low, high, _ = zip(*stretch, strict=True)
            axes.fill_between(x, low, high, color=colour, alpha=share, lw=0)


def _marks(at: int, count: int, band: Band) -> dict[str, Any]:
    """A different marker for each arm, at places where no other arm has one."""
    if not band.x:
        return {}
    # The first marker of each arm is moved on, so markers of equal curves alternate.
    every = max(1, len(band.x) // MARKED)
    return {
        "marker": MARKERS[at % len(MARKERS)],
        "ms": 3,
        "mec": "white",
        "mew": 0.3,
        "markevery": (at * every // count, every),
    }


def _frame(axes: "Axes", curves: ArmCurves) -> None:
    axes.set_xlim(0, curves.reach)
    axes.set_ylim(*curves.extent)
    axes.set_xlabel(curves.options.along, fontsize=LETTERS, color=INK, labelpad=2)
    axes.set_ylabel(curves.title, fontsize=LETTERS, color=INK, labelpad=2)
    axes.tick_params(labelsize=SMALL, labelcolor=INK, color=GREY, width=HAIR, length=2, pad=2)
    axes.xaxis.set_major_formatter(
        lambda at, _: f"{at / 1000:g}k" if at >= THOUSANDS else f"{at:g}"
    )
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set(color=GREY, linewidth=HAIR)
    for drop in curves.drops:
        axes.axvline(drop, color=GREY, lw=HAIR, ls=DOTS, zorder=1)


def _paper(axes: "Axes", row: Published, colour: str) -> None:
    """The paper's error as a dotted line, with a band of the standard deviation where given."""
    axes.axhline(row.error, color=colour, lw=THIN, ls=DOTS, zorder=2)
    if row.sd is not None:
        axes.axhspan(
            row.error - row.sd, row.error + row.sd, color=colour, alpha=0.2, lw=0, zorder=1
        )


def _key(
    drawn: "Figure", curves: ArmCurves, published: Sequence[Published], columns: int, title: str
) -> int:
    """The key of the line styles that are used. It stands above the axes, where it hides nothing,
    and below the title. Returns its number of rows."""
    shown = _key_lines(curves, published)
    drawn.legend(
        list(shown.values()),
        list(shown),
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        title=title or None,
        title_fontsize=LETTERS + 1,
        alignment="left",
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=2,
        columnspacing=1.2,
        labelspacing=0.3,
        borderpad=0.2,
        borderaxespad=0.2,
    )
    # The last column has the longest texts, so it determines the height.
    last = list(shown)[-(len(shown) // columns) or -1 :]
    return sum([word.count("\n") + 1 for word in last]) + bool(title)


def _key_lines(curves: ArmCurves, published: Sequence[Published]) -> dict[str, Any]:
    """Each way of drawing that this figure uses, with a sample of it."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  as above
    from matplotlib.patches import Patch  # noqa: PLC0415  as above

    spread = curves.options.spread
    ways: dict[str, tuple[bool, Any]] = {
        "validation": (
            any(arm.validation.x for arm in curves.arms),
            Line2D([], [], color=GREY, lw=BOLD),
        ),
        "training": (
            any(arm.training.x for arm in curves.arms),
            Line2D([], [], color=GREY, lw=THIN, ls=DASHES),
        ),
        "test": (
            any(arm.test for arm in curves.arms),
            Line2D([], [], color=GREY, ls="", marker="D", ms=3.5),
        ),
        SPREADS[spread]: (
            any(arm.n > 1 for arm in curves.arms),
            (
                Line2D([], [], color=GREY, lw=HAIR)
                if spread == "lines"
                else Patch(color=GREY, alpha=0.2, lw=0)
            ),
        ),
        "learning rate drops": (
            bool(curves.drops),
            Line2D(
                [], [], color=GREY, ls="", marker="|", ms=6, mew=HAIR
            ),  # drops are vertical lines
        ),
    }
    for line in paper_says(published):
        ways[re.sub(r"(:|/\d+,) ", r"\1\n", line)] = (
            True,
            Line2D([], [], color=GREY, lw=THIN, ls=DOTS),
        )
    return {word: handle for word, (used, handle) in ways.items() if used}


def _labels(axes: "Axes", curves: ArmCurves, shades: Sequence[str]) -> None:
    """Label the lines at their ends, moved apart so that labels do not overlap."""
    low, top = curves.extent
    high = POINTS_HIGH / (top - low)
    ends = {
        at: (min(end, top) - low) * high
        for at, arm in enumerate(curves.arms)
        if (end := arm.end) is not None
    }
    for at, place in apart(ends, LABEL_HIGH, POINTS_HIGH).items():
        axes.annotate(
            curves.arms[at].label.replace(" (", "\n("),
            (1, ends[at] / POINTS_HIGH),
            (6, place - ends[at]),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=SMALL + 0.5,
            color=shades[at],
            annotation_clip=False,
        )


def _legend(drawn: "Figure", curves: ArmCurves, shades: Sequence[str]) -> int:
    """The legend below the axes, in as many columns as the longest name allows. Returns its number
    of rows."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  as above

    handles = [
        Line2D(
            [],
            [],
            color=shade,
            lw=BOLD,
            marker=MARKERS[at % len(MARKERS)],
            ms=3,
            mec="white",
            mew=0.3,
        )
        for at, shade in enumerate(shades)
    ]
    points = 72 * drawn.get_figwidth()
    names = ["\n".join(wrap(arm.label, int((points - HANDLE) / LETTER))) for arm in curves.arms]
    # Matplotlib leaves names with a leading underscore out of a legend.
    names = [name.replace("_", " _", 1) if name.startswith("_") else name for name in names]
    longest = max(len(line) for name in names for line in name.split("\n"))
    columns = min(MOST_COLUMNS, max(1, int(points / (longest * LETTER + HANDLE))))
    drawn.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=2.2,
        columnspacing=1.2,
        labelspacing=0.3,
    )
    return -(-sum([name.count("\n") + 1 for name in names]) // columns)
