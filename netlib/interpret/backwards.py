"""From units of a layer back to the picture, layer by layer, by one of three rules; only what a unit sees is computed.

A signal starts at one unit, all others being zero, and is taken down through each layer by the transpose of what the layer does:
a convolution by its filters transposed, a pooling to the place its maximum came from (the switch), a concatenation to its branches,
an addition to all its summands. The three methods differ at the ReLU, and, where the deconvnet's paper is silent, at local response
normalization and other nonlinearities. At the ReLU:

    gradient     the signal passes where the forward pass was positive
    deconvnet    the signal passes where it is positive itself (it is rectified)
    guided       both

What the deconvnet paper leaves open, decided here: local response normalization and all other nonlinearities than ReLU (and ReLU6)
are passed unchanged, as the paper's own figure has no layer for them; batch normalization scales by γ/√(σ² + ε), the transpose of
what it is at test time; overlapping poolings add up where they share a switch. The other two methods differentiate these layers.

Sources: Zeiler, Fergus, ECCV 2014, section 2.1; Simonyan, Vedaldi, Zisserman, arXiv 1312.6034, section 4; Springenberg et al.,
Striving for Simplicity, arXiv 1412.6806, section 3.4 and Figure 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor

from netlib.analysis.moves import edges
from netlib.errors import InvalidInput, UnsupportedLayer
from netlib.interpret.parts import Part, Place
from netlib.interpret.signals import Signals
from netlib.interpret.transposed import Transposed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlib.analysis.graph import Layer
    from netlib.interpret.stepwise import Stepwise

Method = Literal["deconvnet", "gradient", "guided"]
METHODS: tuple[Method, ...] = ("deconvnet", "gradient", "guided")

PASSED = frozenset("dropout stochastic_depth identity add".split())  # by every method
RECTIFIED = frozenset(("relu", "relu6"))
# What the deconvnet passes unchanged; the other methods differentiate it.
SQUASHED = frozenset(
    "lrn leaky_relu tanh scaled_tanh sigmoid hardsigmoid hardswish silu gelu elu prelu mish softplus hardtanh clamp softmax "
    "log_softmax".split()
)
POINTWISE = SQUASHED | {"batch_norm"}
WHOLE = frozenset("linear flatten reshape mean adaptive_avg_pool2d pad slice permute expand".split())  # linear: transposed on the whole map
SLIDING = frozenset("conv2d max_pool2d avg_pool2d subsample table_conv2d option_a".split())


class Step(NamedTuple):
    """A signal that has come down to a layer's output, as it leaves it downwards.

    Attributes:
        layer: the layer.
        signal: (U, *its shape), or windows of its map.
    """

    layer: str
    signal: Part | Tensor


class Backwards:
    """Pictures that a model has seen, and the way back from any of a layer's units. The model is used: hold its lock, in eval mode.

    Attributes:
        steps: the model, layer by layer.
        layer: where signals start.
        maps: layer -> its output for the pictures, (N, *shape).
    """

    def __init__(self, steps: Stepwise, images: Tensor, layer: str, method: Method = "deconvnet") -> None:
        self.steps, self.layer, self.method = steps, layer, method
        if method not in METHODS:
            raise InvalidInput(f"There is no way back called {method!r}; choose one of: {', '.join(METHODS)}.")
        graph = steps.graph
        self._start = graph.inputs[0].name
        self._plan = edges(graph)
        self._way = [name for name in steps.needed([self._start], [layer]) if name.name in self._plan][::-1]
        self._refuse()
        with torch.no_grad():
            self.maps = steps.activations(
                images.contiguous(memory_format=torch.channels_last), [self._start, *(one.name for one in self._way)]
            )
        self._signals = Signals(self.maps, {name for name, (axes, _) in self._plan.items() if axes == (1, 2)})
        self._transposed = Transposed(steps, self._signals)

    def _refuse(self) -> None:
        for layer in self._way:
            known = PASSED | RECTIFIED | POINTWISE | WHOLE | SLIDING | {"concat"}
            if layer.kind not in known and self.method == "deconvnet":
                raise UnsupportedLayer(
                    f"The deconvnet has no rule for {layer.name} ({layer.kind}) of {self.steps.graph.name}; choose a layer before it, "
                    "or the gradient.", layer=layer.name,
                )  # fmt: skip

    def start(self, pictures: Tensor, channels: Tensor, rows: Tensor, columns: Tensor) -> Part | Tensor:
        """The signal of U units, each alone in its layer: the unit's activation for the deconvnet, 1 for the others."""
        maps = self.maps[self.layer]
        with_map, each = self._signals.has_map(self.layer), torch.arange(len(pictures))
        values = maps[pictures, channels, rows, columns] if with_map else maps[pictures].flatten(1)[each, channels]
        values = values if self.method == "deconvnet" else torch.ones_like(values)
        signal = maps.new_zeros(len(pictures), maps.shape[1] if with_map else maps[0].numel())
        signal[each, channels] = values
        return Part(signal[:, :, None, None], Place(rows, columns, (1, 1))) if with_map else signal.view(len(pictures), *maps.shape[1:])

    def spread(self, signal: Part | Tensor) -> Part | Tensor:
        """The same signal in a window over all of the layer's map: from it the way back goes through whole maps."""
        return self._signals.as_map(self.layer, self._signals.whole(self.layer, signal))

    @torch.no_grad()
    def down(self, signal: Part | Tensor, pictures: Tensor) -> Iterator[Step]:
        """The signal at each layer on the way, from its own down to the picture, the last step."""
        waiting: dict[str, list[Part | Tensor]] = {self.layer: [signal]}
        for layer in self._way:
            if layer.name not in waiting:
                continue
            here = self._signals.joined(layer.name, waiting.pop(layer.name))
            yield Step(layer.name, here)
            for source, part in self._through(layer, here, pictures):
                waiting.setdefault(source, []).append(part)
        if self._start in waiting:
            yield Step(self._start, self._signals.joined(self._start, waiting[self._start]))

    # --- one layer --------------------------------------------------------------------------------------------------------

    def _through(self, layer: Layer, here: Part | Tensor, pictures: Tensor) -> list[tuple[str, Part | Tensor]]:
        """What a layer hands to each layer before it."""
        kind, reads = layer.kind, self._plan[layer.name][1]
        if kind in PASSED and all(self.maps[source].shape == self.maps[layer.name].shape for source, _ in reads):
            return [(source, here) for source, _ in reads]
        if kind in RECTIFIED:
            return [(reads[0][0], self._rectified(layer, here, pictures))]
        if kind in SQUASHED and self.method == "deconvnet":
            return [(reads[0][0], here)]
        if kind == "concat" and layer.options["axis"] == 0 and len(reads) == len(layer.inputs):
            values = here.values if isinstance(here, Part) else here
            sizes = [self.maps[source].shape[1] for source in layer.inputs]
            pieces = values.split(sizes, 1)
            parts = [Part(piece, here.place) if isinstance(here, Part) else piece for piece in pieces]
            return list(zip(layer.inputs, parts, strict=True))
        if isinstance(here, Part):
            steps = reads[0][1]
            if kind in SLIDING and steps is not None and all(a.form == "window" and a.border == "zeros" and a.stride for a in steps):
                return [(reads[0][0], self._transposed.through(layer, steps, here, pictures))]
            if kind in POINTWISE and steps is None and self._signals.has_map(reads[0][0]):
                x = self._signals.cut(reads[0][0], here.place, pictures)
                (back,) = self._differentiated(layer, [x], here.values)
                return [] if back is None else [(reads[0][0], Part(back, here.place))]
        inputs = [
            self.maps[source][pictures] if source in self._plan else self.steps.resume({}, [source])[source] for source in layer.inputs
        ]
        signals = self._differentiated(layer, inputs, self._signals.whole(layer.name, here))
        return [
            (source, self._signals.as_map(source, signal))
            for source, signal in zip(layer.inputs, signals, strict=True)
            if source in self._plan and signal is not None
        ]

    def _rectified(self, layer: Layer, here: Part | Tensor, pictures: Tensor) -> Part | Tensor:
        """The rule in which the three methods differ."""
        values = here.values if isinstance(here, Part) else here
        if self.method != "gradient":
            values = values.clamp_min(0)
        if self.method != "deconvnet":
            output = self._signals.cut(layer.name, here.place, pictures) if isinstance(here, Part) else self.maps[layer.name][pictures]
            passes = output > 0
            values = values * (passes & (output < 6) if layer.kind == "relu6" else passes)
        return Part(values, here.place) if isinstance(here, Part) else values

    def _differentiated(self, layer: Layer, inputs: Sequence[Tensor], signal: Tensor) -> list[Tensor | None]:
        """The signal taken back by the layer's derivative at what came in."""
        with torch.enable_grad():
            leaves = [x.detach().requires_grad_() for x in inputs]
            output = self.steps.run(layer, leaves)
            return list(torch.autograd.grad(output, leaves, signal.view(output.shape), allow_unused=True))
