"""The numbers of a network: one table of their keys, labels, units, conventions and writers.

Every page, table, command and file takes its labels from here, so one number has one name. A key is
the field's name in `resnet.network.metrics` and in JSON and CSV files; it never changes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from resnet import quantity


@dataclass(frozen=True, slots=True)
class Number:
    """One number. `short` is its label where space is limited: columns, axes, switches.

    `unit` follows a column's label; it is "" where the label already says what is counted.
    `brief` writes a value with three digits. `of_layers` tells whether a single layer has the
    number too.
    """

    key: str
    label: str
    short: str
    unit: str
    convention: str
    brief: Callable[[int], str]
    of_layers: bool = True

    @property
    def heading(self) -> str:
        """The heading of a column of exact values: "Activation memory, bytes"."""
        return f"{self.short}, {self.unit}" if self.unit else self.short

    def exact(self, value: int) -> str:
        """Every digit, with the unit: "7,508,304 bytes"."""
        return f"{quantity.exact(value)} {self.unit}".rstrip()


def _pixels(value: int) -> str:
    return f"{quantity.exact(value)} px"


NUMBERS = {
    number.key: number
    for number in (
        Number(
            key="depth",
            label="Depth",
            short="Depth",
            unit="",
            convention=(
                "Convolutions and dense layers on the longest path; projections are not counted"
                " (He et al. 2015, 3.3)."
            ),
            brief=quantity.exact,
            of_layers=False,
        ),
        Number(
            key="total_params",
            label="Total parameters",
            short="Total params",
            unit="",
            convention="Trainable and non-trainable parameters together, as Keras prints them.",
            brief=quantity.exact,
            of_layers=False,
        ),
        Number(
            key="trainable_params",
            label="Trainable parameters",
            short="Trainable params",
            unit="",
            convention=(
                "Weights the optimiser changes: kernels, biases, and each norm's scale and shift."
            ),
            brief=quantity.exact,
        ),
        Number(
            key="non_trainable_params",
            label="Non-trainable parameters",
            short="Non-trainable params",
            unit="",
            convention="Batch norm's moving mean and variance: kept, never trained.",
            brief=quantity.exact,
        ),
        Number(
            key="macs",
            label="Multiply-adds (MACs)",
            short="MACs",
            unit="",
            convention=(
                "Multiply-adds of one forward pass for one image; convolutions and dense layers"
                " only. The paper calls these FLOPs (Table 1)."
            ),
            brief=quantity.short,
        ),
        Number(
            key="activation_bytes",
            label="Activation memory",
            short="Activation memory",
            unit="bytes",
            convention=(
                "The output of every layer, kept for the backward pass, in float32, for one image."
            ),
            brief=quantity.size,
        ),
        Number(
            key="receptive_field",
            label="Receptive field",
            short="Receptive field",
            unit="pixels",
            convention=(
                "Side, in input pixels, of the square a position of the last convolutional feature"
                " map can see, shortcuts included."
            ),
            brief=_pixels,
        ),
    )
}
"""By key, in the order in which they are shown."""

OF_LAYERS = tuple([key for key, number in NUMBERS.items() if number.of_layers])
"""Keys of the numbers that a layer, a block or a stage has."""
