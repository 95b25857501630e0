"""The measured responses and gradients in plain and residual networks that come with the
project."""

import json
import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from resnet.errors import RunError, echo
from resnet.training.signal_record import LayerSignal, NetworkSignals, SignalsFile

SHIPPED = Path(__file__).parent / "digits_signals.json"


def read_signals(path: Path) -> SignalsFile:
    """What `resnet.training.signals` wrote. Raises RunError where it is unreadable, ConfigError
    where damaged."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise RunError(
            f"{echo(path.name)} cannot be read: {error.strerror}; choose a file of signals."
        ) from None
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{echo(path.name)} must hold JSON; received {echo(str(error))}; measure it again."
        ) from None
    return SignalsFile.model_validate(content)


def shipped() -> SignalsFile:
    """Plain and residual networks of two depths, trained on the digits."""
    return read_signals(SHIPPED)


def of_depth(file: SignalsFile, depth: int) -> tuple[NetworkSignals, NetworkSignals]:
    """The residual and the plain network of a depth."""
    of = {
        network.shortcut == "none": network for network in file.networks if network.depth == depth
    }
    return of[False], of[True]


def gradients_by_block(layers: Sequence[LayerSignal]) -> dict[str, float]:
    """The length of the gradient with respect to all of a block's kernels together, in order of the
    blocks."""
    lengths = {}
    for block, of_block in groupby(layers, key=lambda layer: layer.block):
        # ‖g‖ of all kernels together: the root of the sum of the squared lengths.
        lengths[block] = math.hypot(*[layer.gradient for layer in of_block])
    return lengths
