"""A drawing in the form that the page receives: the same marks as SVG text, each kind of box once,
and the rest as short rows.

Keys are short, since a network of a thousand layers is thousands of rows.
"""

from typing import Any

from resnet.diagram.content.wording import kind_of
from resnet.diagram.drawing.drawing import Drawing
from resnet.diagram.drawing.parts import OTHER, Box, Edge, Panel
from resnet.diagram.drawing.stamp import ENTRY, Stamp, Template, retitled
from resnet.diagram.formats.svg import marks_text, path_text
from resnet.diagram.looks.shapes import Mark, Path, Text, shifted
from resnet.diagram.looks.style import OPERATION_OF_KIND
from resnet.network.formulas import attributes, macs_formula, memory_formula, params_formula
from resnet.network.graph import Graph, Node
from resnet.network.metrics import LayerMetrics, Metrics, ReceptiveField, receptive_fields
from resnet.network.numbers import NUMBERS, OF_LAYERS
from resnet.network.operations import Shape

SUMMED = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")
SECTIONS = ("stage", "stem", "head")
TITLE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Placeholder: the page writes the title of each box there."""


def scene(drawing: Drawing) -> dict[str, Any]:
    """JSON-ready. `looks` are the distinct boxes as SVG text without their titles, `tones` their
    colours from afar.

    boxes: [id, look, title, x, y, width, height, parent, first layer, its layers, repeats, layers
    from one repeat to the next, what can be done to it]. templates: the same for a block that is
    stamped, ids and layers counted from its own. stamps: [template, name, title, x, y, parent, the
    box before, first layer, repeats, step]. edges: [source, target, line, x, y]; `lines` are the
    distinct ones, [kind, look, path, arrow and tag, label], counted from x, y.
    """
    palette = _Palette()
    # Layers are sent as numbers: their places in the graph's order, which `layers` below has too.
    places = {id(graph): _places(graph) for graph in (drawing.graph, drawing.other) if graph}
    templates: dict[Template, int] = {}
    boxes, stamps = [], []
    for part in drawing.placed:
        if isinstance(part, Box):
            boxes.append(_box(drawing, part, palette, places[id(drawing.graph_of(part))]))
        else:
            stamps.append(
                _stamp(
                    part,
                    templates.setdefault(part.template, len(templates)),
                    places[id(drawing.graph_of(part))],
                )
            )
    return {
        "width": _short(drawing.width),
        "height": _short(drawing.height),
        "direction": drawing.view.direction,
        "templates": [_template(drawing, template, palette) for template in templates],
        "stamps": stamps,
        "boxes": boxes,
        "looks": palette.looks,
        "tones": palette.tones,
        "panels": [_panel(panel) for panel in drawing.grounds],
        "edges": [palette.edge(edge) for edge in drawing.lines],
        "lines": palette.lines,
        "legend": marks_text(drawing.legend),
        "notes": marks_text(drawing.notes),
    }


class _Palette:
    """The distinct boxes and lines of a scene."""

    def __init__(self) -> None:
        self.looks: list[str] = []
        self.tones: list[str] = []
        self.lines: list[list[str]] = []
        self.known: dict[tuple[Mark, ...], int] = {}
        self.drawn: dict[tuple[object, ...], int] = {}

    def edge(self, edge: Edge) -> list[Any]:
        """A line as its ends, its number and its place."""
        # Counted from its start, a line is the same wherever it is drawn, and is sent once.
        x, y = edge.start
        marks = tuple([_rounded(shifted(mark, -x, -y)) for mark in edge.marks])
        key = (edge.kind, edge.label, marks)
        if key not in self.drawn:
            line, *rest = marks
            assert isinstance(line, Path)
            self.drawn[key] = len(self.lines)
            row = [
                edge.kind,
                line.look,
                path_text(line.commands),
                marks_text(tuple(rest)),
                edge.label,
            ]
            self.lines.append(row)
        return [edge.source, edge.target, self.drawn[key], _short(x), _short(y)]

    def number(self, marks: tuple[Mark, ...]) -> int:
        """The number of this look; the position of its title is stored, its text is not."""
        untitled = retitled(marks, TITLE)
        if untitled not in self.known:
            self.known[untitled] = len(self.looks)
            self.looks.append(marks_text(untitled))
            self.tones.append(_tone(marks))
        return self.known[untitled]


def _template(drawing: Drawing, template: Template, palette: _Palette) -> dict[str, Any]:
    # Ids without the block's name: the page puts the name of each stamp before them.
    start = len(template.name)
    boxes = [
        [
            box.id[start:],
            palette.number(box.marks),
            _title(box),
            *_frame(box),
            list(places),
            _abilities(drawing, box),
        ]
        for box, places in zip(template.boxes, template.places, strict=True)
    ]
    edges = [palette.edge(edge) for edge in template.edges]
    panel = template.panel

    def within(box: str) -> str:
        return box if box == ENTRY else box[start:]

    return {
        "boxes": boxes,
        "edges": [[within(source), within(target), *rest] for source, target, *rest in edges],
        "panel": [*_frame(panel), marks_text(retitled(panel.marks, TITLE))],
    }


def _stamp(stamp: Stamp, template: int, places: dict[str, int]) -> list[Any]:
    alike = stamp.unit.alike
    first = places[alike[0][0].id]
    # Alike blocks follow each other and have equally many layers: layer i of repeat r (from 0) is
    # first + r · step + i.
    step = places[alike[1][0].id] - first if len(alike) > 1 else 0
    return [
        template,
        stamp.name,
        stamp.title,
        _short(stamp.x),
        _short(stamp.y),
        stamp.parent,
        stamp.source,
        first,
        len(alike),
        step,
    ]


def layers(graph: Graph, metrics: Metrics) -> dict[str, Any]:
    """The layer table for the details panel. `kinds` are the distinct layers with attributes,
    counts and formulas; `patterns` the distinct blocks, a row [name, kind, inputs counted from the
    block's first layer] for each layer; `blocks` are [prefix of the names, pattern]; `seen`, for
    each layer, is its receptive field: rows from and to, and columns from and to where they are
    others."""
    kinds = _Kinds(graph, {row.id: row for row in metrics.layers})
    patterns: dict[tuple[object, ...], int] = {}
    blocks = []
    start = 0
    for section, block, nodes in graph.blocks():
        prefix = f"{section}.block{block}." if block else ""
        pattern = tuple(
            [
                (node.id[len(prefix) :], kinds.number(node), kinds.inputs(node, start))
                for node in nodes
            ]
        )
        blocks.append([prefix, patterns.setdefault(pattern, len(patterns))])
        start += len(nodes)
    fields = receptive_fields(graph)
    return {
        "kinds": kinds.rows_of_kinds,
        "patterns": list(patterns),
        "blocks": blocks,
        "seen": [_seen(fields[node.id], node.output_shape) for node in graph.nodes],
        "image": list(graph.config.input_shape[:2]),
        "totals": {key: getattr(metrics, key) for key in SUMMED},
        "labels": {key: NUMBERS[key].short for key in OF_LAYERS},
    }


class _Kinds:
    """The distinct layers of a network."""

    def __init__(self, graph: Graph, rows: dict[str, LayerMetrics]) -> None:
        self.graph, self.rows = graph, rows
        self.place = {node.id: index for index, node in enumerate(graph.nodes)}
        self.known: dict[tuple[object, ...], int] = {}
        self.rows_of_kinds: list[dict[str, Any]] = []

    def number(self, node: Node) -> int:
        incoming = self.graph.by_id[node.inputs[0]].output_shape if node.inputs else ()
        # The same convolution has another kind, "projection", on a shortcut.
        key = (node.op, node.path == "shortcut", incoming, node.output_shape)
        if key not in self.known:
            self.known[key] = len(self.rows_of_kinds)
            self.rows_of_kinds.append(_kind(self.graph, node, self.rows[node.id], incoming))
        return self.known[key]

    def inputs(self, node: Node, start: int) -> tuple[int, ...]:
        return tuple([self.place[name] - start for name in node.inputs])


def _kind(graph: Graph, node: Node, row: LayerMetrics, incoming: Shape) -> dict[str, Any]:
    return {
        "text": node.op.text,
        "kind": kind_of(node),
        "attributes": {
            key: value
            for key, value in attributes(node, graph).items()
            # These two name other layers, so they differ from block to block; `patterns` has them.
            if key not in ("reads", "adds")
        },
        "in": list(incoming),
        "out": list(node.output_shape),
        "trainable_params": row.trainable_params,
        "non_trainable_params": row.non_trainable_params,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "formulas": [
            params_formula(node, incoming),
            macs_formula(node, incoming),
            memory_formula(node),
        ],
    }


def _seen(field: ReceptiveField, shape: Shape) -> list[int]:
    """The input pixels that the middle position sees; they may reach outside the image."""
    sides = shape[:2] if len(shape) > 1 else (1, 1)
    # A span holds the pixels that position 0 sees; each next position sees `jump` pixels further.
    rows, columns = [
        [span.low + side // 2 * span.jump, span.high + side // 2 * span.jump]
        for span, side in zip((field.rows, field.columns), sides, strict=True)
    ]
    return rows if rows == columns else [*rows, *columns]


def _places(graph: Graph) -> dict[str, int]:
    return {node.id: index for index, node in enumerate(graph.nodes)}


def _box(drawing: Drawing, box: Box, palette: _Palette, places: dict[str, int]) -> list[Any]:
    of_block = [places[name] for name in box.node_ids[: len(box.node_ids) // box.repeat]]
    step = places[box.node_ids[len(of_block)]] - of_block[0] if box.repeat > 1 else 0
    # Layers in one stretch are sent as a count, others as a list.
    whole = of_block[-1] - of_block[0] == len(of_block) - 1
    return [
        box.id,
        palette.number(box.marks),
        _title(box),
        *_frame(box),
        box.parent,
        of_block[0],
        len(of_block) if whole else of_block,
        box.repeat,
        step,
        _abilities(drawing, box),
    ]


def _title(box: Box) -> str:
    """The text that differs between boxes of one look."""
    return next(
        (mark.text for mark in box.marks if isinstance(mark, Text) and mark.look == "title"), ""
    )


def _frame(part: Box | Panel) -> list[float]:
    return [_short(part.x), _short(part.y), _short(part.width), _short(part.height)]


def _abilities(drawing: Drawing, box: Box) -> str:
    """ "o": it can be opened; "u": its repeats can be drawn one by one."""
    run = (
        len(box.node_ids) > box.repeat
        and drawing.view.style == "detailed"
        and not box.id.removeprefix(OTHER).startswith("stage")
    )
    opens = box.kind in (*SECTIONS, "block", "repeat") or run
    # "stage2.block3" has one dot, its layers have more.
    block = box.id.count(".") == 1 and box.kind in ("block", "repeat")
    return "o" * opens + "u" * (block and box.repeat > 1)


def _tone(marks: tuple[Mark, ...]) -> str:
    """The colour of a box that is too small for its words: its number's, else that of its
    operation."""
    # Colours of numbers and tints of figure 3 come before those of operations.
    for mark in reversed(marks):
        if mark.look.startswith(("heat-", "figure-")):
            return mark.look
    tints = [mark.look.removesuffix("-tint") for mark in marks if mark.look.endswith("-tint")]
    operations = [tint for tint in tints if tint in OPERATION_OF_KIND.values()]
    return f"{operations[0]}-fill" if operations else "chain-head"


def _panel(panel: Panel) -> list[Any]:
    return [
        panel.id,
        panel.kind,
        panel.title,
        *_frame(panel),
        panel.parent,
        marks_text(panel.marks),
    ]


def _rounded(mark: Mark) -> Mark:
    """Rounded, so that equal lines at different positions stay equal."""
    if not isinstance(mark, Path):
        return mark._replace(x=_short(mark.x), y=_short(mark.y))
    commands = [(letter, *map(_short, map(float, numbers))) for letter, *numbers in mark.commands]
    return mark._replace(commands=tuple(commands))


def _short(number: float) -> float:
    return round(number, 2)
