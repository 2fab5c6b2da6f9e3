"""The layer graph as a `graphviz.Digraph`: for notebooks, DOT export and `st.graphviz_chart`. No `dot` program is needed to make it.

Boxes are light with dark words, lines a middle grey, the ground transparent: readable on a light and on a dark page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import graphviz

from netlib.figures.colors import category_color, level_color, tint
from netlib.figures.graph_svg import category_of, element_ids, fill_levels
from netlib.figures.node_text import class_words, texts

if TYPE_CHECKING:
    from netlib.analysis.cost import Costs
    from netlib.analysis.folding import FoldedGraph
    from netlib.analysis.graph import LayerGraph
    from netlib.figures.graph_svg import ColorBy

_LINE, _WORDS = "#808890", "#1f2328"
_FONT = "Helvetica,Arial,sans-serif"


def graph_dot(graph: LayerGraph, folded: FoldedGraph, *, costs: Costs | None = None, color_by: ColorBy = "category") -> graphviz.Digraph:
    """The drawing of `graph_svg` at the same folding: same nodes, edges and words; opened modules are clusters."""
    dot = graphviz.Digraph(name=graphviz.escape(graph.name) or "network")
    dot.attr("graph", bgcolor="transparent", rankdir="TB", ranksep="0.35", nodesep="0.3", fontname=_FONT, fontcolor=_LINE, color=_LINE)
    dot.attr("node", shape="box", style="rounded,filled", fontname=_FONT, fontsize="11", fontcolor=_WORDS, margin="0.15,0.07")
    dot.attr("edge", color=_LINE, arrowsize="0.7")
    words, ids, levels = texts(graph, folded, costs), element_ids(folded), fill_levels(folded, costs, color_by)
    members: dict[str | None, list[str]] = {}
    for node in folded.nodes:
        members.setdefault(node.frame, []).append(node.id)
    inner: dict[str | None, list[str]] = {}
    for key, frame in folded.frames.items():
        inner.setdefault(frame.parent, []).append(key)
    numbers = {key: i for i, key in enumerate(folded.frames)}

    def fill(part: graphviz.Digraph, frame: str | None) -> None:
        for name in members.get(frame, ()):
            node, text = folded[name], words[name]
            color = category_color(category_of(node))
            step = levels.get(name)
            lines = [f"{text.title}  ×{node.repeat}" if node.repeat > 1 else text.title, text.operations, text.facts]
            part.node(
                ids[name],
                label=graphviz.escape("\n".join(line for line in lines if line)),
                id=ids[name],
                tooltip=graphviz.escape(text.label),
                color=color,
                fillcolor=tint(color, 0.12) if step is None else level_color(step),
                peripheries="2" if node.expandable else "1",
            )
        for key in inner.get(frame, ()):
            with part.subgraph(name=f"cluster_{numbers[key]}") as cluster:
                opened = folded.frames[key]
                times = f" ×{opened.repeat}" if opened.repeat > 1 else ""
                kind = class_words(opened.class_name)
                label = f"{opened.title}{times} · {kind}" if kind else f"{opened.title}{times}"
                cluster.attr(label=graphviz.escape(label), style="rounded,dashed", fontsize="11")
                fill(cluster, key)

    fill(dot, None)
    for source, target in folded.edges:
        dot.edge(ids[source], ids[target])
    return dot
