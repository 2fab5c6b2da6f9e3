"""What a network's output says of the classes: scores, of which the largest wins, and probabilities.

Most outputs are logits, and softmax makes probabilities of them. LeNet-5's RBF units give a squared distance to the code of each
class, so the smallest wins: the score is its negative. The paper reads it as a negative log-likelihood, and softmax of the score
is then the posterior of its equation (9) without the "rubbish" class. Outputs that are probabilities already stay as they are.

Source: LeCun et al. 1998, section II-B, on the RBF units, and equation (9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from torch import Tensor

    from netlib.analysis.graph import Layer, LayerGraph


def class_scores(graph: LayerGraph, output: Tensor) -> Tensor:
    """One score for each class, differentiable; the largest wins.

    Shapes: output of the graph's main output layer, (N, K) -> (N, K).

    Raises:
        InvalidInput: the network gives no numbers for classes but, as a generator does, a map.
    """
    return -output if classifier(graph).kind == "rbf" else output


def probabilities(graph: LayerGraph, output: Tensor) -> Tensor:
    """The probability of each class, as the module's docstring has it. Shapes: (N, K) -> (N, K).

    Raises:
        InvalidInput: as `class_scores`.
    """
    kind = classifier(graph).kind
    if kind in ("softmax", "sigmoid"):
        return output
    if kind == "log_softmax":
        return output.exp()
    return class_scores(graph, output).softmax(1)


def classifier(graph: LayerGraph) -> Layer:
    """The layer that makes the main output.

    Raises:
        InvalidInput: as `class_scores`.
    """
    layer = graph[next(iter(graph.outputs.values()))]
    if len(layer.shape) != 1:
        shape = "×".join(map(str, layer.shape))
        raise InvalidInput(f"{graph.name} gives {shape} numbers in {layer.name}, not one for each class; choose a network that classifies.")
    return layer


def checked_target(graph: LayerGraph, target: int) -> int:
    """`target`, held to be a class of the network.

    Raises:
        InvalidInput: it is none, or as `class_scores`.
    """
    (classes,) = classifier(graph).shape
    if not 0 <= target < classes:
        raise InvalidInput(f"{graph.name} tells {classes} classes apart, so there is no class {target}; choose 0 to {classes - 1}.")
    return target


def checked_image(image: Tensor) -> Tensor:
    """`image`, held to be one picture (C, H, W).

    Raises:
        InvalidInput: it has another number of axes.
    """
    if image.dim() != 3:
        raise InvalidInput(f"One picture (channels, height, width) is needed, not a tensor of shape {tuple(image.shape)}.")
    return image
