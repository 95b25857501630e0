"""Facts of an imported curve: from its file, and from what a person entered about it."""

from collections.abc import Mapping
from typing import Any

from resnet.checks.facts import Facts
from resnet.checks.sources import of_mapping
from resnet.imports.imported import ImportedCurve

OF_RECIPE = {
    "optimiser": "optimiser.kind",
    "momentum": "optimiser.momentum",
    "learning_rate": "schedule.learning_rate",
    "drops": "schedule.drops",
    "steps": "steps",
    "epochs": "epochs",
    "decay_argument": "decay_argument",
    "batch_size": "batch_size",
    "batch_norm_statistics": "batch_norm_statistics",
    "precision": "precision",
    "deterministic": "deterministic",
    "validation_images": "validation_images",
    "shuffle": "shuffle",
    "begins": "begins",
    "dataset": "dataset",
}
"""Each fact, and the key that a person enters for it."""


def of_import(curve: ImportedCurve) -> Facts:
    """The known facts of an imported curve. How its training error was measured is unknown.

    Raises ConfigError for an impossible value.
    """
    given = curve.given
    # None for what was not entered; these are left out at the end, so they stay unknown.
    known: dict[str, Any] = {fact: _entered(given.recipe, key) for fact, key in OF_RECIPE.items()}
    # "optimiser=sgd" is accepted beside "optimiser.kind=sgd".
    if isinstance(named := given.recipe.get("optimiser"), str):
        known["optimiser"] = named
    if known["epochs"] is not None:
        known["counts_in"] = "epochs"
    # The meaning has a default, so without a number it says nothing.
    if given.decay is not None:
        known |= {
            "decay": given.decay,
            "decay_meaning": given.decay_meaning,
            "decay_covers": given.decay_covers,
        }
    if given.seeds:
        known |= {
            "seeds": len(given.seeds),
            # A mean over several seeds belongs to none of them.
            "seed": given.seeds[0] if len(given.seeds) == 1 else None,
        }
    known |= {
        "name": curve.name,
        "network": given.config,
        "loss_includes_penalty": _penalty_inside(curve),
    }
    known |= {"validation_error": _last_error(curve, "val_"), "train_error": _last_error(curve, "")}
    return of_mapping({key: value for key, value in known.items() if value is not None})


def _entered(recipe: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key, entered as such or inside a group."""
    if key in recipe:
        return recipe[key]
    first, _, rest = key.partition(".")
    inside = recipe.get(first)
    return _entered(inside, rest) if rest and isinstance(inside, Mapping) else None


def _penalty_inside(curve: ImportedCurve) -> bool | None:
    """As a person entered it. If unknown, Keras's own loss contains its l2 penalty."""
    if curve.given.penalty_in_loss is not None:
        return curve.given.penalty_in_loss == "yes"
    keras = bool(curve.given.decay) and curve.given.decay_meaning == "keras_l2"
    return True if keras and curve.column("loss") else None


def _last_error(curve: ImportedCurve, part: str) -> float | None:
    """The last error of a curve in percent, from errors or from accuracies."""
    for name, of_accuracy in ((f"{part}error", False), (f"{part}accuracy", True)):
        if column := curve.column(name):
            values = [value for value in column.y if value is not None]
            if not values:
                return None
            error = 100 * (1 - values[-1]) if of_accuracy else values[-1]
            # A column of this name may hold something else.
            return error if 0 <= error <= 100 else None
    return None
