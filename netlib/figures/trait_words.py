"""The traits of a difference as nouns that follow "with" or "without"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netlib.analysis.blocks import main_layers
from netlib.analysis.blocks import units as units_of
from netlib.figures import units
from netlib.figures.words import counted, layer_noun, listed, number, plural, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from netlib.analysis.difference import Difference

NORM_WORDS = {
    "batch_norm": "batch normalization", "layer_norm": "layer normalization", "group_norm": "group normalization",
    "lrn": "local response normalization",
}  # fmt: skip

Phrases = tuple[str, str]  # what comes, what goes; "" for nothing


def trait_phrases(difference: Difference) -> Iterator[tuple[bool, str]]:
    """(True, what comes) or (False, what goes) for each trait."""
    for trait in difference.traits:
        for gain, text in zip((True, False), PHRASES[trait.name](difference, trait.name, trait.before, trait.after), strict=True):
            if text:
                yield gain, text


def _input(difference: Difference, name: str, a: tuple[int, ...], b: tuple[int, ...]) -> Phrases:
    if len(a) == len(b) == 3 and a[0] == b[0]:
        a, b = a[1:], b[1:]
    return f"a {units.shape(b)} input instead of {units.shape(a)}", ""


def _classes(difference: Difference, name: str, a: int, b: int) -> Phrases:
    if not a or not b:
        return (f"scores of {counted(b, 'class')}", "") if b else ("", f"its scores of {counted(a, 'class')}")
    return f"{units.exact(b)} classes instead of {units.exact(a)}", ""


def _number(noun: str) -> Callable[..., Phrases]:
    def phrases(difference: Difference, name: str, a: int, b: int) -> Phrases:
        if b > a:
            return f"{number(b - a)}{' more' if a else ''} {plural(noun, b - a)}", ""
        return "", f"{f'{number(a - b)} of ' if b else ''}its {noun if a == 1 else counted(a, noun)}"

    return phrases


def _shortcuts(difference: Difference, name: str, a: int, b: int) -> Phrases:
    """Their projections are layers of the block; they are told here and not as changes of the blocks."""
    come, gone = _number("shortcut")(difference, name, a, b)
    blocks = [change for change in difference.changes if change.before and change.after and change.only_parts]
    layers = [layer for change in blocks for part in change.layers if (layer := part.before or part.after)]
    aside = f" ({number(len(blocks))} with a {layer_noun(layers[0])})" if blocks else ""
    return come and come + aside, gone and gone + aside


def _norm(difference: Difference, name: str, a: int, b: int) -> Phrases:
    if a and b:
        return f"{NORM_WORDS[name]} after {number(b)} layers instead of {number(a)}", ""
    if not b:
        return "", f"its {NORM_WORDS[name]}"
    layers = main_layers(difference.after)
    n, convolutions = (sum(name in (layer.kind, layer.category) for layer in layers) for name in (name, "convolution"))
    return f"{NORM_WORDS[name]} after " + (f"each of the {counted(n, 'convolution')}" if n == convolutions > 1 else counted(b, "layer")), ""


def _bias(difference: Difference, name: str, a: int, b: int) -> Phrases:
    def layers(n: int) -> str:
        convolutions = sum(layer.category == "convolution" for _, unit in difference.pairs for layer in unit.layers)
        return counted(n, "convolution" if n == convolutions else "layer")

    return (f"biases in {layers(b - a)}", "") if b > a else ("", f"the biases of {layers(a - b)}")


def _lrn(difference: Difference, name: str, a: tuple[str, ...], b: tuple[str, ...]) -> Phrases:
    if not b:
        return "", f"its {NORM_WORDS[name]}"
    graphs = (difference.before, difference.after)
    names = {layer.name: unit.name for graph in graphs for unit in units_of(graph) if not unit.class_name for layer in unit.layers}
    before, after = (listed([names.get(layer, layer) for layer in side]) for side in (a, b))
    return f"{NORM_WORDS[name]} after {after}{f' instead of {before}' if a else ''}", ""


def _activation(difference: Difference, name: str, a: tuple[str, ...], b: tuple[str, ...]) -> Phrases:
    before, after = (listed([units.kind(kind) for kind in side]) for side in (a, b))
    return (f"{after} instead of {before}", "") if a and b else (after, before and f"its {before}")


def _dropout(difference: Difference, name: str, a: tuple[float, ...], b: tuple[float, ...]) -> Phrases:
    if not a or not b:
        return ("dropout", "") if b else ("", "its dropout")
    if len(a) != len(b):
        return f"dropout in {counted(len(b), 'place')} instead of {number(len(a))}", ""
    before, after = (listed([str(rate) for rate in dict.fromkeys(side)]) for side in (a, b))
    return f"dropout of {after} instead of {before}", ""


Pool = tuple[tuple[str, tuple[int, int], tuple[int, int]], int]


def _pooling(difference: Difference, name: str, a: tuple[Pool, ...], b: tuple[Pool, ...]) -> Phrases:
    if len(a) == len(b) == 1 and a[0][1] == b[0][1]:
        where = f" in {counted(a[0][1], 'place')}" if a[0][1] > 1 else ""
        return f"{'' if where else 'a '}{_pool(b[0])} instead of {'' if where else 'a '}{_pool(a[0])}{where}", ""
    gone, come = (listed([counted(pool[1], _pool(pool)) for pool in side]) for side in (a, b))
    return (f"{come} instead of {gone}", "") if a and b else (come, gone)


def _pool(pool: Pool) -> str:
    (kind, kernel, stride), _ = pool
    if kernel == (0, 0):
        return f"global {units.kind(kind)}"
    if stride == (0, 0):
        return f"{units.kind(kind)} to {size(kernel)}"
    step = "" if stride == kernel else f", stride-{stride[0] if stride[0] == stride[1] else size(stride)}"
    return f"{size(kernel)}{step} {units.kind(kind)}"


PHRASES: Mapping[str, Callable[[Difference, str, Any, Any], Phrases]] = {
    "input": _input,
    "classes": _classes,
    "shortcuts": _shortcuts,
    "concatenations": _number("concatenation"),
    "batch_norm": _norm,
    "layer_norm": _norm,
    "group_norm": _norm,
    "bias": _bias,
    "lrn": _lrn,
    "activation": _activation,
    "dropout": _dropout,
    "pooling": _pooling,
    "auxiliary heads": _number("auxiliary head"),
}
