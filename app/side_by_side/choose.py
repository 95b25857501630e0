"""Which runs and imported curves are shown together."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from app import state
from app.elements import pages, views
from app.runs import wording
from app.runs.board import LINKED
from app.side_by_side.arms import Arm, grouped
from app.side_by_side.cache import Kept
from resnet.guards.differences import listed
from resnet.runs import Run

CHOSEN, CHOICE, MISSING = "beside_chosen", "beside_choice", "beside_missing"
NEWEST = 6
MISSING_SHOWN, LONGEST = 3, 60


@dataclass(frozen=True, slots=True)
class Chosen:
    """Arms and imported curves, each with a unique name. `left_out` holds sentences about runs that
    are not shown."""

    arms: tuple[Arm, ...]
    imports: tuple[Kept, ...]
    left_out: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [
            *[arm.name for arm in self.arms],
            *[imported.curve.name for imported in self.imports],
        ]


def chooser(runs: Sequence[Run], imports: Mapping[str, Kept]) -> list[str]:
    """The control. Returns the chosen run ids and import file names, which are also in the link."""
    labels = {run.id: _of_run(run) for run in runs} | {
        key: of_import(keys) for key, keys in imports.items()
    }
    if linked := state.read(LINKED):
        _arrive(linked, labels)
    views.problem(state.read(MISSING))
    # Runs or files may have been deleted since they were chosen. Streamlit fails on a default that
    # is not an option.
    keys = [key for key in state.read(CHOSEN, _newest(runs)) if key in labels]
    st.multiselect(
        "Runs and imported curves",
        list(labels),
        default=keys,
        key=state.seed(CHOICE, keys),
        format_func=labels.__getitem__,
        on_change=_changed,
        placeholder="Choose runs or curves",
    )
    state.address_runs(state.CURVE, keys)
    return keys


def _arrive(linked: Sequence[str], known: Container[str]) -> None:
    """Choose the runs and curves that a link names. The page names missing ones until the choice
    changes."""
    # Only once. Otherwise each rerun would undo the choice of the person.
    state.forget(LINKED)
    names = [name for name in dict.fromkeys(linked) if name]
    only([name for name in names if name in known])
    if missing := [name[:LONGEST] for name in names if name not in known]:
        sentence = (
            "The link names runs or curves that do not exist here, so they are left out:"
            f" {listed(missing, MISSING_SHOWN)}."
        )
        state.remember(MISSING, sentence)


def _changed() -> None:
    only(state.read(CHOICE))


def also(keys: Sequence[str]) -> None:
    """Add to the current choice."""
    only(list(dict.fromkeys([*state.read(CHOICE, []), *keys])))


def only(keys: Sequence[str]) -> None:
    """Choose these and nothing else."""
    state.remember(CHOSEN, list(keys))
    state.forget(MISSING)


def _newest(runs: Sequence[Run]) -> list[str]:
    """The choice of a first visit."""
    return [run.id for run in sorted(runs, key=lambda run: run.id)[-NEWEST:] if run.spec]


def _of_run(run: Run) -> str:
    spec, began = run.spec, wording.started(run)
    seed = f", seed {spec.recipe.seed}" if spec else ""
    what = f"{wording.network(spec)} on {wording.dataset(spec)}{seed}"
    return f"{what} · {began:%d %b %H:%M} · {run.id[-4:]}"


def of_import(imported: Kept) -> str:
    """The label of an imported curve. The end of its file name separates curves with the same
    name."""
    return f"{imported.curve.name} · imported · {imported.key.partition('.')[0][-4:]}"


def chosen(keys: Sequence[str], runs: Sequence[Run], imports: Mapping[str, Kept]) -> Chosen:
    """The arms and curves of the chosen keys."""
    by_id = {run.id: run for run in runs}
    groups = grouped([by_id[key] for key in keys if key in by_id])
    taken = {arm.name for arm in groups.arms}
    named = []
    for imported in [imports[key] for key in keys if key in imports]:
        name = imported.curve.name
        # Names are keys in all tables and sentences below, so each one may occur only once. 180
        # leaves room for the added part within the 200 letters of a name.
        if name in taken:
            name = f"{name[:180]}, {imported.key.partition('.')[0][-8:]}"
        taken.add(name)
        named.append(_renamed(imported, name))
    return Chosen(groups.arms, tuple(named), groups.left_out)


def _renamed(imported: Kept, name: str) -> Kept:
    if name == imported.curve.name:
        return imported
    return replace(
        imported,
        curve=imported.curve.model_copy(update={"name": name}),
        points=replace(imported.points, name=name),
    )


def nothing_yet(runs: Sequence[Run], imports: Mapping[str, Kept]) -> None:
    """An explanation for the empty page, and buttons to start with."""
    st.markdown(
        "Choose runs and imported curves above. The page draws them on one chart and shows what"
        " differs between them, why their losses differ, and what makes the comparison unfair."
    )
    with st.container(horizontal=True):
        if runs:
            st.button(
                "Show the newest runs",
                icon=":material/monitoring:",
                on_click=only,
                args=(_newest(runs),),
            )
        if imports:
            st.button(
                "Show all imported curves",
                icon=":material/upload_file:",
                on_click=only,
                args=(list(imports),),
            )
        if not runs and not imports:
            st.page_link(pages.TRAIN, label="Start a run", icon=":material/play_arrow:")
