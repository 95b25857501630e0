"""Which layers a line of text names: `find(graph, metrics, "stage 3 conv params > 100k")`.

A query is words and conditions with spaces between; all must hold.
- operations: conv, norm, batch norm, relu, add, pool, max pool, dense, projection, pad, subsample,
  shortcut; identity names the additions whose shortcut has no layers; a plural counts as
  its singular
- places: stem, head, stage 3, block 2, or any part of a layer's id: conv1, stage2, block3.conv
- shapes: 8×8×64, its sides in any order, is an output; 3×3 is a kernel or an output's height ×
  width
- conditions: params > 100k, macs > 2m (multiply-adds), stride = 2, memory <= 1.5 MB; a field with a
  number, "stride 2", means "="

The text is read once into predicates. Each predicate filters what those before it left.
"""

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest
from operator import eq, ge, gt, le, lt

from resnet.errors import ConfigError, echo
from resnet.network.graph import Graph, Node
from resnet.network.metrics import LayerMetrics, Metrics
from resnet.network.operations import OPERATIONS, SHORTCUT_ONLY

Predicate = Callable[[Node, LayerMetrics], bool]
Measure = Callable[[Node, LayerMetrics], int | None]


def find(graph: Graph, metrics: Metrics, query: str) -> tuple[str, ...]:
    """Ids of the layers a query names, in the graph's order; none for an empty query.

    Raises ConfigError for a condition that is not understood. An unknown word finds nothing.
    """
    predicates = parse(query)
    if not predicates:
        return ()
    # `measure` returns one row for each node, in the graph's order.
    matches = list(zip(graph.nodes, metrics.layers, strict=True))
    for holds in predicates:
        matches = [pair for pair in matches if holds(*pair)]
    return tuple([node.id for node, _ in matches])


def parse(query: str) -> tuple[Predicate, ...]:
    """A query as predicates that must all hold. Raises ConfigError for a condition that is not
    understood."""
    text = _spelled_alike(query)
    if FLOPS.search(text):
        raise ConfigError(
            "FLOPs has two meanings: He et al. (2015) count a multiply-add as one, most tools as"
            f" two; received {echo(query)}: write macs, the number of multiply-adds, as in macs"
            " > 2m."
        )
    return tuple(_predicates(text.split()))


# From top to bottom: × becomes x first, so that the rule for shapes meets one sign only.
SPELLINGS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("×", "x"),
        ("≤", "<="),
        ("≥", ">="),
        (r"(?<=[0-9]) ?x ?(?=[0-9])", "x"),
        (r"\breceptive[ _-]field\b", "sees"),
        (r"\b(batch|group|layer)[ _-]?norm(ali[sz]ation)?\b", r"\1norm"),
        (r"\bmax[ _-]?pool(ing)?\b", "maxpool"),
        (r"\b(global )?(average|global)[ _-]?pool(ing)?\b", "globalpool"),
        (r"\bpadded[ _-]identity\b", "paddedidentity"),
        (r" ?(<=|>=|==?|<|>) ?", r"\1"),
        (r"(?<=[<>=])([0-9][0-9,.]*) (k|m|g)?(b|bytes)?(?= |$)", r"\1\2"),
    )
)
"""Different spellings of one thing, turned into one word. Signs lose the spaces around them."""

SIGN = re.compile("(<=|>=|==|=|<|>)")
SIGNS = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "==": eq}
FLOPS = re.compile(r"\bflops?\b")
SHAPE = re.compile("[0-9]+(x[0-9]+){1,2}")
NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?([kmg]?)b?")
# Powers of ten, for bytes too: 1 MB is 10^6 bytes.
POWERS = {"": 0, "k": 3, "m": 6, "g": 9}


def _spelled_alike(query: str) -> str:
    text = " ".join(query.lower().split())
    for pattern, replacement in SPELLINGS:
        text = pattern.sub(replacement, text)
    return text


def _predicates(tokens: list[str]) -> Iterator[Predicate]:
    """One predicate for each word or condition. A field takes the number after it: "stride 2"."""
    waiting = iter(zip_longest(tokens, tokens[1:], fillvalue=""))
    for token, following in waiting:
        word = token.strip(",;\"'")
        value = _value(word, following.strip(",;\"'")) if word in MEASURES else None
        if SIGN.search(token):
            yield _condition(token)
        elif value is not None:
            next(waiting)  # the number is used up
            yield _compared(MEASURES[word], "=", value)
        # After the conditions: "kernel=3x3" contains a shape too.
        elif SHAPE.fullmatch(word):
            yield _shaped(word)
        elif word:
            yield WORDS.get(word) or WORDS.get(word.removesuffix("s")) or _named(word)


def _condition(text: str) -> Predicate:
    """ "params>100k" or "100k<params"."""
    parts = SIGN.split(text)
    field, sign, number = parts if len(parts) == 3 else ("", "", "")
    # "100k<params" means params>100k: swap the sides and turn the sign around.
    if number in MEASURES:
        field, sign, number = number, sign.translate(str.maketrans("<>", "><")), field
    value = _value(field, number.rstrip(",;"))
    if field not in MEASURES or value is None:
        received = echo(SIGN.sub(r" \1 ", text).strip())
        raise ConfigError(
            "A condition compares params, macs, memory, sees, stride, filters, channels, kernel,"
            f" groups, units, stage or block with one number; received {received}; write for"
            " example params > 100k."
        )
    return _compared(MEASURES[field], sign, value)


def _value(field: str, text: str) -> float | None:
    """100k, 1.5M, 100,000, or for a kernel also 3x3; None where it is not a number."""
    sides = set(text.split("x"))
    if field == "kernel" and len(sides) == 1:
        text = sides.pop()
    if not (match := NUMBER.fullmatch(text)):
        return None
    whole, fraction, prefix = match.groups()
    # Written as one literal, so that 2.3k is exactly 2300 and "=" can be met.
    return float(f"{whole.replace(',', '')}{fraction or ''}e{POWERS[prefix]}")


def _compared(measure: Measure, sign: str, value: float) -> Predicate:
    """A layer that has no such attribute meets no condition on it."""
    compare = SIGNS[sign]

    def holds(node: Node, row: LayerMetrics) -> bool:
        measured = measure(node, row)
        return measured is not None and bool(compare(measured, value))

    return holds


def _shaped(text: str) -> Predicate:
    """Three numbers match an output, in any order; two match a kernel, or an output's height and
    width."""
    sides = tuple([float(side) for side in text.split("x")])
    if len(sides) == 3:
        ordered = sorted(sides)
        return lambda node, row: (
            len(node.output_shape) == 3 and sorted(node.output_shape) == ordered
        )
    # Kernels are square, so 3×5 can only be an output.
    square = sides[0] if sides[0] == sides[1] else None
    return lambda node, row: (
        (len(node.output_shape) == 3 and node.output_shape[:2] == sides)
        or (square is not None and _kernel(node, row) == square)
    )


def _named(word: str) -> Predicate:
    """Part of the id. A number must match as a whole: block1 does not find block12."""
    before = "(?<![0-9])" if word[0].isdigit() else ""
    after = "(?![0-9])" if word[-1].isdigit() else ""
    search = re.compile(before + re.escape(word) + after).search
    return lambda node, row: search(node.id) is not None


def _operation(word: str) -> Predicate:
    return lambda node, row: node.op.answers(word)


def _section(name: str) -> Predicate:
    return lambda node, row: node.section == name


def _identity(node: Node, row: LayerMetrics) -> bool:
    """An identity shortcut has no layer, so the addition that reads the block's input directly
    stands for it."""
    return node.op.kind == "add" and ".shortcut." not in node.inputs[1]


def _kernel(node: Node, row: LayerMetrics) -> int | None:
    return node.op.sizes.get("kernel")


def _size(name: str) -> Measure:
    return lambda node, row: node.op.sizes.get(name)


def _channels(node: Node, row: LayerMetrics) -> int | None:
    """Channels of a feature map; None after global pooling, where there are features."""
    return node.output_shape[2] if len(node.output_shape) == 3 else None


def _shortcut(node: Node, row: LayerMetrics) -> bool:
    return node.path == "shortcut"


WORDS: dict[str, Predicate] = {
    "stem": _section("stem"),
    "head": _section("head"),
    "shortcut": _shortcut,
    "projection": lambda node, row: node.path == "shortcut" and node.op.kind == "conv",
    "paddedidentity": lambda node, row: isinstance(node.op, SHORTCUT_ONLY),
    "identity": _identity,
    **{word: _operation(word) for operation in OPERATIONS for word in operation.words},
}
"""Words for what a layer does and where it is."""

MEASURES: dict[str, Measure] = {
    **dict.fromkeys(("params", "parameters"), lambda node, row: row.trainable_params),
    "macs": lambda node, row: row.macs,
    **dict.fromkeys(("memory", "bytes"), lambda node, row: row.activation_bytes),
    "sees": lambda node, row: row.receptive_field,
    "channels": _channels,
    **{name: _size(name) for name in ("stride", "filters", "kernel", "groups", "units")},
    "stage": lambda node, row: int(node.section.removeprefix("stage")) if node.block else None,
    "block": lambda node, row: node.block or None,
}
"""What conditions compare. "flops" is refused: for some it is macs, for others twice that."""
