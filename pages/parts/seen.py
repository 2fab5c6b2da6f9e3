"""What a network makes of the picture, computed once for all visitors, by `Sight.key`: maps, predictions, projections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from netlib.analysis.moves import edges
from netlib.analysis.receptive_field import input_box, last_map
from netlib.figures import crops
from netlib.figures.field_map import seeing_layers
from netlib.figures.mosaic import Mosaic, Scaled, fitting, symmetric
from netlib.figures.mosaic import mosaic as grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netlib.analysis.graph import LayerGraph, Pair, Shape
    from netlib.analysis.receptive_field import Box
    from netlib.interpret.backwards import Method
    from netlib.interpret.feature_maps import ChannelStatistics, Prediction
    from netlib.interpret.projection import Frame
    from pages.parts.sight import Sight

MOST_CHANNELS = 64  # of a frame of a film, the strongest
METHODS: tuple[Method, ...] = ("deconvnet", "gradient", "guided")
ACTIVATIONS = ("relu", "relu6", "scaled_tanh", "tanh", "sigmoid", "silu", "gelu", "hardswish")


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """The feature maps of a layer (K, H, W), what is known of each channel, and the channels from the strongest to the weakest."""

    values: NDArray[np.floating]
    statistics: Sequence[ChannelStatistics]
    order: Sequence[int]

    @property
    def size(self) -> Pair:
        """(rows, columns) of each map."""
        _, height, width = self.values.shape
        return height, width

    def strongest(self, channel: int) -> Pair:
        """(row, column) of the channel's largest value."""
        row, column = divmod(int(self.values[channel].argmax()), self.values.shape[2])
        return row, column


@lru_cache(maxsize=64)
def layers(graph: LayerGraph) -> tuple[tuple[str, ...], str]:
    """The layers whose output can be looked at, and the one that is looked at first: the activation in the middle of the maps."""
    plan = edges(graph)
    found = tuple(name for name in seeing_layers(graph) if _has_channels(graph[name].shape, plan[name][0]))
    active = [name for name in found if graph[name].kind in ACTIVATIONS and len(graph[name].shape) == 3]
    return found, active[len(active) // 2] if active else last_map(graph) or found[-1]


def _has_channels(shape: Shape, axes: Pair | None) -> bool:
    """Channels come first, as maps or as a vector: not so in a sequence, or where a network keeps its channels last."""
    return axes is None if len(shape) == 1 else len(shape) == 3 and axes in ((1, 2), None) and (axes is not None or shape[1:] == (1, 1))


def maps(one: Sight, layer: str) -> Maps:
    """The layer's maps for the picture.

    Raises:
        NetlibError: the layer cannot be run by itself.
    """
    return _maps(one.key, layer, one)


@st.cache_resource(max_entries=16, show_spinner=False)
def _maps(key: tuple[str, ...], layer: str, _sight: Sight) -> Maps:
    from netlib.interpret import feature_maps as f

    with _sight.model() as model:
        found = f.feature_maps(model, _sight.input(), layer)
    return Maps(found.numpy(), f.statistics(found, _sight.graph[layer]), f.order(found).tolist())


def map_grid(one: Sight, layer: str, *, each: bool) -> tuple[Mosaic, Scaled]:
    """All maps of the layer as one picture, strongest first; each on its own scale, or all on one."""
    return _map_grid(one.key, layer, each, one)


@st.cache_resource(max_entries=24, show_spinner=False)
def _map_grid(key: tuple[str, ...], layer: str, each: bool, _sight: Sight) -> tuple[Mosaic, Scaled]:
    found = maps(_sight, layer)
    scaled = fitting(found.values[list(found.order)], each=each)
    return grid(scaled.steps, palette=scaled.palette), scaled


def predictions(one: Sight, count: int = 5) -> Sequence[Prediction]:
    """The most probable classes.

    Raises:
        InvalidInput: the network has no classes.
    """
    return _predictions(one.key, count, one)


@st.cache_resource(max_entries=256, show_spinner=False)
def _predictions(key: tuple[str, ...], count: int, _sight: Sight) -> Sequence[Prediction]:
    from netlib.interpret import feature_maps as f

    with _sight.model() as model:
        return f.predictions(model, _sight.input(), count)


def projection(one: Sight, layer: str, channel: int, unit: Pair, method: Method) -> NDArray[np.floating]:
    """One unit projected back to the picture, (C, H, W).

    Raises:
        NetlibError: a layer on the way down that the method does not know.
    """
    return _projection(one.key, layer, channel, unit, method, one)


@st.cache_resource(max_entries=256, show_spinner=False)
def _projection(key: tuple[str, ...], layer: str, channel: int, unit: Pair, method: Method, _sight: Sight) -> NDArray[np.floating]:
    from netlib.interpret.projection import Unit, project

    with _sight.model() as model:
        found = project(model, _sight.input()[None], layer, [Unit(0, channel, *unit)], method=method)
    return found[0].numpy()


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One frame of a film: the signal at a layer's output, on the way down.

    Attributes:
        count: channels of the layer.
        alive: those of them that the signal has reached.
        channels, strengths: the strongest of these, and how far each goes from zero.
        tiles: of these channels, steps from −limit to limit (K, h, w); at a picture in colours, the picture (1, h, w, 3).
        palette: of the steps.
        limit: the strongest value of all.
        box: rows and columns of the map that the signal is in; None where there is no map.
    """

    layer: str
    kind: str
    count: int
    alive: int
    channels: Sequence[int]
    strengths: Sequence[float]
    tiles: NDArray[np.uint8]
    palette: str
    limit: float
    box: Box | None

    @property
    def at_picture(self) -> bool:
        return self.kind == "input"


def film(one: Sight, layer: str, channel: int, unit: Pair, method: Method) -> Sequence[Still]:
    """The projection step by step, from the unit down to the picture.

    Raises:
        NetlibError: as `projection`.
    """
    return _film(one.key, layer, channel, unit, method, one)


@st.cache_resource(max_entries=16, show_spinner=False)
def _film(key: tuple[str, ...], layer: str, channel: int, unit: Pair, method: Method, _sight: Sight) -> Sequence[Still]:
    from netlib.interpret import projection as p

    with _sight.model() as model:
        return [_still(frame) for frame in p.film(model, _sight.input(), layer, channel, unit=unit, method=method)]


def _still(frame: Frame) -> Still:
    values = frame.signal.numpy()
    signal = values if values.ndim == 3 else values.reshape(-1, 1, 1)  # (C, h, w)
    strengths = np.abs(signal).reshape(len(signal), -1).max(1)
    alive, limit = int((strengths > 0).sum()), float(strengths.max())
    order = np.argsort(-strengths, kind="stable")[: max(1, min(alive, MOST_CHANNELS))]
    if frame.kind == "input":
        tiles, palette = crops.signed(signal)[None], ""
    else:
        scaled = symmetric(signal[order], limit=limit)
        tiles, palette = scaled.steps, scaled.palette
    return Still(
        frame.layer, frame.kind, len(signal), alive, order.tolist(), strengths[order].tolist(), tiles, palette, limit, frame.box
    )


@lru_cache(maxsize=1024)
def box(graph: LayerGraph, layer: str, unit: Pair) -> Box:
    """The pixels that a unit sees, exact, unclipped."""
    return input_box(graph, layer, unit if edges(graph)[layer][0] else (0, 0))
