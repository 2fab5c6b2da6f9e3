"""How much each pixel speaks for a class: gradient methods, computed by Captum.

The score that is explained is the class's own before the softmax (LeNet-5: the negative distance). Captum hangs hooks on a network;
here it gets a twin of the model over the same numbers, so that the model itself never has them, however it ends.

Methods that change the rule of the ReLU do it by hooks on ReLU modules. One that is used twice or is a function would be passed over
in silence, or wrongly: such a layer is refused by its name. DeepLIFT is refused by the layer where a layer is neither linear nor one
of the modules that Captum has a rule for, such as local response normalization or LeNet-5's own tanh.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from captum.attr import Deconvolution, DeepLift, GuidedBackprop, InputXGradient, IntegratedGradients, Saliency
from torch import Tensor, nn

from netlib.analysis.tracing import trace
from netlib.errors import InvalidInput, UnsupportedLayer
from netlib.interpret.grad_cam import enlarged, grad_cam
from netlib.interpret.hookable import RESCALED, Hookable
from netlib.interpret.in_place import overwritten
from netlib.interpret.scores import checked_image, checked_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netlib.analysis.graph import Layer, LayerGraph

AT_ONCE = 4  # pictures that go through the network together
warnings.filterwarnings("ignore", message=r"\s*Setting (forward, )?backward hooks", module=r"captum\.")  # said at every single call


@dataclass(frozen=True, slots=True)
class Method:
    """A way to attribute.

    Attributes:
        title: as a heading writes it.
        summary: what it does, in one sentence.
        source: the paper.
        settings: what can be set, by name, and what it is otherwise.
    """

    title: str
    summary: str
    source: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "saliency": Method(
            "Saliency", "The gradient of the class score at each pixel.", "Simonyan, Vedaldi, Zisserman 2014, section 3"
        ),
        "input_x_gradient": Method(
            "Input × gradient", "The gradient times the pixel’s own value.", "Shrikumar et al. 2016, section 3"
        ),
        "integrated_gradients": Method(
            "Integrated gradients", "The gradient averaged on the straight way from a baseline to the picture, times their difference.",
            "Sundararajan, Taly, Yan 2017, section 3", MappingProxyType({"baseline": 0.0, "steps": 48}),
        ),
        "smoothgrad": Method(
            "SmoothGrad", "The gradient averaged over noisy copies of the picture.",
            "Smilkov et al. 2017, section 3", MappingProxyType({"samples": 24, "noise": 0.15, "seed": 0}),
        ),
        "guided_grad_cam": Method(
            "Guided Grad-CAM", "Guided backpropagation, times Grad-CAM of a layer.",
            "Selvaraju et al. 2017, section 3.2", MappingProxyType({"layer": None}),
        ),
        "deeplift": Method(
            "DeepLIFT", "The difference to a baseline, passed down by the rescale rule.",
            "Shrikumar, Greenside, Kundaje 2017, section 3.5.1", MappingProxyType({"baseline": 0.0}),
        ),
        "guided_backprop": Method(
            "Guided backpropagation", "The gradient, but each ReLU lets only positive values through, upwards and downwards.",
            "Springenberg et al. 2015, section 3.4",
        ),
        "deconvolution": Method(
            "Deconvolution rule", "The gradient, but each ReLU rectifies what comes down instead of masking it.",
            "Zeiler, Fergus 2014, section 2.1, as a rule for the ReLU",
        ),
    }
)  # fmt: skip

_PLAIN = {"saliency": Saliency, "input_x_gradient": InputXGradient, "guided_backprop": GuidedBackprop, "deconvolution": Deconvolution}
_RELU_RULES = "guided_backprop", "deconvolution", "guided_grad_cam"
_LINEAR = frozenset(  # in eval mode: their output changes in proportion to their input
    """input parameter conv2d table_conv2d conv_transpose2d linear avg_pool2d adaptive_avg_pool2d subsample mean batch_norm dropout
    stochastic_depth add concat option_a flatten reshape permute slice expand pad identity""".split()
)


def attribute(model: nn.Module, image: Tensor, target: int, method: str, **settings: Any) -> Tensor:
    """How much each pixel speaks for (above zero) or against (below) class `target`.

    Settings are those of METHODS[method]: `baseline`, a number or a picture, in the units of the input, where 0 is the mean
    colour; `steps` on the way from it; `samples` of `noise`, a share of the picture's range, drawn from `seed`; `layer` of Grad-CAM.
    The model is left as it was.

    Shapes: image (C, H, W) -> (C, H, W).

    Raises:
        InvalidInput: a method or a setting that there is not, or an image or a class that the network does not take.
        UnsupportedLayer: the method does not apply; the message names the layer.
        UnknownLayer: Grad-CAM's layer is none with a map.
    """
    *_, (_, found) = attribution_steps(model, image, target, method, **settings)
    return found


def attribution_steps(model: nn.Module, image: Tensor, target: int, method: str, **settings: Any) -> Iterator[tuple[float, Tensor]]:
    """`attribute` step by step, for who shows how far it is or may stop it: (share that is done, the map so far).

    Raises: as `attribute` does, at the first step.
    """
    chosen = _settings(method, settings)
    image = checked_image(image).detach()
    graph = trace(model, image.shape)
    checked_target(graph, target)
    reason = _refusal(model, graph, method)
    if reason:
        raise reason
    scores = Hookable(model, negative=graph[next(iter(graph.outputs.values()))].kind == "rbf")
    if method == "integrated_gradients":
        yield from _integrated(scores, image, target, chosen)
    elif method == "smoothgrad":
        yield from _smooth(scores, image, target, chosen)
    elif method == "guided_grad_cam":
        cam = grad_cam(model, image, target, chosen["layer"])  # first: it knows whether the layer will do
        height, width = image.shape[1:]
        yield 1.0, _once(GuidedBackprop(scores), image, target) * enlarged(cam, (height, width))
    elif method == "deeplift":
        yield 1.0, _once(DeepLift(scores), image, target, baselines=_baseline(chosen["baseline"], image)[None])
    else:
        yield 1.0, _once(_PLAIN[method](scores), image, target, **({"abs": False} if method == "saliency" else {}))


def refusal(model: nn.Module, input_shape: Sequence[int], method: str) -> str | None:
    """Why the method does not apply to the network, in one sentence that names the layer; None when it does. Nothing is computed.

    Raises:
        InvalidInput: a method that there is not.
    """
    _settings(method, {})
    reason = _refusal(model, trace(model, input_shape), method)
    return None if reason is None else str(reason)


def _once(captum: Any, image: Tensor, target: int, **how: Any) -> Tensor:
    return _pictures(captum, image[None], target, **how)[0]


def _pictures(captum: Any, x: Tensor, target: int, **how: Any) -> Tensor:
    with torch.inference_mode(False), torch.enable_grad():  # within a step only: between two of them the caller's mode counts
        how = {name: value.clone() if isinstance(value, Tensor) else value for name, value in how.items()}
        return captum.attribute(x.detach().clone().requires_grad_(), target=target, **how).detach()


def _integrated(scores: nn.Module, image: Tensor, target: int, settings: Mapping[str, Any]) -> Iterator[tuple[float, Tensor]]:
    """The way is walked in pieces, the integral over which is the sum of those over the pieces."""
    steps, baseline = settings["steps"], _baseline(settings["baseline"], image)
    captum, total = IntegratedGradients(scores), torch.zeros_like(image)
    cuts = [*range(0, steps - 1, AT_ONCE), steps]  # no piece of one step, which Captum refuses
    for start, stop in pairwise(cuts):
        ends = [baseline + (image - baseline) * (at / steps) for at in (start, stop)]
        total = total + _once(captum, ends[1], target, baselines=ends[0][None], n_steps=stop - start, method="riemann_middle")
        yield stop / steps, total


def _smooth(scores: nn.Module, image: Tensor, target: int, settings: Mapping[str, Any]) -> Iterator[tuple[float, Tensor]]:
    samples, random = settings["samples"], torch.Generator().manual_seed(settings["seed"])
    spread = settings["noise"] * float(image.max() - image.min())
    captum, total = Saliency(scores), torch.zeros_like(image)
    for start in range(0, samples, AT_ONCE):
        stop = min(start + AT_ONCE, samples)
        noise = torch.stack([torch.randn(image.shape, generator=random) for _ in range(stop - start)]).to(image)  # (n, C, H, W)
        total = total + _pictures(captum, image + spread * noise, target, abs=False).sum(0)
        yield stop / samples, total / stop


def _settings(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if method not in METHODS:
        raise InvalidInput(f"There is no attribution method {method!r}; choose one of: {', '.join(METHODS)}.")
    known = METHODS[method].settings
    for name in given:
        if name not in known:
            can = f"it knows {', '.join(known)}" if known else "it has none"
            raise InvalidInput(f"{METHODS[method].title} has no setting {name!r}; {can}.")
    chosen = {**known, **given}
    for name, least in (("steps", 2), ("samples", 1)):
        if chosen.get(name, least) < least:
            raise InvalidInput(f"{METHODS[method].title} needs at least {least} {name}, not {chosen[name]}.")
    if not 0 <= chosen.get("noise", 0.0) < math.inf:
        raise InvalidInput(f"{METHODS[method].title} needs a noise of 0 or more, as a share of the picture's range, not {chosen['noise']}.")
    return chosen


def _baseline(given: float | Tensor, image: Tensor) -> Tensor:
    value = torch.as_tensor(given, dtype=image.dtype, device=image.device)
    try:
        return value.expand_as(image)
    except RuntimeError:
        raise InvalidInput(
            f"A baseline is a number or a picture of the shape {tuple(image.shape)}, not one of {tuple(value.shape)}."
        ) from None


# --- what does not apply ------------------------------------------------------------------------------------------------


def _refusal(model: nn.Module, graph: LayerGraph, method: str) -> UnsupportedLayer | None:
    if reason := overwritten(model, graph):
        return reason
    modules = dict(model.named_modules())
    if method in _RELU_RULES:
        reasons = [(layer, _relu_reason(graph, layer, modules)) for layer in graph if layer.category == "activation"]
        if not any(layer.kind == "relu" for layer, _ in reasons):
            first = next((layer.name for layer, _ in reasons), graph.layers[-1].name)
            reasons.append((graph[first], "is no ReLU, nor is any other layer, so that there is no rule to change; choose saliency"))
    elif method == "deeplift":
        reasons = [(layer, _rescale_reason(graph, layer, modules)) for layer in graph]
    else:
        return None
    for layer, why in reasons:
        if why:
            return UnsupportedLayer(
                f"{METHODS[method].title} does not apply to {graph.name}: {layer.name} ({layer.kind}) {why}.", layer=layer.name
            )
    return None


def _relu_reason(graph: LayerGraph, layer: Layer, modules: Mapping[str, nn.Module]) -> str | None:
    if layer.kind != "relu":
        last = layer.name in graph.outputs.values() and layer.kind in ("softmax", "log_softmax", "sigmoid")
        return None if last else "is an activation whose rule it does not change; choose saliency or integrated gradients"
    return _hook_reason(layer, modules)


def _rescale_reason(graph: LayerGraph, layer: Layer, modules: Mapping[str, nn.Module]) -> str | None:
    module = modules.get(layer.name.partition("@")[0])
    if layer.kind in _LINEAR or (layer.kind == "mul" and "scalar" in layer.options):
        return None
    if module is None or type(module) in (*RESCALED, nn.MaxPool2d):
        return _hook_reason(layer, modules)
    return "is not linear, and DeepLIFT has no rule for it in Captum; choose integrated gradients"


def _hook_reason(layer: Layer, modules: Mapping[str, nn.Module]) -> str | None:
    """Why a hook on the module would not do what it should."""
    path = layer.name.partition("@")[0]
    if path not in modules:
        return "is a function between modules, which no hook can reach; write it as a module of its own"
    if path != layer.name:
        return f"is a second use of {path}, whose hook cannot tell them apart; give each use a module of its own"
    return None
