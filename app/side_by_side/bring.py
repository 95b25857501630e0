"""Import curves from other tools: their files, what a person knows about them, and how to remove
them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app import state
from app.elements import uploads, views
from app.side_by_side import cache, choose
from app.side_by_side.cache import Kept
from resnet import files
from resnet.checks.imported import of_import
from resnet.errors import ConfigError, ResNetLabError, echo
from resnet.imports.curve_tables import MOST_BYTES
from resnet.imports.imported import Given, ImportedCurve, write_import
from resnet.network import catalog
from resnet.network.link import pairs
from resnet.network.settings import parse_value
from resnet.shipped import notebook

TURN, REMOVED = "beside_turn", "beside_removed"
MOST_FILES = 20
"""The most files of one form. Each is read and held in memory."""
FILES_HELP = (
    "CSV files, files of Keras's CSVLogger, a Keras history as JSON, or TensorBoard event files."
    " Losses, accuracies and errors are recognised by their usual names."
)
MEANINGS = {
    "unknown": "unknown",
    "keras_l2": "Keras's l2(λ): λ·Σw² is added to the loss",
    "l2": "L2 as in the paper: λ·w is added to the gradient",
    "decoupled": "Decoupled (AdamW): weights shrink by learning rate · λ",
}
COVERS = {
    "conv_kernels": "kernels of convolutions only",
    "kernels": "all kernels",
    "all": "all trainable parameters",
}
INSIDE = {"unknown": "unknown", "yes": "yes", "no": "no"}
ROWS = {"record": "unknown", "epoch": "an epoch", "step": "a step"}
PARTS = {"train": "training", "validation": "validation"}
FACTS_PLACEHOLDER = "optimiser.kind=sgd\nschedule.learning_rate=1e-4\nbatch_size=16\nepochs=50"
FACTS_HELP = (
    "One KEY=VALUE per line. Keys are settings of a recipe, such as optimiser.kind,"
    " optimiser.momentum, schedule.learning_rate or batch_size; also dataset, epochs,"
    " decay_argument (the decay of old Keras), shuffle (before_batch, after_batch, never) and"
    " begins (fresh, continued)."
)


class OfFile(NamedTuple):
    """What a person typed for one file. `decay` is not parsed yet."""

    curve: ImportedCurve
    name: str
    network: str | None
    decay: str


class OfAll(NamedTuple):
    """What a person typed or chose for all files."""

    meaning: str
    covers: str
    inside: str
    seeds: str
    facts: str


def show(folder: Path, imports: Mapping[str, Kept]) -> None:
    """The form, and the list of curves that can be removed, if the expander is open."""
    _undo()
    expander = st.expander(
        "Import curves", icon=":material/upload_file:", key="beside_import", on_change="rerun"
    )
    if not expander.open:
        return
    with expander:
        _form(folder)
        if imports:
            _removal(folder, imports)


def example(folder: Path) -> None:
    """An example to start with, loaded with one click."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Load the notebook's three curves", icon=":material/menu_book:"):
            _keep(folder, notebook.curves, choose.only)
        st.caption(
            "An example: the page explains why the losses of three networks differ.",
            width="content",
        )


@st.fragment  # typing here changes no chart
def _form(folder: Path) -> None:
    turn = state.read(TURN, 0)
    received = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        max_upload_size=uploads.largest_mb(MOST_BYTES),
        help=FILES_HELP,
        # Streamlit cannot empty a file control. A new key makes a new, empty one after each import.
        key=f"beside_files_{turn}",
    )
    if len(received) > MOST_FILES:
        views.problem(
            f"At most {MOST_FILES} files can be imported at once; received {len(received)}. Import"
            f" the first {MOST_FILES}, then the others."
        )
        received = received[:MOST_FILES]
    entries = [
        entry
        for number, file in enumerate(received)
        if (entry := _of_file(file, f"{turn}_{number}"))
    ]
    if not entries:
        return
    known = _of_all(turn)
    many = "1 curve" if len(entries) == 1 else f"{len(entries)} curves"
    if st.button(f"Import {many}", type="primary", icon=":material/check:"):
        _keep(folder, lambda: [told(one, known) for one in entries], choose.also)


def _keep(
    folder: Path, make: Callable[[], Sequence[ImportedCurve]], then: Callable[[Sequence[str]], None]
) -> None:
    """Check and write the curves, choose them, and show an empty form."""
    try:
        # All curves are made, and so checked, before the first one is written.
        paths = [write_import(folder, curve) for curve in list(make())]
    except ResNetLabError as error:
        views.problem(str(error))
        return
    state.remember(TURN, state.read(TURN, 0) + 1)
    then([path.name for path in paths])
    st.rerun()


def _of_file(upload: Any, key: str) -> OfFile | None:
    """One file of the form: what it contains, and its name. None if it contains no curve."""
    with st.container(border=True):
        # TensorBoard writes training and validation into different folders, but an uploaded file
        # has no folder. So a person says which one it is.
        part = "train"
        if cache.is_events(upload):
            part = _pick("These curves are", PARTS, f"beside_part_{key}")
        read = cache.uploaded(upload.file_id, upload.name, part, upload)
        if isinstance(read, str):
            views.problem(read)
            return None
        name, network, decay = st.columns([3, 3, 2])
        typed = name.text_input("Name", Path(upload.name).stem[:200], key=f"beside_name_{key}")
        chosen = network.selectbox(
            "Network", catalog.names(), None, key=f"beside_network_{key}", placeholder="unknown"
        )
        value = decay.text_input("Weight decay λ", key=f"beside_decay_{key}", placeholder="unknown")
        if any(column.along == "record" for column in read.columns):
            read = _counted(read, _pick("One row is", ROWS, f"beside_rows_{key}"))
        st.caption(views.plain(_found(read)))
        return OfFile(read, typed, chosen, value)


def _pick(label: str, titles: Mapping[str, str], key: str) -> str:
    """A choice of one of a few values; the default is the first."""
    return str(
        st.segmented_control(
            label,
            list(titles),
            default=next(iter(titles)),
            required=True,
            key=key,
            format_func=titles.__getitem__,
        )
    )


def _counted(curve: ImportedCurve, along: str) -> ImportedCurve:
    """The same curve, with the axis that a person chose for its rows."""
    # "unknown" keeps the axis of rows.
    if along not in ("epoch", "step"):
        return curve
    columns = [
        one.model_copy(update={"along": along}) if one.along == "record" else one
        for one in curve.columns
    ]
    notes = (*curve.notes, f"One row is {ROWS[along]}, as typed by a person.")
    return curve.model_copy(update={"columns": tuple(columns), "notes": notes})


def _found(curve: ImportedCurve) -> str:
    """The columns of a file, and notes from reading it."""
    lengths = ", ".join([f"{column.name} ({len(column.y):,})" for column in curve.columns])
    return " ".join([f"Found in this {curve.source} file: {lengths}.", *curve.notes])


def _of_all(turn: int) -> OfAll:
    """The fields that apply to all files. Empty fields stay unknown."""
    st.caption("For all files. Leave a field empty if you do not know.")
    left, middle, right = st.columns([3, 3, 2])
    meaning = left.selectbox(
        "Weight decay means",
        list(MEANINGS),
        key=f"beside_meaning_{turn}",
        format_func=MEANINGS.__getitem__,
    )
    covers = middle.selectbox(
        "Weight decay covers",
        list(COVERS),
        key=f"beside_covers_{turn}",
        format_func=COVERS.__getitem__,
    )
    seeds = right.text_input(
        "Seeds", key=f"beside_seeds_{turn}", placeholder="unknown", help="One or more: 0, 1, 2"
    )
    inside = _pick("Does the loss include the penalty?", INSIDE, f"beside_inside_{turn}")
    facts = st.text_area(
        "More settings of the recipe",
        key=f"beside_facts_{turn}",
        placeholder=FACTS_PLACEHOLDER,
        help=FACTS_HELP,
        height=120,
    )
    return OfAll(meaning, covers, inside, seeds, facts)


def told(one: OfFile, known: OfAll) -> ImportedCurve:
    """The curve with everything that a person typed for it. Raises ConfigError or
    UnknownNameError."""
    decay = _number(one.decay)
    # A number without its meaning may be wrong by a factor of two (Keras's l2 is λ, the paper's is
    # λ/2). So it stays unknown, and a note keeps what was typed.
    unclear = decay is not None and known.meaning == "unknown"
    given = Given.model_validate(
        {
            "network": one.network,
            "config": catalog.get(one.network).config if one.network else None,
            "decay": None if unclear else decay,
            # The field needs a value. Without a decay it has no effect.
            "decay_meaning": "keras_l2" if known.meaning == "unknown" else known.meaning,
            "decay_covers": known.covers,
            "penalty_in_loss": None if known.inside == "unknown" else known.inside,
            "seeds": _seeds(known.seeds),
            "recipe": {
                key: parse_value(value) for key, value in pairs(_lines(known.facts)).items()
            },
        }
    )
    notes = [
        *one.curve.notes,
        *([f"Weight decay {one.decay} is given, but not what it means."] if unclear else []),
    ]
    name = one.name.strip() or one.curve.name
    curve = ImportedCurve.model_validate(
        dict(one.curve) | {"name": name, "given": given, "notes": tuple(notes)}
    )
    of_import(curve)  # report impossible values while they can still be corrected
    return curve


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> float | None:
    """The typed λ. An empty text is None."""
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f"λ must be a number such as 1e-4, or empty; received {echo(text)}."
        ) from None


def _seeds(text: str) -> tuple[int, ...] | None:
    """Whole numbers separated by commas or spaces. An empty text is None."""
    words = text.replace(",", " ").split()
    try:
        return tuple([int(word) for word in words]) or None
    except ValueError:
        raise ConfigError(
            f"Seeds must be whole numbers such as 0, 1, 2, or empty; received {echo(text)}."
        ) from None


def _removal(folder: Path, imports: Mapping[str, Kept]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # The curve's name alone is not unique; the label is.
        labels = {key: choose.of_import(each) for key, each in imports.items()}
        keys = st.multiselect(
            "Imported curves to remove",
            list(imports),
            key="beside_remove",
            placeholder="None",
            format_func=labels.__getitem__,
        )
        if st.button("Remove", icon=":material/delete:", disabled=not keys):
            # The content is kept for Undo during the visit. An imported curve has no bin, unlike a
            # run.
            held = {str(folder / key): _removed(folder / key) for key in keys}
            state.remember(REMOVED, {path: content for path, content in held.items() if content})
            state.forget("beside_remove")
            st.rerun()


def _removed(path: Path) -> bytes | None:
    """Remove a file and return its content. None if it could not be removed; then it stays in the
    list."""
    try:
        content = path.read_bytes()
        path.unlink()
    except OSError:
        return None
    return content


def _undo() -> None:
    """Restore curves that were just removed."""
    removed: dict[str, bytes] = state.read(REMOVED, {})
    if not removed:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"Removed {len(removed)} imported {'curve' if len(removed) == 1 else 'curves'}.",
            width="content",
        )
        if st.button("Undo", icon=":material/undo:", key="beside_undo"):
            state.forget(REMOVED)
            try:
                for path, content in removed.items():
                    files.write(Path(path), content)
            except ResNetLabError as error:
                views.problem(str(error))
            else:
                st.rerun()
