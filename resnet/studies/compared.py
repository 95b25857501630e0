"""The reference of each arm in a study, and words for the comparison: "residual", "at depth 56". No
I/O."""

from collections.abc import Mapping, Sequence
from typing import Any

from resnet.errors import ResNetLabError
from resnet.guards.differences import canonical, differing, leaves
from resnet.guards.guard import between, one_factor, several_changed
from resnet.guards.sharing import selection, streams
from resnet.network import catalog
from resnet.network.config import NORM_NAMES
from resnet.network.link import written
from resnet.recipes.recipe import OPTIMISER_NAMES
from resnet.runs import RunSpec
from resnet.studies.plan.factors import Factor, Listed
from resnet.studies.plan.study import Arm, Study, arms

OPTIONS = {"padded_identity": "option A", "projection": "option B", "projection_always": "option C"}
"""The paper's letters for shortcuts where the shape changes (section 3.3)."""

LABELS = {
    "network.norm.momentum": "BN momentum",
    "network.norm.epsilon": "BN epsilon",
    "recipe.weight_decay.value": "weight decay",
    "recipe.optimiser.momentum": "SGD momentum",
}


def references(study: Study, arms_of_study: Sequence[Arm]) -> dict[str, str | None]:
    """The reference of each arm, by name; None for arms that are references, and for a single arm.

    In a grid, the reference has the first level of the last factor with several levels, and is
    equal in all other levels. Otherwise it is the first arm, which is the baseline where the study
    has one.
    """
    # Designs "one_at_a_time" and "list", and a grid with one arm.
    if (last := _last(study)) is None:
        return {
            arm.name: None if arm is arms_of_study[0] else arms_of_study[0].name
            for arm in arms_of_study
        }
    # Looked up by settings and not by name, since names depend on what else the study varies.
    by_settings = {canonical(arm.settings): arm.name for arm in arms_of_study}
    names: dict[str, str | None] = {}
    for arm in arms_of_study:
        # The same arm, with the first level of the last factor.
        wanted = dict(arm.settings) | {last.key: last.levels[0]}
        name = by_settings.get(canonical(wanted)) or _equal_to(study, wanted, arms_of_study)
        # The arm with the first level is a reference itself.
        names[arm.name] = None if name == arm.name else name
    return names


def _last(study: Study) -> Factor | None:
    """The last factor of a grid with more than one level, by which its arms are compared."""
    varied = [factor for factor in study.factors if len(factor.levels) > 1]
    return varied[-1] if varied and study.design == "grid" else None


def _equal_to(
    study: Study, settings: Mapping[str, Any], arms_of_study: Sequence[Arm]
) -> str | None:
    """The arm that equals these settings under another name: plain20 for resnet20 without
    shortcuts."""
    one = Listed(settings=dict(settings))
    try:
        images = {arm.dataset: arm.images for arm in arms_of_study}
        alone = arms(study.model_copy(update={"design": "list", "listed": (one,)}), images)[0]
    except ResNetLabError:
        return None
    return next((arm.name for arm in arms_of_study if _facts(arm) == _facts(alone)), None)


def _facts(arm: Arm) -> dict[str, Any]:
    return leaves(arm.config, arm.recipe, arm.dataset)


def how_compared(study: Study, arms_of_study: Sequence[Arm]) -> str:
    """The result of `references` as a sentence."""
    if last := _last(study):
        words = _words(study, last, last.levels[0])
        return (
            f"Each arm is compared with the otherwise equal one at the first level of {last.key}:"
            f" {words}."
        )
    return f"Each arm is compared with {arms_of_study[0].name}." if len(arms_of_study) > 1 else ""


def several(
    study: Study, arms_of_study: Sequence[Arm], specs: Mapping[str, Sequence[RunSpec]]
) -> tuple[str, ...]:
    """A sentence for each comparison that changes more than one factor. Its result has more than
    one possible cause."""
    compared = changed(study, arms_of_study, specs)
    return tuple(
        [
            several_changed(against, name, factors)
            for name, (against, factors) in compared.items()
            if len(factors) > 1
        ]
    )


def changed(
    study: Study, arms_of_study: Sequence[Arm], specs: Mapping[str, Sequence[RunSpec]]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """For each arm with a reference, by name: the reference, and the factors that differ."""
    factors = {}
    for name, against in references(study, arms_of_study).items():
        if against is not None:
            # Only the two arms, because a setting that a third arm changes is not part of this
            # comparison.
            differ = differing({against: specs[against], name: specs[name]}, study.keys)
            factors[name] = (
                against,
                tuple(dict.fromkeys(each.factor or each.key for each in differ)),
            )
    return factors


def promises(
    study: Study, arms_of_study: Sequence[Arm], specs: Mapping[str, Sequence[RunSpec]]
) -> tuple[str, ...]:
    """What is known before any run, as sentences: what differs, what arms share, and how weights
    are chosen."""
    differs = [one_factor(specs, study.keys).sentence]
    if len(study.factors) > 1:
        differs += filter(None, [between(specs, references(study, arms_of_study), study.keys)])
    shared = [stream.sentence for stream in streams(specs)] if len(arms_of_study) > 1 else []
    return (*differs, *shared, selection(specs))


def change(study: Study, arm: Arm) -> str:
    """The change from its reference, in words; "" where there is only its name."""
    if last := _last(study):
        return _words(study, last, arm.settings[last.key])
    # A listed arm with a name was described by a person; its settings would say less.
    if study.design == "list" and any(one.name == arm.name for one in study.listed):
        return ""
    return ", ".join(
        _words(study, factor, arm.settings[factor.key])
        for factor in study.factors
        if factor.key in arm.settings
    )


def where(study: Study, arm: Arm) -> str:
    """The levels that both arms share: "at depth 56, with BN momentum 0.99". Only in a grid."""
    last = _last(study)
    return ", ".join(
        _place(study, factor, arm) for factor in study.factors if last and factor != last
    )


def _place(study: Study, factor: Factor, arm: Arm) -> str:
    level = arm.settings[factor.key]
    words = _words(study, factor, level)
    match factor.key:
        case "network":
            return f"at {words}" if words.startswith("depth ") else f"in {words}"
        case "network.shortcut":
            return f"in {words} networks" if words in ("plain", "residual") else f"with {words}"
        case "dataset":
            return f"on {words}"
    return f"with {words}"


def _words(study: Study, factor: Factor, level: Any) -> str:
    """A level in words."""
    match factor.key, level:
        case "network", str():
            return _network(factor, level)
        case "network.shortcut", str():
            return _shortcut(study, factor, level)
        case "network.norm.kind", str(kind) if kind in NORM_NAMES:
            return NORM_NAMES[kind]
        case "recipe.optimiser", {"kind": str(kind)}:
            return OPTIMISER_NAMES.get(kind, kind)
        case "recipe.weight_decay.semantics", str():
            return f"{level} weight decay"
        case "dataset", str():
            return level
        case "recipe", dict():
            return "another recipe"
    label = LABELS.get(factor.key) or factor.key.rpartition(".")[2].replace("_", " ")
    return f"{label} {written(level)}"


def _network(factor: Factor, level: str) -> str:
    """ "depth 56" where the factor is networks of one family at several depths, else the
    catalogue's name."""
    entries = [catalog.get(name) for name in factor.levels if isinstance(name, str)]
    # "depth 56" is clear only if nothing but the depth differs between the networks.
    families = {(entry.family, entry.name.rstrip("0123456789")) for entry in entries}
    depths = [entry.config.depth for entry in entries]
    if len(families) == 1 and len(set(depths)) == len(depths) > 1:
        return f"depth {catalog.get(level).config.depth}"
    return level


def _shortcut(study: Study, factor: Factor, level: str) -> str:
    base = study.baseline.settings.get(
        "shortcut", catalog.get(study.baseline.network).config.shortcut
    )
    own = [arm.settings.get(factor.key) for arm in study.listed]
    # Where only one kind of shortcut is used, "residual" says enough; else its option.
    kinds = {*factor.levels, *own, *([] if study.design == "grid" else [base])} - {"none", None}
    if level == "none":
        return "plain"
    return "residual" if len(kinds) == 1 else OPTIONS.get(level, level)
