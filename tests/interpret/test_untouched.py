"""Every method leaves the model exactly as it was: when it is done, between its steps, when it is closed, refuses or is interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

import netlib
from netlib.analysis.receptive_field import Box
from netlib.errors import NetlibError
from netlib.interpret import trust
from netlib.interpret.attribution import METHODS as ATTRIBUTION
from netlib.interpret.attribution import attribution_steps
from netlib.interpret.backwards import METHODS as BACK
from netlib.interpret.correspondence import correspondence
from netlib.interpret.effective_field import effective_field_batches
from netlib.interpret.feature_maps import feature_maps, predictions
from netlib.interpret.grad_cam import default_layer, grad_cam
from netlib.interpret.grad_cam import layers as layers_with_map
from netlib.interpret.invariance import invariance
from netlib.interpret.inversion import invert
from netlib.interpret.kernels import kernels, layers
from netlib.interpret.maximization import maximize
from netlib.interpret.occlusion import occlusion_steps
from netlib.interpret.projection import Unit, film, project
from netlib.interpret.similarity import features, last_hidden
from netlib.interpret.stepwise import stepwise
from netlib.interpret.strongest import strongest
from netlib.interpret.twin import twin

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.analysis.graph import LayerGraph

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]et")  # Captum says at each call that it sets hooks
NETWORKS = {
    "lenet5": (1, 32, 32), "lenet5-modern": (1, 32, 32), "alexnet-mini": (3, 32, 32), "resnet20-cifar": (3, 32, 32),
    "googlenet-torchvision": (3, 32, 48), "lstm": (1, 28, 28), "vgg-mini": (3, 32, 32), "googlenet-mini": (3, 32, 48),
}  # fmt: skip
HOOKS = "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"


def steps_of(method: str, **settings: Any) -> Callable[[nn.Module, LayerGraph, Tensor], object]:
    return lambda model, graph, x: attribution_steps(model, x, 1, method, **settings)


def pair(x: Tensor) -> Tensor:
    return torch.stack([x, -x])


def projected(graph: LayerGraph) -> str:
    """A layer that every way back starts from; an LSTM has but its last, through which the gradient alone goes."""
    return default_layer(graph) if layers_with_map(graph) else graph.layers[-1].name


METHODS: dict[str, Callable[[nn.Module, LayerGraph, Tensor], object]] = {
    **{name: steps_of(name, **{key: 5 for key in how.settings if key in ("steps", "samples")}) for name, how in ATTRIBUTION.items()},
    "grad_cam": lambda model, graph, x: grad_cam(model, x, 1),
    "randomized": lambda model, graph, x: trust.randomized(model, x, 1, "saliency", most=2),
    "deletion": lambda model, graph, x: trust.deletion(model, x, 1, trust.random_map(x), steps=2, batch=2),
    "insertion": lambda model, graph, x: trust.insertion(model, x, 1, trust.random_map(x), steps=2, batch=2),
    "feature_maps": lambda model, graph, x: feature_maps(model, x, last_hidden(graph)),
    "predictions": lambda model, graph, x: predictions(model, x),
    "kernels": lambda model, graph, x: [kernels(model, layer) for layer in layers(graph)],
    "invariance": lambda model, graph, x: invariance(model, x, 1, "rotation", values=[0, 30, 60], batch=2),
    "correspondence": lambda model, graph, x: correspondence(model, pair(x), [Box(0, 0, 9, 9)] * 2, last_hidden(graph)),
    "similarity": lambda model, graph, x: features(model, pair(x), batch=1),
    "maximization": lambda model, graph, x: maximize(model, default_layer(graph), 0, input_shape=x.shape, steps=2),
    "inversion": lambda model, graph, x: invert(model, x, last_hidden(graph), steps=2),
    "occlusion": lambda model, graph, x: occlusion_steps(model, x, patch=14, stride=9),
    **{how: lambda model, graph, x, how=how: project(model, x[None], projected(graph), [Unit(0, 0)], method=how) for how in BACK},
    "film": lambda model, graph, x: film(model, x, projected(graph), 0),
    "strongest": lambda model, graph, x: strongest(model, [pair(x), pair(x)], last_hidden(graph), count=3),
    "effective_field": lambda model, graph, x: effective_field_batches(model, last_hidden(graph), input_shape=x.shape, samples=2, batch=1),
}  # fmt: skip


RELU_RULES = {"guided_backprop", "deconvolution", "guided_grad_cam", "deeplift"}
REFUSED = {
    "lenet5": RELU_RULES, "alexnet-mini": {"deeplift"}, "googlenet-mini": {"deeplift"},
    "lstm": RELU_RULES | {"grad_cam", "maximization", "deconvnet", "film"},
}  # fmt: skip


@cache
def network(name: str) -> tuple[nn.Module, LayerGraph, Tensor]:
    """In a state that none would leave by accident: some parts in training, some frozen, one with a gradient."""
    model = netlib.build(name).train()
    for part in [part for part in model.modules() if not list(part.children())][::3]:
        part.eval()
    learned = list(model.parameters())
    for parameter in learned[::2]:
        parameter.requires_grad_(False)
    learned[-1].grad = torch.ones_like(learned[-1])
    return model, stepwise(model, NETWORKS[name]).graph, torch.randn(NETWORKS[name], generator=torch.Generator().manual_seed(1))


def state(model: nn.Module) -> list[Any]:
    """All that a method could leave behind."""
    bits = [tensor.detach().clone().numpy().tobytes() for tensor in (*model.parameters(), *model.buffers())]
    learned = [
        (id(p), p.requires_grad, None if p.grad is None else p.grad.tolist(), len(p._backward_hooks or ())) for p in model.parameters()
    ]
    parts = [
        (path, id(part), part.training, sorted(part.__dict__), list(part._modules), *(list(getattr(part, hooks)) for hooks in HOOKS))
        for path, part in model.named_modules()
    ]
    return [bits, learned, parts]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_as_it_was(name: str, method: str) -> None:
    model, graph, x = network(name)
    before, picture = state(model), x.clone()
    if method in REFUSED.get(name, ()):
        with pytest.raises(NetlibError):
            through(METHODS[method](model, graph, x))
    else:
        found = METHODS[method](model, graph, x)
        if isinstance(found, Iterator):
            next(found)
            assert state(model) == before, "between two steps"
            found.close()  # type: ignore[attr-defined]
            assert state(model) == before, "closed"
            through(METHODS[method](model, graph, x))
    assert state(model) == before, "done, or refused"
    assert torch.equal(x, picture) and not x.requires_grad and x.grad is None


@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize("name", ["lenet5", "resnet20-cifar"])
@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_as_it_was_after_an_interruption(name: str, method: str, stop: int) -> None:
    model, graph, x = network(name)
    calls = []

    def interrupt(*_: object) -> None:
        calls.append(1)
        if len(calls) == stop:
            raise KeyboardInterrupt

    hook = list(model.modules())[-1].register_forward_hook(interrupt)  # the user's own; a twin has it too
    before = state(model)
    try:
        through(METHODS[method](model, graph, x))
    except KeyboardInterrupt:
        pass
    except NetlibError:
        assert method in REFUSED[name]
    else:
        assert len(calls) < stop, "the interruption was swallowed"
    finally:
        after = state(model)
        hook.remove()
    assert after == before


def through(found: object) -> None:
    for _ in found if isinstance(found, Iterator) else ():
        pass


def test_a_twin_shares_the_memory_and_nothing_else() -> None:
    model = netlib.build("resnet20-cifar").train()
    before, other = state(model), twin(model)
    assert state(model) == before and not any(part.training for part in other.modules())
    assert not {id(part) for part in model.modules()} & {id(part) for part in other.modules()}
    assert not {id(p) for p in model.parameters()} & {id(p) for p in other.parameters()}
    assert [p.data_ptr() for p in model.parameters()] == [p.data_ptr() for p in other.parameters()]
    own = twin(model, own_numbers=True)
    for tensor in (*own.parameters(), *own.buffers()):
        tensor.zero_()
    assert state(model) == before
