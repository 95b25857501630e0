"""The operations of a network, all of them: one class for each, which says everything about it.

What a layer is called, what it costs, which pixels it sees, how Keras builds it: counts, formulas,
search, drawings, Keras's picture, the model and the program all ask these classes. A new operation
is a class in `weighted_operations` or `weightless_operations`, added to `Op` here; the abstract
members of `operation.Operation` name what it must answer. Its sign is in
`resnet.diagram.looks.glyphs`. `tests/test_operations.py` walks all of them.
"""

from typing import get_args

from resnet.network.operation import (
    FREE,
    GROUPS,
    Cost,
    Edges,
    Group,
    KerasLayer,
    Kernel,
    Operation,
    Role,
    Shape,
    Span,
)
from resnet.network.weighted_operations import Conv, Dense, Norm
from resnet.network.weightless_operations import (
    Activation,
    Add,
    AvgPool,
    GlobalPool,
    Input,
    MaxPool,
    PadChannels,
    Relu,
    Scale,
    Subsample,
    ZeroPad,
)

__all__ = [
    "ATTACHED",
    "FREE",
    "GROUPS",
    "OPERATIONS",
    "SHORTCUT_ONLY",
    "Activation",
    "Add",
    "AvgPool",
    "Conv",
    "Cost",
    "Dense",
    "Edges",
    "GlobalPool",
    "Group",
    "Input",
    "KerasLayer",
    "Kernel",
    "MaxPool",
    "Norm",
    "Op",
    "Operation",
    "PadChannels",
    "Relu",
    "Role",
    "Scale",
    "Shape",
    "Span",
    "Subsample",
    "ZeroPad",
]

Op = (
    Input
    | Conv
    | Norm
    | Relu
    | Activation
    | Add
    | Scale
    | MaxPool
    | GlobalPool
    | Dense
    | ZeroPad
    | AvgPool
    | PadChannels
    | Subsample
)


OPERATIONS: tuple[type[Op], ...] = get_args(Op)
"""All of them, in the order of a legend."""


ATTACHED = frozenset(operation.kind for operation in OPERATIONS if operation.role != "main")
"""Kinds that are drawn in one box with the layer before or after them."""


SHORTCUT_ONLY: tuple[type[Op], ...] = (PadChannels, Subsample)
"""Operations of shortcuts that have no weights."""
