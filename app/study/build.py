"""A new study: what it starts from, the most important controls, and the others under
"Customise"."""

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from app import state
from app.elements import uploads, views
from app.elements.controls import switch
from app.runs.cache import devices
from app.study import begin, change, fields
from app.study.begin import SIZES
from app.study.shelf import BEGIN, CHANGES, FILE
from app.train.dataset import data_folder
from resnet.errors import ResNetLabError
from resnet.network.settings import with_settings
from resnet.recipes.recipe import with_steps
from resnet.recipes.schedule import MOST_STEPS
from resnet.results.statistics import STUDY_SEEDS
from resnet.studies.plan import ready
from resnet.studies.plan.ready import Size
from resnet.studies.plan.study import Study
from resnet.studies.plan.study_files import LARGEST_FILE_BYTES

UPLOAD, UPLOAD_PROBLEM = "study_file", "study_upload"
NAMED = ("network", "dataset")
SEEDS_HELP = (
    "Number of seeds. Each arm is trained once with every seed: 0, 1, 2 and so on. At least three"
    " are needed to see the spread."
)


class Draft(NamedTuple):
    """The chosen study. `study` is None if the settings contradict each other; `problem` says
    why."""

    study: Study | None
    problem: str | None


def form() -> Draft:
    """The controls. Returns the chosen study."""
    key = _begin()
    size = _size(key)
    try:
        base = begin.study(key, size)
    # The form needs a base for its controls. Without one, only the choice of the start is shown.
    except ResNetLabError as error:
        return Draft(None, str(error))
    _about(key, base)
    # The size is part of the key: 150 steps typed for "quick" must not appear in "whole".
    changes = change.Kept(f"{key} {size or ''}".strip(), state.remembered(CHANGES, dict))
    _few(changes, base)
    expander = st.expander(
        "Customise", key="study_change", on_change="rerun", icon=":material/tune:"
    )
    if expander.open:
        with expander:
            change.more(changes, base)
            _upload()
    # `made` comes after all controls, so that an impossible study still shows the control that can
    # repair it.
    try:
        return Draft(made(base, changes.said), None)
    except ResNetLabError as error:
        return Draft(None, str(error))


def _begin() -> str:
    titles = begin.titles()
    key = state.read(BEGIN)
    # An uploaded file or a copy may have been forgotten since; the form then starts from the first
    # entry.
    key = key if key in titles else next(iter(titles))
    place, _ = st.columns([3, 1])
    place.selectbox(
        "Start from",
        list(titles),
        list(titles).index(key),
        key=state.seed("study_begin_box", key),
        format_func=titles.__getitem__,
        on_change=lambda: state.remember(BEGIN, state.read("study_begin_box")),
    )
    return key


def _size(key: str) -> Size | None:
    sizes = begin.sizes(key)
    if not sizes:
        return None
    return switch(
        "Size", "study_size", {size: SIZES[size] for size in sizes}, sizes[0], help=begin.SIZE_HELP
    )


def _about(key: str, base: Study) -> None:
    """The question of the study, its source, and the result that the source reports."""
    if base.question:
        st.markdown(f"**{views.plain(base.question)}**")
    lines = [f"Source: {base.source}."] if base.source else []
    lines += [f"Result of the source: {ready.get(key).expected}"] if key in ready.names() else []
    if lines:
        st.caption(views.plain(" ".join(lines)))


def _few(changes: change.Kept, base: Study) -> None:
    offered = devices()
    names = {device.id: device.name for device in offered}
    # A file may name a device of another machine, such as gpu0. Then the first device of this one
    # is offered.
    device = changes.get(
        "device", base.baseline.device if base.baseline.device in names else offered[0].id
    )
    seeds, steps, where = st.columns(3)
    changes.number(
        seeds,
        "Seeds",
        "seeds",
        len(base.seeds),
        min_value=1,
        max_value=STUDY_SEEDS,
        help=SEEDS_HELP,
    )
    changes.number(
        steps,
        "Steps of each run",
        "steps",
        base.baseline.recipe.steps,
        min_value=1,
        max_value=MOST_STEPS,
        help=change.STEPS_HELP,
    )
    changes.select(
        where,
        "Device",
        "device",
        list(names),
        device,
        format_func=lambda name: names.get(name, name),
    )


def _upload() -> None:
    st.file_uploader(
        "Study file",
        ["yaml", "yml", "json"],
        key=UPLOAD,
        on_change=_uploaded,
        max_upload_size=uploads.largest_mb(LARGEST_FILE_BYTES),
        help="A file as written by `python -m resnet study new`. The form starts from it at once.",
    )
    views.problem(state.read(UPLOAD_PROBLEM))


def _uploaded() -> None:
    state.forget(UPLOAD_PROBLEM)
    if (file := state.read(UPLOAD)) is None:
        return
    try:
        begin.take_file(file.name, file.getvalue())
    except ResNetLabError as error:
        state.remember(UPLOAD_PROBLEM, str(error))
    else:
        state.remember(BEGIN, FILE)
        # Changes to the file before must not be applied to the new one.
        state.read(CHANGES, {}).pop(FILE, None)


def made(base: Study, changes: Mapping[str, Any]) -> Study:
    """The study with the changes from the controls. Raises ConfigError or UnknownNameError."""
    # Built as plain data and validated once at the end, because single changes may contradict each
    # other.
    facts = base.model_dump(mode="json")
    facts["baseline"] = _baseline(base, changes)
    count = changes.get("seeds", len(base.seeds))
    # The smallest unused numbers.
    more = (seed for seed in itertools.count() if seed not in base.seeds)
    facts["seeds"] = [*base.seeds, *itertools.islice(more, count)][
        :count
    ]  # existing seeds stay, with their runs
    facts |= {key: changes[key] for key in ("name", "question", "design") if key in changes}
    if facts["design"] == "list":
        listed = fields.arms_of(changes["arms"]) if "arms" in changes else _listed(base)
        # In design "list", the factors only declare which settings may differ. They are found from
        # the arms, because the form has no other place to declare them.
        keys = [factor.key for factor in base.factors] if base.design == "list" else []
        keys += [key for arm in listed for key in arm["settings"]]
        facts |= {
            "listed": listed,
            "factors": [{"key": key, "levels": []} for key in dict.fromkeys(keys)],
        }
    else:
        rows = changes.get("factors", change.rows_of(base))
        factors = [
            {"key": row["key"], "levels": fields.levels_of(row["levels"], row["key"])}
            for row in rows
            # A row that was just added has no setting yet. The study is previewed without it.
            if row["key"]
        ]
        facts |= {"listed": [], "factors": factors}
    return Study.model_validate(facts)


def _listed(base: Study) -> list[dict[str, Any]]:
    """The arms as a list. The arms of another design are written out."""
    if base.design == "list":
        return [arm.model_dump(mode="json") for arm in base.listed]
    return fields.arms_of(fields.arms_text(base))


def _baseline(base: Study, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The baseline. Steps are set first, because they stretch the schedule; then the settings typed
    for every arm."""
    facts = base.baseline.model_dump(mode="json")
    recipe, settings = base.baseline.recipe, fields.settings_of(changes.get("everywhere", ""))
    steps = changes.get("steps", recipe.steps)
    recipe_settings = {
        key.removeprefix("recipe."): value
        for key, value in settings.items()
        if key.startswith("recipe.")
    }
    rest = {
        # The baseline's settings have keys without "network.". The keys "network" and "dataset" are
        # not settings but names, which have separate fields.
        key.removeprefix("network."): value
        for key, value in settings.items()
        if not key.startswith("recipe.") and key not in NAMED
    }
    longer = recipe if steps == recipe.steps else with_steps(recipe, steps)
    return facts | {
        "network": settings.get("network", changes.get("network", base.baseline.network)),
        "settings": facts["settings"] | rest,
        "recipe": with_settings(longer, recipe_settings).model_dump(mode="json"),
        "dataset": settings.get("dataset", changes.get("dataset", base.baseline.dataset)),
        "device": changes.get("device", base.baseline.device),
        "data_folder": data_folder(),
    }
