"""What is one box of an opened block: a layer ("detailed"), or a convolution with its norm and
ReLU."""

from resnet.diagram.content.fold import Layers, tail
from resnet.diagram.content.view import Style
from resnet.diagram.content.wording import block_runs, body, steps
from resnet.network.config import ActivationOrder


def body_steps(layers: Layers, style: Style, order: ActivationOrder) -> list[Layers]:
    """The residual branch, or a run of the stem."""
    return steps(body(layers)) if style == "detailed" else block_runs(layers, order)


def shortcut_steps(layers: Layers, style: Style) -> list[Layers]:
    """The layers of the block's shortcut, if it has its own."""
    own = tuple([node for node in layers if node.path == "shortcut"])
    # An identity has no layers: it gives no step, not a step without layers.
    return _singly(own) if style == "detailed" or not own else [own]


def joint_steps(layers: Layers) -> list[Layers]:
    """The addition, if there is one."""
    return _singly(tuple([node for node in layers if node.op.kind == "add"]))


def tail_steps(layers: Layers) -> list[Layers]:
    """The ReLU behind the addition."""
    return _singly(tail(layers))


def _singly(layers: Layers) -> list[Layers]:
    return [(node,) for node in layers]
