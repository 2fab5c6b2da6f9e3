"""Numbers, lists and parts of networks as plain English words, for generated sentences."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from netlib.errors import UnknownNetwork
from netlib.figures import units
from netlib.models.registry import spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.blocks import Unit
    from netlib.analysis.graph import Layer, LayerGraph, Pair

_SMALL = "no one two three four five six seven eight nine".split()


def number(n: int) -> str:
    """Below ten in words: 3 -> "three", 1000 -> "1,000"."""
    return _SMALL[n] if n < len(_SMALL) else units.exact(n)


def counted(n: int, noun: str) -> str:
    """ "one convolution", "16 bottleneck blocks"."""
    return f"{number(n)} {plural(noun, n)}"


def plural(noun: str, n: int = 2) -> str:
    """The noun for n things: "3×3 convolution with 64 channels" -> "3×3 convolutions with 64 channels"."""
    if n == 1:
        return noun
    head, *tail = noun.partition(" with ")
    return head + ("es" if head.endswith(("s", "x", "ch")) else "s") + "".join(tail)


def share(part: int, whole: int) -> str:
    """ "62 %"."""
    return f"{100 * part / whole:.0f} %"


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; "" for none."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def upper_first(text: str) -> str:
    """The text with its first letter large and all others as they are."""
    return text[:1].upper() + text[1:]


def title(graph: LayerGraph) -> str:
    """The registry's title, or the graph's own name."""
    try:
        return spec(graph.name).title
    except UnknownNetwork:
        return graph.name


def size(pair: Pair) -> str:
    """Height and width: "3×3"."""
    return units.shape(pair)


def layer_noun(layer: Layer) -> str:
    """A weighted layer as a noun: "3×3 convolution", "fully connected layer"."""
    noun = units.kind(layer.kind)
    if layer.category == "convolution" and layer.window:
        depthwise = "depthwise " if 1 < layer.groups == layer.params.get("weight", (0,))[0] else ""
        return f"{size(layer.window.kernel)} {depthwise}{noun}"
    return f"{noun} layer"


def unit_noun(unit: Unit) -> str:
    """ "bottleneck block", "Inception-A module", "3×3 convolution"."""
    return block_noun(unit.class_name) if unit.class_name else layer_noun(unit.layers[0])


def coarse_noun(unit: Unit) -> str:
    """Without kernels and variants: "Inception module", "convolution"."""
    return re.sub(r"-[A-Z]\b", "", block_noun(unit.class_name)) if unit.class_name else coarse_layer(unit.layers[0])


def coarse_layer(layer: Layer) -> str:
    """ "convolution", "fully connected layer"."""
    return layer.category if layer.category == "convolution" else layer_noun(layer)


def pool_noun(layer: Layer) -> str:
    """ "max pooling", "global average pooling"."""
    kind = units.kind(layer.kind.replace("mean", "avg_pool2d"))
    return f"global {kind.removeprefix('adaptive ')}" if set(layer.shape[1:]) <= {1} else kind


def block_noun(class_name: str) -> str:
    """A class name as a noun: "BasicBlock" -> "basic block", "InceptionA" -> "Inception-A module"."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", class_name)
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [f"{parts[-2]}-{parts[-1]}"]
    noun = " ".join(part if "Inception" in part or part.isupper() else part[:1].lower() + part[1:] for part in parts)
    if re.search(r"(block|module|stem|layer|head)$", noun, re.IGNORECASE):
        return noun
    return f"{noun} {'module' if re.search('inception|reduction', noun, re.IGNORECASE) else 'block'}"


def channels_in_words(layer: Layer) -> str:
    """ "64 channels", "4,096 units"."""
    maps = len(layer.shape) == 3
    return f"{units.exact(layer.shape[0 if maps else -1])} {'channels' if maps else 'units'}"


# --- stages --------------------------------------------------------------------------------------------------------------


def stage_name(stage_title: str) -> str:
    """ "stage 2 · 56×56" -> "stage 2", "head" -> "the head"."""
    name = stage_title.split(" · ")[0]
    return name if name.startswith("stage") else f"the {name}"


def stages_in_words(stage_titles: Sequence[str], each: bool = False) -> str:
    """ "stage 4", "stages 3 and 4", "stages 3 to 5", "stage 5 and the head"; `each`: "each of stages 3 to 5"."""
    names = list(dict.fromkeys(map(stage_name, stage_titles)))
    numbers = [int(name.split()[1]) for name in names if name.startswith("stage ")]
    others = [name for name in names if not name.startswith("stage ")]
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        words = [f"stages {numbers[0]} to {numbers[-1]}"]
    elif len(numbers) > 1:
        words = [f"stages {listed(list(map(str, numbers)))}"]
    else:
        words = [f"stage {n}" for n in numbers]
    return ("each of " if each and len(names) > 1 else "") + listed(words + others)


def spread(stage_titles: Sequence[str]) -> str:
    """Where several things are, one title each: " in stage 4", ", one in each of stages 3 to 5", ", one in stage 2 and two in stage 3"."""
    counts = Counter(stage_titles)
    if len(counts) == 1:
        return f" in {stages_in_words(stage_titles)}"
    if len(set(counts.values())) == 1:
        return f", {number(next(iter(counts.values())))} in {stages_in_words(list(counts), each=True)}"
    by_count: dict[int, list[str]] = {}
    for stage, n in counts.items():
        by_count.setdefault(n, []).append(stage)
    return ", " + listed([f"{number(n)} in {stages_in_words(where, each=True)}" for n, where in by_count.items()])
