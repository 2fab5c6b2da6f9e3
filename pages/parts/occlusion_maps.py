"""Occlusion maps of each network, as ZFNet's Figure 7 has them: the class's probability, a feature map's activity, the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from netlib.figures import heat, heat_words, units
from netlib.figures.class_map import class_picture, legend
from netlib.figures.color_bar import bar, with_bar, with_legend
from pages.parts import hand_occluder, layer_choice, on_request, trust_choice, trust_panel, view
from pages.parts.checked import Checked
from pages.parts.occluder_choice import Square
from pages.parts.picture_wall import Cells, Panel, acted, picked, picture_wall
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from streamlit.delta_generator import DeltaGenerator

    from netlib.analysis.graph import Pair
    from netlib.figures.color_bar import Bar
    from netlib.figures.heat import Picture
    from netlib.interpret.occlusion import OcclusionMap
    from pages.parts.sight import Sight

OPACITIES = ("40", "60", "80", "100")
SCALES: Mapping[str, str] = {"shared": "0 to 100 % for all", "own": "each its own range"}
SEEN = "occlusion_seen"  # in the session: what the finished maps on the page are, for the hand
MAPS = ("probability", "activity", "prediction")
CHECKED = f"occlusion-{MAPS[0]}"  # the map that may be checked


@dataclass(frozen=True, slots=True)
class Look:
    """How the maps are coloured."""

    own: bool
    opacity: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """One map as it is shown, and as it is taken away."""

    panel: Panel
    saved: Picture
    settings: str


def occlusion_maps(
    targets: Sequence[tuple[Sight, int]], square: Square, asked: Mapping[str, layer_choice.Asked]
) -> None:
    """The section with its choices; below a network's maps the check of that of the class's probability.

    Args:
        asked: network -> what the link asks for.
    """
    st.header("Occlusion maps", anchor="maps")
    st.markdown(
        "The square stands at every place in turn; each map shows, where its middle stood, what the network then says "
        "(Zeiler and Fergus 2014, Figure 7). Point at a place to read all maps there; click to put the occluder there."
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        own = view.one_of("Probability’s colours", list(SCALES), name="range", default="shared", format_func=SCALES.__getitem__) == "own"
        opacity = view.slider("Opacity", OPACITIES, name="opacity", default="80", help="How much the map covers the photo.")
        look = Look(own, int(opacity) / 100)
    ask, blocks = st.container(), {sight.number: _block(sight, asked.get(sight.name, layer_choice.Asked())) for sight, _ in targets}
    keys = {sight.number: key(sight, square, blocks[sight.number].layer) for sight, _ in targets}
    trust_choice.only([(sight.number, CHECKED) for sight, _ in targets])
    with ask:
        shown = on_request.wanted(
            "occlusion",
            [(keys[sight.number], on_request.cheap(sight, _places(sight, square))) for sight, _ in targets],
            "Compute the occlusion maps", icon=":material/grid_on:",
            help="Every place is a forward pass, of which only what the square can change is computed. A coarse map comes first.",
        )  # fmt: skip
    found = {}
    for sight, target in targets:
        block, which = blocks[sight.number], keys[sight.number]
        if which not in shown:
            continue
        draw = partial(drawn, sight, target, square, block.layer, look)
        with block.body:
            result = work(
                which, partial(_steps, sight, square, block.layer), label=f"Occlusion of {sight.title}",
                show=lambda value, draw=draw: _while_computed(draw(value)),  # type: ignore[misc]
            )  # fmt: skip
            if result is not None:
                found[sight.number] = result
                _shown(sight, draw(result), block.head)
    st.session_state[SEEN] = {number: (keys[number], result) for number, result in found.items()}
    trust_panel.below({
        sight.number: (blocks[sight.number].body, [_checked(sight, target, found[sight.number], keys[sight.number])])
        for sight, target in targets if sight.number in found
    })  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Block:
    """A network's part of the page."""

    head: DeltaGenerator
    body: DeltaGenerator
    layer: str


def _block(sight: Sight, asked: layer_choice.Asked) -> _Block:
    """The network's name and the layer whose strongest feature map is followed."""
    from netlib.interpret.grad_cam import default_layer, layers

    options, default = layers(sight.graph), default_layer(sight.graph)
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    left.subheader(sight.title, anchor=False)
    layer = layer_choice.layer(
        middle, sight.name, sight.number, options, default=default, asked=asked.layer, describe=lambda name: f"{name}: its strongest map"
    )
    return _Block(right, st.container(), layer)


def key(sight: Sight, square: Square, layer: str) -> tuple[Hashable, ...]:
    """Of the finished map, for `work`."""
    return ("occlusion", *sight.key, square.size, square.stride, square.fill, layer)


def note(square: Square, sight: Sight, target: int, probability: float) -> str:
    """How the hand does against the map, where the map is there."""
    which, found = st.session_state.get(SEEN, {}).get(sight.number, ((), None))
    if found is None or which[:-1] != key(sight, square, "")[:-1]:
        return ""
    return heat_words.harder_places(found.probabilities[..., target].numpy(), probability)


def _checked(sight: Sight, target: int, found: OcclusionMap, which: tuple[Hashable, ...]) -> Checked:
    """What the class loses when the place is covered, at each pixel."""
    lost = float(found.clean[target]) - found.probabilities[..., target].numpy()
    values = heat.spread(lost, *_spans(found), _size(sight))
    return Checked(sight, target, CHECKED, "Occlusion", values, (*which, target))


def _places(sight: Sight, square: Square) -> int:
    (height, width), (side, across), (down, right) = _size(sight), square.patch(_size(sight)), square.step(_size(sight))
    return (-(-(height - side) // down) + 1) * (-(-(width - across) // right) + 1)


def _steps(sight: Sight, square: Square, layer: str) -> Iterator[tuple[float, str, OcclusionMap]]:
    from netlib.interpret.occlusion import occlusion_steps

    size = _size(sight)
    covered = partial(
        occlusion_steps, image=sight.input(), patch=square.patch(size), stride=square.step(size), fill=square.value(sight.preprocessing),
        layer=layer,
    )  # fmt: skip
    for found in sight.steps(covered):
        done, of = int(found.done.sum()), found.done.numel()
        yield done / of, f"{done} of {of} places", found


def drawn(sight: Sight, target: int, square: Square, layer: str, look: Look, found: OcclusionMap) -> list[Drawn]:
    """The three maps, as far as they are computed."""
    photo, done = sight.shown(), found.done.numpy()
    rows, columns = _spans(found)
    probabilities = found.probabilities.numpy()  # (rows, columns, K)
    name, settings = heat_words.class_words(sight.classes[target]), square.words(_size(sight))

    def spread(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return heat.spread(heat.nearest_done(values, done), rows, columns, _size(sight))

    def cells(texts: NDArray[np.object_]) -> Cells:
        return Cells(rows, columns, texts.tolist())

    clean = float(found.clean[target])
    chosen = probabilities[..., target]
    scale = heat.heat_scale([chosen[done], [clean]]) if look.own else heat.Scale(0, 1)
    said = heat_words.most_sensitive(_known(chosen, done), found.boxes, clean, _size(sight), name)
    maps = [
        _drawn(
            MAPS[0], f"Probability of {name}", heat.over_photo(spread(chosen), photo, scale, opacity=look.opacity), said,
            bar(scale, f"probability of {name}; {units.percent(clean)} uncovered", percent=True),
            cells(_texts(chosen, units.percent, name)), settings, trust_choice.action(sight.number, CHECKED),
        )
    ]  # fmt: skip
    if found.activity is not None and found.clean_activity is not None:
        activity = found.activity.numpy()
        scale = heat.heat_scale([activity[done], [found.clean_activity]], low=min(0.0, float(activity[done].min(initial=0))))
        said = heat_words.activity_words(_known(activity, done), found.boxes, found.clean_activity, _size(sight))
        picture = heat.over_photo(spread(activity), photo, scale, opacity=look.opacity)
        shown = bar(scale, f"sum of the map; {units.value(found.clean_activity)} uncovered")
        texts = cells(_texts(activity, units.value, "activity"))
        maps.append(_drawn(MAPS[1], f"Activity of {layer}’s strongest map", picture, said, shown, texts, settings))
    return [*maps, _predictions(sight, found, photo, rows, columns, look, settings)]


def _predictions(
    sight: Sight, found: OcclusionMap, photo: Picture, rows: Sequence[Pair], columns: Sequence[Pair], look: Look, settings: str
) -> Drawn:
    done, names = found.done.numpy(), [heat_words.class_words(name) for name in sight.classes]
    predicted = np.where(done, found.probabilities.numpy().argmax(-1), -1)
    clean = int(found.clean.argmax())
    entries = legend(predicted, first=clean)
    everywhere = heat.spread(heat.nearest_done(predicted, done), rows, columns, _size(sight))
    picture = class_picture(np.nan_to_num(everywhere, nan=-1).astype(int), photo, entries, opacity=0.85 * look.opacity)
    words = [f"{', '.join(names[i] for i in entry.classes[:4])}{' …' if len(entry.classes) > 4 else ''}" for entry in entries]
    said = heat_words.classes_words(predicted[done], clean, names)
    texts = np.array([[names[index] if index >= 0 else "" for index in row] for row in predicted], dtype=object)
    lines = [(entry.color, f"{word}: {units.percent(entry.share)}") for entry, word in zip(entries, words, strict=True)]
    panel = Panel("Predicted class", picture, f"Predicted class. {said}", said, legend=lines, cells=Cells(rows, columns, texts.tolist()))
    return Drawn(panel, with_legend(heat.enlarged(picture), entries, [text for _, text in lines]), settings)


def _drawn(name: str, title: str, picture: Picture, said: str, shown: Bar, cells: Cells, settings: str, action: str = "") -> Drawn:
    panel = Panel(title, picture, f"{title}. {said}", said, bar=shown, cells=cells, action=action, name=name)
    return Drawn(panel, with_bar(heat.enlarged(picture), shown), settings)


def _while_computed(maps: Sequence[Drawn]) -> None:
    for column, one in zip(st.columns(3, gap="medium"), maps, strict=False):
        column.image(heat.enlarged(one.panel.picture), one.panel.title, width="stretch", output_format="PNG", alt=one.panel.alt)


def _shown(sight: Sight, maps: Sequence[Drawn], head: DeltaGenerator) -> None:
    name = f"occlusion_wall_{sight.number}"
    picture_wall(
        [("", [one.panel for one in maps])], key=name, label=sight.title, least=230, on_pick=partial(_put, name),
        on_act=partial(_check, name, sight.number),
    )  # fmt: skip
    with head.popover("Save", icon=":material/download:"):
        for kind, one in zip(MAPS, maps, strict=False):
            caption = sight.caption(method=f"Occlusion: {one.panel.title}", settings=one.settings)
            download(one.saved, caption, f"{sight.name} occlusion {kind}", f"save_{name}_{kind}", label=one.panel.title)


def _put(name: str) -> None:
    if place := picked(name):
        hand_occluder.put(place)


def _check(name: str, number: int) -> None:
    if acted(name):
        trust_choice.open_(number, CHECKED)


def _texts(values: NDArray[np.floating], write: Callable[[float], str], name: str) -> NDArray[np.object_]:
    return np.array([[f"{name}: {write(float(value))}" for value in row] for row in values], dtype=object)


def _known(values: NDArray[np.floating], done: NDArray[np.bool_]) -> NDArray[np.floating]:
    """A map that is not finished, without the open places being taken for its strongest."""
    return np.where(done, values, np.inf)


def _spans(found: OcclusionMap) -> tuple[list[Pair], list[Pair]]:
    """(start, stop) of the square in each row and in each column of places."""
    return [(row[0].top, row[0].bottom) for row in found.boxes], [(box.left, box.right) for box in found.boxes[0]]


def _size(sight: Sight) -> Pair:
    height, width = sight.graph.input_shape[-2:]
    return height, width
