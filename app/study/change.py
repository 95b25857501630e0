"""Everything that a visitor can change in the study that a new one starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import state
from app.elements import controls
from app.study import fields
from resnet import data
from resnet.errors import ResNetLabError
from resnet.network import catalog
from resnet.studies.plan.study import Design, Study

DESIGNS: Mapping[Design, str] = {
    "grid": "Grid",
    "one_at_a_time": "One at a time",
    "list": "Arm by arm",
}
DESIGN_HELP = (
    "Grid: every combination of all levels. One at a time: the baseline, and arms that change one"
    " factor of it. Arm by arm: you write each arm yourself."
)
STEPS_HELP = (
    "Number of optimiser updates of each run. The learning rate schedule is stretched to this"
    " length."
)
EVERYWHERE_HELP = (
    "Settings changed in every arm, the baseline included. Write KEY=VALUE pairs separated by"
    " spaces."
)
LEVELS_HELP = "The values of the factor, separated by commas: 0.9, 0.99"
ARMS_HELP = (
    "One line per arm: NAME: KEY=VALUE KEY=VALUE. An arm without settings is the baseline. You may"
    " write norm.momentum instead of network.norm.momentum, here and below."
)
NAME_HELP = "Name of the study and of its file."


@dataclass(frozen=True, slots=True)
class Kept:
    """The changes a visitor made to one starting point. The changes to each starting point are kept
    for the whole visit."""

    of: str
    everything: dict[str, dict[str, Any]]

    @property
    def said(self) -> Mapping[str, Any]:
        return self.everything.get(self.of, {})

    def get(self, field: str, default: Any) -> Any:
        return self.said.get(field, default)

    def put(self, field: str, value: Any) -> None:
        self.everything.setdefault(self.of, {})[field] = value

    def key(self, field: str) -> str:
        return f"study {self.of} {field}"

    def take(self, field: str) -> None:
        """Keep the value of the field's widget. An emptied widget has none."""
        # Streamlit's number field is None while it is empty. The last number stays, so the preview
        # does not jump.
        value = state.read(self.key(field))
        if value is not None:
            self.put(field, value)

    def number(self, place: Any, label: str, field: str, default: int, **display: Any) -> None:
        value = self.get(field, default)
        place.number_input(
            label,
            value=value,
            step=1,
            key=state.seed(self.key(field), value),
            on_change=self.take,
            args=(field,),
            **display,
        )

    def select(
        self,
        place: Any,
        label: str,
        field: str,
        options: Sequence[str],
        default: str,
        **display: Any,
    ) -> None:
        value = self.get(field, default)
        # A value from a file, such as a folder of images, may not be in the list. Without it, the
        # select box would fail.
        options = options if value in options else [value, *options]
        place.selectbox(
            label,
            options,
            list(options).index(value),
            key=state.seed(self.key(field), value),
            on_change=self.take,
            args=(field,),
            **display,
        )

    def text(self, place: Any, label: str, field: str, default: str, **display: Any) -> None:
        value = self.get(field, default)
        place.text_input(
            label,
            value,
            key=state.seed(self.key(field), value),
            on_change=self.take,
            args=(field,),
            **display,
        )


def more(changes: Kept, base: Study) -> None:
    """The design, the factors or arms, the baseline, and the name."""
    design = changes.get("design", base.design)
    controls.one_of(
        "How levels are combined",
        DESIGNS,
        design,
        key=changes.key("design"),
        help=DESIGN_HELP,
        on_change=changes.take,
        args=("design",),
    )
    if design == "list":
        _arms(changes, base)
    else:
        _factors(changes, base)
    left, right = st.columns(2)
    changes.select(
        left, "Baseline network", "network", list(catalog.names()), base.baseline.network
    )
    titles = {name: data.title(name) for name in data.names()}
    changes.select(
        right,
        "Data set",
        "dataset",
        list(titles),
        base.baseline.dataset,
        format_func=lambda name: titles.get(name, name),
    )
    changes.text(
        st,
        "Also change, in every arm",
        "everywhere",
        "",
        help=EVERYWHERE_HELP,
        placeholder="norm.momentum=0.99 recipe.batch_size=64",
    )
    left, right = st.columns(2)
    changes.text(left, "Name", "name", base.name, help=NAME_HELP)
    changes.text(right, "Question", "question", base.question)


def rows_of(base: Study) -> list[dict[str, str]]:
    """The factors of a study as rows that can be edited."""
    return [
        # The id is the name of a row's widgets. A place would not do: after a removal, each later
        # row would get the text of the row before.
        {"id": str(place), "key": factor.key, "levels": fields.levels_text(factor.levels)}
        for place, factor in enumerate(base.factors)
    ]


def _factors(changes: Kept, base: Study) -> None:
    about = fields.known(base)
    rows = changes.get("factors", rows_of(base))
    for row in rows:
        with st.container(key=f"factor_{row['id']}", horizontal=True, vertical_alignment="bottom"):
            _factor(changes, base, row, about)
    st.button(
        "Add a factor",
        icon=":material/add:",
        on_click=_add,
        args=(changes, base),
        key=changes.key("add"),
    )


def _factor(changes: Kept, base: Study, row: dict[str, str], about: Mapping[str, str]) -> None:
    # A setting of a file that is unknown here is still shown. The error message then names it.
    options = list(about) if not row["key"] or row["key"] in about else [row["key"], *about]
    key, levels = changes.key(f"key {row['id']}"), changes.key(f"levels {row['id']}")
    place = options.index(row["key"]) if row["key"] else None
    st.selectbox(
        "Factor",
        options,
        place,
        key=state.seed(key, row["key"] or None),
        placeholder="Choose a setting",
        format_func=lambda name: f"{name} · {about[name]}" if name in about else name,
        on_change=_edit,
        args=(changes, base, row["id"]),
    )
    names = fields.named(row["key"])
    of = (
        f" of {row['key']}" if row["key"] else ""
    )  # a different name for each box, for screen readers
    st.text_input(
        f"Levels{of}",
        row["levels"],
        key=state.seed(levels, row["levels"]),
        help=LEVELS_HELP,
        width=280,
        placeholder=", ".join(names[:2]),
        on_change=_edit,
        args=(changes, base, row["id"]),
    )
    st.button(
        "Remove",
        icon=":material/close:",
        key=changes.key(f"remove {row['id']}"),
        on_click=_remove,
        args=(changes, base, row["id"]),
    )


def _edit(changes: Kept, base: Study, row_id: str) -> None:
    # Copies, so that the kept rows change only by `put`.
    rows = [dict(row) for row in changes.get("factors", rows_of(base))]
    for row in rows:
        if row["id"] == row_id:
            row["key"] = state.read(changes.key(f"key {row_id}")) or ""
            row["levels"] = state.read(changes.key(f"levels {row_id}")) or ""
    changes.put("factors", rows)


def _add(changes: Kept, base: Study) -> None:
    rows = changes.get("factors", rows_of(base))
    # Never an id that is in use, so a new row does not get the text of another one.
    fresh = str(1 + max([int(row["id"]) for row in rows], default=-1))
    changes.put("factors", [*rows, {"id": fresh, "key": "", "levels": ""}])


def _remove(changes: Kept, base: Study, row_id: str) -> None:
    changes.put(
        "factors", [row for row in changes.get("factors", rows_of(base)) if row["id"] != row_id]
    )


def _arms(changes: Kept, base: Study) -> None:
    try:
        # An emptied box shows the arms of the study again: a list needs at least one arm.
        text = changes.get("arms", None) or fields.arms_text(base)
    except ResNetLabError:
        text = ""
    st.text_area(
        "Arms",
        text,
        key=state.seed(changes.key("arms"), text),
        help=ARMS_HELP,
        on_change=changes.take,
        args=("arms",),
        height=34 + 26 * max(3, text.count("\n") + 2),
    )
