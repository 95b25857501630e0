"""A drawing as the page receives it: the same marks as SVG text, each kind of box once, and the rest as short rows.

Keys are short since a network of a thousand layers is thousands of rows.
"""

from typing import Any

from resnet.diagram.drawing import OTHER, Box, Drawing, Edge, Panel
from resnet.diagram.shapes import Mark, Path, Text
from resnet.diagram.stamp import ENTRY, Stamp, Template, retitled
from resnet.diagram.style import OPERATION_OF_KIND
from resnet.diagram.svg import marks_text, path_text
from resnet.diagram.wording import kind_of, layer_text
from resnet.formulas import attributes, macs_formula, memory_formula, params_formula
from resnet.graph import Graph, Node, Shape
from resnet.metrics import LayerMetrics, Metrics, ReceptiveField, receptive_fields

SUMMED = ("trainable_params", "non_trainable_params", "macs", "activation_bytes")
SECTIONS = ("stage", "stem", "head")
TITLE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Where the page writes a box's own title."""


def scene(drawing: Drawing) -> dict[str, Any]:
    """JSON-ready. `looks` are the distinct boxes as SVG text without their titles, `tones` their colours from afar.

    boxes: [id, look, title, x, y, width, height, parent, first layer, its layers, repeats, layers from one repeat to
    the next, what can be done to it]. templates: the same for a block that is stamped, ids and layers counted from its
    own. stamps: [template, name, title, x, y, parent, the box before, first layer, repeats, step].
    """
    palette = _Palette()
    places = {id(graph): _places(graph) for graph in (drawing.graph, drawing.other) if graph}
    templates: dict[Template, int] = {}
    boxes, stamps = [], []
    for part in drawing.placed:
        if isinstance(part, Box):
            boxes.append(_box(drawing, part, palette, places[id(drawing.graph_of(part))]))
        else:
            stamps.append(
                _stamp(part, templates.setdefault(part.template, len(templates)), places[id(drawing.graph_of(part))])
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
        "edges": [_edge(edge) for edge in drawing.lines],
        "legend": marks_text(drawing.legend),
        "notes": marks_text(drawing.notes),
    }


class _Palette:
    """The distinct boxes of a scene."""

    def __init__(self) -> None:
        self.looks: list[str] = []
        self.tones: list[str] = []
        self.known: dict[tuple[Mark, ...], int] = {}

    def number(self, marks: tuple[Mark, ...]) -> int:
        """Where this look stands; its title's place is kept, its words are not."""
        untitled = retitled(marks, TITLE)
        if untitled not in self.known:
            self.known[untitled] = len(self.looks)
            self.looks.append(marks_text(untitled))
            self.tones.append(_tone(marks))
        return self.known[untitled]


def _template(drawing: Drawing, template: Template, palette: _Palette) -> dict[str, Any]:
    start = len(template.name)
    boxes = [
        [box.id[start:], palette.number(box.marks), _title(box), *_frame(box), list(places), _abilities(drawing, box)]
        for box, places in zip(template.boxes, template.places, strict=True)
    ]
    edges = [_edge(edge) for edge in template.edges]
    ends = [[end if end == ENTRY else end[start:] for end in edge[:2]] for edge in edges]
    panel = template.panel
    return {
        "boxes": boxes,
        "edges": [[*end, *edge[2:]] for end, edge in zip(ends, edges, strict=True)],
        "panel": [*_frame(panel), marks_text(retitled(panel.marks, TITLE))],
    }


def _stamp(stamp: Stamp, template: int, places: dict[str, int]) -> list[Any]:
    alike = stamp.unit.alike
    first = places[alike[0][0].id]
    step = places[alike[1][0].id] - first if len(alike) > 1 else 0
    return [template, stamp.name, stamp.title, _short(stamp.x), _short(stamp.y), stamp.parent, stamp.source, first,
            len(alike), step]  # fmt: skip


def layers(graph: Graph, metrics: Metrics) -> dict[str, Any]:
    """The layer table for the details panel: `kinds` are the distinct layers with attributes, counts and formulas;
    `rows` are [id, kind, inputs as row numbers, receptive field as rows from, to and columns from, to]."""
    kinds: dict[tuple[object, ...], int] = {}
    said: list[dict[str, Any]] = []
    number = {node.id: index for index, node in enumerate(graph.nodes)}
    fields = receptive_fields(graph)
    rows = []
    for node, row in zip(graph.nodes, metrics.layers, strict=True):
        incoming = graph.by_id[node.inputs[0]].output_shape if node.inputs else ()
        key = (node.op, node.path == "shortcut", incoming, node.output_shape)
        if key not in kinds:
            kinds[key] = len(said)
            said.append(_kind(graph, node, row, incoming))
        inputs = [number[name] for name in node.inputs]
        rows.append([node.id, kinds[key], inputs, _seen(fields[node.id], node.output_shape)])
    totals = {key: getattr(metrics, key) for key in SUMMED}
    return {"kinds": said, "rows": rows, "image": list(graph.config.input_shape[:2]), "totals": totals}


def _kind(graph: Graph, node: Node, row: LayerMetrics, incoming: Shape) -> dict[str, Any]:
    return {
        "text": layer_text(node),
        "kind": kind_of(node),
        "attributes": {key: value for key, value in attributes(node, graph).items() if key not in ("reads", "adds")},
        "in": list(incoming),
        "out": list(node.output_shape),
        "trainable_params": row.trainable_params,
        "non_trainable_params": row.non_trainable_params,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "formulas": [params_formula(node, incoming), macs_formula(node, incoming), memory_formula(node)],
    }


def _seen(field: ReceptiveField, shape: Shape) -> list[int]:
    """The input pixels that the middle position sees: rows from and to, columns from and to; may reach outside."""
    sides = shape[:2] if len(shape) > 1 else (1, 1)
    spans = zip((field.rows, field.columns), sides, strict=True)
    return [edge + side // 2 * span.jump for span, side in spans for edge in (span.low, span.high)]


def _places(graph: Graph) -> dict[str, int]:
    return {node.id: index for index, node in enumerate(graph.nodes)}


def _box(drawing: Drawing, box: Box, palette: _Palette, places: dict[str, int]) -> list[Any]:
    own = [places[name] for name in box.node_ids[: len(box.node_ids) // box.repeat]]
    step = places[box.node_ids[len(own)]] - own[0] if box.repeat > 1 else 0
    whole = own[-1] - own[0] == len(own) - 1
    return [box.id, palette.number(box.marks), _title(box), *_frame(box), box.parent, own[0],
            len(own) if whole else own, box.repeat, step, _abilities(drawing, box)]  # fmt: skip


def _title(box: Box) -> str:
    """The words that differ between boxes of one look."""
    return next((mark.text for mark in box.marks if isinstance(mark, Text) and mark.look == "title"), "")


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
    block = box.id.count(".") == 1 and box.kind in ("block", "repeat")
    return "o" * opens + "u" * (block and box.repeat > 1)


def _tone(marks: tuple[Mark, ...]) -> str:
    """The colour of a box that is too small for its words: its number's, else that of its operation."""
    for mark in reversed(marks):
        if mark.look.startswith(("heat-", "figure-")):
            return mark.look
    tints = [mark.look.removesuffix("-tint") for mark in marks if mark.look.endswith("-tint")]
    operations = [tint for tint in tints if tint in OPERATION_OF_KIND.values()]
    return f"{operations[0]}-fill" if operations else "chain-head"


def _panel(panel: Panel) -> list[Any]:
    return [panel.id, panel.kind, panel.title, *_frame(panel), panel.parent, marks_text(panel.marks)]


def _edge(edge: Edge) -> list[Any]:
    line, *rest = edge.marks
    assert isinstance(line, Path)
    return [
        edge.source,
        edge.target,
        edge.kind,
        line.look,
        path_text(line.commands),
        marks_text(tuple(rest)),
        edge.label,
    ]


def _short(number: float) -> float:
    return round(number, 2)
