"""Keras's variables to plain arrays and back."""

from collections.abc import Mapping
from typing import Any

import keras
from numpy.typing import NDArray

from resnet.errors import RunError
from resnet.runs.checkpoint import Arrays


def weights(model: keras.Model) -> dict[str, keras.Variable]:
    """The model's variables by path, "stage1.block1.conv1/kernel", moving averages included."""
    return {variable.path: variable for variable in model.variables}


def slots(optimiser: keras.optimizers.Optimizer) -> dict[str, keras.Variable]:
    """The optimiser's variables by number and path, since a path may occur twice."""
    return {
        f"{number:05d}.{variable.path}": variable
        for number, variable in enumerate(optimiser.variables)
    }


def capture(variables: Mapping[str, keras.Variable]) -> dict[str, NDArray[Any]]:
    """Copies of their values, by the same names."""
    return {name: variable.numpy().copy() for name, variable in variables.items()}


def restore(variables: Mapping[str, keras.Variable], values: Arrays) -> None:
    """Set the variables to the values of a checkpoint. Raises RunError for a checkpoint of another
    network or recipe."""
    if variables.keys() != values.keys():
        odd = min(variables.keys() ^ values.keys())
        raise RunError(
            "The checkpoint belongs to another network or optimiser: only one of the two has"
            f" {odd!r}."
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != values[name].shape:
            raise RunError(
                f"The checkpoint belongs to another network: its {name!r} has the shape"
                f" {values[name].shape}, here it is {tuple(variable.shape)}."
            )
    for name, variable in variables.items():
        # All names and shapes were checked first: a refused checkpoint changes no variable.
        variable.assign(values[name])
