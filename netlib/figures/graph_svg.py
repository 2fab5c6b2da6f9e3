"""The layer graph as SVG text. Draws what `layout` placed; needs no browser, no Graphviz and no fonts.

The text is complete in itself: style, caption and legend included. The page's component shows the same text in the
page's own theme, for which it takes out the parts of class "paper".
"""

from __future__ import annotations

import re
from html import escape
from math import log2
from typing import TYPE_CHECKING, Literal

from netlib.analysis.folding import Node
from netlib.analysis.graph import CATEGORY
from netlib.figures import units
from netlib.figures.colors import CATEGORY_COLORS, DARK_CARD, STEPS, category_color, css_name, level, level_color, tint
from netlib.figures.layout import layout
from netlib.figures.node_text import NUMBERS, class_words, shorten, text_width, texts, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netlib.analysis.cost import Costs
    from netlib.analysis.folding import FoldedGraph, Frame
    from netlib.analysis.graph import LayerGraph, Shape
    from netlib.figures.layout import Box, Edge, Layout
    from netlib.figures.node_text import NodeText

ColorBy = Literal["category", "params", "macs", "activation_bytes", "kept_bytes", "connections", "neurons"]

TITLE, SMALL = 13.0, 11.0  # font sizes
CARD, PILL = 46.0, 26.0  # heights
GLYPH = 42.0  # room at the left of a card
NARROW, WIDE = 150.0, 310.0
HEADING = 26.0  # of a frame
LONG = 3000.0  # frames higher than this have plain lines: dashes of that length are slow to paint
TOGGLE, BADGE = 24.0, 34.0  # room for + or −, and for ×N

FONTS = "'Source Sans 3','Source Sans Pro','Helvetica Neue',Arial,'Liberation Sans',sans-serif"
_PILLS = ("merge", "reshape", "activation", "regularization")


def graph_svg(
    graph: LayerGraph,
    folded: FoldedGraph,
    *,
    costs: Costs | None = None,
    color_by: ColorBy = "category",
    selected: str | None = None,
    standalone: bool = True,
    title: str | None = None,
) -> str:
    """The drawing as SVG text.

    Args:
        costs: layer name -> costs, for the numbers on the nodes and for `color_by`.
        color_by: what the fill of a node tells.
        selected: id of a node to mark.
        standalone: with style, white ground, caption and legend, ready to print; else the bare graph.
        title: the network's name in the caption.
    """
    words = texts(graph, folded, costs)
    sizes = _sizes(folded, words)
    placed = layout(folded, sizes)
    levels = fill_levels(folded, costs, color_by)
    glyphs = _Glyphs(node.shape for node in folded.nodes)
    ids = element_ids(folded)
    readers: dict[str, list[str]] = {}
    for source, target in folded.edges:
        readers.setdefault(source, []).append(target)

    body = [_frame(folded.frames[key], box) for key, box in placed.frames.items()]
    body += [_edge(edge) for edge in placed.edges]
    for node in folded.nodes:
        box = placed.boxes[node.id]
        fill = f"v{levels[node.id]}" if levels else f"c-{css_name(category_of(node))}"
        css = f"node {'block ' if node.module else ''}{fill}{' selected' if node.id == selected else ''}"
        body.append(_node(node, box, words[node.id], css, ids[node.id], glyphs))
    body += [_toggle(folded.frames[key], box.x + 14, box.y + 13, opened=True) for key, box in placed.frames.items()]
    body += [_toggle(n, (b := placed.boxes[n.id]).right - 16, b.y + 15, opened=False) for n in folded.nodes if n.expandable]
    return _document(graph, folded, placed, body, costs, color_by, standalone=standalone, title=title or graph.name)


def element_ids(folded: FoldedGraph) -> dict[str, str]:
    """Node id -> an id that XML, CSS and DOT take as it is; the same on every drawing of the same folding."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for node in folded.nodes:
        plain = "n_" + re.sub(r"[^A-Za-z0-9_-]", "_", node.id)
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name)
        ids[node.id] = name
    return ids


def category_of(node: Node) -> str:
    """The category whose colour a node has."""
    return "block" if node.kind == "block" else CATEGORY[node.kind]


def theme_css(*, dark: bool = False, scope: str = "") -> str:
    """Rules that colour nodes by category and by step, for a light or a dark ground; each selector starts with `scope`."""
    ground, rest = (DARK_CARD, "#aeb6c2") if dark else ("#ffffff", "#5c6470")
    skip = category_color("normalization", dark=dark)
    rules = []
    for category in CATEGORY_COLORS:
        color, name = category_color(category, dark=dark), css_name(category)
        fill = tint(color, 0.16 if dark else 0.09, ground)
        rules.append(f"{scope}.c-{name} .card{{fill:{fill};stroke:{color}}}{scope}.c-{name} .glyph{{fill:{color}}}")
    for step in range(STEPS):
        fill = level_color(step, dark=dark)
        rules.append(f"{scope}.v{step} .card{{fill:{fill};stroke:{rest}}}{scope}.v{step} .glyph{{fill:{rest}}}")
    rules.append(f"{scope}.edge{{stroke:{rest}}}{scope}.arrow{{fill:{rest}}}")
    rules.append(f"{scope}.skip{{stroke:{skip}}}{scope}.arrow-skip{{fill:{skip}}}")
    return "\n".join(rules)


SHAPE_CSS = """
.card{stroke-width:1.2}.edge{fill:none;stroke-width:1.5}.skip{stroke-width:1.8}
.glyph{fill-opacity:.9}.face{fill-opacity:.45}
.frame{fill:#808080;fill-opacity:.06;stroke:#808080;stroke-opacity:.45;stroke-dasharray:4 3}.long{stroke-dasharray:none}
text{dominant-baseline:central}.title{font-size:13px;font-weight:600}.facts,.ops,.heading,.badge{font-size:11px}
.heading,.badge{font-weight:600}.ops,.class{text-anchor:end}.badge,.sign{text-anchor:middle}
"""  # shared by the file and the component

_PAPER_CSS = f"""svg{{font-family:{FONTS}}}text{{fill:#1f2328}}.facts,.ops,.class{{fill:#57606a}}
.toggle circle,.badge-box{{fill:#fff;stroke:#57606a}}.toggle path{{stroke:#1f2328;stroke-width:1.5;fill:none}}
.selected .card{{stroke:#0b57d0;stroke-width:3}}.paper-ground{{fill:#fff}}.caption{{font-size:18px;font-weight:600}}"""


def _sizes(folded: FoldedGraph, words: Mapping[str, NodeText]) -> dict[str, tuple[float, float]]:
    """All cards are equally wide, so that columns have straight sides; pills are as wide as their words."""
    sizes: dict[str, tuple[float, float]] = {}
    widest = NARROW
    for node in folded.nodes:
        text = words[node.id]
        if _is_pill(node):
            width = text_width(_pill_text(text), TITLE, bold=True) + text_width(text.facts, SMALL) + 34
            sizes[node.id] = (min(WIDE, round(width)), PILL)
            continue
        operations = text_width(text.operations, SMALL) + 10 if text.operations else 0.0
        first = text_width(text.title, TITLE, bold=True) + operations + _marks(node)
        widest = max(widest, GLYPH + max(first, text_width(text.facts, SMALL)) + 12)
    card = (min(WIDE, 2.0 * round(widest / 2)), CARD)
    for node in folded.nodes:
        sizes.setdefault(node.id, card)
    for key, frame in folded.frames.items():
        sizes[key] = (2 * min(130.0, text_width(_heading(frame), SMALL, bold=True) + 34), HEADING)
    return sizes


def _marks(node: Node) -> float:
    """Room for ×N and + at the right of the title."""
    return (TOGGLE if node.expandable else 0.0) + (BADGE + 6 if node.repeat > 1 else 0.0)


def _is_pill(node: Node) -> bool:
    return category_of(node) in _PILLS


def _pill_text(text: NodeText) -> str:
    return f"{text.title} · {text.operations}" if text.operations else text.title


def _heading(frame: Frame) -> str:
    return f"{frame.title} ×{frame.repeat}" if frame.repeat > 1 else frame.title


def fill_levels(folded: FoldedGraph, costs: Costs | None, color_by: ColorBy) -> dict[str, int]:
    """Step of each node on the scale of "colour by number"; empty when the colours tell categories."""
    if color_by not in NUMBERS or costs is None:
        return {}
    values = {node.id: total(node, costs, color_by) for node in folded.nodes}
    highest = max(values.values(), default=0)
    return {name: level(value, highest) for name, value in values.items()}


class _Glyphs:
    """A slab for a tensor: height tells rows, depth columns, width channels, on log scales common to the network."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        dimensions = [_volume(shape) for shape in shapes]
        self.side = log2(1 + max((max(h, w) for _, h, w in dimensions), default=1))
        self.channels = log2(1 + max((c for c, _, _ in dimensions), default=1))

    def path(self, shape: Shape, x: float, y: float) -> str:
        """Front and the two visible faces, centred at (x, y)."""
        c, h, w = _volume(shape)
        height = 3 + 22 * log2(h) / self.side if h > 1 else 3.0
        depth = 1 + 7 * log2(w) / self.side if w > 1 else 1.0
        width = 2 + 16 * log2(1 + c) / self.channels
        left, top = round(x - (width + depth) / 2, 1), round(y - (height - depth) / 2, 1)
        width, height, depth = round(width, 1), round(height, 1), round(depth, 1)
        front = f"M{left:g} {top:g}h{width:g}v{height:g}h{-width:g}z"
        faces = f"M{left:g} {top:g}l{depth:g} {-depth:g}h{width:g}v{height:g}l{-depth:g} {depth:g}v{-height:g}z"
        return f'<path class="glyph" d="{front}"/><path class="glyph face" d="{faces}"/>'


def _volume(shape: Shape) -> tuple[int, int, int]:
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    if len(shape) == 2:
        return shape[1], shape[0], 1
    return (shape[0] if shape else 1), 1, 1


def _node(node: Node, box: Box, text: NodeText, css: str, element: str, glyphs: _Glyphs) -> str:
    w, h = box.w, box.h
    parts = [
        f'<g class="{css}" id="{element}" data-node={_quoted(node.id)} data-layer={_quoted(node.layers[0])}'
        f' data-words={_quoted(" ".join(node.layers))}'
        + (f" data-module={_quoted(node.module)}" if node.module else "")
        + f' role="button" aria-label={_quoted(text.label)} transform="translate({box.x:g} {box.y:g})">',
        f"<title>{_text(text.tooltip)}</title>",
    ]
    if _is_pill(node):
        room = w - 28 - text_width(text.facts, SMALL)
        label = shorten(_pill_text(text), room, TITLE, bold=True)
        parts.append(f'<rect class="card" width="{w:g}" height="{h:g}" rx="{h / 2:g}"/>')
        parts.append(f'<text class="title" x="12" y="{h / 2:g}">{_text(label)}</text>')
        parts.append(f'<text class="facts ops" x="{w - 12:g}" y="{h / 2:g}">{_text(text.facts)}</text></g>')
        return "".join(parts)
    end = w - 10 - _marks(node)
    if node.repeat > 1:
        parts.append(f'<rect class="card" x="6" y="6" width="{w:g}" height="{h:g}" rx="8"/>')
        parts.append(f'<rect class="card" x="3" y="3" width="{w:g}" height="{h:g}" rx="8"/>')
    if node.skips:
        x = w + (6 if node.repeat > 1 else 0)
        r = h / 2 - 9
        parts.append(f'<path class="edge skip" marker-end="url(#arrow-skip)" d="M{x:g} 8h4a{r:g} {r:g} 0 0 1 0 {2 * r:g}h-3"/>')
    room = end - GLYPH
    operations = shorten(text.operations, room * 0.6, SMALL)
    taken = text_width(operations, SMALL) + 8 if operations else 0.0
    label = text.title_in(room - taken, TITLE)
    parts.append(f'<rect class="card" width="{w:g}" height="{h:g}" rx="8"/>{glyphs.path(node.shape, GLYPH / 2, h / 2)}')
    parts.append(f'<text class="title" x="{GLYPH:g}" y="15">{_text(label)}</text>')
    if operations:
        parts.append(f'<text class="ops" x="{end:g}" y="15">{_text(operations)}</text>')
    parts.append(f'<text class="facts" x="{GLYPH:g}" y="32">{_text(shorten(text.facts, w - GLYPH - 8, SMALL))}</text>')
    if node.repeat > 1:
        x = w - 8 - TOGGLE - BADGE
        parts.append(f'<rect class="badge-box" x="{x:g}" y="6" width="{BADGE:g}" height="18" rx="9"/>')
        parts.append(f'<text class="badge" x="{x + BADGE / 2:g}" y="15">×{node.repeat}</text>')
    return "".join([*parts, "</g>"])


def _toggle(item: Node | Frame, x: float, y: float, *, opened: bool) -> str:
    key = (item.module or "") if isinstance(item, Node) else item.key
    label = f"{'Close' if opened else 'Open'} {key}"
    sign = "M-4 0H4" if opened else "M-4 0H4M0 -4V4"
    return (
        f'<g class="toggle" data-module={_quoted(key)} role="button" aria-label={_quoted(label)}'
        f' transform="translate({x:g} {y:g})"><title>{_text(label)}</title><circle r="8"/><path d="{sign}"/></g>'
    )


def _frame(frame: Frame, box: Box) -> str:
    heading = shorten(_heading(frame), box.w / 2 - 34, SMALL, bold=True)
    kind = shorten(class_words(frame.class_name), box.w / 2 - 18, SMALL)
    css = "frame long" if box.h > LONG else "frame"
    return (
        f'<g class="frame-of" data-module={_quoted(frame.key)} transform="translate({box.x:g} {box.y:g})">'
        f'<rect class="{css}" width="{box.w:g}" height="{box.h:g}" rx="10"/>'
        f'<text class="heading" x="27" y="13">{_text(heading)}<title>{_text(frame.key)}</title></text>'
        f'<text class="heading class" x="{box.w - 10:g}" y="13">{_text(kind)}</text></g>'
    )


def _edge(edge: Edge) -> str:
    arrow = "arrow-skip" if edge.skip else "arrow"
    return (
        f'<path class="edge{" skip" * edge.skip}" data-from={_quoted(edge.source)} data-to={_quoted(edge.target)}'
        f' marker-end="url(#{arrow})" d="{_path(edge)}"/>'
    )


def _path(edge: Edge) -> str:
    if not edge.curves:
        return ""
    pieces = ["M{:.1f} {:.1f}".format(*edge.curves[0][0])]
    for start, first, second, end in edge.curves:
        if (start, end) == (first, second):
            pieces.append("L{:.1f} {:.1f}".format(*end))
        else:
            pieces.append("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}".format(*first, *second, *end))
    return "".join(pieces).replace(".0 ", " ")


def _document(
    graph: LayerGraph, folded: FoldedGraph, placed: Layout, body: list[str], costs: Costs | None, color_by: ColorBy,
    *, standalone: bool, title: str,
) -> str:  # fmt: skip
    w, h = placed.width, placed.height
    markers = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6.5" markerHeight="6.5"'
        f' markerUnits="userSpaceOnUse" orient="auto"><path class="{name}" d="M0 .5 8 4 0 7.5z"/></marker>'
        for name in ("arrow", "arrow-skip")
    ).replace('6.5"', '8"')
    summary = _summary(graph, costs)
    label = f"Layer graph of {title}: {summary}"
    head, foot, view = "", "", (0.0, 0.0, w, h)
    if standalone:
        legend, legend_width, legend_height = _legend(folded, costs, color_by, max(3, int(w - 40) // 120))
        top, wide = 64.0, max(w, legend_width, text_width(title, 18, bold=True) + 40, text_width(summary, SMALL) + 40)
        left = (w - wide) / 2
        view = (left, -top, wide, h + top + legend_height)
        head = (
            f'<style class="paper">{SHAPE_CSS}{_PAPER_CSS}\n{theme_css()}</style>'
            f'<g class="paper"><rect class="paper-ground" x="{left:g}" y="{-top:g}" width="{wide:g}" height="{view[3]:g}"/>'
            f'<text class="caption" x="{left + 20:g}" y="-38">{_text(title)}</text>'
            f'<text class="facts" x="{left + 20:g}" y="-16">{_text(summary)}</text></g>'
        )
        foot = (
            f'<g class="paper legend" transform="translate({left:g} {h:g})">{legend}</g>'
        )
    box = " ".join(f"{value:g}" for value in view)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{view[2]:g}" height="{view[3]:g}"'
        f' data-graph="0 0 {w:g} {h:g}" role="group" aria-label={_quoted(label)}>'
        f"<defs>{markers}</defs>{head}\n" + "\n".join(body) + f"\n{foot}</svg>\n"
    )


def _summary(graph: LayerGraph, costs: Costs | None) -> str:
    parts = [f"{units.exact(len(graph))} layers"]
    if graph.inputs:
        parts.insert(0, f"input {units.shape(graph.input_shape)}")
    if costs is not None:
        parts.append(f"{units.exact(sum(costs[layer.name].params for layer in graph))} parameters")
        parts.append(units.macs(sum(costs[layer.name].macs for layer in graph)))
    return " · ".join(parts)


def _legend(folded: FoldedGraph, costs: Costs | None, color_by: ColorBy, columns: int) -> tuple[str, float, float]:
    """Content, width and height of the key to the colours."""
    if color_by in NUMBERS and costs is not None:
        highest = max((total(node, costs, color_by) for node in folded.nodes), default=0)
        most = units.bytes_(highest) if color_by.endswith("bytes") else units.count(highest)
        steps = "".join(
            f'<g class="v{i}"><rect class="card" x="{1 + 20 * i}" y="-6" width="20" height="12"/></g>' for i in range(STEPS)
        )
        text = f"{NUMBERS[color_by]}: 0 to {most}, square-root scale"
        wide = 20 * STEPS + 10 + text_width(text, SMALL)
        return _entry(20, 20, wide, f'{steps}<text class="facts" x="{20 * STEPS + 10}" y="0">{text}</text>'), 40 + wide, 40.0
    present = {category_of(node) for node in folded.nodes}
    rows = []
    entries = [category for category in CATEGORY_COLORS if category in present]
    for i, category in enumerate(entries):
        swatch = f'<g class="c-{css_name(category)}"><rect class="card glyph" x="1" y="-6" width="12" height="12" rx="3"/></g>'
        words = f'{swatch}<text class="facts" x="19" y="0">{category}</text>'
        rows.append(_entry(20 + 120 * (i % columns), 16 + 20 * (i // columns), 22 + text_width(category, SMALL), words))
    return "".join(rows), 40.0 + 120 * min(columns, len(entries)), 26.0 + 20 * -(-len(entries) // columns)


def _entry(x: float, y: float, width: float, content: str) -> str:
    """A line of the legend; the component takes them apart and lets them wrap."""
    return f'<g class="entry" data-width="{width:g}" transform="translate({x:g} {y:g})">{content}</g>'


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(value: str) -> str:
    """Any text as XML character data; characters that XML forbids become a question mark in a box."""
    return escape(_NOT_XML.sub("\ufffd", value))


def _quoted(value: str) -> str:
    return f'"{_text(value)}"'
