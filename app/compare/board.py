"""Two networks on the page: the differences as a sentence, as numbers, as a drawing and as a table.
Also whole families."""

from functools import partial
from typing import Any

import streamlit as st

from app import cache, state
from app.architecture import exports, picture
from app.components.diagram import Picture, show_diagram
from app.elements import charts, controls, views
from resnet import quantity
from resnet.diagram import Colour, View
from resnet.errors import ResNetLabError
from resnet.exports import file_stem
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.link import Choice
from resnet.network.numbers import NUMBERS, Number
from resnet.tables import comparison, family
from resnet.tables.comparison import Comparison, PartChange

VIEWS = ("Side by side", "Differences", "Family")
COLOURS: dict[Colour, str] = {"difference": "Differences", **picture.COLOUR_TITLES}
CHARTED = ("trainable_params", "macs", "activation_bytes", "receptive_field", "depth")
"""Numbers that the family chart offers, the most used first."""

COSTS = ("trainable_params", "macs", "activation_bytes")
"""Numbers of the table of differences."""

LONGEST_FAMILY = max(catalog.N_RANGE)
# n = 18 is ResNet-110, the deepest network in the text of the paper's section 4.2 before the one
# with 1,202 layers.
FIRST_FAMILY = 18
TABLE_HEIGHT = 560
FAMILY_N = "family_n"
# Settings that are valid in each network of a family. Others, such as stages, describe one network
# only.
PORTABLE = ("norm.", "activation_order")
ENDINGS = {"CSV": "csv", "Markdown": "md", "LaTeX": "tex"}


def heading(first: state.Shown, second: state.Shown, compared: Comparison) -> None:
    """Both names, and the differences in one sentence."""
    st.header(f"{views.title(first.config)} and {views.title(second.config)}", anchor=False)
    st.markdown(f"From the first to the second: **{views.plain(compared.sentence)}**.")
    st.caption(
        f"{views.plain(views.summary(first.choice))} · {views.plain(views.summary(second.choice))}"
    )


def problems(*sentences: str | None) -> None:
    """What is wrong with the link or with the typed settings. The last valid pair stays on the
    page."""
    # Both networks may have the same problem, for example one bad link. It is shown once.
    for sentence in dict.fromkeys(sentences):
        views.problem(sentence)


def numbers(compared: Comparison) -> None:
    """The numbers of the second network, with the differences from the first."""
    row = []
    for key, number in NUMBERS.items():
        # The three sets of totals: first network, second network, second − first.
        before, after, difference = [getattr(facts, key) for facts in compared.totals]
        about = (
            f"First {quantity.exact(before)}, second {quantity.exact(after)}. {number.convention}"
        )
        row.append(
            views.Number(number.short, number.brief(after), about, _signed(number, difference))
        )
    views.number_row(row)


def _signed(number: Number, difference: int) -> str:
    if not difference:
        return "the same"
    return f"{'+' if difference > 0 else '−'}{number.brief(abs(difference))}"


def view_switch() -> str:
    """How to look at the pair. The choice is part of the link."""
    view = state.view("view", VIEWS)
    controls.one_of(
        "View",
        dict(zip(VIEWS, VIEWS, strict=True)),
        view,
        key="pair_view",
        label_visibility="collapsed",
        on_change=_view_changed,
    )
    return view


def _view_changed() -> None:
    # The widget has another key than the setting, because the Architecture page has a widget "view"
    # with other options.
    state.see("view", state.read("pair_view"), VIEWS)


def look_switches() -> None:
    """Level, style, colours: the same for both."""
    picture.level_switch()
    picture.look_menu(COLOURS)


def pair_view(first: ResNetConfig, second: ResNetConfig) -> View:
    """How both are drawn."""
    # A box that is open stays open if at least one of the two networks has it.
    graphs = [cache.network(config).graph for config in (first, second)]
    return state.drawing_view(*graphs).model_copy(update={"colour": state.colour(tuple(COLOURS))})


@st.fragment
def drawing(first: state.Shown, second: state.Shown) -> None:
    """Both networks in one drawing, stage next to stage."""
    networks = [cache.network(shown.config) for shown in (first, second)]
    view = pair_view(first.config, second.config)
    scenes = {"wide": cache.pair_scene(first.config, second.config, view)}
    if view.direction == "LR" and picture.small(scenes["wide"]):
        tall = view.model_copy(update={"direction": "TB"})
        scenes["tall"] = cache.pair_scene(first.config, second.config, tall)
    prints = f"{first.config.fingerprint} {second.config.fingerprint}"
    show_diagram(
        Picture(
            network=prints,
            key=f"{prints} {view.model_dump_json()}",
            kind=f"pair {view.level} {view.style} {view.direction}",
            label=f"Drawing of {first.config.label} and {second.config.label}",
            scenes=scenes,
            tables=tuple([cache.layers_of(network.config) for network in networks]),
        ),
        partial(picture.act, networks),
        selected=state.selected_box(),
        hits=picture.hits(networks),
    )
    state.publish(first.choice, second.choice)


def table(compared: Comparison) -> None:
    """The differences per stage, block or layer."""
    import pandas as pd  # noqa: PLC0415  takes 0.2 s, which a drawing need not wait for

    by = st.segmented_control(
        "Rows",
        ["Stages", "Blocks", "Layers"],
        default="Blocks",
        required=True,
        key="difference_rows",
        label_visibility="collapsed",
    )
    # Layers say in words what changed. Blocks and stages are sums, so they have numbers only.
    rows = _layers(compared) if by == "Layers" else [_part(part) for part in _parts(compared, by)]
    frame = pd.DataFrame(rows)
    numbers = {
        column: st.column_config.NumberColumn(column, format="localized")
        for column in frame.columns[2:]
    }
    st.dataframe(
        frame, column_config=numbers, hide_index=True, height=TABLE_HEIGHT, key="differences"
    )
    st.caption(
        "Differences are second − first network. "
        + " ".join(NUMBERS[key].convention for key in ("macs", "activation_bytes"))
    )


def _parts(compared: Comparison, by: str | None) -> tuple[PartChange, ...]:
    return compared.stages if by == "Stages" else compared.blocks


def _part(part: PartChange) -> dict[str, Any]:
    difference, trained = part.difference, NUMBERS["trainable_params"].heading
    # A block that exists in only one of the networks counts as 0 in the other.
    before, after = (row.trainable_params if row else 0 for row in (part.before, part.after))
    return {
        "Part": part.id,
        "Change": part.change,
        f"{trained}, first": before,
        f"{trained}, second": after,
        **{NUMBERS[key].heading: getattr(difference, key) for key in (*COSTS, "receptive_field")},
    }


def _layers(compared: Comparison) -> list[dict[str, Any]]:
    rows = []
    for layer in compared.layers:
        before, after = layer.before, layer.after
        # A layer that is only in one network is None in the other: the default of getattr counts it
        # as 0.
        counts = {
            NUMBERS[key].heading: getattr(after, key, 0) - getattr(before, key, 0) for key in COSTS
        }
        rows.append(
            {
                "Layer": layer.id,
                "Change": layer.change,
                **counts,
                "What changed": ", ".join(layer.what),
            }
        )
    return rows


def family_page(choice: Choice) -> None:
    """A chart and a table of a whole family, plain and residual, without training. Settings of the
    first network are used if they mean the same in every network."""
    most = state.read(FAMILY_N, FIRST_FAMILY)
    most = st.slider(
        "n from 1 to",
        2,
        LONGEST_FAMILY,
        most,
        key=state.seed("family_slider", most),
        on_change=lambda: state.remember(FAMILY_N, state.read("family_slider")),
    )
    about = st.segmented_control(
        "About",
        list(CHARTED),
        default="trainable_params",
        required=True,
        key="family_about",
        format_func=lambda key: NUMBERS[key].short,
        label_visibility="collapsed",
    )
    settings = {key: value for key, value in choice.settings.items() if key.startswith(PORTABLE)}
    try:
        # Sorted pairs, so that the same settings in another order are the same cache key.
        rows = cache.family_rows(most, tuple(sorted(settings.items())))
    except ResNetLabError as error:
        views.problem(str(error))
        return
    chart = charts.family_chart(rows, NUMBERS[about], views.scheme())
    st.plotly_chart(chart, config=charts.QUIET, key="family_chart")
    _family_table(rows)
    with st.container(horizontal=True):
        for label, write in (
            ("CSV", family.csv),
            ("Markdown", family.markdown),
            ("LaTeX", family.latex),
        ):
            exports.button(label, f"family-{most}.{ENDINGS[label]}", partial(write, rows))


def _family_table(rows: tuple[family.FamilyRow, ...]) -> None:
    import pandas as pd  # noqa: PLC0415  as in `table`

    columns = {
        key: st.column_config.NumberColumn(
            number.heading, format="localized", help=number.convention
        )
        for key, number in NUMBERS.items()
    }
    st.dataframe(
        pd.DataFrame(rows),
        column_config=columns,
        hide_index=True,
        height=TABLE_HEIGHT,
        key="family_table",
    )


def menu(first: ResNetConfig, second: ResNetConfig, compared: Comparison) -> None:
    """Export the pair as a figure and the differences as a table."""
    popover = st.popover("Export", icon=":material/download:", key="export_pair", on_change="rerun")
    if not popover.open:
        return
    stem = f"{file_stem(first)}-{file_stem(second)}"
    with popover:
        exports.figures(stem, first, pair_view(first, second), second)
        st.caption("The differences per block")
        with st.container(horizontal=True):
            exports.button("CSV", f"{stem}.csv", partial(comparison.table_csv, compared))
            exports.button("Markdown", f"{stem}.md", partial(comparison.table_markdown, compared))
            exports.button("LaTeX", f"{stem}-table.tex", partial(comparison.table_latex, compared))
