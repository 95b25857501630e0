"""Whether the chosen runs and curves differ in only one setting, judged by their known settings."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import state
from app.elements import views
from app.elements.controls import when_opened
from app.runs import wording
from app.side_by_side.arms import settings
from app.side_by_side.choose import Chosen
from resnet.checks.decay import in_one_unit
from resnet.guards import differences, guard
from resnet.guards.differences import Differing, listed
from resnet.guards.guard import OneFactor
from resnet.imports.imported import ImportedCurve
from resnet.network.config import ResNetConfig
from resnet.network.link import written
from resnet.recipes import recipes
from resnet.tables.text_table import TextTable, named

DECLARED, PICK = "beside_declared", "beside_on_purpose"
NOTHING = "none chosen"
KNOWN = {
    "config": "the network",
    "decay": "λ",
    "penalty_in_loss": "whether the loss includes the penalty",
    "seeds": "the seeds",
}
SHOWN, LONGEST = 6, 60


def show(chosen: Chosen) -> str | None:
    """The control for the compared setting, and the verdict. Returns the declared key."""
    if len(chosen.names) < 2:
        return None
    specs = {arm.name: arm.specs for arm in chosen.arms}
    # Runs have complete settings. Curves have only what a person typed, so they are compared by the
    # keys that both sides know.
    alike = known_differences(chosen)
    declared = _declared([each.key for each in (*differences.differing(specs, ()), *alike)])
    factors = [declared] if declared else []
    if chosen.imports:
        _of_imports(chosen, alike, factors)
    else:
        _verdict(guard.one_factor(specs, factors))
    return declared


def _declared(keys: Sequence[str]) -> str | None:
    """The setting that a person declares as the factor, or None."""
    options = [NOTHING, *declarable(keys)]
    last = state.read(DECLARED, NOTHING)
    value = last if last in options else NOTHING
    st.selectbox(
        "Which setting is being compared?",
        options,
        options.index(value),
        key=state.seed(PICK, value),
        on_change=lambda: state.remember(DECLARED, state.read(PICK)),
        width=420,
        help="The setting that you changed on purpose. All other differences are named below.",
    )
    return None if value == NOTHING else str(value)


def declarable(keys: Sequence[str]) -> list[str]:
    """What can be declared: settings that differ, and the groups they belong to."""
    options: dict[str, None] = {}
    for key in keys:
        parts = key.split(".")
        # All beginnings of a key: "recipe.schedule.drops" also offers "recipe.schedule". A group
        # covers all settings in it.
        options |= dict.fromkeys(".".join(parts[: count + 1]) for count in range(len(parts)))
    return sorted(options.keys() - {"recipe"})


def _covered(key: str, factors: Sequence[str]) -> bool:
    return any(key == factor or key.startswith(f"{factor}.") for factor in factors)


def _verdict(verdict: OneFactor) -> None:
    """A banner that names each undeclared setting, else a green sentence."""
    if verdict.purity == "undeclared":
        loose = [each for each in verdict.found if each.factor is None]
        st.warning(views.plain(verdict.sentence), icon=":material/balance:")
        _listed(loose)
    elif verdict.purity == "several factors":
        st.warning(views.plain(verdict.sentence), icon=":material/balance:")
    else:
        st.markdown(f":green[:material/check_circle: {views.plain(verdict.sentence)}]")


def _listed(loose: Sequence[Differing]) -> None:
    when_opened(f"Settings that differ ({len(loose)})", "beside_settings", lambda: _table(loose))


def _table(loose: Sequence[Differing]) -> None:
    arms = list(dict.fromkeys(arm for each in loose for arm in each.values))
    columns = [named("setting", "Setting"), *[named(arm, arm) for arm in arms]]
    views.table(TextTable(columns, [_row(each, arms) for each in loose]), "Settings that differ")


def _row(setting: Differing, arms: Sequence[str]) -> list[str]:
    values = {
        arm: " or ".join(map(_said, arm_values)) for arm, arm_values in setting.values.items()
    }
    return [setting.key, *[values.get(arm, "") for arm in arms]]


def _said(value: object) -> str:
    return wording.NOTHING if value is None else written(value)[:LONGEST]


def known_differences(chosen: Chosen) -> tuple[Differing, ...]:
    """Known settings that differ between at least two of the chosen runs and curves. Settings that
    are unknown for a curve are ignored."""
    if not chosen.imports:
        return ()
    known: dict[str, Mapping[str, object]] = {arm.name: settings(arm.spec) for arm in chosen.arms}
    known |= {imported.curve.name: of_import(imported.curve) for imported in chosen.imports}
    differing = []
    for key in dict.fromkeys(key for facts in known.values() for key in facts):
        values = {name: (facts[key],) for name, facts in known.items() if key in facts}
        if len({differences.canonical(value) for value in values.values()}) > 1:
            differing.append(Differing(key, values, None))
    return tuple(differing)


def of_import(curve: ImportedCurve) -> dict[str, object]:
    """What a person typed about a curve, with the keys of `differences.leaves` and the units of our
    recipes."""
    given = curve.given
    network = _network(given.config) if given.config else {}
    recipe = {f"recipe.{key}": value for key, value in given.recipe.items() if key != "dataset"}
    dataset = {"dataset": given.recipe["dataset"]} if "dataset" in given.recipe else {}
    known: dict[str, object] = {}
    if given.decay is not None:
        # Keras's l2 and the paper's decay have different units. Compared as typed, 5e-5 and 1e-4
        # would look different, although both have the same effect.
        value, meaning = in_one_unit(given.decay, given.decay_meaning)
        decay = {"value": value, "semantics": meaning, "covers": given.decay_covers}
        known = {f"recipe.weight_decay.{key}": fact for key, fact in decay.items()}
    return {**network, **recipe, **dataset, **known}


def _network(config: ResNetConfig) -> dict[str, object]:
    """The settings of a network. `leaves` needs a recipe too, so any recipe is passed."""
    any_recipe = recipes.get(recipes.names()[0]).recipe
    return {
        key: value
        for key, value in differences.leaves(config, any_recipe, "").items()
        if key.startswith("network.")
    }


def _of_imports(chosen: Chosen, differ: Sequence[Differing], factors: Sequence[str]) -> None:
    """The known differences, and what is unknown. There is no green sentence, because not
    everything is known."""
    loose = [each for each in differ if not _covered(each.key, factors)]
    if loose:
        keys = listed([each.key for each in loose], SHOWN)
        st.warning(
            views.plain(
                f"Not a fair comparison: these known settings also differ: {keys}."
                if factors
                else f"Not a fair comparison: these known settings differ: {keys}."
            ),
            icon=":material/balance:",
        )
        _listed(loose)
    else:
        st.markdown(f"No {'other ' if factors else ''}differences in the known settings.")
    st.caption(views.plain(" ".join(unknown([imported.curve for imported in chosen.imports]))))


def unknown(curves: Sequence[ImportedCurve]) -> list[str]:
    """What is unknown about imported curves. Curves with the same known facts share one
    sentence."""
    alike: dict[str, list[str]] = {}
    for curve in curves:
        facts = [words for key, words in KNOWN.items() if getattr(curve.given, key) is not None]
        facts += list(curve.given.recipe)
        alike.setdefault(", ".join(facts) or "what is in their files", []).append(curve.name)
    return [
        f"For {listed(names)}, only these settings are known: {beyond}."
        for beyond, names in alike.items()
    ]
