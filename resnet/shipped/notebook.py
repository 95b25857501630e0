"""The three curves of the notebook that this project started from, with its settings: an example of
an unfair comparison.

They were read from the notebook's printed log. Its networks are binary_resnet34, binary_plain34 and
binary_resnet50, its images cats_vs_dogs; Keras adds λ·Σw² over the kernels of the convolutions to
the loss it prints.
"""

from pathlib import Path
from typing import Any

from resnet.imports.imported import Given, ImportedCurve, read_curve
from resnet.network import catalog
from resnet.recipes.recipe import WeightDecayConfig
from resnet.why_loss.losses import Decay, KerasL2

FOLDER = Path(__file__).parent / "notebook_curves"
"""The folder of their files, one CSV for each curve."""

LAMBDA = {34: 1e-3, 50: 1e-4}
"""Keras's λ on the convolutions of the notebook's networks, by depth."""
NETWORKS = {
    "resnet_34_sgd": "binary_resnet34",
    "plain_34_sgd": "binary_plain34",
    "resnet_50_sgd": "binary_resnet50",
}
RECIPE: dict[str, Any] = {
    "dataset": "cats_vs_dogs",
    "optimiser.kind": "sgd",
    "optimiser.momentum": 0.9,
    "schedule.learning_rate": 1e-4,
    "decay_argument": 1e-5,
    "batch_size": 16,
    "epochs": 50,
    "shuffle": "after_batch",
}


def curves() -> tuple[ImportedCurve, ...]:
    """The curves, imported with everything that the notebook says about them. Raises DataError
    where a file is missing."""
    return tuple([_curve(file, network) for file, network in NETWORKS.items()])


def usual_decay(network: str) -> Decay:
    """The weight decay a network of the catalogue is trained with: the notebook's own for its
    networks, else the paper's. Raises UnknownNameError."""
    entry = catalog.get(network)
    return KerasL2(LAMBDA[entry.config.depth]) if entry.family == "binary" else WeightDecayConfig()


def _curve(file: str, network: str) -> ImportedCurve:
    config = catalog.get(network).config
    given = Given(
        network=network,
        config=config,
        decay=LAMBDA[config.depth],
        penalty_in_loss="yes",
        seeds=(0,),
        recipe=RECIPE,
    )
    return read_curve(FOLDER / f"{file}.csv", given)
