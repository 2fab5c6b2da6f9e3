"""The layer graph as a `graphviz.Digraph`: for notebooks, DOT export and `st.graphviz_chart`. No `dot` program is needed to make it.

On white, as a file and a notebook want it; or for a dark page, whose own ground shows through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import graphviz

from netlib.figures.colors import DARK_CARD, category_color, level_color, tint
from netlib.figures.graph_svg import category_of, element_ids, fill_levels
from netlib.figures.node_text import class_words, texts

if TYPE_CHECKING:
    from netlib.analysis.cost import Costs
    from netlib.analysis.folding import FoldedGraph
    from netlib.analysis.graph import LayerGraph
    from netlib.figures.graph_svg import ColorBy

_FONT = "Helvetica,Arial,sans-serif"


def graph_dot(
    graph: LayerGraph, folded: FoldedGraph, *, costs: Costs | None = None, color_by: ColorBy = "category", dark: bool = False
) -> graphviz.Digraph:
    """The drawing of `graph_svg` at the same folding: same nodes, edges, words and colours; opened modules are clusters."""
    line, lettering, ground = ("#aeb6c2", "#f2f3f5", "transparent") if dark else ("#5c6470", "#1f2328", "#ffffff")
    dot = graphviz.Digraph(name=graphviz.escape(graph.name) or "network")
    dot.attr("graph", bgcolor=ground, rankdir="TB", ranksep="0.35", nodesep="0.3", fontname=_FONT, fontcolor=line, color=line)
    dot.attr("node", shape="box", style="rounded,filled", fontname=_FONT, fontsize="11", fontcolor=lettering, margin="0.15,0.07")
    dot.attr("edge", color=line, arrowsize="0.7")
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
            color = category_color(category_of(node), dark=dark)
            step = levels.get(name)
            lines = [f"{text.title}  ×{node.repeat}" if node.repeat > 1 else text.title, text.operations, text.facts]
            part.node(
                ids[name],
                label=graphviz.escape("\n".join(line for line in lines if line)),
                id=ids[name],
                tooltip=graphviz.escape(text.label),
                color=color,
                fillcolor=level_color(step, dark=dark) if step is not None else tint(color, 0.16, DARK_CARD) if dark else tint(color, 0.09),
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
