"""The changes of a difference in words: nouns for units that come or go, clauses for those that change."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netlib.analysis.blocks import units as units_of
from netlib.analysis.difference import LayerChange
from netlib.figures import units
from netlib.figures.words import (
    channels_in_words,
    counted,
    layer_noun,
    listed,
    number,
    plural,
    size,
    spread,
    stages_in_words,
    unit_noun,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlib.analysis.blocks import Unit
    from netlib.analysis.difference import Change, Difference
    from netlib.analysis.graph import Layer


def added_units(difference: Difference) -> Iterator[str]:
    """ "three more 3×3 convolutions, one in each of stages 3 to 5"."""
    known = {*map(unit_noun, units_of(difference.before)), *(unit_noun(unit) for _, unit in difference.pairs)}
    for noun, found in _by_noun(difference.added):
        more = "more" if noun in known else "added"
        yield f"{number(len(found))} {more} {plural(noun, len(found))}{spread([unit.stage for unit in found])}"


def removed_units(difference: Difference) -> Iterator[str]:
    """ "eight of its 16 basic blocks, all in stage 4"."""
    had = Counter(map(unit_noun, units_of(difference.before)))
    for noun, found in _by_noun(difference.removed):
        places = [unit.stage for unit in found]
        here = len(set(places)) == 1 < len(found) < had[noun]  # else "17 of its 33 blocks in stage 4" says that stage 4 has 33
        yield f"{_some_of(len(found), had[noun], noun)}{', all' if here else ''}{spread(places)}"


def _by_noun(found: Sequence[Unit]) -> Iterator[tuple[str, list[Unit]]]:
    groups: dict[str, list[Unit]] = {}
    for unit in found:
        groups.setdefault(unit_noun(unit), []).append(unit)
    yield from groups.items()


def _some_of(n: int, all_: int, noun: str) -> str:
    """ "its three 1×1 convolutions", "eight of its 16 basic blocks"; no 16 before a 3×3."""
    owned = noun if all_ == 1 else plural(noun) if noun[0].isdigit() and (n < all_ or all_ > 9) else counted(all_, noun)
    return f"{number(n)} of its {owned}" if n < all_ else f"its {owned}"


# --- changed layers ----------------------------------------------------------------------------------------------------------

KINDS = {
    "conv2d": "an ordinary convolution",
    "table_conv2d": "a convolution with a connection table",
    "linear": "a fully connected layer",
    "rbf": "radial basis functions",
}


def changed_layers(difference: Difference) -> Iterator[str]:
    """ "conv2, conv4 and conv5 go from two groups to one": layers outside of blocks, together where the same happens to them."""
    groups: dict[str, list[str]] = {}
    for change in difference.changes:
        if change.before and change.after and not change.before.class_name:
            groups.setdefault(_layer_step(change.layers[0]), []).append(change.before.name)
    for step, names in groups.items():
        called = [name if any(map(str.isdigit, name)) else f"the {name} layer" for name in names]
        who = listed(called) if len(names) <= 5 else f"{number(len(names))} layers"
        yield f"{who} {'goes' if len(names) == 1 else 'go'} {step}"


def _layer_step(change: LayerChange) -> str:
    """ "from 11×11, stride 4 to 7×7, stride 2"; a padding that changes along with the window is not worth a word."""
    a, b, fields = change.before, change.after, change.fields
    assert a and b
    steps = []
    if "kind" in fields:
        steps.append(f"from {KINDS.get(a.kind, units.kind(a.kind))} to {KINDS.get(b.kind, units.kind(b.kind))}")
    if "kernel" in fields and "stride" in fields:
        steps.append(f"from {_kernel(a)}, {_stride(a)} to {_kernel(b)}, {_stride(b)}")
    elif "kernel" in fields:
        steps.append(f"from {_kernel(a)} to {_kernel(b)}")
    elif "stride" in fields:
        steps.append(f"from {_stride(a)} to {_stride(b)}")
    elif "padding" in fields:
        steps.append(f"from {_padding(a)} to {_padding(b)}")
    if "dilation" in fields and a.window and b.window:
        steps.append(f"from dilation {_pair(a.window.dilation)} to {_pair(b.window.dilation)}")
    if "groups" in fields:
        steps.append(f"from {counted(a.groups, 'group')} to {number(b.groups)}")
    if "channels" in fields:
        steps.append(f"from {units.exact(_width(a))} to {channels_in_words(b)}")
    return listed(steps)


def _kernel(layer: Layer) -> str:
    return size(layer.window.kernel) if layer.window else "no window"


def _stride(layer: Layer) -> str:
    return f"stride {_pair(layer.window.stride)}" if layer.window else "no stride"


def _padding(layer: Layer) -> str:
    return f"padding {_pair(layer.window.padding)}" if layer.window and any(layer.window.padding) else "no padding"


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else size(pair)


def _width(layer: Layer) -> int:
    return layer.shape[0 if len(layer.shape) == 3 else -1]


# --- changed blocks ----------------------------------------------------------------------------------------------------------


def changed_blocks(difference: Difference) -> Iterator[str]:
    """ "its 16 basic blocks become bottleneck blocks": blocks, together where the same happens to them."""
    shortcuts = any(trait.name == "shortcuts" for trait in difference.traits)
    groups: dict[tuple[str, str], list[Unit]] = {}
    for change in difference.changes:
        if change.before and change.after and change.before.class_name and not (shortcuts and change.only_parts):
            groups.setdefault((unit_noun(change.before), _block_step(change)), []).append(change.before)
    had = Counter(map(unit_noun, units_of(difference.before)))
    for (noun, step), found in groups.items():
        places = [unit.stage for unit in found]
        if step.startswith("become "):
            yield f"{_some_of(len(found), had[noun], noun)} {step}"
        elif len(found) < had[noun] and all(unit.first for unit in found):
            yield f"in the first block of {stages_in_words(places, each=True)} {step}"
        elif len(found) == 1:
            yield f"in {found[0].name} {step}"
        else:
            yield f"in {'each' if len(found) == had[noun] else number(len(found))} of its {counted(had[noun], noun)} {step}"


def _block_step(change: Change) -> str:
    """What happens inside of one block."""
    assert change.before and change.after
    if change.before.class_name != change.after.class_name and not change.only_parts:
        return f"become {plural(unit_noun(change.after))}"  # a network has several of them
    if (moved := _moved_stride(change.layers)) is not None:
        return moved
    steps = []
    for layer in change.layers:
        if layer.before and layer.after:
            told = tuple(field for field in layer.fields if field not in ("channels", "padding"))
            noun = layer_noun(layer.before)
            several = [layer_noun(other) for other in change.before.layers].count(noun) > 1
            who = f"one of the {plural(noun)}" if several else f"the {noun}"
            if told == ("kernel",):
                steps.append(f"{who} becomes {_kernel(layer.after)}")
            elif told:
                steps.append(f"{who} goes {_layer_step(LayerChange(layer.before, layer.after, told))}")
    gone = Counter(layer_noun(layer.before) for layer in change.layers if layer.before and not layer.after)
    come = Counter(layer_noun(layer.after) for layer in change.layers if layer.after and not layer.before)
    steps += [f"{counted(n, noun)} {'is' if n == 1 else 'are'} gone" for noun, n in gone.items()]
    steps += [f"{counted(n, noun)} {'is' if n == 1 else 'are'} added" for noun, n in come.items()]
    widened = {_width(b) > _width(a) for a, b in ((c.before, c.after) for c in change.layers if "channels" in c.fields) if a and b}
    if widened:
        steps.append("the widths change" if len(widened) == 2 else f"the layers get {'wider' if True in widened else 'narrower'}")
    return listed(list(dict.fromkeys(steps)) or ["the padding changes"])


def _moved_stride(changes: Sequence[LayerChange]) -> str | None:
    """ "the stride moves from the 1×1 to the 3×3 convolution", if just that happens."""
    pairs = [(c.before, c.after) for c in changes if c.before and c.after and set(c.fields) <= {"stride", "padding"}]
    if len(pairs) != 2 or len(changes) != 2:
        return None
    (one, one_after), (other, other_after) = pairs
    if (_stride(one), _stride(other)) != (_stride(other_after), _stride(one_after)):
        return None
    source, target = (one, other) if _stride(other) == "stride 1" else (other, one)
    return f"the stride moves from the {_kernel(source)} to the {_kernel(target)} convolution"
