"""A network for these images: the size of its input and the number of its classes follow the
data."""

from resnet.data.dataset import DatasetFacts
from resnet.errors import ConfigError
from resnet.network.config import ResNetConfig


def fit_config(config: ResNetConfig, facts: DatasetFacts) -> ResNetConfig:
    """The same network with the data set's input shape, classes and a head that suits them; images
    are never resized.

    Two classes and one sigmoid unit stay as they are; a head without activation does too. Raises
    ConfigError where the network would shrink such images to nothing.
    """
    binary = facts.classes == 2 and config.classes == 1
    classes = 1 if binary else facts.classes
    # Several classes need probabilities that sum to 1, and sigmoids do not.
    head = (
        "softmax" if config.head_activation == "sigmoid" and not binary else config.head_activation
    )
    fields = config.model_dump() | {
        "input_shape": facts.image_shape,
        "classes": classes,
        "head_activation": head,
    }
    return ResNetConfig.model_validate(fields)


def check_fit(config: ResNetConfig, facts: DatasetFacts) -> None:
    """Raise ConfigError where the network was made for other images than these."""
    if config == fit_config(config, facts):
        return
    height, width, channels = facts.image_shape
    raise ConfigError(
        f"{facts.title} has {facts.classes} classes of images {height}×{width}×{channels}; received"
        f" a network for {config.classes} classes of {'×'.join(map(str, config.input_shape))} with"
        f" head {config.head_activation!r}; fit it to the data set first."
    )
