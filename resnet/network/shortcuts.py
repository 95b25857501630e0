"""The kind of each shortcut in a network, and a description of how shortcuts differ between two
networks."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from resnet.network.graph import Graph

ShortcutKind = Literal["identity", "padded identity", "projection"]


def shortcut_kinds(graph: Graph) -> dict[str, ShortcutKind]:
    """How each block's input reaches its addition, by block ("stage1.block1"); a plain network has
    none."""
    kinds: dict[str, ShortcutKind] = {}
    for section, block, nodes in graph.blocks():
        if not any(node.op.kind == "add" for node in nodes):
            continue
        layers = [node.op for node in nodes if node.path == "shortcut"]
        if any(op.weighted for op in layers):
            kinds[f"{section}.block{block}"] = "projection"
        else:
            kinds[f"{section}.block{block}"] = "padded identity" if layers else "identity"
    return kinds


def shortcut_changes(before: Graph, after: Graph) -> Iterator[str]:
    """At most two clauses, such as "27 shortcuts added, 2 of them padded", on all of them or on
    those of blocks that both networks have."""
    old, new = shortcut_kinds(before), shortcut_kinds(after)
    # Exactly one of the two is a plain network.
    if bool(old) != bool(new):
        yield (
            f"{_many(len(old | new))}"
            f" {'added' if new else 'removed'}{_of_them(Counter((old | new).values()))}"
        )
    pairs = Counter(
        [(old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]]
    )
    clauses = [
        f"{_many(count)} changed from {was} to {now}"
        for (was, now), count in sorted(pairs.items(), reverse=True)
    ]
    if clauses:
        yield " and ".join(clauses)


def _many(count: int) -> str:
    return f"{count} shortcut{'s' * (count > 1)}"


def _of_them(kinds: Counter[ShortcutKind]) -> str:
    """The shortcuts that are not identities. A network has at most one other kind."""
    for kind, count in kinds.items():
        if kind != "identity":
            if kinds.total() == 1:
                return f", a {kind}"
            which = "all" if count == kinds.total() else count
            words = {
                "padded identity": "padded",
                "projection": "projections" if count > 1 else "a projection",
            }
            return f", {which} of them {words[kind]}"
    return ""
