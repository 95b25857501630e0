"""Published networks as data, each with its source.

Depth 6n+2 exists for every n from 1 to 200; where ImageNet has the same name (resnet50, resnet152,
plain50) the CIFAR network is called resnet50_cifar and so on.

He et al. 2016 has bottleneck networks for CIFAR too, of depth 9n+2: resnet164_bottleneck, and
preresnet164_bottleneck in pre-activation order. `resnet164` is the one of basic blocks, 6n+2.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from resnet.errors import ConfigError, UnknownNameError, echo
from resnet.network.config import ActivationOrder, ResNetConfig, Shortcut, StageConfig

Family = Literal["imagenet", "cifar", "bottleneck", "binary"]
Kind = Literal["resnet", "plain"]

HE_2015 = "He et al. 2015, Deep Residual Learning for Image Recognition"
HE_2016 = "He et al. 2016, Identity Mappings in Deep Residual Networks"
NOTEBOOK = "the ResNet ablation notebook this project grew from (binary cats_vs_dogs)"

N_RANGE = range(1, 201)
PAPER_N = (3, 5, 7, 9, 18, 200)
BOTTLENECK_N = range(1, 112)
PAPER_BOTTLENECK_N = (18, 111)
"""164 and 1001 layers."""

IMAGENET = {  # depth: (block, blocks per stage), Table 1 of the paper
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}
RESIDUAL_DEPTHS = tuple(IMAGENET)
PLAIN_DEPTHS = (18, 34, 50)


@dataclass(frozen=True, slots=True)
class Entry:
    """A published network. `n` is the paper's, for CIFAR networks (6n+2, or 9n+2 for bottlenecks),
    else None."""

    name: str
    config: ResNetConfig
    family: Family
    source: str
    n: int | None = None


def imagenet_config(depth: int, shortcut: Shortcut = "projection", **changes: Any) -> ResNetConfig:
    """Table 1 of the paper: 224×224×3 in, 1000 classes out. Raises ConfigError for another
    depth."""
    if depth not in IMAGENET:
        raise ConfigError(
            f"An ImageNet network has depth {_listed(RESIDUAL_DEPTHS)}; received {echo(depth)}."
        )
    block, blocks = IMAGENET[depth]
    stages = _doubling(64, blocks)
    fields = {
        "input_shape": (224, 224, 3),
        "classes": 1000,
        "stem": "imagenet",
        "block": block,
        "stages": stages,
    }
    return ResNetConfig.model_validate(fields | {"shortcut": shortcut} | changes)


def cifar_config(n: int, shortcut: Shortcut = "padded_identity", **changes: Any) -> ResNetConfig:
    """Section 4.2 of the paper: depth 6n+2, maps of 32, 16, 8 with 16, 32, 64 filters, option A.
    Raises ConfigError."""
    if isinstance(n, bool) or not isinstance(n, int) or n not in N_RANGE:
        raise ConfigError(f"n must be a whole number from 1 to {N_RANGE[-1]}; received {echo(n)}.")
    stages = _doubling(16, (n, n, n))
    return ResNetConfig.model_validate({"stages": stages, "shortcut": shortcut} | changes)


def bottleneck_config(n: int, order: ActivationOrder = "pre", **changes: Any) -> ResNetConfig:
    """The bottleneck network for CIFAR of He et al. 2016, Table 2: depth 9n+2, 3×3 of 16, 32 and 64
    filters, projections where the shape changes. Raises ConfigError."""
    if isinstance(n, bool) or not isinstance(n, int) or n not in BOTTLENECK_N:
        last = BOTTLENECK_N[-1]
        raise ConfigError(f"n must be a whole number from 1 to {last}; received {echo(n)}.")
    fields = {"stages": _doubling(16, (n, n, n)), "block": "bottleneck", "shortcut": "projection"}
    return ResNetConfig.model_validate(fields | {"activation_order": order} | changes)


def _doubling(filters: int, blocks: tuple[int, ...]) -> list[StageConfig]:
    """Each stage after the first halves the map and doubles the filters."""
    return [
        StageConfig(blocks=count, filters=filters * 2**index, stride=1 if index == 0 else 2)
        for index, count in enumerate(blocks)
    ]


def cifar_name(n: int, kind: Kind = "resnet") -> str:
    """The catalogue's name of the CIFAR network with this n."""
    depth = 6 * n + 2
    # 6n + 2 is 50 for n = 8 and 152 for n = 25, which are depths of Table 1 too.
    taken = RESIDUAL_DEPTHS if kind == "resnet" else PLAIN_DEPTHS
    return f"{kind}{depth}_cifar" if depth in taken else f"{kind}{depth}"


def bottleneck_name(n: int, order: ActivationOrder) -> str:
    """The catalogue's name of the bottleneck network with this n."""
    return f"{'pre' if order == 'pre' else ''}resnet{9 * n + 2}_bottleneck"


def namesakes(name: str) -> tuple[str, ...]:
    """Other networks that papers call by the same name and depth: "resnet164" stands for one of
    basic blocks (6n+2) and for two of bottlenecks (9n+2)."""
    depth = get(name).config.depth
    if depth not in [9 * n + 2 for n in PAPER_BOTTLENECK_N] or get(name).config.shortcut == "none":
        return ()
    alike = (f"resnet{depth}", f"resnet{depth}_bottleneck", f"preresnet{depth}_bottleneck")
    return tuple(other for other in alike if other in _ROWS and other != name)


@cache
def names() -> tuple[str, ...]:
    """Every name `get` knows, ImageNet first, then the notebook's four, then CIFAR by depth, last
    the bottleneck networks for CIFAR."""
    return tuple(_ROWS)


@cache
def get(name: str) -> Entry:
    """The published network of this name. Raises UnknownNameError with the nearest one."""
    if name not in _ROWS:
        raise UnknownNameError("network", name, _ROWS, _nearest_depth(name))
    make, number, shortcut = _ROWS[name]
    return make(name, number, shortcut)


def twin(name: str, kind: Kind) -> str | None:
    """The catalogue's plain or residual counterpart of a network, or None where there is none."""
    entry = get(name)
    if entry.family == "bottleneck":
        return name if kind == "resnet" else None
    if entry.n is not None:
        return cifar_name(entry.n, kind)
    prefix = "binary_" if entry.family == "binary" else ""
    candidate = f"{prefix}{kind}{entry.config.depth}"
    return candidate if candidate in _ROWS and get(candidate).family == entry.family else None


def _nearest_depth(name: str) -> str | None:
    """The network of the same kind whose depth is nearest: for "resnet57" letters alone would
    suggest resnet578."""
    if f"{name}_bottleneck" in _ROWS:  # preresnet164, resnet1001
        return f"{name}_bottleneck"
    asked = (
        re.fullmatch(r"(resnet|plain)-?(\d{1,4})", name.lower()) if isinstance(name, str) else None
    )
    if asked is None:
        return None
    kind, depth = asked[1], int(asked[2])
    same_kind = [candidate for candidate in _ROWS if re.fullmatch(rf"{kind}\d+", candidate)]
    return min(same_kind, key=lambda candidate: abs(int(candidate.removeprefix(kind)) - depth))


def published() -> Iterator[Entry]:
    """The networks the papers and the notebook report, without the other depths for CIFAR."""
    for name in names():
        make, number, _ = _ROWS[name]
        if make is _cifar:
            reported = number in PAPER_N
        elif make is _bottleneck:
            reported = number in PAPER_BOTTLENECK_N
        else:
            reported = True
        if reported:
            yield get(name)


def find(config: ResNetConfig) -> Entry | None:
    """The catalogue entry that is exactly this config, if there is one."""
    # Candidates by name: a comparison with all of them would have to build every config first.
    labels = (config.label, f"pre{config.label}", "binary")
    candidates = (name for name in names() if name.startswith(labels))
    return next((get(name) for name in candidates if get(name).config == config), None)


def name_of(config: ResNetConfig) -> str:
    """The catalogue's name where the config is a published one, else plain or resnet and the
    depth."""
    entry = find(config)
    return entry.name if entry else config.label


def _imagenet(name: str, depth: int, shortcut: Shortcut) -> Entry:
    where = "Table 1" if depth in (18, 34) or shortcut != "none" else "Table 1, shortcuts removed"
    return Entry(name, imagenet_config(depth, shortcut), "imagenet", f"{HE_2015}, {where}")


def _cifar(name: str, n: int, shortcut: Shortcut) -> Entry:
    where = "section 4.2, Table 6" if n in PAPER_N else "section 4.2, its rule 6n+2 at another n"
    return Entry(name, cifar_config(n, shortcut), "cifar", f"{HE_2015}, {where}", n)


def _bottleneck(name: str, n: int, shortcut: Shortcut) -> Entry:
    order: ActivationOrder = "pre" if name.startswith("pre") else "post"
    where = "Table 2" if n in PAPER_BOTTLENECK_N else "its rule 9n+2 at another n"
    return Entry(name, bottleneck_config(n, order), "bottleneck", f"{HE_2016}, {where}", n)


def _binary(name: str, depth: int, shortcut: Shortcut) -> Entry:
    config = imagenet_config(depth, shortcut, classes=1, head_activation="sigmoid", conv_bias=True)
    # The notebook's ResNet-50 strides in every stage, also in the first; its plain twin does not.
    if name == "binary_resnet50":
        first, *rest = config.stages
        stages = (first.model_copy(update={"stride": 2}), *rest)
        config = imagenet_config(
            depth, shortcut, classes=1, head_activation="sigmoid", conv_bias=True, stages=stages
        )
    return Entry(name, config, "binary", NOTEBOOK)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers[:-1])) + f" or {numbers[-1]}"


Row = tuple[Callable[[str, int, Shortcut], Entry], int, Shortcut]


def _rows() -> dict[str, Row]:
    """By name: the function that makes the entry, its depth or n, its shortcut. Configs are built
    on demand, because building all 400 is slow."""
    rows: dict[str, Row] = {
        f"resnet{depth}": (_imagenet, depth, "projection") for depth in RESIDUAL_DEPTHS
    }
    rows |= {f"plain{depth}": (_imagenet, depth, "none") for depth in PLAIN_DEPTHS}
    for depth in (34, 50):
        rows[f"binary_resnet{depth}"] = (_binary, depth, "projection")
        rows[f"binary_plain{depth}"] = (_binary, depth, "none")
    for n in N_RANGE:
        rows[cifar_name(n, "resnet")] = (_cifar, n, "padded_identity")
        rows[cifar_name(n, "plain")] = (_cifar, n, "none")
    orders: tuple[ActivationOrder, ...] = ("post", "pre")
    for n in BOTTLENECK_N:
        for order in orders:
            rows[bottleneck_name(n, order)] = (_bottleneck, n, "projection")
    return rows


_ROWS = _rows()
