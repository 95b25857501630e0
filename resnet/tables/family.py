"""The numbers of many networks in one table: of the CIFAR family by n, and of the paper's Table 1.

`resnet.network.numbers` defines what each column counts; this is printed below the table.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from resnet.errors import ConfigError, echo
from resnet.network import catalog
from resnet.network.catalog import Kind
from resnet.network.config import ResNetConfig
from resnet.network.metrics import Metrics, describe
from resnet.network.settings import with_settings
from resnet.tables import text_table
from resnet.tables.text_table import TextTable, counted, named


class Facts(NamedTuple):
    """A network's totals."""

    depth: int
    total_params: int
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int


class FamilyRow(NamedTuple):
    """One network. `name` and `n` are the catalogue's; ImageNet's networks have no n."""

    name: str
    n: int | None
    kind: Kind
    depth: int
    total_params: int
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int


COLUMNS = {
    "name": named("name", "Network"),
    "n": counted("n", "n"),
    "kind": named("kind", "Kind"),
    **{field: counted(field) for field in Facts._fields},
}


def family(
    ns: Sequence[int], kinds: Sequence[Kind], settings: Mapping[str, Any] = {}
) -> tuple[FamilyRow, ...]:
    """The CIFAR networks of depth 6n+2 (He et al. 2015, section 4.2), sorted by n, then by kind.

    `settings` are dotted keys as in `with_settings`. "shortcut" applies only to residual networks,
    since plain ones have none. Raises ConfigError or UnknownNameError.
    """
    changes = dict(settings)
    _check(ns, kinds, changes)
    rows = []
    for n in ns:
        for kind in kinds:
            name = catalog.cifar_name(n, kind)
            config = catalog.get(name).config
            # A plain network has no shortcut to set.
            left_out = "shortcut" if kind == "plain" else None
            wanted = {key: value for key, value in changes.items() if key != left_out}
            if wanted:
                config = with_settings(config, wanted)
            rows.append(_row(name, n, kind, config))
    return tuple(rows)


def imagenet_family() -> tuple[FamilyRow, ...]:
    """The catalogue's networks for 224×224 images and 1000 classes: the residual ones, then their
    plain twins."""
    named: list[tuple[str, Kind]] = [
        (f"resnet{depth}", "resnet") for depth in catalog.RESIDUAL_DEPTHS
    ]
    named += [(f"plain{depth}", "plain") for depth in catalog.PLAIN_DEPTHS]
    return tuple([_row(name, None, kind, catalog.get(name).config) for name, kind in named])


def _check(ns: Sequence[int], kinds: Sequence[Kind], settings: Mapping[str, Any]) -> None:
    last = catalog.N_RANGE[-1]
    if not ns:
        raise ConfigError(
            f"A family needs at least one n; received none; give some from 1 to {last}."
        )
    for n in ns:
        # True is an int in Python and would count as n = 1.
        if isinstance(n, bool) or not isinstance(n, int) or n not in catalog.N_RANGE:
            raise ConfigError(
                f"n must be a whole number from 1 to {last}; received {echo(n)}; the depth is 6n+2."
            )
    known = get_args(Kind)
    # A text is a sequence too: "plain" would be read letter by letter.
    if isinstance(kinds, str) or not kinds or not all(kind in known for kind in kinds):
        raise ConfigError(
            f"kinds must be a list of 'resnet', 'plain' or both; received {echo(kinds)}; try"
            " ['resnet']."
        )
    if settings.get("shortcut") == "none":
        raise ConfigError(
            "A residual network has shortcuts; received shortcut 'none'; choose kind 'plain'"
            " instead."
        )
    for key in settings:
        if key == "stages" or (key.startswith("stages.") and key.endswith(".blocks")):
            raise ConfigError(
                f"n sets the number of blocks in a stage; received the setting {echo(key)}; leave"
                " it out."
            )


def _row(name: str, n: int | None, kind: Kind, config: ResNetConfig) -> FamilyRow:
    return FamilyRow(name, n, kind, *facts_of(describe(config)))


def facts_of(metrics: Metrics) -> Facts:
    """The totals without the layers."""
    return Facts(*[getattr(metrics, key) for key in Facts._fields])


def csv(rows: Sequence[FamilyRow]) -> str:
    """Rows for a spreadsheet or a program: plain numbers; n is empty where there is none."""
    return _table(rows, FamilyRow._fields).csv()


def markdown(rows: Sequence[FamilyRow]) -> str:
    """A pipe table with conventions in italics below. Without the column n where no row has one."""
    return _table(rows, _telling(rows)).markdown()


def latex(rows: Sequence[FamilyRow]) -> str:
    """The same as LaTeX, with conventions below it and as a comment."""
    return _table(rows, _telling(rows)).latex()


def conventions() -> tuple[str, ...]:
    """The convention of each number, such as "MACs: multiply-adds of one forward pass …"."""
    return text_table.conventions(FamilyRow._fields)


def _telling(rows: Sequence[FamilyRow]) -> list[str]:
    """The columns to show: without n where no row has one."""
    counted_by_n = any(row.n is not None for row in rows)
    return [field for field in FamilyRow._fields if field != "n" or counted_by_n]


def _table(rows: Sequence[FamilyRow], fields: Sequence[str]) -> TextTable:
    lines = []
    for row in rows:
        lines.append([getattr(row, field) for field in fields])
    return TextTable([COLUMNS[field] for field in fields], lines, conventions())
