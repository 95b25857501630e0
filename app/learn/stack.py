"""A toy model: how large a gradient is after many blocks, with and without shortcuts. Uses only
NumPy.

There are no images, no norms and no training: only random layers and the exact product of their
Jacobians.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shortcuts = Literal["plain", "residual"]

WIDTH = 16
NETWORKS = 32
DEEPEST = 100


class Gradients(NamedTuple):
    """The size of the gradient at a block's input, relative to the end, [blocks + 1]. Index 0 is
    the end.

    The geometric mean over NETWORKS networks.
    """

    plain: Floats
    residual: Floats


def gradients(blocks: int, scale: float) -> Gradients:
    """`scale` multiplies weights drawn with variance 2 / fan-in (He et al. 2015, Delving Deep into
    Rectifiers)."""
    return Gradients(_sizes("plain", blocks, scale), _sizes("residual", blocks, scale))


def _sizes(shortcuts: Shortcuts, blocks: int, scale: float) -> Floats:
    """One forward pass to see which ReLUs are active, then a backward pass from a random gradient
    at the end."""
    # Seed 0 in each call: another scale or depth uses the same random numbers, so the lines change
    # only because of the setting.
    chance = np.random.default_rng(0)
    values = chance.normal(size=(NETWORKS, WIDTH, 1))
    jacobians = []
    for _ in range(blocks):
        values, jacobian = _block(values, shortcuts, scale, chance)
        jacobians.append(jacobian)
    gradient = np.random.default_rng(1).normal(size=(NETWORKS, 1, WIDTH))
    logs = [_log_lengths(gradient)]
    # Backpropagation: a gradient is a row vector and is multiplied from the right by the Jacobian
    # of each block, the last block first.
    for jacobian in reversed(jacobians):
        gradient = gradient @ jacobian
        logs.append(_log_lengths(gradient))
    # The mean of logarithms is the logarithm of the geometric mean. An ordinary mean would show
    # only the largest of the 32 networks.
    return np.asarray(np.exp(np.mean(np.array(logs) - logs[0], axis=1)))


def _block(
    values: Floats, shortcuts: Shortcuts, scale: float, chance: np.random.Generator
) -> tuple[Floats, Floats]:
    """y = ReLU(F(x)) or ReLU(F(x) + x), F(x) = W₂ ReLU(W₁ x); and dy/dx, [networks, WIDTH,
    WIDTH]."""
    # Fan-in is WIDTH, because each layer is dense.
    deviation = scale * math.sqrt(2 / WIDTH)
    first, second = chance.normal(0.0, deviation, (2, NETWORKS, WIDTH, WIDTH))
    hidden = first @ values
    branch = second @ np.maximum(hidden, 0)
    # (hidden > 0) is the derivative of ReLU: 1 where it is active, else 0. It removes rows of W₁.
    jacobian = second @ ((hidden > 0) * first)
    if shortcuts == "residual":
        branch, jacobian = branch + values, jacobian + np.eye(WIDTH)
    # The ReLU after the addition, which removes rows of the whole Jacobian, the shortcut's identity
    # included.
    return np.maximum(branch, 0), (branch > 0) * jacobian


def _log_lengths(gradient: Floats) -> Floats:
    """The logarithms of the lengths, [networks]. A zero gradient, behind inactive ReLUs, counts as
    the smallest positive number."""
    return np.asarray(
        np.log(np.maximum(np.linalg.norm(gradient, axis=(1, 2)), np.finfo(float).tiny))
    )
