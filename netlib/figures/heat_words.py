"""Maps in a sentence or two: where the strongest place is and its value. Caption and text alternative of the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netlib.figures import units
from netlib.figures.words import upper_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netlib.analysis.graph import Pair
    from netlib.analysis.receptive_field import Box

_THIRDS = (("top left", "top", "top right"), ("left", "middle", "right"), ("bottom left", "bottom", "bottom right"))


def region(place: tuple[float, float], size: Pair) -> str:
    """A place of a picture in words: "at the top left", "in the middle"."""
    row, column = (min(2, max(0, int(3 * at / side))) for at, side in zip(place, size, strict=True))
    words = _THIRDS[row][column]
    return "in the middle" if words == "middle" else f"at the {words}"


def class_words(name: str) -> str:
    """A class in a sentence: "cat", but "class 7" where its name is a number."""
    return f"class {name}" if name.isdecimal() else name


def box_text(box: Box) -> str:
    """A box as its first and last pixels: "rows 8 to 23, columns 0 to 15"."""
    return f"rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1}"


def most_sensitive(probabilities: ArrayLike, boxes: Sequence[Sequence[Box]], clean: float, size: Pair, name: str) -> str:
    """Where the occluder costs the class most, and how much of the map loses at least half of it.

    Shapes: probabilities (rows, columns) of the class with the occluder at each place.
    """
    found, name = np.asarray(probabilities, dtype=float), class_words(name)
    row, column = _at(found, found.argmin())
    least, box = float(found[row, column]), boxes[row][column]
    where = f"{region(_middle(box), size)} ({box_text(box)})"
    if least >= clean:
        return f"Nowhere does {name} fall below its {units.percent(clean)} uncovered: nothing the occluder hides is needed."
    lost = float((found < clean / 2).mean())
    half = f" {units.percent(lost)} of the places take away at least half of it." if lost else " No place takes away half of it."
    return f"Most sensitive {where}: {name} falls from {units.percent(clean)} to {units.percent(least)}.{half}"


def activity_words(activity: ArrayLike, boxes: Sequence[Sequence[Box]], clean: float, size: Pair) -> str:
    """Where the occluder weakens a feature map most: (rows, columns) of the sum of its activations."""
    found = np.asarray(activity, dtype=float)
    row, column = _at(found, found.argmin())
    least, box = float(found[row, column]), boxes[row][column]
    if least >= clean:
        return f"Nowhere does the occluder weaken this map; uncovered, its activity is {units.value(clean)}."
    left = units.percent(max(0.0, least / clean)) if clean > 0 else units.value(least)
    return f"Weakest {region(_middle(box), size)} ({box_text(box)}): {left} of its activity of {units.value(clean)} is left."


def classes_words(predicted: ArrayLike, clean: int, names: Sequence[str]) -> str:
    """How often which class is named, most frequent first: (rows, columns) of class indices."""
    found = np.asarray(predicted)
    kinds, counts = np.unique(found, return_counts=True)
    order = sorted(zip(kinds, counts, strict=True), key=lambda pair: (-pair[1], pair[0]))
    said = [f"{class_words(names[int(kind)])} at {units.percent(int(count) / found.size)}" for kind, count in order[:4]]
    more = f" and {len(order) - 4} more" if len(order) > 4 else ""
    same = int((found == clean).sum()) == found.size
    if same:
        return f"The prediction is {class_words(names[clean])} at every place: the occluder never changes it."
    return f"Predicted: {', '.join(said)}{more} of the places."


def attribution_words(values: ArrayLike, *, signed: bool) -> str:
    """Where an attribution is strongest, and what share of its size the strongest tenth of the pixels holds: (H, W)."""
    found = np.asarray(values, dtype=float)
    sizes = np.abs(found)
    total = float(sizes.sum())
    if not total:
        return "The map is zero everywhere: the score does not depend on the picture."
    row, column = _at(sizes, sizes.argmax())
    held = float(np.sort(sizes, axis=None)[::-1][: max(1, sizes.size // 10)].sum()) / total
    place = f"{region((row + 0.5, column + 0.5), (found.shape[0], found.shape[1]))} (row {row}, column {column})"
    side = (", against the class" if found[row, column] < 0 else ", for the class") if signed else ""
    strongest = f"Strongest {place}: {units.value(float(found[row, column]))}{side}"
    return f"{strongest}. A tenth of the pixels holds {units.percent(held)} of the map."


def covered_words(before: ArrayLike, after: ArrayLike, target: int, names: Sequence[str]) -> str:
    """What covering does to a class and to the prediction: probabilities (K,) without and with the occluder."""
    clean, covered = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    was, now = int(clean.argmax()), int(covered.argmax())
    change = f"{'stays' if was == now else 'becomes'} {class_words(names[now])}"
    shares = f"{units.percent(float(clean[target]))} → {units.percent(float(covered[target]))}"
    return f"{upper_first(class_words(names[target]))}: {shares}. The prediction {change}."


def classes_to_show(before: ArrayLike, after: ArrayLike, target: int, count: int = 3) -> list[int]:
    """The most probable classes of the clean picture, then the chosen one and what wins with the occluder, if they are not among them."""
    clean = np.argsort(-np.asarray(before, dtype=float), kind="stable")[:count]
    return list(dict.fromkeys([*map(int, clean), target, int(np.asarray(after).argmax())]))


def harder_places(probabilities: ArrayLike, probability: float) -> str:
    """How a box placed by hand does against the whole map: "3 % of the places hit harder"."""
    found = np.asarray(probabilities, dtype=float)
    harder = float((found < probability).mean())
    if not harder:
        return "No place of the map hits harder than your box."
    return f"{units.percent(harder)} of the map’s places hit harder than your box."


def _at(values: NDArray[np.floating], flat: np.intp) -> Pair:
    row, column = np.unravel_index(flat, values.shape)
    return int(row), int(column)


def _middle(box: Box) -> tuple[float, float]:
    return (box.top + box.bottom) / 2, (box.left + box.right) / 2
