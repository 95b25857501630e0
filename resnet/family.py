"""Facts over networks, side by side: how depth, parameters and the rest grow with n, and over Table 1 of the paper.

What each column counts is `resnet.metrics.CONVENTIONS`, written below the table.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from resnet import catalog, layer_table, quantity
from resnet.catalog import Kind
from resnet.config import ResNetConfig, with_settings
from resnet.errors import ConfigError, echo
from resnet.graph import Add, Conv, Graph, PadChannels, Subsample
from resnet.metrics import CONVENTIONS, Metrics, describe

ShortcutKind = Literal["identity", "padded identity", "projection"]


class Facts(NamedTuple):
    """A network's totals."""

    depth: int
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
    trainable_params: int
    non_trainable_params: int
    macs: int
    activation_bytes: int
    receptive_field: int


HEADINGS = {
    "name": "Network",
    "n": "n",
    "kind": "Kind",
    "depth": "Depth",
    "trainable_params": "Parameters",
    "non_trainable_params": "Not trained",
    "macs": "MACs",
    "activation_bytes": "Memory, bytes",
    "receptive_field": "Sees, pixels",
}
TEXT = ("name", "kind")
SIGNS = str.maketrans({"→": r"$\to$", "−": "$-$", "–": "--", "×": r"$\times$"})
"""What LaTeX's plain letters lack."""


def family(ns: Sequence[int], kinds: Sequence[Kind], settings: Mapping[str, Any] = {}) -> tuple[FamilyRow, ...]:
    """The CIFAR networks of depth 6n+2 (He et al. 2015, section 4.2), n by n and in each n kind by kind.

    `settings` are dotted keys as in `with_settings`; "shortcut" counts for the residual kind only, since a plain
    network has none. Raises ConfigError or UnknownNameError.
    """
    changes = dict(settings)
    _check(ns, kinds, changes)
    rows = []
    for n in ns:
        for kind in kinds:
            name = catalog.cifar_name(n, kind)
            own = {key: value for key, value in changes.items() if kind == "resnet" or key != "shortcut"}
            config = catalog.get(name).config
            rows.append(_row(name, n, kind, with_settings(config, own) if own else config))
    return tuple(rows)


def imagenet_family() -> tuple[FamilyRow, ...]:
    """The catalogue's networks for 224×224 images and 1000 classes: the residual ones, then their plain twins."""
    named: list[tuple[str, Kind]] = [(f"resnet{depth}", "resnet") for depth in catalog.RESIDUAL_DEPTHS]
    named += [(f"plain{depth}", "plain") for depth in catalog.PLAIN_DEPTHS]
    return tuple([_row(name, None, kind, catalog.get(name).config) for name, kind in named])


def _check(ns: Sequence[int], kinds: Sequence[Kind], settings: Mapping[str, Any]) -> None:
    last = catalog.N_RANGE[-1]
    if not ns:
        raise ConfigError(f"A family needs at least one n; received none; give some from 1 to {last}.")
    for n in ns:
        if isinstance(n, bool) or not isinstance(n, int) or n not in catalog.N_RANGE:
            raise ConfigError(f"n must be a whole number from 1 to {last}; received {echo(n)}; the depth is 6n+2.")
    known = get_args(Kind)
    if isinstance(kinds, str) or not kinds or not all(kind in known for kind in kinds):
        raise ConfigError(f"kinds must be a list of 'resnet', 'plain' or both; received {echo(kinds)}; try ['resnet'].")
    if settings.get("shortcut") == "none":
        raise ConfigError("A residual network has shortcuts; received shortcut 'none'; ask for kind 'plain' instead.")
    for key in settings:
        if key == "stages" or (key.startswith("stages.") and key.endswith(".blocks")):
            raise ConfigError(f"n says how many blocks a stage has; received the setting {echo(key)}; leave it out.")


def _row(name: str, n: int | None, kind: Kind, config: ResNetConfig) -> FamilyRow:
    return FamilyRow(name, n, kind, *facts_of(describe(config)))


def facts_of(metrics: Metrics) -> Facts:
    """The totals without the layers."""
    return Facts(*[getattr(metrics, key) for key in Facts._fields])


def shortcut_kinds(graph: Graph) -> dict[str, ShortcutKind]:
    """How each block's input reaches its addition, by block ("stage1.block1"); a plain network has none."""
    kinds: dict[str, ShortcutKind] = {}
    for node in graph.nodes:
        match node.op:
            case Conv() if node.path == "shortcut":
                kinds[f"{node.section}.block{node.block}"] = "projection"
            case Subsample() | PadChannels():
                kinds[f"{node.section}.block{node.block}"] = "padded identity"
            case Add():
                kinds.setdefault(f"{node.section}.block{node.block}", "identity")
    return kinds


def shortcut_changes(before: Graph, after: Graph) -> Iterator[str]:
    """At most two clauses, such as "27 shortcuts added, 2 of them padded", on all of them or on those of blocks that
    both networks have."""
    old, new = shortcut_kinds(before), shortcut_kinds(after)
    if bool(old) != bool(new):
        yield f"{_many(len(old | new))} {'added' if new else 'removed'}{_of_them(Counter((old | new).values()))}"
    pairs = Counter([(old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]])
    said = [f"{_many(count)} changed from {was} to {now}" for (was, now), count in sorted(pairs.items(), reverse=True)]
    if said:
        yield " and ".join(said)


def _many(count: int) -> str:
    return f"{count} shortcut{'s' * (count > 1)}"


def _of_them(kinds: Counter[ShortcutKind]) -> str:
    """Those that are no plain identities: a network has one other kind at most."""
    for kind, count in kinds.items():
        if kind != "identity":
            if kinds.total() == 1:
                return f", a {kind}"
            which = "all" if count == kinds.total() else count
            words = {"padded identity": "padded", "projection": "projections" if count > 1 else "a projection"}
            return f", {which} of them {words[kind]}"
    return ""


def csv(rows: Sequence[FamilyRow]) -> str:
    """Rows for a spreadsheet or a program: plain numbers; n is empty where there is none."""
    return csv_table([FamilyRow._fields, *rows])


def markdown(rows: Sequence[FamilyRow]) -> str:
    """A pipe table, numbers to the right, and what they count in italics below; no column n where no row has one."""
    columns = _columns(rows)
    return markdown_table(_lines(rows, columns), _alignment(columns), conventions())


def latex(rows: Sequence[FamilyRow]) -> str:
    """A `tabular` that needs no package, and what the numbers count below it and as a comment."""
    columns = _columns(rows)
    return latex_table(_lines(rows, columns), _alignment(columns), conventions())


def conventions() -> tuple[str, ...]:
    """What each counted column says, such as "MACs: multiply-adds of one forward pass …"."""
    texts = {column: CONVENTIONS[column] for column in HEADINGS if column in CONVENTIONS}
    return tuple([f"{HEADINGS[column]}: {text[:1].lower()}{text[1:]}" for column, text in texts.items()])


def _columns(rows: Sequence[FamilyRow]) -> list[str]:
    return [column for column in FamilyRow._fields if column != "n" or any(row.n is not None for row in rows)]


def _alignment(columns: Sequence[str]) -> str:
    return "".join(["l" if column in TEXT else "r" for column in columns])


def _lines(rows: Sequence[FamilyRow], columns: Sequence[str]) -> list[list[str]]:
    return [
        [HEADINGS[column] for column in columns],
        *[[_shown(getattr(row, column)) for column in columns] for row in rows],
    ]


def _shown(value: int | str | None) -> str:
    return quantity.exact(value) if isinstance(value, int) else value or ""


class ChangeRow(NamedTuple):
    """Parameters, not trained, MACs, memory and receptive field of a part in two networks; None where it has none."""

    name: str
    change: str
    before: Sequence[int | None]
    after: Sequence[int | None]


COUNTED = FamilyRow._fields[4:]


def changes_csv(rows: Sequence[ChangeRow]) -> str:
    """Plain numbers: before, after and, where there are both or it is a sum, the difference of each column."""
    heads = [f"{column}_{when}" for column in COUNTED for when in ("before", "after", "difference")]
    return csv_table([["id", "change", *heads], *[[*row[:2], *_plain_changes(row)] for row in rows]])


def _plain_changes(row: ChangeRow) -> Iterator[int | None]:
    """A part that one of them lacks costs nothing there, but it does not see 0 pixels."""
    for column, was, now in zip(COUNTED, row.before, row.after, strict=True):
        missing = was is None and now is None if column != "receptive_field" else was is None or now is None
        yield from (was, now, None if missing else (now or 0) - (was or 0))


def changes_markdown(rows: Sequence[ChangeRow]) -> str:
    """For people: "4,608 → 9,216 (+4,608)", or one number where nothing changes."""
    return markdown_table(_changes(rows), "llrrrrr", layer_table.conventions())


def changes_latex(rows: Sequence[ChangeRow]) -> str:
    """The same as a `tabular`; the last row is the total."""
    return latex_table(_changes(rows), "llrrrrr", layer_table.conventions(), total=True)


def _changes(rows: Sequence[ChangeRow]) -> list[list[str]]:
    heads = ["Part", "Change", *[HEADINGS[column] for column in COUNTED]]
    return [heads, *[[*row[:2], *map(_change_text, row.before, row.after)] for row in rows]]


def _change_text(before: int | None, after: int | None) -> str:
    was, now = ["–" if value is None else quantity.exact(value) for value in (before, after)]
    if before == after:
        return "" if before is None else was
    more = "" if before is None or after is None else f" ({after - before:+,})".replace("-", "−")
    return f"{was} → {now}{more}"


def csv_table(lines: Sequence[Sequence[object]]) -> str:
    """Comma-separated; None is empty. For names and numbers only: nothing that would have to be quoted."""
    return "".join([",".join(["" if value is None else str(value) for value in line]) + "\n" for line in lines])


def markdown_table(lines: Sequence[Sequence[str]], alignment: str, notes: Sequence[str]) -> str:
    """A pipe table with `notes` in italics below; the first line is the heading, `alignment` an l or r per column."""
    rules = [":--" if side == "l" else "--:" for side in alignment]
    table = [f"| {' | '.join(cells)} |" for cells in (lines[0], rules, *lines[1:])]
    return "\n".join([*table, "", f"*{' '.join(notes)}*", ""])


def latex_table(lines: Sequence[Sequence[str]], alignment: str, notes: Sequence[str], *, total: bool = False) -> str:
    """A small, tight `tabular` with `notes` below it and as comments; a last line that is a total is set apart."""
    head, *body = [" & ".join([_escaped(cell) for cell in cells]) + r" \\" for cells in lines]
    if total:
        body.insert(-1, r"\hline")
    return "\n".join(
        [
            *[f"% {note}" for note in notes],
            r"\begingroup\footnotesize\setlength{\tabcolsep}{3pt}\noindent",
            rf"\begin{{tabular}}{{{alignment}}}",
            r"\hline",
            head,
            r"\hline",
            *body,
            r"\hline",
            r"\end{tabular}",
            "",
            rf"\smallskip\noindent {_escaped(' '.join(notes))}\par",
            r"\endgroup",
            "",
        ]
    )


def _escaped(text: str) -> str:
    return text.translate(layer_table.LATEX).translate(SIGNS)
